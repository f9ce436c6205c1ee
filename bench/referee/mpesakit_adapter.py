"""mpesakit with all that it offers for STK: push, its callback schema, and its query while pending.

Only the base URL is replaced. Run it with a Python that has mpesakit.
"""

import time
from typing import Any

from mpesakit.auth import TokenManager
from mpesakit.http_client import MpesaHttpClient
from mpesakit.mpesa_express.schemas import (
    StkPushQueryRequest,
    StkPushSimulateCallback,
    StkPushSimulateRequest,
)
from mpesakit.mpesa_express.stk_push import StkPush

from bench.referee.small_backend import SmallBackend
from simulator.core.config import SANDBOX_PASSKEY, SANDBOX_SHORTCODE
from simulator.referee.adapter import Context, Order

QUERY_SECONDS = 5.0
_kit: list[StkPush] = []
_asked_at: dict[str, float] = {}


def _parse(body: bytes) -> dict[str, Any]:
    callback = StkPushSimulateCallback.model_validate_json(body)
    told = callback.Body.stkCallback
    return {
        "CheckoutRequestID": told.CheckoutRequestID,
        "ResultCode": told.ResultCode,
        "Amount": callback.amount,
        "MpesaReceiptNumber": callback.mpesa_receipt_number,
    }


BACKEND = SmallBackend(_parse)


def start(context: Context) -> None:
    """Points the package at the simulator and listens."""
    client = MpesaHttpClient(env="sandbox")
    client.base_url = context.simulator_url
    tokens = TokenManager(
        consumer_key="sandbox-consumer-key",
        consumer_secret="sandbox-consumer-secret",
        http_client=client,
    )
    tokens.get_token()  # one token for all; first pushes at once would end each other's
    _kit.append(StkPush(http_client=client, token_manager=tokens))
    BACKEND.start()


def stop() -> None:
    """Stops listening."""
    BACKEND.stop()


def charge(order: Order) -> None:
    """One push, unless the order is paid."""
    if BACKEND.is_paid(order.reference):
        return
    answer = _kit[0].push(
        StkPushSimulateRequest(
            BusinessShortCode=int(SANDBOX_SHORTCODE),
            Passkey=SANDBOX_PASSKEY,
            TransactionType="CustomerPayBillOnline",
            Amount=order.amount_kes,
            PartyA=order.phone_number,
            PartyB=SANDBOX_SHORTCODE,
            PhoneNumber=order.phone_number,
            CallBackURL=BACKEND.callback_url,
            AccountReference=order.reference,
            TransactionDesc="Payment",
        )
    )
    if answer.is_successful():
        BACKEND.pushed(order.reference, answer.CheckoutRequestID)


def verdict(order: Order) -> dict[str, Any]:
    """What the callbacks said; while there is none, what the query says."""
    for checkout_id in BACKEND.checkouts.get(order.reference, []):
        if checkout_id not in BACKEND.results:
            _query(checkout_id)
    return BACKEND.verdict(order.reference)


def _query(checkout_id: str) -> None:
    now = time.monotonic()
    first = _asked_at.setdefault(checkout_id, now)
    if now - first < QUERY_SECONDS:
        return
    _asked_at[checkout_id] = now
    answer = _kit[0].query(
        StkPushQueryRequest(
            BusinessShortCode=int(SANDBOX_SHORTCODE),
            Passkey=SANDBOX_PASSKEY,
            CheckoutRequestID=checkout_id,
        )
    )
    if str(answer.ResultCode) != "4999":
        BACKEND.results[checkout_id] = {"ResultCode": str(answer.ResultCode)}
