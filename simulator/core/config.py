"""Everything about the simulated Daraja that can be chosen, with the defaults and why.

Units: every `_seconds` in seconds, every `_kes` in whole shillings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from simulator.core.accounts import AccountKind
from simulator.core.c2b_settings import C2B_CHOICES, C2bSettings
from simulator.core.errors import SettingError
from simulator.core.initiator.settings import (
    INITIATOR_CHOICES,
    InitiatorSettings,
)
from simulator.core.pull_settings import PULL_CHOICES, PullSettings
from simulator.core.stk_settings import StkSettings

SANDBOX_SHORTCODE = "174379"
# Safaricom prints it in public for everybody (docs/daraja.md); not a secret.
SANDBOX_PASSKEY = (
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"  # pragma: allowlist secret
)

LISTED_SOURCES = (
    "196.201.214.200",
    "196.201.214.206",
    "196.201.213.114",
    "196.201.214.207",
    "196.201.214.208",
    "196.201.213.44",
    "196.201.212.127",
    "196.201.212.138",
    "196.201.212.129",
    "196.201.212.136",
    "196.201.212.74",
    "196.201.212.69",
)
"""Source: docs/daraja.md 5, "Source IPs"."""


@dataclass(frozen=True, slots=True)
class App:
    """One application of the developer portal: what OAuth asks for."""

    consumer_key: str
    consumer_secret: str
    has_stk_product: bool = True


@dataclass(frozen=True, slots=True)
class Merchant:
    """One shortcode that may push.

    Shape: a paybill has no `till`; a till is pushed by its store number (`shortcode`) with the
    till number as PartyB. `may_push` False is a live shortcode without the STK product.
    """

    shortcode: str
    passkey: str
    name: str
    till: str | None = None
    may_push: bool = True
    balance_max_kes: int | None = None

    @property
    def party_b(self) -> str:
        """The number that PartyB must have."""
        return self.till or self.shortcode

    @property
    def account(self) -> AccountKind:
        """Where customers' money lands: a paybill's Utility account, a till's Merchant account."""
        return AccountKind.MERCHANT if self.till else AccountKind.UTILITY

    @property
    def transaction_type(self) -> str:
        """The only TransactionType this shortcode accepts."""
        return "CustomerBuyGoodsOnline" if self.till else "CustomerPayBillOnline"


DEFAULT_APPS = (
    App("sandbox-consumer-key", "sandbox-consumer-secret"),
    App("no-product-consumer-key", "no-product-consumer-secret", has_stk_product=False),
)

DEFAULT_MERCHANTS = (
    Merchant(SANDBOX_SHORTCODE, SANDBOX_PASSKEY, "HAKIKA CLINIC"),
    Merchant("7654321", SANDBOX_PASSKEY, "HAKIKA CHEMIST", till="5123456"),
    Merchant("600977", SANDBOX_PASSKEY, "NOT ON STK", may_push=False),
    Merchant("600988", SANDBOX_PASSKEY, "FULL ACCOUNT", balance_max_kes=0),
    Merchant(
        "600999",
        SANDBOX_PASSKEY,
        "THE MOST EXCELLENT AND LONG NAMED COOPERATIVE SOCIETY OF ALL THE FARMERS, FISHERS, "
        "WEAVERS, TEACHERS, NURSES AND DRIVERS OF THE GREATER LAKE REGION AND ITS ISLANDS",
    ),
)


@dataclass(frozen=True)
class Config(InitiatorSettings, PullSettings, C2bSettings, StkSettings):
    """The whole configuration, each API's part in a file of its own; changed only by `changed`."""

    apps: tuple[App, ...] = DEFAULT_APPS
    merchants: tuple[Merchant, ...] = DEFAULT_MERCHANTS
    callback_sources: tuple[str, ...] = LISTED_SOURCES
    unlisted_source: str = "41.90.64.12"  # where callbacks of the unlisted scenario come from

    def merchant(self, shortcode: str) -> Merchant | None:
        """The merchant that pushes with this shortcode."""
        return next((each for each in self.merchants if each.shortcode == shortcode), None)

    def changed(self, changes: Mapping[str, object]) -> "Config":
        """This configuration with some settings replaced.

        Errors: SettingError names the setting and what it must be; nothing is changed.
        """
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in changes.items()}
        return replace(self, **checked)

    def settings(self) -> dict[str, object]:
        """The settings that may change while it runs, by name."""
        return {name: getattr(self, name) for name in _KINDS}


def local() -> Config:
    """Short times and local callbacks, for a stack on one machine."""
    return Config(
        prompt_seconds=60.0,
        show_seconds=0.5,
        person_seconds=2.0,
        settle_seconds=0.5,
        unreachable_seconds=6.0,
        refusal_seconds=0.5,
        callback_seconds_min=0.1,
        callback_seconds_max=0.8,
        redelivery_seconds=2.0,
        hang_seconds=40.0,
        allow_local_callbacks=True,
        initiator_seconds=0.5,
        queue_timeout_seconds=3.0,
    )


_CHOICES = {
    **C2B_CHOICES,
    **PULL_CHOICES,
    **INITIATOR_CHOICES,
    "query_unknown_id": ("invalid", "does_not_exist"),
    "query_pending": ("4999", "being_processed", "mixed"),
    "not_found_code": ("404.001.01", "404.003.01"),
    "query_unauthorized_code": ("400.003.01", "401.003.01", "401.002.01"),
}
_OPTIONAL = {"timestamp_skew_max_seconds", "query_per_minute"}
_FIXED = {"apps", "merchants", "initiators", "callback_sources"}
_KINDS = {
    each.name: getattr(each.type, "__name__", str(each.type))
    for each in fields(Config)
    if each.name not in _FIXED
}


def _checked(name: str, value: object) -> object:
    kind = _KINDS.get(name)
    if kind is None:
        raise SettingError(f"there is no setting {name!r}; there are {', '.join(sorted(_KINDS))}")
    if value is None and name in _OPTIONAL:
        return None
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingError(f"{name} must be one of {', '.join(_CHOICES[name])}")
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "str" and isinstance(value, str):
        return value
    return _number(name, kind, value)


def _number(name: str, kind: str, value: object) -> int | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and kind.startswith("int") and isinstance(value, int) and value >= 0:
        return value
    if is_number and kind.startswith("float") and 0 <= cast("float", value) < float("inf"):
        return float(cast("float", value))
    wanted = {"bool": "true or false", "str": "text"}.get(kind, f"a {kind} of at least 0")
    raise SettingError(f"{name} must be {wanted}, not {value!r}")
