"""Everything about the simulated Daraja that can be chosen, with the defaults and why.

Units: every `_seconds` in seconds, every `_kes` in whole shillings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from simulator.core.errors import SettingError

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


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; frozen, changed only by `changed`."""

    apps: tuple[App, ...] = DEFAULT_APPS
    merchants: tuple[Merchant, ...] = DEFAULT_MERCHANTS
    callback_sources: tuple[str, ...] = LISTED_SOURCES
    unlisted_source: str = "41.90.64.12"  # where callbacks of the unlisted scenario come from

    older_shapes: bool = False  # True: ids and words as older captures show them
    not_found_code: str = "404.001.01"  # also printed: 404.003.01

    # OAuth
    token_seconds: float = 3599.0  # how long a token really lives
    token_seconds_said: int = 3599  # what `expires_in` says
    expires_in_as_number: bool = False  # the sandbox sends a string, the portal prints a number
    token_rotates: bool = True  # a new token kills the old one
    bad_credentials_empty_body: bool = False  # some report a 400 without a body
    query_unauthorized_code: str = "400.003.01"  # also seen: 401.003.01, 401.002.01

    # The push
    amount_max_kes: int = 250_000  # beyond it a push ends with 3
    daily_max_kes: int = 500_000  # beyond it, per phone and Nairobi day, 4
    long_text_is_refused: bool = True  # else sent on, where 182 characters are the limit
    prompt_characters_max: int = 182  # beyond it 1025
    timestamp_skew_max_seconds: float | None = None  # None: any moment that exists is taken
    same_amount_seconds: float = 120.0  # the same amount within this time of a debit ends with 17
    same_amount_is_strict: bool = False  # True: any push counts, not only a completed debit
    production_callback_rules: bool = False  # True: https only, no tunnels
    allow_local_callbacks: bool = False  # True: localhost and private addresses are taken

    # The phone
    prompt_seconds: float = 60.0  # how long it stays on the screen
    show_seconds: float = 1.0  # from acceptance to the prompt on the screen
    person_seconds: float = 3.0  # how long an automatic person takes
    settle_seconds: float = 1.0  # from the PIN to the debit
    unreachable_seconds: float = 30.0  # until Daraja gives a switched-off phone up
    refusal_seconds: float = 1.0  # until a push that fails without a prompt is reported
    opening_balance_kes: int = 50_000  # a new phone's wallet
    opening_pin: str = "1234"  # a new phone's PIN
    wrong_pins_max: int = 3  # so many in a row lock the PIN: 8006

    # The query
    query_per_minute: int | None = 5  # None switches the gate off
    query_visible_seconds: float = 2.0  # before, an id is "Invalid CheckoutRequestID"
    query_pending: str = "4999"  # or "being_processed", or "mixed"

    # The callback
    callback_seconds_min: float = 0.5  # from the result to its callback, drawn between
    callback_seconds_max: float = 3.0  # these two
    callback_attempts: int = 1  # 3 for the other reading of the documents
    redelivery_seconds: float = 30.0  # between the tries
    callback_timeout_seconds: float = 5.0  # how long Daraja waits for your answer
    c2b_confirmation_url: str = ""  # where a C2B confirmation of each debit goes as well

    hang_seconds: float = 60.0  # how long the HTTP face keeps a hanging caller
    journal_max: int = 500_000  # entries kept

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
        prompt_seconds=15.0,
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
    )


_CHOICES = {
    "query_pending": ("4999", "being_processed", "mixed"),
    "not_found_code": ("404.001.01", "404.003.01"),
    "query_unauthorized_code": ("400.003.01", "401.003.01", "401.002.01"),
}
_OPTIONAL = {"timestamp_skew_max_seconds", "query_per_minute"}
_FIXED = {"apps", "merchants", "callback_sources"}
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
