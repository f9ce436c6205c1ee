"""Daraja as a public OpenAPI document describes it, where that agrees with the documentation.

The facts are those of api-evangelist/mpesa, openapi/mpesa-openapi.yml (July 2026), which was
modelled from Safaricom's pages: paths, required fields, and the words a field may hold.
"""

from typing import Any

import pytest

from simulator.core import Config
from tests.unit.simulator.initiator_client import InitiatorClient, call_fields
from tests.unit.simulator.virtual_merchant import PAYS, QUERY, WAITS, password, push_fields

ACK = {"OriginatorConversationID", "ConversationID", "ResponseCode", "ResponseDescription"}
PUSH_ANSWER = {
    *("MerchantRequestID", "CheckoutRequestID", "ResponseCode", "ResponseDescription"),
    "CustomerMessage",
}
C2B_URL = "https://pay.example.com/c2b"
REGISTER = {
    "ShortCode": "174379",
    "ResponseType": "Completed",
    "ConfirmationURL": C2B_URL,
    "ValidationURL": C2B_URL,
}
SIMULATE = {
    "ShortCode": "174379",
    "CommandID": "CustomerPayBillOnline",
    "Amount": 5,
    "Msisdn": PAYS,
    "BillRefNumber": "ABC",
}
QR = {
    "MerchantName": "HAKIKA CLINIC",
    "RefNo": "ABC",
    "Amount": 5,
    "TrxCode": "PB",
    "CPI": "174379",
    "Size": "300",
}

# path, the document's request, the fields it requires, the keys of its answer (None: any)
Row = tuple[str, dict[str, Any], set[str], set[str] | None]
ROWS: list[Row] = [
    ("/mpesa/stkpush/v1/processrequest", push_fields(WAITS), {*push_fields()}, PUSH_ANSWER),
    ("/mpesa/c2b/v1/registerurl", REGISTER, {*REGISTER}, None),
    ("/mpesa/b2c/v3/paymentrequest", call_fields("b2c"), {*call_fields("b2c")}, ACK),
    ("/mpesa/accountbalance/v1/query", call_fields("balance"), set(), ACK),
    ("/mpesa/reversal/v1/request", call_fields("reversal"), set(), ACK),
    ("/mpesa/transactionstatus/v1/query", call_fields("status"), set(), ACK),
    ("/mpesa/c2b/v1/simulate", SIMULATE, set(), None),
    ("/mpesa/qrcode/v1/generate", QR, set(), None),
]
OPTIONAL_HERE = {
    "TransactionDesc": "Safaricom's page makes it optional",
    "Remarks": "required here as Safaricom's page says; the document leaves it open",
    "OriginatorConversationID": "required here for v3, as Safaricom's page says",
}
WORDS = [
    ("/mpesa/stkpush/v1/processrequest", "TransactionType", "CustomerPayBillOnline"),
    ("/mpesa/stkpush/v1/processrequest", "TransactionType", "CustomerBuyGoodsOnline"),
    ("/mpesa/c2b/v1/registerurl", "ResponseType", "Completed"),
    ("/mpesa/c2b/v1/registerurl", "ResponseType", "Cancelled"),
    *(
        ("/mpesa/b2c/v3/paymentrequest", "CommandID", each)
        for each in ("SalaryPayment", "BusinessPayment", "PromotionPayment")
    ),
    *(("/mpesa/qrcode/v1/generate", "TrxCode", each) for each in ("BG", "WA", "PB", "SM", "SB")),
]


def client() -> InitiatorClient:
    """A merchant with registered C2B URLs."""
    made = InitiatorClient(Config(query_per_minute=None))
    made.post("/mpesa/c2b/v1/registerurl", REGISTER)
    return made


def with_receipt(made: InitiatorClient, fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "TransactionID": made.receipt}


@pytest.mark.parametrize(("path", "request_fields", "required", "answer"), ROWS)
def test_the_documents_request_is_accepted_and_needs_what_it_requires(
    path: str, request_fields: dict[str, Any], required: set[str], answer: set[str] | None
) -> None:
    made = client()
    given = made.post(path, with_receipt(made, request_fields))
    assert given.status == 200, given.body
    assert answer is None or set(given.json()) == answer
    for name in required - set(OPTIONAL_HERE):
        fields = {key: value for key, value in request_fields.items() if key != name}
        refused = client().post(path, with_receipt(made, fields))
        assert refused.json().get("errorMessage") == f"Bad Request - Invalid {name}", name


@pytest.mark.parametrize(("path", "name", "word"), WORDS)
def test_each_word_of_the_document_is_taken_and_another_is_not(
    path: str, name: str, word: str
) -> None:
    fields = next(row[1] for row in ROWS if row[0] == path)
    assert client().post(path, {**fields, name: word}).status == 200
    assert client().post(path, {**fields, name: f"{word}X"}).status == 400


def test_the_documents_query_is_answered() -> None:
    made = client()
    fields = {
        "BusinessShortCode": "174379",
        "Password": password(),
        "Timestamp": "20261123120000",
        "CheckoutRequestID": made.daraja.prompts()[0].checkout_request_id,
    }
    assert made.post(QUERY, fields).json()["ResultCode"] == "0"
