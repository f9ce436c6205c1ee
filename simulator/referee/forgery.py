"""What an attacker posts: bodies that look like Daraja's, and guessed addresses."""

import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

TOKEN_CHARACTERS_MIN = 16
FORGED_RECEIPT = "UAA0FORGED"
Document = dict[str, Any]


def success(
    checkout_request_id: str,
    merchant_request_id: str,
    *,
    amount_kes: int,
    phone_number: str,
    receipt: str = FORGED_RECEIPT,
) -> Document:
    """A success that Daraja never sent."""
    items = [
        {"Name": "Amount", "Value": float(amount_kes)},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": 20261123120000},
        {"Name": "PhoneNumber", "Value": int(phone_number)},
    ]
    words = "The service request is processed successfully."
    callback = _callback(checkout_request_id, merchant_request_id, 0, words)
    return {"Body": {"stkCallback": {**callback, "CallbackMetadata": {"Item": items}}}}


def failure(checkout_request_id: str, merchant_request_id: str) -> Document:
    """A cancellation that Daraja never sent."""
    words = "Request cancelled by user."
    callback = _callback(checkout_request_id, merchant_request_id, 1032, words)
    return {"Body": {"stkCallback": callback}}


def with_ids(body: str, checkout_request_id: str, merchant_request_id: str) -> Document:
    """An earlier callback with the ids of another payment."""
    document: Document = json.loads(body)
    document["Body"]["stkCallback"].update(
        CheckoutRequestID=checkout_request_id, MerchantRequestID=merchant_request_id
    )
    return document


def guessed(url: str) -> str:
    """The address with every token-like part of its path and query replaced by a guess."""
    parts = urlsplit(url)
    path = "/".join(_guess(each) for each in parts.path.split("/"))
    query = "&".join(
        "=".join(_guess(x) for x in each.split("=")) for each in parts.query.split("&")
    )
    return urlunsplit(parts._replace(path=path, query=query))


def _guess(part: str) -> str:
    return "0" * len(part) if len(part) >= TOKEN_CHARACTERS_MIN else part


def _callback(checkout_id: str, merchant_id: str, code: int, words: str) -> Document:
    return {
        "MerchantRequestID": merchant_id,
        "CheckoutRequestID": checkout_id,
        "ResultCode": code,
        "ResultDesc": words,
    }
