"""The situation each section of the runbook is about, made on the local stack.

A situation yields once for each block of its section: what the person on duty knows, as
variables. It is sent what the block said, may let the world go on, and says at its end what must
have come of it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from payments.protocol.payment import Payment
from payments.values import EAT

from tests.local.runbook_scene import NOBODY_SAYS_ANYTHING, Scene, new_receipt, queue_paid_callback
from tools.hakika.app import VERBS

STATEMENT_HEADING = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
    "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)

COUNTS_SECONDS = 13
"""A second more than the local QuerySuccessSeconds: before, a query's success proves nothing."""

POSTS_MAX = 20

type Story = Generator[dict[str, str], str]
type Situation = Callable[[Scene], Story]


def at_first(scene: Scene) -> Story:
    said = yield {}
    assert [verb for verb in VERBS if verb not in said] == []


def paid_without_callback(scene: Scene) -> Story:
    payment_id = scene.pay("pays+callback_lost")
    scene.wait_until(payment_id, lambda payment: time.time() > payment.created_at + COUNTS_SECONDS)
    said = yield scene.known(payment_id)
    assert payment_id in said
    said = yield {}
    assert "PaymentCompleted" in said
    assert scene.payment(payment_id).status == "completed"
    assert scene.consultation(scene.payment(payment_id).booking_id)["status"] == "Confirmed"


def unheard_of(scene: Scene) -> Story:
    payment_id = scene.pay("push_hang_lost")
    scene.end_prompt(payment_id)
    known = scene.known(payment_id)
    said = yield known
    assert "unknown -> review" in said
    payment = scene.payment(payment_id)
    assert (payment.status, payment.receipt_number) == ("completed", known["RECEIPT"])
    assert scene.consultation(known["BOOKING"])["status"] == "Confirmed"


def unknown(scene: Scene) -> Story:
    payment_id = scene.pay("push_hang_lost")
    said = yield scene.known(payment_id)
    assert payment_id in said
    assert scene.payment(payment_id).status == "unknown"


def stuck(scene: Scene) -> Story:
    payment_id = scene.pay(NOBODY_SAYS_ANYTHING)
    said = yield scene.known(payment_id)
    assert "next look" in said
    assert scene.payment(payment_id).is_open


def pending_for_long(scene: Scene) -> Story:
    payment_id = scene.pay(NOBODY_SAYS_ANYTHING)
    said = yield {}
    assert payment_id in said
    assert "due payments" in said


def wrong_amount(scene: Scene) -> Story:
    payment_id = scene.pay_other_amount()
    said = yield scene.known(payment_id)
    assert "amount_differs" in said
    yield {}
    assert scene.payment(payment_id).status == "refunded"


def paid_twice(scene: Scene) -> Story:
    booking_id = scene.customer.book(1000)
    first = scene.pay("cancels", booking_id=booking_id)
    scene.wait(first, "failed")
    second = scene.paid(booking_id=booking_id).payment_id
    yield scene.known(first)
    assert scene.payment(first).status == "refunded"
    said = yield scene.known(second)
    assert second in said
    assert scene.payment(second).status == "refund_due"
    assert scene.consultation(booking_id)["status"] == "Cancelled"


def in_review(scene: Scene) -> Story:
    payment_id = scene.pay_other_amount(None)
    said = yield scene.known(payment_id)
    assert "amount_missing" in said


def owed_back(scene: Scene) -> Story:
    payment = scene.paid()
    payment_id = payment.payment_id
    scene.customer.cancel(payment.booking_id)
    assert scene.payment(payment_id).status == "refund_due"
    said = yield scene.known(payment_id)
    assert payment_id in said
    assert scene.payment(payment_id).status == "refunded"


def needs_attention(scene: Scene) -> Story:
    payment = scene.paid()
    payment_id = payment.payment_id
    # Another receipt for the same payment: two messages that disagree.
    queue_paid_callback(scene, "FallbackQueueUrl", payment, receipt=new_receipt())
    scene.wait_until(payment_id, lambda found: found.attention is not None)
    said = yield scene.known(payment_id)
    assert "needs attention" in said
    assert scene.payment(payment_id).attention is None


def dead_callback(scene: Scene) -> Story:
    scene.empty_dead_letters()
    payment_id = scene.pay(NOBODY_SAYS_ANYTHING)
    payment = scene.wait(payment_id, "pending")
    receipt = new_receipt()
    queue_paid_callback(scene, "FallbackDeadLettersUrl", payment, receipt=receipt)
    said = yield scene.known(payment_id)
    assert "1 message replayed" in said
    assert scene.wait(payment_id, "completed").receipt_number == receipt
    scene.empty_dead_letters()


def healthy(scene: Scene) -> Story:
    scene.empty_dead_letters()
    said = yield {}
    assert "no dead letters" in said


