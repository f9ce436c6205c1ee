"""Phone numbers, amounts, references, days and masks: small values that every room uses."""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from payments.errors import InvalidRequestError, NotFoundError

EAT = timezone(timedelta(hours=3), "EAT")
BOOKING_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
PAYMENT_ID = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
CALLBACK_SECRET = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
CHECKOUT_REQUEST_ID = re.compile(r"[A-Za-z0-9_*-]{8,64}\Z", re.ASCII)  # M-Pesa may mask digits
RECEIPT_NUMBER = re.compile(r"[A-Z0-9]{8,16}\Z", re.ASCII)
RESULT_CODE = re.compile(r"[A-Za-z0-9_.-]{1,24}\Z", re.ASCII)
INVALID_BOOKING_ID_SENTENCE = (
    "booking_id must be an integer of 0 or more, or 1 to 64 of A-Z a-z 0-9 _ -"
)
INVALID_PHONE_SENTENCE = "Invalid phone number format. Use 254XXXXXXXXX"
ACCOUNT_REFERENCE_CHARACTERS = 12
TRANSACTION_DESC_CHARACTERS = 13
TYPED_REFERENCE_CHARACTERS = 20
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

PHONE_CHARACTERS_MAX = 64
HISTORY_CHARACTERS_MAX = 200

_PHONE = re.compile(r"(?:(?:\+|00)?2540?|0)?([17][0-9]{8})\Z", re.ASCII)
_PHONE_IN_TEXT = re.compile(r"(?<!\d)(?:\+?254|0)?[17]\d{8}(?!\d)", re.ASCII)
_IGNORED_IN_PHONES = frozenset(".()[]\t\n\v\f\r")
_IGNORED_CATEGORIES = frozenset({"Cf", "Zs", "Zl", "Zp", "Pd"})
"""Unicode format characters, spaces and dashes: they come with copied numbers and mean nothing."""
_TYPED_KES = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.00?)?\Z", re.ASCII)
_TYPED_PHONE = re.compile(r"(?<!\d)(?:254|0)([17]\d{8})(?!\d)", re.ASCII)
_EMBEDDED_TIME = re.compile(r"ws_CO_(\d{14})\d{3}(\d{9})\Z", re.ASCII)


def normalise_phone(value: object) -> str:
    """Return 254XXXXXXXXX for the forms people type: 07.., 7.., 254.., +254.., 00254.., 2540...

    Spaces, dashes, dots, brackets and invisible characters are ignored. A number is read as text.
    Errors: InvalidRequestError with the sentence the frontend knows.
    """
    text = str(value) if _is_integer(value) or isinstance(value, str) else ""
    compact = "".join(filter(_counts_in_phones, text)) if len(text) <= PHONE_CHARACTERS_MAX else ""
    match = _PHONE.match(compact)
    if match is None:
        raise InvalidRequestError(INVALID_PHONE_SENTENCE, code="invalid_phone_number")
    return "254" + match.group(1)


def _counts_in_phones(character: str) -> bool:
    is_ignored = unicodedata.category(character) in _IGNORED_CATEGORIES
    return not is_ignored and character not in _IGNORED_IN_PHONES


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def whole_number(value: object) -> int:
    """Return a JSON number without a fraction as an integer: 1500 and 1500.0, never "1500" or true.

    Errors: ValueError.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a whole number")


def digits_of(value: object) -> str:
    """Return a whole JSON number as its digits, "" for all else: Daraja writes 0, 0.0 and "0".

    Numbers beyond 2^53 are none: JSON readers do not agree on them.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ""
    is_exact = -(2**53) < value < 2**53
    return str(int(value)) if is_exact and value == int(value) else ""


def normalise_receipt(value: object) -> str | None:
    """Return an M-Pesa receipt in capitals, None where the text is none."""
    text = value.strip().upper() if isinstance(value, str) else ""
    return text if RECEIPT_NUMBER.match(text) else None


def text_for_history(text: str) -> str:
    """Return a reason as one line, ready to be kept in a payment's history.

    Errors: ValueError: events are read by other systems, so it holds no phone number.
    """
    line = " ".join(text.split())
    if not 1 <= len(line) <= HISTORY_CHARACTERS_MAX or not line.isprintable() or holds_phone(line):
        raise ValueError("not fit for the history")
    return line


def holds_phone(text: str) -> bool:
    """Whether a text holds a phone number, also one with spaces or dashes in it."""
    joined = re.sub(r"(?<=\d)[ -](?=\d)", "", text)
    return _PHONE_IN_TEXT.search(joined) is not None


def mask_phone(msisdn: str) -> str:
    """Hide the middle of a phone number: 2547*****149."""
    return f"{msisdn[:4]}*****{msisdn[-3:]}" if len(msisdn) >= 10 else "*****"


def mask_checkout_request_id(checkout_request_id: str | None) -> str | None:
    """Hide the phone digits at the end of a CheckoutRequestID, so that it may be logged."""
    if checkout_request_id is None:
        return None
    return checkout_request_id[:-9] + "*" * 9 if len(checkout_request_id) > 9 else "*" * 9


def normalise_booking_id(value: object) -> str:
    """Return the booking id as text: 1, 1.0 and "1" are one booking, true and 1.5 are none.

    Errors: InvalidRequestError.
    """
    text = value if isinstance(value, str) else digits_of(value)
    if not BOOKING_ID.match(text) or (text.startswith("-") and not isinstance(value, str)):
        raise InvalidRequestError(INVALID_BOOKING_ID_SENTENCE, code="invalid_booking_id")
    return text


