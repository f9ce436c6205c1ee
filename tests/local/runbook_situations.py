"""The situation each section of the runbook is about, made on the local stack.

A situation gives what the person on duty knows, as variables; after each block it may let the
world go on; at its end it says what must have come of it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from payments.dynamodb.attributes import from_item
from payments.payment import Payment
from payments.store.items import to_payment
from payments.values import EAT

from local import aws
from local.client import ApiClient, SimulatorClient
from local.state import StackState
from tests.local.conftest import Customer

type Situation = Callable[[Scene], Iterator[dict[str, str]]]
RESULT_SECONDS_MAX = 60.0
POLL_SECONDS = 0.5
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

    def payment(self, payment_id: str) -> Payment:
        """The payment as stored."""
        item = aws.client("dynamodb", self.stack.endpoint_url).get_item(
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

    def known(self, payment_id: str) -> dict[str, str]:
        """What the person on duty knows of a payment."""
        payment = self.payment(payment_id)
        at = datetime.fromtimestamp(payment.created_at + 20, EAT)
        return {
            "PAYMENT": payment_id,
            "BOOKING": payment.booking_id,
            "PHONE": payment.phone_number,
            "REFERENCE": payment.account_reference,
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
        queue = aws.client("sqs", self.stack.endpoint_url)
        for name in ("FallbackDeadLettersUrl", "OutboxDeadLettersUrl", "CleanupDeadLettersUrl"):
            queue.purge_queue(QueueUrl=self.stack.outputs[name])


def new_receipt() -> str:
    """A receipt that no payment has."""
    return "UKR" + "".join(secrets.choice(RECEIPT_CHARACTERS) for _ in range(7))


def paid_without_callback(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays+callback_lost")
    time.sleep(13)  # the local QuerySuccessSeconds: before, a query's success proves nothing
    yield scene.known(payment_id)
    yield {}
    assert scene.wait(payment_id, "completed").booking_id
    assert scene.consultation(scene.payment(payment_id).booking_id)["status"] == "Confirmed"


def unheard_of(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("push_hang_lost")
    known = scene.known(payment_id)
    yield known
    payment = scene.payment(payment_id)
    assert (payment.status, payment.receipt_number) == ("completed", known["RECEIPT"])
    assert scene.consultation(known["BOOKING"])["status"] == "Confirmed"


def unknown(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("push_hang_lost")
    yield scene.known(payment_id)
    assert scene.payment(payment_id).status == "unknown"


def stuck(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("waits+callback_lost+query_never_final")
    yield scene.known(payment_id)
    assert scene.payment(payment_id).is_open


def wrong_amount(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays+callback_wrong_amount")
    scene.wait(payment_id, "review")
    yield scene.known(payment_id)
    yield {}
    assert scene.payment(payment_id).status == "refunded"


def paid_twice(scene: Scene) -> Iterator[dict[str, str]]:
    booking_id = scene.customer.book(1000)
    first = scene.pay("cancels", booking_id=booking_id)
    scene.wait(first, "failed")
    second = scene.pay("pays", booking_id=booking_id)
    scene.wait(second, "completed")
    yield scene.known(first)
    assert scene.payment(first).status == "refunded"
    yield scene.known(second)
    assert scene.payment(second).status == "refund_due"
    assert scene.consultation(booking_id)["status"] == "Cancelled"


def in_review(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays+callback_missing_amount")
    scene.wait(payment_id, "review")
    yield scene.known(payment_id)


def owed_back(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays")
    booking_id = scene.wait(payment_id, "completed").booking_id
    _cancel(scene, booking_id)
    assert scene.payment(payment_id).status == "refund_due"
    yield scene.known(payment_id)
    assert scene.payment(payment_id).status == "refunded"


def needs_attention(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays")
    payment = scene.wait(payment_id, "completed")
    # Another receipt for the same payment: two messages that disagree.
    _queue_callback(scene, "FallbackQueueUrl", payment, receipt=new_receipt())
    scene.wait_until(payment_id, lambda found: found.attention is not None)
    yield scene.known(payment_id)
    assert scene.payment(payment_id).attention is None


def dead_callback(scene: Scene) -> Iterator[dict[str, str]]:
    scene.empty_dead_letters()
    payment_id = scene.pay("waits+callback_lost+query_never_final")
    payment = scene.wait(payment_id, "pending")
    receipt = new_receipt()
    _queue_callback(scene, "FallbackDeadLettersUrl", payment, receipt=receipt)
    yield scene.known(payment_id)
    assert scene.wait(payment_id, "completed").receipt_number == receipt


def healthy(scene: Scene) -> Iterator[dict[str, str]]:
    scene.empty_dead_letters()
    yield {}
    yield {}


def forged(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("waits+callback_lost+query_never_final")
    before = scene.wait(payment_id, "pending")
    url = f"/api/payment/callback/{payment_id}/{'0' * 64}"
    answer = scene.customer.api.call("POST", url, {"Body": {"stkCallback": {"ResultCode": 0}}})
    assert answer.status == 404
    yield scene.known(payment_id)
    assert scene.payment(payment_id).status == before.status


def going_live(scene: Scene) -> Iterator[dict[str, str]]:
    scene.empty_dead_letters()
    today = datetime.now(EAT).strftime("%Y-%m-%d")
    booking_id = f"golive-{secrets.token_hex(4)}"
    known = {"PHONE": scene.customer.phone_number, "BOOKING": booking_id, "TODAY": today}
    known["CLIENT"] = scene.customer.client_id
    yield known
    assert scene.simulator.set_next("pays", scene.customer.phone_number).status == 200
    yield known
    yield known
    payment_id = scene.pay("pays", booking_id=booking_id, price_kes=10)
    scene.wait(payment_id, "completed")
    yield known
    yield {**known, "PAYMENT": payment_id}
    assert scene.payment(payment_id).status == "refunded"


def with_statement(scene: Scene) -> Iterator[dict[str, str]]:
    scene.empty_dead_letters()
    payment_id = scene.pay("pays")
    payment = scene.wait(payment_id, "completed")
    at = datetime.fromtimestamp(payment.transaction_at or 0, EAT)
    (scene.folder / "statement.csv").write_text(
        "Organization Statement\n\n"
        "Receipt No.,Completion Time,Transaction Status,Paid In,Withdrawn,A/C No.\n"
        f'{payment.receipt_number},{at:%d-%m-%Y %H:%M:%S},Completed,"1,000.00",,X\n'
    )
    now = datetime.now(EAT)
    known = {"TODAY": f"{now:%Y-%m-%d}", "YESTERDAY": f"{now - timedelta(days=1):%Y-%m-%d}"}
    yield known
    if (scene.folder / "money.csv").exists():
        assert str(payment.receipt_number) in (scene.folder / "money.csv").read_text()
        yield known
        report = (scene.folder / "report.csv").read_text()
        assert f"both,True,{payment.receipt_number}" in report


def after_a_breach(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays")
    yield {"YESTERDAY": f"{datetime.now(EAT) - timedelta(days=1):%Y-%m-%d}"}
    file = scene.folder / "concerned.json"
    assert file.stat().st_mode & 0o077 == 0
    [found] = [each for each in json.loads(file.read_text()) if each["payment_id"] == payment_id]
    assert found["phone_number"] == scene.customer.phone_number


SITUATIONS: dict[str, Situation] = {
    "i-paid-and-you-say-i-didnt": paid_without_callback,
    "money-on-the-statement-that-we-never-heard-of": unheard_of,
    "stuck-payment": stuck,
    "wrong-amount": wrong_amount,
    "double-payment-and-refund": paid_twice,
    "failed-share-high": healthy,
    "payments-pending": stuck,
    "callback-errors": healthy,
    "no-callbacks": healthy,
    "unknown-outcomes": unknown,
    "review": in_review,
    "refund-due": owed_back,
    "attention": needs_attention,
    "dead-letters": dead_callback,
    "cleanup-not-running": healthy,
    "authorizer-errors": healthy,
    "daraja-down": healthy,
    "provider-outage": healthy,
    "forged-callbacks": forged,
    "going-live-from-sandbox": going_live,
    "restore-from-point-in-time-recovery": with_statement,
    "export-for-accounting": with_statement,
    "breach-notice-within-72-hours": after_a_breach,
}


def _cancel(scene: Scene, booking_id: str) -> None:
    answer = ApiClient(scene.stack.api_url, scene.stack.booking_token).call(
        "PUT",
        f"/api/consultations/{booking_id}",
        {"client_id": scene.customer.client_id, "price_kes": 1000, "status": "Cancelled"},
    )
    assert answer.status == 200, answer.text


def _queue_callback(scene: Scene, queue: str, payment: Payment, *, receipt: str) -> None:
    """Put a success, as the callback function would have kept it, into a queue."""
    items = [
        {"Name": "Amount", "Value": payment.amount_kes},
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
        "token_sha256": payment.token_sha256,
        "is_listed": True,
        "body": json.dumps({"Body": {"stkCallback": callback}}),
    }
    aws.client("sqs", scene.stack.endpoint_url).send_message(
        QueueUrl=scene.stack.outputs[queue], MessageBody=json.dumps(message)
    )
