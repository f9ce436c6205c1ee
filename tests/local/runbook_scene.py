"""The stack and the people around it, as one section of the runbook finds them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from payments.protocol.payment import Payment
from payments.store.attributes import from_item
from payments.store.items import to_payment
from payments.values import EAT

from local import aws
from local.client import Answer as ApiAnswer
from local.client import SimulatorClient
from local.state import StackState
from tests.local.conftest import Customer

RESULT_SECONDS_MAX = 180.0
POLL_SECONDS = 0.5
PROMPT_SECONDS = 3600
WRONG_KES = 999
NOBODY_SAYS_ANYTHING = "waits+callback_lost+query_never_final"
"""No money moves, so nothing but what a test says itself can end the payment."""
RECEIPT_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Scene:
    """The stack and the people around it, for one section."""

    stack: StackState
    customer: Customer
    simulator: SimulatorClient
    folder: Path

    def pay(self, scenario: str, *, booking_id: str | None = None, price_kes: int = 1000) -> str:
        """A customer starts a payment that goes as the scenario says; its id."""
        booking = booking_id or self.customer.book(price_kes)
        assert self.simulator.set_next(scenario, self.customer.phone_number).status == 200
        answer = self.customer.api.initiate(booking, self.customer.phone_number, price_kes)
        assert answer.status in (200, 202), answer.text
        payment_id: str = answer.body["payment_id"]
        return payment_id

    def paid(self, *, booking_id: str | None = None, price_kes: int = 1000) -> Payment:
        """A completed payment that no later message moves.

        A query names no receipt, and Pull alone may name no time and leaves the locks to the
        callback: whichever is first, the payment is given once both are settled.
        """
        with self.simulator.without_pull():
            payment_id = self.pay("pays", booking_id=booking_id, price_kes=price_kes)
            return self.wait_until(
                payment_id,
                lambda each: (
                    each.status == "completed"
                    and each.receipt_number is not None
                    and not each.holds_locks
                ),
            )

    def pay_other_amount(self, amount_kes: int | None = WRONG_KES) -> str:
        """A payment in review: its callback, the only message about it, names another amount."""
        payment = self.wait(self.pay(NOBODY_SAYS_ANYTHING), "pending")
        queue_callback(
            self, "FallbackQueueUrl", payment, receipt=new_receipt(), amount_kes=amount_kes
        )
        return self.wait(payment.payment_id, "review").payment_id

    def try_to_pay(self) -> ApiAnswer:
        """Another customer starts a payment; whatever the answer is."""
        other = self.someone_else().customer
        return other.api.initiate(other.book(), other.phone_number, 1000)

    def someone_else(self) -> Scene:
        """The same scene with another customer."""
        return replace(self, customer=self.customer.another())

    @property
    def stack_name(self) -> str:
        """The stack's name, with which the names of its functions begin."""
        return self.stack.outputs["CleanupFunctionName"].removesuffix("-cleanup")

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        return aws.client(service, self.stack.endpoint_url)

    def secret(self, output: str) -> dict[str, str]:
        """A secret of the stack, as stored."""
        found = self.client("secretsmanager").get_secret_value(SecretId=self.stack.outputs[output])
        values: dict[str, str] = json.loads(found["SecretString"])
        return values

    def payment(self, payment_id: str) -> Payment:
        """The payment as stored."""
        item = self.client("dynamodb").get_item(
            TableName=self.stack.table_name,
            Key={"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}},
            ConsistentRead=True,
        )["Item"]
        return to_payment(from_item(item))

    def wait(self, payment_id: str, *statuses: str) -> Payment:
        """Wait until the payment has one of these statuses."""
        return self.wait_until(payment_id, lambda payment: payment.status in statuses)

    def wait_until(self, payment_id: str, is_so: Callable[[Payment], bool]) -> Payment:
        """Wait until something is true of the payment."""
        give_up_at = time.monotonic() + RESULT_SECONDS_MAX
        while True:
            payment = self.payment(payment_id)
            if is_so(payment):
                return payment
            assert time.monotonic() < give_up_at, f"{payment.status}: {payment.result_desc}"
            time.sleep(POLL_SECONDS)

    def wait_for_money(self, receipt: str) -> None:
        """Wait until money that was paid by hand is on file, with its time: Pull may name none.

        A search before finds nothing, and without a time no prompt of that time is proposed.
        """
        give_up_at = time.monotonic() + RESULT_SECONDS_MAX
        key = {"pk": {"S": f"RCPT#{receipt}"}, "sk": {"S": "STATE"}}
        asked = {"TableName": self.stack.table_name, "Key": key, "ConsistentRead": True}
        while "paid_at" not in self.client("dynamodb").get_item(**asked).get("Item", {}):
            assert time.monotonic() < give_up_at, receipt
            time.sleep(POLL_SECONDS)

    def end_prompt(self, payment_id: str) -> None:
        """Let the payment's prompt be over, as its lock's deadline would: nobody waits for that."""
        self._set_prompt(payment_id, 0)

    def keep_prompt(self, payment_id: str) -> None:
        """Let the payment's prompt stay open, however slow the machine is."""
        self._set_prompt(payment_id, PROMPT_SECONDS)

    def _set_prompt(self, payment_id: str, seconds: int) -> None:
        self.client("dynamodb").update_item(
            TableName=self.stack.table_name,
            Key={"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}},
            # A writer that read the payment before reads it again.
            UpdateExpression="SET prompt_until = created_at + :seconds ADD version :one",
            ExpressionAttributeValues={":seconds": {"N": str(seconds)}, ":one": {"N": "1"}},
        )

    def known(self, payment_id: str) -> dict[str, str]:
        """What the person on duty knows of a payment."""
        payment = self.payment(payment_id)
        at = datetime.fromtimestamp(payment.created_at + 20, EAT)
        return {
            "PAYMENT": payment_id,
            "BOOKING": payment.booking_id,
            "PHONE": str(payment.phone_number),
            "REFERENCE": str(payment.account_reference),
            "RECEIPT": payment.receipt_number or new_receipt(),
            "PAID_AT": at.strftime("%Y-%m-%d %H:%M:%S"),
            "CLIENT": payment.client_id,
        }

    def consultation(self, booking_id: str) -> dict[str, str]:
        """What the customer's page sees of the booking."""
        seen: dict[str, str] = self.customer.api.read_consultation(booking_id).body
        return seen

    def empty_dead_letters(self) -> None:
        """Other tests may have left some; the doctor would say so."""
        queue = self.client("sqs")
        kinds = ("Fallback", "Money", "Outbox", "Cleanup")
        for name in (f"{kind}DeadLettersUrl" for kind in kinds):
            queue.purge_queue(QueueUrl=self.stack.outputs[name])


def new_receipt() -> str:
    """A receipt that no payment has."""
    return "UKR" + "".join(secrets.choice(RECEIPT_CHARACTERS) for _ in range(7))


def queue_paid_callback(scene: Scene, queue: str, payment: Payment, *, receipt: str) -> None:
    """Put a success with the asked amount into a queue."""
    queue_callback(scene, queue, payment, receipt=receipt, amount_kes=payment.amount_kes)


def queue_callback(
    scene: Scene, queue: str, payment: Payment, *, receipt: str, amount_kes: int | None
) -> None:
    """Put a success, as the callback function would have kept it, into a queue."""
    amount = [] if amount_kes is None else [{"Name": "Amount", "Value": amount_kes}]
    items = [
        *amount,
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "TransactionDate", "Value": int(f"{datetime.now(EAT):%Y%m%d%H%M%S}")},
    ]
    callback = {
        "MerchantRequestID": payment.merchant_request_id,
        "CheckoutRequestID": payment.checkout_request_id,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": items},
    }
    message = {
        "version": 1,
        "payment_id": payment.payment_id,
        "token_sha256": payment.secret_sha256,
        "is_listed": True,
        "body": json.dumps({"Body": {"stkCallback": callback}}),
    }
    scene.client("sqs").send_message(
        QueueUrl=scene.stack.outputs[queue], MessageBody=json.dumps(message)
    )