def clean_text(text: str, *, characters: int) -> str:
    """Keep letters, digits and single spaces: Daraja refuses requests with @ # & in them.

    Source: docs/daraja.md 3, observed in MPESA-API-Tutorial#3.
    """
    kept = re.sub(r"[^A-Za-z0-9 ]+", " ", text)
    return " ".join(kept.split())[:characters].strip()


def plain_reference(text: str) -> str:
    """Return a reference as it is compared: letters and digits only, in capitals."""
    return re.sub(r"[^A-Za-z0-9]", "", text).upper()


def typed_reference(text: object) -> str:
    """Return what a payer typed as the account, at most 20 characters of it.

    Letters, digits, single spaces, - and _ are kept, so a booking id survives it. Many type their
    phone number: its middle is hidden.
    """
    kept = re.sub(r"[^A-Za-z0-9 *_-]+", " ", text if isinstance(text, str) else "")
    masked = _TYPED_PHONE.sub(lambda found: mask_phone(f"254{found[1]}"), kept)
    return " ".join(masked.split())[:TYPED_REFERENCE_CHARACTERS].strip()


def account_reference(*, requested: str, payment_id: str) -> str:
    """Return the account that the customer sees: 4 requested characters and 8 of our own.

    The 8 Crockford characters are the payment id's first 40 bits. They are on M-Pesa's
    statement, so money without an id can be found.
    """
    head = plain_reference(requested)[:4]
    bits = int(payment_id[:10], 16)
    tail = "".join(CROCKFORD[(bits >> shift) & 31] for shift in range(35, -1, -5))
    return head + tail


def typed_kes(text: str) -> int | None:
    """Read whole KES as people and statements write it: 1000, "1,000.00", "KES -5"; else None.

    A comma must separate thousands: "1,00" is a typing error, not a hundred. Units: KES.
    """
    match = _TYPED_KES.match(re.sub(r"(?i)kes|ksh\.?|\s", "", text))
    return int("".join(match.groups()).replace(",", "")) if match else None


def whole_kes(value: object) -> int | None:
    """Read an amount as Daraja writes it (1, 1.00, "1.00"); None unless it is whole and positive.

    Units: KES.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 < amount < 10**9 or amount != amount.to_integral_value():
        return None
    return int(amount)


def eat_day(epoch_seconds: int) -> str:
    """Return the EAT calendar day of a UTC epoch second as YYYY-MM-DD."""
    return datetime.fromtimestamp(epoch_seconds, EAT).strftime("%Y-%m-%d")


def eat_days(first: int, last: int) -> list[str]:
    """Return every EAT calendar day from one UTC epoch second to another, both included."""
    return list(dict.fromkeys(eat_day(at) for at in (*range(first, last, 86_400), last)))


def eat_iso(epoch_seconds: int | None) -> str | None:
    """Return ISO 8601 with +03:00, the form every public date has."""
    if epoch_seconds is None:
        return None
    return datetime.fromtimestamp(epoch_seconds, EAT).isoformat(timespec="seconds")


def daraja_timestamp(epoch_seconds: float) -> str:
    """Return the EAT timestamp that Daraja requires with the password: YYYYMMDDHHmmss."""
    return datetime.fromtimestamp(epoch_seconds, EAT).strftime("%Y%m%d%H%M%S")


def parse_daraja_timestamp(value: object) -> int | None:
    """Read a TransactionDate (14 digits, EAT, number or text) as UTC epoch seconds."""
    text = value if isinstance(value, str) else digits_of(value)
    if not re.match(r"20\d{12}\Z", text, re.ASCII):
        return None
    try:
        # Not strptime: its first use costs a cold start a hundredth of its time.
        local = datetime.fromisoformat(f"{text[:8]}T{text[8:]}").replace(tzinfo=EAT)
    except ValueError:
        return None
    return int(local.astimezone(UTC).timestamp())


def embedded_in_checkout_id(checkout_request_id: str) -> tuple[int, str] | None:
    """Return (UTC epoch seconds, last nine phone digits) that a `ws_CO_` id carries, or None.

    Source: docs/daraja.md 3, identifier shapes: DDMMYYYYHHMMSS, three digits, nine digits.
    """
    match = _EMBEDDED_TIME.match(checkout_request_id)
    if match is None:
        return None
    try:
        day, time = match.group(1)[:8], match.group(1)[8:]
        local = datetime.fromisoformat(f"{day[4:]}{day[2:4]}{day[:2]}T{time}").replace(tzinfo=EAT)
    except ValueError:
        return None
    return int(local.timestamp()), match.group(2)


def sha256_hex(text: str) -> str:
    """Return the digest that is stored of a callback secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def require_identifier(identifier: object) -> str:
    """Return a payment_id or CheckoutRequestID. Errors: InvalidRequestError."""
    text = identifier if isinstance(identifier, str) else ""
    if not (PAYMENT_ID.match(text) or CHECKOUT_REQUEST_ID.match(text)):
        raise InvalidRequestError(
            "checkout_request_id must be a CheckoutRequestID or a payment_id",
            code="invalid_checkout_request_id",
        )
    return text


def require_payment_id(text: str) -> str:
    """Return a payment_id. Errors: NotFoundError: no payment has an id of another form."""
    if not PAYMENT_ID.match(text):
        raise NotFoundError("Payment not found", code="payment_not_found")
    return text
