"""The deployment's settings, read from the environment once and checked; names are the owner's."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypedDict
from urllib.parse import urlsplit

from payments.daraja.wire import Merchant
from payments.errors import SettingsError
from payments.protocol.policy import Policy
from payments.protocol.rules import MoneyRules, PaybillAccount

TRANSACTION_TYPES = ("CustomerPayBillOnline", "CustomerBuyGoodsOnline")
FORBIDDEN_URL_WORDS = ("mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query")
"""Words that Safaricom refuses anywhere in a CallBackURL, in any case (docs/daraja.md 6)."""
NETWORK_SIZE_MAX = 65_536
"""A larger network (than an IPv4 /16) would in effect switch the address check off."""

type Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a function reads from its environment; "" where it needs no value."""

    table_name: str
    base_url: str
    merchant: Merchant
    callback_url_base: str
    policy: Policy
    daraja_secret_arn: str
    pepper_secret_arn: str
    initiator_secret_arn: str = ""
    result_key_secret_arn: str = ""
    refunds_function: str = ""
    callback_networks: Networks
    fallback_queue_url: str
    rules: MoneyRules
    money_queue_url: str
    paybill_secret_arn: str
    validates_strictly: bool
    webhook_url: str = ""
    webhook_secret_arn: str = ""
    webhook_queue_url: str = ""

    @property
    def shortcodes(self) -> frozenset[str]:
        """The shortcodes that M-Pesa may name as the receiver: a till has two numbers."""
        return frozenset({self.merchant.shortcode, self.merchant.party_b} - {""})

    @property
    def is_till(self) -> bool:
        """Whether customers pay a till rather than a paybill."""
        return self.merchant.transaction_type == "CustomerBuyGoodsOnline"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings.

    Errors: SettingsError, one sentence that names the variable that is wrong.
    """
    shortcode = _digits(environ, "SAFARICOM_SHORTCODE")
    return Settings(
        table_name=_required(environ, "TABLE_NAME"),
        base_url=_url(environ, "SAFARICOM_BASE"),
        merchant=Merchant(
            shortcode=shortcode,
            party_b=_party_b(environ, shortcode),
            transaction_type=_transaction_type(environ),
        ),
        callback_url_base=_callback_base(environ),
        policy=_policy(environ),
        daraja_secret_arn=environ.get("DARAJA_SECRET_ARN", ""),
        pepper_secret_arn=environ.get("PEPPER_SECRET_ARN", ""),
        initiator_secret_arn=environ.get("INITIATOR_SECRET_ARN", ""),
        refunds_function=environ.get("REFUNDS_FUNCTION", ""),
        callback_networks=_networks(environ),
        **_paybill(environ),
        rules=_rules(environ),
        webhook_url=_webhook_url(environ),
        webhook_secret_arn=environ.get("WEBHOOK_SECRET_ARN", ""),
        webhook_queue_url=environ.get("WEBHOOK_QUEUE_URL", ""),
    )


def read_callback_settings(environ: Mapping[str, str]) -> tuple[Settings, str]:
    """Return settings that can store a callback, whatever else is wrong, and what is wrong.

    Safaricom does not send a callback again, so only the table's name is required. Times and limits
    that cannot be read take their defaults. Addresses that cannot be read are nobody's: each
    callback is a hint, and Daraja is asked. A shortcode that cannot be read is "".
    Errors: SettingsError where TABLE_NAME is not set.
    """
    try:
        return read_settings(environ), ""
    except SettingsError as error:
        defect = error.sentence
    usable = dict(environ)
    for readable, names in (
        (_policy, [field.name.upper() for field in fields(Policy)]),
        (_networks, ["CALLBACK_SOURCE_IPS"]),
    ):
        try:
            readable(environ)
        except SettingsError:
            for name in names:
                usable.pop(name, None)
    return Settings(
        table_name=_required(environ, "TABLE_NAME"),
        base_url="",
        merchant=_readable_merchant(environ),
        callback_url_base="",
        policy=_policy(usable),
        daraja_secret_arn="",
        pepper_secret_arn=environ.get("PEPPER_SECRET_ARN", ""),
        callback_networks=_networks(usable),
        **_paybill(environ),
        rules=MoneyRules(is_pulled=_is_pulled(environ)),
    ), defect


class _Paybill(TypedDict):
    fallback_queue_url: str
    money_queue_url: str
    paybill_secret_arn: str
    result_key_secret_arn: str
    validates_strictly: bool


def _paybill(environ: Mapping[str, str]) -> _Paybill:
    """Read what has no wrong value: what is not switched on is off."""
    return _Paybill(
        result_key_secret_arn=environ.get("RESULT_KEY_SECRET_ARN", ""),
        fallback_queue_url=environ.get("FALLBACK_QUEUE_URL", ""),
        money_queue_url=environ.get("MONEY_QUEUE_URL", ""),
        paybill_secret_arn=environ.get("PAYBILL_SECRET_ARN", ""),
        validates_strictly=environ.get("C2B_VALIDATION") == "strict",
    )


def _readable_merchant(environ: Mapping[str, str]) -> Merchant:
    """Read who receives the money; nobody where the shortcode cannot be read."""
    try:
        shortcode = _digits(environ, "SAFARICOM_SHORTCODE")
        return Merchant(
            shortcode=shortcode, party_b=_party_b(environ, shortcode), transaction_type=""
        )
    except SettingsError:
        return Merchant(shortcode="", party_b="", transaction_type="")


def refused_word(url: str) -> str | None:
    """Return the word in a URL that Safaricom refuses; None where there is none."""
    return next((word for word in FORBIDDEN_URL_WORDS if word in url.lower()), None)


def is_listed(address: str, networks: Networks) -> bool:
    """Whether an address belongs to one of the networks; an unreadable one does not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _digits(environ: Mapping[str, str], name: str) -> str:
    value = _required(environ, name)
    if re.fullmatch(r"[0-9]{5,7}", value, re.ASCII) is None:
        raise SettingsError(f"{name} must be 5 to 7 digits")
    return value


