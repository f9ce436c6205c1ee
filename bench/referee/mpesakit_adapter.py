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


class Kit:
    """The package's push, callback schema and query, by one HTTP client."""

    def __init__(self) -> None:
        self.backend = SmallBackend(self._parse, self._push, self._query)
        self._client = MpesaHttpClient(env="sandbox")
        self._tokens = TokenManager(
            consumer_key="sandbox-consumer-key",
            consumer_secret="sandbox-consumer-secret",
            http_client=self._client,
        )
        self._stk = StkPush(http_client=self._client, token_manager=self._tokens)
        self._asked_at: dict[str, float] = {}

    def start(self, context: Context) -> None:
        """Points the package at the simulator and listens."""
        self._client.base_url = context.simulator_url
        self._tokens.get_token()  # one token for all; first pushes at once would end each other's
        self.backend.start()

    def _parse(self, body: bytes) -> dict[str, Any]:
        callback = StkPushSimulateCallback.model_validate_json(body)
        told = callback.Body.stkCallback
        return {
            "CheckoutRequestID": told.CheckoutRequestID,
            "ResultCode": told.ResultCode,
            "Amount": callback.amount,
            "MpesaReceiptNumber": callback.mpesa_receipt_number,
        }

    def _push(self, order: Order) -> str | None:
        answer = self._stk.push(
            StkPushSimulateRequest(
                BusinessShortCode=int(SANDBOX_SHORTCODE),
                Passkey=SANDBOX_PASSKEY,
                TransactionType="CustomerPayBillOnline",
                Amount=order.amount_kes,
                PartyA=order.phone_number,
                PartyB=SANDBOX_SHORTCODE,
                PhoneNumber=order.phone_number,
                CallBackURL=self.backend.callback_url,
                AccountReference=order.reference,
                TransactionDesc="Payment",
            )
        )
        return str(answer.CheckoutRequestID) if answer.is_successful() else None

    def _query(self, checkout_request_id: str) -> dict[str, Any] | None:
        """Ask every few seconds, a few seconds after the push at the earliest."""
        now = time.monotonic()
        if now - self._asked_at.setdefault(checkout_request_id, now) < QUERY_SECONDS:
            return None
        self._asked_at[checkout_request_id] = now
        answer = self._stk.query(
            StkPushQueryRequest(
                BusinessShortCode=int(SANDBOX_SHORTCODE),
                Passkey=SANDBOX_PASSKEY,
                CheckoutRequestID=checkout_request_id,
            )
        )
        code = str(answer.ResultCode)
        return None if code == "4999" else {"ResultCode": code}


KIT = Kit()
start, stop = KIT.start, KIT.backend.stop
charge, verdict = KIT.backend.charge, KIT.backend.verdict
