"""What an initiator's calls send, and what their results say; names of people stay out.

Reversal, Transaction Status and Account Balance share one shape: an acknowledgement at once, and a
Result posted later to a URL of ours. Readers are tolerant: string codes, one parameter instead of a
list, items without a value, keys that occur twice.

Source: docs/daraja.md 9.1-9.4, 2026-11-28.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from payments.daraja.wire import MalformedCallbackError, parse_json, result_code
from payments.protocol.provider_calls import InitiatorUrls, Reversal
from payments.values import normalise_receipt, parse_daraja_timestamp, whole_kes

REVERSAL_PATH = "/mpesa/reversal/v1/request"
STATUS_PATH = "/mpesa/transactionstatus/v1/query"
BALANCE_PATH = "/mpesa/accountbalance/v1/query"
SHORTCODE_IDENTIFIER = "4"
REVERSAL_IDENTIFIER = "11"
_PARTY = re.compile(r"\s*([0-9]{5,7})\s*-", re.ASCII)
_STATUS_WORD = re.compile(r"[A-Za-z ]{1,40}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The API operator: name, and password encrypted with Safaricom's certificate."""

    initiator: str
    security_credential: str

    def __repr__(self) -> str:
        return f"Credential({self.initiator}, not shown)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiatorResult:
    """One Result post as far as it can be read.

    Shape: `receipt_number` is the TransactionID, a dummy on a failure; `parameters` by Daraja's
        key, without those that occur twice with two values.
    """

    code: str
    receipt_number: str | None
    parameters: Mapping[str, object]

    @property
    def amount_kes(self) -> int | None:
        """The amount, None where it is absent or not whole."""
        return whole_kes(self.parameters.get("Amount"))

    @property
    def original_receipt(self) -> str | None:
        """The receipt that a reversal gave back."""
        return normalise_receipt(self.parameters.get("OriginalTransactionID"))

    @property
    def status_receipt(self) -> str | None:
        """The receipt that a Transaction Status answer is about."""
        return normalise_receipt(self.parameters.get("ReceiptNo"))

    @property
    def transaction_status(self) -> str | None:
        """M-Pesa's word for the transaction: Completed, Reversed, ..."""
        word = self.parameters.get("TransactionStatus")
        return word.strip() if isinstance(word, str) and _STATUS_WORD.match(word.strip()) else None

    @property
    def finalised_at(self) -> int | None:
        """When the transaction was final. Units: UTC epoch seconds."""
        return parse_daraja_timestamp(self.parameters.get("FinalisedTime"))

    @property
    def credited_shortcode(self) -> str | None:
        """The shortcode that got the money; the name after it is dropped."""
        party = self.parameters.get("CreditPartyName")
        found = _PARTY.match(party) if isinstance(party, str) else None
        return found.group(1) if found else None


def reversal_body(
    reversal: Reversal, credential: Credential, urls: InitiatorUrls
) -> dict[str, Any]:
    """Return the body of a Reversal; `RecieverIdentifierType` is Safaricom's spelling."""
    return {
        "Initiator": credential.initiator,
        "SecurityCredential": credential.security_credential,
        "CommandID": "TransactionReversal",
        "TransactionID": reversal.receipt_number,
        "Amount": str(reversal.amount_kes),
        "ReceiverParty": reversal.shortcode,
        "RecieverIdentifierType": REVERSAL_IDENTIFIER,
        **_urls(urls),
        "Remarks": "Refund",
    }


def status_body(
    receipt_number: str, shortcode: str, credential: Credential, urls: InitiatorUrls
) -> dict[str, Any]:
    """Return the body of a Transaction Status query about a receipt."""
    return {
        "Initiator": credential.initiator,
        "SecurityCredential": credential.security_credential,
        "CommandID": "TransactionStatusQuery",
        "TransactionID": receipt_number,
        "PartyA": shortcode,
        "IdentifierType": SHORTCODE_IDENTIFIER,
        **_urls(urls),
        "Remarks": "Status",
        "Occasion": "Status",
    }


def balance_body(shortcode: str, credential: Credential, urls: InitiatorUrls) -> dict[str, Any]:
    """Return the body of an Account Balance query."""
    return {
        "Initiator": credential.initiator,
        "SecurityCredential": credential.security_credential,
        "CommandID": "AccountBalance",
        "PartyA": shortcode,
        "IdentifierType": SHORTCODE_IDENTIFIER,
        **_urls(urls),
        "Remarks": "Balance",
    }


def parse_result(raw: bytes) -> InitiatorResult:
    """Read a post to a ResultURL.

    Errors: MalformedCallbackError; never anything else, whatever the bytes.
    """
    document = parse_json(raw)
    result = document.get("Result") if isinstance(document, dict) else None
    if not isinstance(result, dict):
        raise MalformedCallbackError("no Result")
    code = result_code(result.get("ResultCode"))
    if code is None:
        raise MalformedCallbackError("no ResultCode")
    return InitiatorResult(
        code=code,
        receipt_number=normalise_receipt(result.get("TransactionID")),
        parameters=_parameters(result.get("ResultParameters")),
    )


def balance_kes(result: InitiatorResult, account: str) -> int | None:
    """Return what an account has available, in whole KES rounded down; None where it is not named.

    Shape: `Name|KES|current|available|reserved|uncleared`, accounts joined by `&`.
    """
    text = result.parameters.get("AccountBalance")
    for row in text.split("&") if isinstance(text, str) else ():
        name, *figures = row.split("|")
        if name.strip().lower() == account.lower() and len(figures) >= 3:
            return _floor_kes(figures[2])
    return None


def _floor_kes(text: str) -> int | None:
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        return None
    return int(amount // 1) if amount.is_finite() and abs(amount) < 10**12 else None


def _urls(urls: InitiatorUrls) -> dict[str, str]:
    return {"ResultURL": urls.result, "QueueTimeOutURL": urls.timeout}


def _parameters(value: object) -> dict[str, object]:
    """Return the parameters by key; one that is named twice with two values counts as missing."""
    found = value.get("ResultParameter") if isinstance(value, dict) else None
    items = found if isinstance(found, list) else [found]
    parameters: dict[str, object] = {}
    contradicted: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("Key"), str):
            continue
        key, new = item["Key"], item.get("Value")
        if key in parameters and parameters[key] != new:
            contradicted.add(key)
        parameters[key] = new
    return {key: new for key, new in parameters.items() if key not in contradicted}
