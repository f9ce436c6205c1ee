"""The field checks of processrequest, in the order Daraja reports them: docs/daraja.md 3."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.core import callback_url
from simulator.core.config import Config, Merchant
from simulator.core.identifiers import EAT
from simulator.core.phones import is_valid_msisdn
from simulator.core.prompts import PushOrder

REFERENCE_CHARACTERS_MAX = 12
DESCRIPTION_CHARACTERS_MAX = 13
LONG_TEXT_CHARACTERS_MAX = 1_000
TRANSACTION_TYPES = ("CustomerPayBillOnline", "CustomerBuyGoodsOnline")
# Digits without a sign or a leading zero; longer ones are absurd and never became an amount.
WHOLE_AMOUNT = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
SHORTCODE = re.compile(r"[0-9]{5,7}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{14}", re.ASCII)
_BREAKS_REQUESTS = re.compile(r"[@#&\x00-\x1f\x7f]")

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InvalidFieldError(Exception):
    """A field Daraja refuses with "Bad Request - Invalid <name>"."""

    name: str
    why: str = ""


def digits(value: object) -> str | None:
    """The text of a JSON number or of a string; None for anything else.

    Portal samples send strings, some production reports insist on numbers: both are accepted.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def shortcode(fields: Fields) -> str:
    """BusinessShortCode. Errors: InvalidFieldError."""
    return matching(fields, "BusinessShortCode", SHORTCODE.fullmatch)


def password(fields: Fields) -> str:
    """Password, which must at least be base64. Errors: InvalidFieldError."""
    value = fields.get("Password")
    if not isinstance(value, str) or not value:
        raise InvalidFieldError("Password", "missing")
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidFieldError("Password", "not base64") from error
    return value


def timestamp(fields: Fields, now: float, config: Config) -> str:
    """Timestamp: a real moment and, where configured, not too far off.

    Errors: InvalidFieldError.
    """
    value = matching(fields, "Timestamp", _TIMESTAMP.fullmatch)
    try:
        moment = datetime(int(value[:4]), *_pairs(value[4:]), tzinfo=EAT)
    except ValueError as error:
        raise InvalidFieldError("Timestamp", "no such moment") from error
    skew_max = config.timestamp_skew_max_seconds
    if skew_max is not None and abs(moment.timestamp() - now) > skew_max:
        raise InvalidFieldError("Timestamp", "too far from now")
    return value


def _pairs(text: str) -> tuple[int, int, int, int, int]:
    """Month, day, hour, minute and second; strptime would cost a fifth of the whole push."""
    month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 10, 2))
    return month, day, hour, minute, second


def is_right_password(given: str, merchant: Merchant, stamp: str) -> bool:
    """Whether it is base64(shortcode + passkey + timestamp)."""
    plain = f"{merchant.shortcode}{merchant.passkey}{stamp}"
    return base64.b64encode(plain.encode()).decode() == given


def order_from(fields: Fields, merchant: Merchant, config: Config) -> PushOrder:
    """The push that the fields describe. Errors: InvalidFieldError names the first bad one."""
    kind = fields.get("TransactionType")
    if config.transaction_type_is_trimmed and isinstance(kind, str):
        kind = kind.strip()
    if kind not in TRANSACTION_TYPES:
        raise InvalidFieldError("TransactionType")
    return PushOrder(
        merchant=merchant,
        transaction_type=str(kind),
        amount_kes=int(matching(fields, "Amount", WHOLE_AMOUNT.fullmatch)),
        payer=matching(fields, "PartyA", is_valid_msisdn),
        party_b=matching(fields, "PartyB", SHORTCODE.fullmatch),
        msisdn=matching(fields, "PhoneNumber", is_valid_msisdn),
        callback_url=_callback_url(fields, config),
        reference=_reference(fields, config),
        description=_description(fields, config),
    )


def matching(fields: Fields, name: str, is_good: Callable[[str], object]) -> str:
    """The text of a field that passes the check. Errors: InvalidFieldError."""
    text = digits(fields.get(name))
    if text is None or not is_good(text):
        raise InvalidFieldError(name)
    return text


def _callback_url(fields: Fields, config: Config) -> str:
    url = fields.get("CallBackURL")
    why = callback_url.refusal(
        url,
        production=config.production_callback_rules,
        allow_local=config.allow_local_callbacks,
    )
    if why is not None:
        raise InvalidFieldError("CallBackURL", why)
    return str(url)


def _reference(fields: Fields, config: Config) -> str:
    value = fields.get("AccountReference")
    if not isinstance(value, str) or not value.strip():
        raise InvalidFieldError("AccountReference", "missing")
    return _text("AccountReference", value, REFERENCE_CHARACTERS_MAX, config)


def _description(fields: Fields, config: Config) -> str:
    value = fields.get("TransactionDesc", "")
    if value is None:
        raise InvalidFieldError("Remarks", "TransactionDesc is null")
    if not isinstance(value, str):
        raise InvalidFieldError("TransactionDesc")
    return _text("TransactionDesc", value, DESCRIPTION_CHARACTERS_MAX, config)


def _text(name: str, value: str, characters_max: int, config: Config) -> str:
    limit = characters_max if config.long_text_is_refused else LONG_TEXT_CHARACTERS_MAX
    if len(value) > limit:
        raise InvalidFieldError(name, f"longer than {limit} characters")
    if _BREAKS_REQUESTS.search(value):
        raise InvalidFieldError(name, "holds a character that breaks requests")
    return value
