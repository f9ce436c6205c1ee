"""Daraja's own spellings: what is sent, and how its answers and callbacks are read.

Nothing here concludes anything about money; it only says what Daraja said. Readers are tolerant:
string codes, numbers as strings, missing and valueless items, prefixes in descriptions.

Source: docs/daraja.md 3-5, 2026-11-23.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from payments.protocol.payment import StkResult
from payments.values import (
    CHECKOUT_REQUEST_ID,
    RESULT_CODE,
    daraja_timestamp,
    digits_of,
    normalise_receipt,
    parse_daraja_timestamp,
    whole_kes,
)

if TYPE_CHECKING:
    from payments.protocol.provider_calls import Push

PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
QUERY_PATH = "/mpesa/stkpushquery/v1/query"
TOKEN_PATH = "/oauth/v1/generate"  # noqa: S105 -- a path, not a secret
DESCRIPTION_CHARACTERS = 200
NUMBER_CHARACTERS_MAX = 40

_DESCRIPTION_PREFIX = re.compile(r"^\s*\[[^\]]{0,40}\]\s*(?:[-\u2013]\s+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """The receiver of the money. `party_b` is the paybill itself, or the till of a store number."""

    shortcode: str
    party_b: str
    transaction_type: str


class MalformedCallbackError(ValueError):
    """A body that is no message of Safaricom's; the message has the reason and quotes nothing."""


def password(*, shortcode: str, passkey: str, timestamp: str) -> str:
    """Return base64(shortcode + passkey + timestamp)."""
    return base64.b64encode(f"{shortcode}{passkey}{timestamp}".encode()).decode()


def push_body(push: "Push", merchant: Merchant, *, passkey: str, now: float) -> dict[str, Any]:
    """Return the body of processrequest; numbers are sent as numbers (docs/daraja.md 3)."""
    timestamp = daraja_timestamp(now)
    return {
        "BusinessShortCode": int(merchant.shortcode),
        "Password": password(shortcode=merchant.shortcode, passkey=passkey, timestamp=timestamp),
        "Timestamp": timestamp,
        "TransactionType": merchant.transaction_type,
        "Amount": push.amount_kes,
        "PartyA": int(push.msisdn),
        "PartyB": int(merchant.party_b),
        "PhoneNumber": int(push.msisdn),
        "CallBackURL": push.callback_url,
        "AccountReference": push.account_reference,
        "TransactionDesc": push.transaction_desc,
    }


def query_body(
    checkout_request_id: str, merchant: Merchant, *, passkey: str, now: float
) -> dict[str, Any]:
    """Return the body of an STK query."""
    timestamp = daraja_timestamp(now)
    return {
        "BusinessShortCode": int(merchant.shortcode),
        "Password": password(shortcode=merchant.shortcode, passkey=passkey, timestamp=timestamp),
        "Timestamp": timestamp,
        "CheckoutRequestID": checkout_request_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer of Daraja, parsed as far as possible."""

    status: int
    body: Mapping[str, Any]

    @property
    def error_code(self) -> str:
        """Daraja's errorCode, or the Apigee fault's."""
        fault = self.body.get("fault")
        if isinstance(fault, dict):
            detail = fault.get("detail")
            return str(detail.get("errorcode", "")) if isinstance(detail, dict) else "fault"
        return str(self.body.get("errorCode", ""))

    @property
    def message(self) -> str:
        """Daraja's message, cleaned."""
        text = self.body.get("errorMessage") or self.body.get("ResponseDescription") or ""
        return clean_description(text)


def read_answer(status: int, content: bytes) -> Answer:
    """Read an HTTP answer; a body that is no JSON object (a firewall's page) counts as empty."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = {}
    return Answer(status=status, body=body if isinstance(body, dict) else {})


def clean_description(text: object) -> str:
    """Return a description without `[STK_CB - ]` prefixes and control characters, cut short."""
    stripped = _DESCRIPTION_PREFIX.sub("", str(text)) if isinstance(text, str) else ""
    printable = "".join(char if char.isprintable() else " " for char in stripped)
    return " ".join(printable.split())[:DESCRIPTION_CHARACTERS]


def result_code(value: object) -> str | None:
    """Return a result code as text, whatever type it came in; None if it is none.

    A JSON number without a fraction is its integer: 0.0 is "0". Text is taken as it is: "00" is
    not "0", and an unlisted code concludes nothing.
    """
    text = value.strip() if isinstance(value, str) else digits_of(value)
    return text if RESULT_CODE.match(text) else None


def parse_callback(raw: bytes) -> StkResult:
    """Read an STK callback's facts.

    Errors: MalformedCallbackError; never anything else, whatever the bytes.
    """
    callback = _stk_callback(parse_json(raw))
    code = result_code(callback.get("ResultCode"))
    checkout_request_id = callback.get("CheckoutRequestID")
    if code is None:
        raise MalformedCallbackError("no ResultCode")
    if not _is_checkout_id(checkout_request_id):
        raise MalformedCallbackError("no CheckoutRequestID")
    metadata = _metadata(callback.get("CallbackMetadata"))
    return StkResult(
        code=code,
        description=clean_description(callback.get("ResultDesc")),
        checkout_request_id=str(checkout_request_id),
        merchant_request_id=merchant_request_id(callback.get("MerchantRequestID")),
        amount_kes=whole_kes(metadata.get("Amount")),
        receipt_number=normalise_receipt(metadata.get("MpesaReceiptNumber")),
        transaction_at=parse_daraja_timestamp(metadata.get("TransactionDate")),
        digest=hashlib.sha256(raw).hexdigest(),
    )


def merchant_request_id(value: object) -> str | None:
    """Return a valid MerchantRequestID, else None."""
    return value if _is_checkout_id(value) and isinstance(value, str) else None


def _is_checkout_id(value: object) -> bool:
    return isinstance(value, str) and CHECKOUT_REQUEST_ID.match(value) is not None


def parse_json(raw: bytes) -> object:
    """Parse strictly: no NaN, no huge numbers, no duplicate keys, no deep nesting."""
    try:
        return json.loads(
            raw,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except MalformedCallbackError:
        raise
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise MalformedCallbackError("not JSON") from error


def _decimal(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise MalformedCallbackError("an endless number")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise MalformedCallbackError("an endless number")
    return int(text)


def _no_constant(_: str) -> object:
    raise MalformedCallbackError("NaN or Infinity")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise MalformedCallbackError("a duplicate key")
    return mapping


def _stk_callback(document: object) -> Mapping[str, Any]:
    body = document.get("Body") if isinstance(document, dict) else None
    callback = body.get("stkCallback") if isinstance(body, dict) else None
    if not isinstance(callback, dict):
        raise MalformedCallbackError("no Body.stkCallback")
    return callback


def _metadata(value: object) -> dict[str, object]:
    """Return the items by name; one that is named twice with two values counts as missing."""
    items = value.get("Item") if isinstance(value, dict) else None
    found: dict[str, object] = {}
    contradicted: set[str] = set()
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("Name"), str):
            continue
        name, new = item["Name"], item.get("Value")
        if name in found and found[name] != new:
            contradicted.add(name)
        found[name] = new
    return {name: new for name, new in found.items() if name not in contradicted}