def _url(environ: Mapping[str, str], name: str) -> str:
    value = _required(environ, name)
    if not _is_safe_address(value) or urlsplit(value).query:
        raise SettingsError(f"{name} must be an https:// address")
    return value.rstrip("/")


def _webhook_url(environ: Mapping[str, str]) -> str:
    """Read the address as it is: a slash at its end or a query belongs to it; "" means none."""
    value = environ.get("WEBHOOK_URL", "").strip()
    if value and not _is_safe_address(value):
        raise SettingsError("WEBHOOK_URL must be an https:// address")
    return value


def _is_safe_address(value: str) -> bool:
    """Whether it is https, or plain HTTP to this machine, without a user or a fragment."""
    parts = urlsplit(value)
    is_this_machine = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    is_plain = parts.hostname and not (parts.username or parts.fragment)
    return bool(is_plain) and (parts.scheme == "https" or is_this_machine)


def _party_b(environ: Mapping[str, str], shortcode: str) -> str:
    return _digits(environ, "SAFARICOM_PARTY_B") if environ.get("SAFARICOM_PARTY_B") else shortcode


def _transaction_type(environ: Mapping[str, str]) -> str:
    value = environ.get("SAFARICOM_TRANSACTION_TYPE", TRANSACTION_TYPES[0])
    if value not in TRANSACTION_TYPES:
        raise SettingsError(
            f"SAFARICOM_TRANSACTION_TYPE must be one of {', '.join(TRANSACTION_TYPES)}"
        )
    return value


def _callback_base(environ: Mapping[str, str]) -> str:
    value = environ.get("CALLBACK_URL_BASE", "").strip().rstrip("/")
    if value and not value.startswith("https://"):
        raise SettingsError("CALLBACK_URL_BASE must start with https://")
    word = refused_word(value)
    if word is not None:
        raise SettingsError(
            f'CALLBACK_URL_BASE contains "{word}", which Safaricom refuses in a URL'
        )
    return value


def _networks(environ: Mapping[str, str]) -> Networks:
    text = environ.get("CALLBACK_SOURCE_IPS", "")
    try:
        networks = tuple(
            ipaddress.ip_network(part.strip(), strict=False)
            for part in text.split(",")
            if part.strip()
        )
    except ValueError as error:
        raise SettingsError(
            "CALLBACK_SOURCE_IPS must be addresses or networks, separated by commas"
        ) from error
    # 0.0.0.0/0 would switch the address check off.
    too_wide = next((each for each in networks if each.num_addresses > NETWORK_SIZE_MAX), None)
    if too_wide is not None:
        raise SettingsError(f"CALLBACK_SOURCE_IPS lists {too_wide}, too wide a network to trust")
    return networks


def _rules(environ: Mapping[str, str]) -> MoneyRules:
    account = environ.get("PAYBILL_ACCOUNT", PaybillAccount.OFF)
    if account not in tuple(PaybillAccount):
        raise SettingsError(f"PAYBILL_ACCOUNT must be one of {', '.join(PaybillAccount)}")
    payers = environ.get("SWEEP_PAYERS", "")
    shortcodes = frozenset(part.strip() for part in payers.split(",") if part.strip())
    if not all(re.fullmatch(r"[0-9]{5,7}", each, re.ASCII) for each in shortcodes):
        raise SettingsError("SWEEP_PAYERS must be shortcodes of 5 to 7 digits, with commas between")
    return MoneyRules(
        paybill_account=PaybillAccount(account),
        sweep_payers=shortcodes,
        is_pulled=_is_pulled(environ),
    )


def _is_pulled(environ: Mapping[str, str]) -> bool:
    return environ.get("PULL_TRANSACTIONS") == "true"


def _policy(environ: Mapping[str, str]) -> Policy:
    chosen: dict[str, int] = {}
    for field in fields(Policy):
        text = environ.get(field.name.upper())
        if text is None:
            continue
        if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) is None:
            raise SettingsError(f"{field.name.upper()} must be a whole number")
        chosen[field.name] = int(text)
    return Policy(**chosen)