def some_failed(scene: Scene) -> Story:
    scene.empty_dead_letters()
    payment_id = scene.pay("cancels")
    scene.wait(payment_id, "failed")
    said = yield {}
    assert payment_id in said


def reconciled(scene: Scene) -> Story:
    scene.empty_dead_letters()
    said = yield {}
    assert "due payments" in said


def events_stuck(scene: Scene) -> Story:
    payment_id = scene.paid().payment_id
    lost = f"no event {secrets.token_hex(4)}"
    scene.client("sqs").send_message(
        QueueUrl=scene.stack.outputs["OutboxDeadLettersUrl"], MessageBody=lost
    )
    said = yield {"PIPE": scene.stack.outputs["OutboxPipeName"]}
    assert "RUNNING" in said
    assert lost in said
    yield {}
    said = yield scene.known(payment_id)
    assert "PaymentCompleted" in said
    scene.empty_dead_letters()


def without_callbacks(scene: Scene) -> Story:
    scene.empty_dead_letters()
    said = yield {"API": scene.stack.api_url}
    assert "callback URL" in said
    said = yield {}
    assert said.split() == ["404"]


def without_cleanup(scene: Scene) -> Story:
    scene.empty_dead_letters()
    said = yield {}
    assert "due payments" in said
    said = yield {}
    assert said.split() == ['"ENABLED"']


def outage(scene: Scene) -> Story:
    scene.empty_dead_letters()
    unknown_id = scene.pay("push_hang_lost")
    scene.wait(unknown_id, "unknown")
    other = scene.someone_else()
    pending_id = other.pay(NOBODY_SAYS_ANYTHING)
    said = yield {}
    assert unknown_id in said
    assert pending_id in said
    said = yield {}
    assert "due payments" in said


def forged(scene: Scene) -> Story:
    payment_id = scene.pay(NOBODY_SAYS_ANYTHING)
    before = scene.wait(payment_id, "pending")
    url = f"/api/payment/callback/{payment_id}/{'0' * 64}"
    answer = scene.customer.api.call("POST", url, {"Body": {"stkCallback": {"ResultCode": 0}}})
    assert answer.status == 404
    said = yield scene.known(payment_id)
    assert "callback kept" not in said
    assert scene.payment(payment_id).status == before.status
    _wait_for_rejection_in_log(scene, url)
    said = yield {}
    assert "CallbackRejected" in said


def rotation(scene: Scene) -> Story:
    scene.empty_dead_letters()
    before = scene.secret("DarajaSecretArn")
    said = yield {}
    assert "Daraja accepted the credentials" in said
    assert [value for value in before.values() if value in said] == []
    assert scene.secret("DarajaSecretArn") == before
    assert scene.simulator.set_next("pays", scene.customer.phone_number).status == 200
    said = yield {}
    assert "paid and called back" in said
    assert scene.customer.phone_number[3:] not in said


def going_live(scene: Scene) -> Story:
    scene.empty_dead_letters()
    today = datetime.now(EAT).strftime("%Y-%m-%d")
    booking_id = f"golive-{secrets.token_hex(4)}"
    known = {"PHONE": scene.customer.phone_number, "BOOKING": booking_id, "TODAY": today}
    known["CLIENT"] = scene.customer.client_id
    yield known
    assert scene.simulator.set_next("pays", scene.customer.phone_number).status == 200
    yield known
    yield known
    payment_id = scene.paid(booking_id=booking_id, price_kes=10).payment_id
    yield known
    yield {**known, "PAYMENT": payment_id}
    assert scene.payment(payment_id).status == "refunded"


