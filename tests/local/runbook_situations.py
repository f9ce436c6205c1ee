"""The situation each section of the runbook is about, made on the local stack.

A situation gives what the person on duty knows, as variables; after each block it may let the
world go on; at its end it says what must have come of it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from payments.values import EAT

from local.client import ApiClient
from tests.local.runbook_scene import Scene, new_receipt, queue_callback

type Situation = Callable[[Scene], Iterator[dict[str, str]]]


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
    queue_callback(scene, "FallbackQueueUrl", payment, receipt=new_receipt())
    scene.wait_until(payment_id, lambda found: found.attention is not None)
    yield scene.known(payment_id)
    assert scene.payment(payment_id).attention is None


def dead_callback(scene: Scene) -> Iterator[dict[str, str]]:
    scene.empty_dead_letters()
    payment_id = scene.pay("waits+callback_lost+query_never_final")
    payment = scene.wait(payment_id, "pending")
    receipt = new_receipt()
    queue_callback(scene, "FallbackDeadLettersUrl", payment, receipt=receipt)
    yield scene.known(payment_id)
    assert scene.wait(payment_id, "completed").receipt_number == receipt


def told(scene: Scene) -> Iterator[dict[str, str]]:
    payment_id = scene.pay("pays")
    scene.wait(payment_id, "completed")
    yield scene.known(payment_id)


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
    "cleanup-skips-payments": healthy,
    "authorizer-errors": healthy,
    "daraja-down": healthy,
    "api-errors": healthy,
    "events-stuck": told,
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
