"""How Safaricom writes about money that arrived: C2B confirmations, and the rows of Pull.

Names and balances are dropped here and go no further. A payer's full number becomes its HMAC at
once. Amount, time, account and payer may each be missing; only the receipt is required.

Source: docs/daraja.md 9.6 and 9.7, 2026-11-28.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from payments.daraja.wire import Answer, MalformedCallbackError, parse_json
from payments.errors import InvalidRequestError, PaymentError
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.protocol.pull import PullClock, PulledRow, PullPage
from payments.values import (
    EAT,
    digits_of,
    normalise_phone,
    normalise_receipt,
    parse_daraja_timestamp,
    typed_reference,
    whole_kes,
)

TYPE_CHARACTERS = 40
REFERENCE_READ = 60
"""How much of a typed account is read before it is cleaned and cut."""
AMOUNT_CHARACTERS = 20
FOUND, NOTHING_FOUND = "1000", "1001"
RETRIEVED_NOTHING = "failed to retrieve transactions"

type HashPhone = Callable[[str], str]
"""Keys a phone without naming it. Errors: UnavailableError where the key cannot be read."""

_SHORTCODE = re.compile(r"[0-9]{5,7}\Z", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_MASK = re.compile(r"([0-9]{3,5}|[0-9a-f]{34}) ?\*{3,8} ?([0-9]{2,4}|[0-9a-f]{25})\Z", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?\Z", re.ASCII)
_PULL_TIME = re.compile(
    r"(20\d\d-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,6})?(Z|\+03:?00)?\Z", re.ASCII
)


def read_confirmation(raw: bytes, *, hash_phone: HashPhone) -> MoneySeen:
    """Read a C2B confirmation or validation.

    Shape: what cannot be read is None, `shortcode` and `transaction_type` "".
    Errors: MalformedCallbackError where the receipt cannot be read; never anything else.
    """
    body = parse_json(raw)
    if not isinstance(body, dict):
        raise MalformedCallbackError("no object")
    receipt_number = normalise_receipt(body.get("TransID"))
    if receipt_number is None:
        raise MalformedCallbackError("no TransID")
    amount_kes, amount_text = _amount(body.get("TransAmount"))
    payer, payer_hmac = _payer(body.get("MSISDN"), hash_phone)
    return MoneySeen(
        source=Proof.C2B,
        receipt_number=receipt_number,
        amount_kes=amount_kes,
        amount_text=amount_text,
        paid_at=parse_daraja_timestamp(body.get("TransTime")),
        shortcode=_shortcode(body.get("BusinessShortCode")) or "",
        reference=typed_reference(_text(body.get("BillRefNumber"), REFERENCE_READ)) or None,
        payer=payer,
        payer_hmac=payer_hmac,
        transaction_type=_text(body.get("TransactionType"), TYPE_CHARACTERS),
    )


def read_pulled_row(row: object, *, shortcode: str, hash_phone: HashPhone) -> PulledRow | None:
    """Read one row of Pull for the shortcode that was asked about; None without a receipt."""
    if not isinstance(row, dict):
        return None
    receipt_number = normalise_receipt(row.get("transactionId"))
    if receipt_number is None:
        return None
    amount_kes, amount_text = _amount(row.get("amount"))
    payer, payer_hmac = _payer(row.get("msisdn"), hash_phone)
    money = MoneySeen(
        source=Proof.PULL,
        receipt_number=receipt_number,
        amount_kes=amount_kes,
        amount_text=amount_text,
        paid_at=None,
        shortcode=shortcode,
        reference=typed_reference(_text(row.get("billreference"), REFERENCE_READ)) or None,
        # A transfer between organisations has no number; its sender is a shortcode.
        payer=payer if payer or payer_hmac else _shortcode(row.get("sender")),
        payer_hmac=payer_hmac,
        transaction_type=_text(row.get("transactiontype"), TYPE_CHARACTERS),
    )
    return PulledRow(money=money, moments=_moments(row.get("trxDate")))


def read_pull_page(answer: Answer, *, shortcode: str, hash_phone: HashPhone) -> PullPage | None:
    """Read an answer of Pull; None where it is none. "Empty" has four shapes.

    Source: docs/daraja.md 9.7: 1001, HTTP 500 "Failed to retrieve transactions", `[[]]` and its
    text.
    """
    code = _plain(answer.body.get("ResponseCode"))
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        words = _plain(answer.body.get("ResponseMessage")) or answer.message
        return PullPage() if words.lower().startswith(RETRIEVED_NOTHING) else None
    if answer.status != HTTPStatus.OK or code not in (FOUND, NOTHING_FOUND):
        return None
    if code == NOTHING_FOUND:
        return PullPage(is_nothing_found=True)
    listed = _rows(answer.body.get("Response"))
    if listed is None:
        return None
    read = [read_pulled_row(row, shortcode=shortcode, hash_phone=hash_phone) for row in listed]
    rows = tuple(row for row in read if row is not None)
    return PullPage(rows=rows, unreadable=len(read) - len(rows))


def _rows(response: object) -> list[object] | None:
    """Return the rows of a list, of a list of lists, or of the text of one; else None."""
    if isinstance(response, str):
        try:
            response = json.loads(response)
        except (ValueError, RecursionError):
            return None
    if not isinstance(response, list):
        return None
    rows: list[object] = []
    for each in response:
        rows += each if isinstance(each, list) else [each]
    return rows


def _amount(value: object) -> tuple[int | None, str | None]:
    """Return whole shillings, else the amount's text; neither where it is no amount."""
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if len(text) > AMOUNT_CHARACTERS or not _AMOUNT.match(text):
        return None, None
    amount_kes = whole_kes(text)
    return amount_kes, None if amount_kes is not None else text


def _payer(value: object, hash_phone: HashPhone) -> tuple[str | None, str | None]:
    """Return a mask, hash or shortcode as given, or the HMAC of a full number; else nothing."""
    text = " ".join(_plain(value).lower().split())
    if _SHORTCODE.match(text) or _HASH.match(text):
        return text, None
    mask = _MASK.match(text)
    if mask is not None:
        return f"{mask[1]} ***** {mask[2]}", None
    try:
        return None, hash_phone(normalise_phone(text))
    except InvalidRequestError:
        return None, None
    except PaymentError:
        # The key cannot be read now. Only the matching by payer needs it, and does without.
        return None, None


def _moments(value: object) -> Mapping[PullClock, int]:
    match = _PULL_TIME.match(value) if isinstance(value, str) else None
    if match is None:
        return {}
    try:
        written = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return {}
    in_nairobi = int(written.replace(tzinfo=EAT).timestamp())
    in_utc = int(written.replace(tzinfo=UTC).timestamp())
    names_its_zone = match[3] not in (None, "Z")
    return {PullClock.EAT: in_nairobi, PullClock.UTC: in_nairobi if names_its_zone else in_utc}


def _shortcode(value: object) -> str | None:
    text = _plain(value).strip()
    return text if _SHORTCODE.match(text) else None


def _text(value: object, characters: int) -> str:
    """Return printable text with single spaces, cut short."""
    printable = "".join(each if each.isprintable() else " " for each in _plain(value))
    return " ".join(printable.split())[:characters].strip()


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else digits_of(value)