def restored(scene: Scene) -> Story:
    scene.empty_dead_letters()
    payment = scene.paid()
    payment_id = payment.payment_id
    copy = f"{scene.stack.table_name}-restored"
    try:
        yield {}
        refused = scene.try_to_pay()
        assert refused.status in (429, 500, 503), refused.text
        yield {"UNTIL": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        assert _facts_of_copy(scene, copy, payment_id) == ("completed", True, "ENABLED", "ENABLED")
        _write_statement(scene, payment)
        said = yield {}
        assert "here and there: 1, KES 1,000" in said
        yield {}
        assert scene.try_to_pay().status == 200
    finally:
        _undo_restore(scene, copy)


def accounting(scene: Scene) -> Story:
    payment = scene.paid()
    _write_statement(scene, payment)
    now = datetime.now(EAT)
    yield {"TODAY": f"{now:%Y-%m-%d}", "YESTERDAY": f"{now - timedelta(days=1):%Y-%m-%d}"}
    assert str(payment.receipt_number) in (scene.folder / "money.csv").read_text()
    said = yield {}
    assert "here and there: 1, KES 1,000" in said
    assert f"both,True,{payment.receipt_number}" in (scene.folder / "report.csv").read_text()


def after_a_breach(scene: Scene) -> Story:
    iam = scene.client("iam")
    suspect = f"suspect-{secrets.token_hex(4)}"
    iam.create_user(UserName=suspect)
    key = iam.create_access_key(UserName=suspect)["AccessKey"]["AccessKeyId"]
    payment_id = scene.pay("pays")
    yesterday = datetime.now(EAT) - timedelta(days=1)
    said = yield {"SUSPECT": suspect, "YESTERDAY": f"{yesterday:%Y-%m-%d}"}
    assert key in said
    assert '"Events"' in said
    yield {}
    file = scene.folder / "concerned.json"
    assert file.stat().st_mode & 0o077 == 0
    [found] = [each for each in json.loads(file.read_text()) if each["payment_id"] == payment_id]
    assert found["phone_number"] == scene.customer.phone_number


SITUATIONS: dict[str, Situation] = {
    "runbook": at_first,
    "i-paid-and-you-say-i-didnt": paid_without_callback,
    "money-on-the-statement-that-we-never-heard-of": unheard_of,
    "stuck-payment": stuck,
    "wrong-amount": wrong_amount,
    "double-payment-and-refund": paid_twice,
    "failed-share-high": some_failed,
    "payments-pending": pending_for_long,
    "callback-errors": healthy,
    "confirmations": healthy,
    "pull": healthy,
    "money-unclaimed": healthy,
    "no-callbacks": without_callbacks,
    "unknown-outcomes": unknown,
    "review": in_review,
    "refund-due": owed_back,
    "attention": needs_attention,
    "dead-letters": dead_callback,
    "cleanup-not-running": without_cleanup,
    "cleanup-skips-payments": reconciled,
    "daraja-down": healthy,
    "api-errors": some_failed,
    "events-stuck": events_stuck,
    "provider-outage": outage,
    "forged-callbacks": forged,
    "secret-rotation": rotation,
    "going-live-from-sandbox": going_live,
    "restore-from-point-in-time-recovery": restored,
    "export-for-accounting": accounting,
    "breach-notice-within-72-hours": after_a_breach,
}


def _wait_for_rejection_in_log(scene: Scene, url: str) -> None:
    """Post on until it is logged: the emulator gives a line that came late with the next call."""
    group = f"/aws/lambda/{scene.stack_name}-callback"
    pages = scene.client("logs").get_paginator("filter_log_events")
    for _ in range(POSTS_MAX):
        found = pages.paginate(logGroupName=group, filterPattern='"CallbackRejected"')
        if any(page["events"] for page in found):
            return
        scene.customer.api.call("POST", url, {})
    raise AssertionError("the rejected callbacks were not logged")


def _write_statement(scene: Scene, payment: Payment) -> None:
    """The organisation portal's export: what stands above it, what a payment cost, the payment."""
    at = datetime.fromtimestamp(payment.transaction_at or 0, EAT).strftime("%d-%m-%Y %H:%M:%S")
    head = f"{payment.receipt_number},{at},{at}"
    payer = "2547*****149 - JANE WANJIKU"
    rows = (
        "ORGANIZATION STATEMENT",
        "Short Code:,600000,Organization Name:,CLINIC LTD",
        "",
        STATEMENT_HEADING,
        f'{head},Pay Bill Charge,Completed,,-5.50,"52,994.50",true,Pay Bill Charge,,,',
        f'{head},"Pay Bill from {payer}",Completed,"1,000.00",,"53,000.00",true,Pay Bill Online,'
        f"{payer},,{payment.account_reference}",
    )
    (scene.folder / "statement.csv").write_text("\r\n".join(rows), newline="")


def _facts_of_copy(scene: Scene, copy: str, payment_id: str) -> tuple[Any, ...]:
    """What the procedure must have given the copy: the data, stream, TTL and recovery."""
    client = scene.client("dynamodb")
    key = {"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}}
    ttl = client.describe_time_to_live(TableName=copy)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=copy)["ContinuousBackupsDescription"]
    return (
        client.get_item(TableName=copy, Key=key)["Item"]["status"]["S"],
        client.describe_table(TableName=copy)["Table"]["StreamSpecification"]["StreamEnabled"],
        ttl["TimeToLiveStatus"],
        backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
    )


def _undo_restore(scene: Scene, copy: str) -> None:
    """Whatever failed: other tests pay on this stack too."""
    function = f"{scene.stack_name}-stk-push"
    scene.client("lambda").delete_function_concurrency(FunctionName=function)
    tables = scene.client("dynamodb")
    if copy in tables.list_tables()["TableNames"]:
        tables.update_table(TableName=copy, DeletionProtectionEnabled=False)
        tables.delete_table(TableName=copy)
