"""Each function's role grants exactly what its code asks of the table, no less and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from payments.protocol.payment import Proof
from payments.protocol.receipts import ReceiptRow
from payments.store.items import receipt_key
from payments.store.receipt_items import row_values

from local.template import read_template
from tests.functional.booking_system import Town as WebhookTown
from tests.functional.faulty import PUSH_PATH, Execute, Network, callback_body, meanwhile
from tests.functional.refunding import add_approver, set_credential
from tests.functional.scene import Scene
from tests.functional.test_paybill import body as confirmation
from tests.support.lambdas import UNLISTED_IP, Lambda, http_event
from tests.support.world import OLD_CALLBACK

RESOURCES: dict[str, Any] = read_template(Path(__file__).parents[2] / "template.yaml")["Resources"]
REFUNDS = "/api/payments/{payment_id}/refunds"
STATISTICS = "/api/payment/mpesa/statistics"
ROLES = {
    "stk_push": "StkPushRole",
    "status": "StatusRole",
    "callback": "CallbackRole",
    "paybill": "PaybillRole",
    "cleanup": "CleanupRole",
    "consultations": "ConsultationsRole",
    "statistics": "StatisticsRole",
    "webhooks": "WebhooksRole",
    "refunds": "RefundsRole",
}
BY_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def granted(role: str) -> set[str]:
    """What a role may do to the table: "Action", or "Query index"."""
    found = set()
    for policy in RESOURCES[role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            actions, resources = (_listed(statement[key]) for key in ("Action", "Resource"))
            for action in actions:
                if action.startswith("dynamodb:"):
                    found |= {_grant(action, resource) for resource in resources}
    return found


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _grant(action: str, resource: str) -> str:
    _, _, index = resource.partition("/index/")
    return f"{action.removeprefix('dynamodb:')} {index}".strip()


@pytest.mark.parametrize("role", ["PaybillRole", "ConsultationsRole"])
def test_of_the_table_itself_only_the_notes_of_hints_are_listed(role: str) -> None:
    [policy] = RESOURCES[role]["Properties"]["Policies"]
    queries = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "dynamodb:Query"]
    [query] = [each for each in queries if "index" not in each["Resource"]]
    assert query["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["HINT#*"]}}


def asked(operation: str, request: dict[str, Any]) -> set[str]:
    """What IAM would check for a request."""
    if operation == "TransactWriteItems":
        return {BY_TRANSACTION[kind] for each in request["TransactItems"] for kind in each}
    return {f"{operation} {request.get('IndexName', '')}".strip()}


class WatchedNetwork(Network):
    """Notes which function asks for what; a function may be called while another waits."""

    def __init__(self) -> None:
        super().__init__()
        self.callers: list[str] = []
        self.asked: defaultdict[str, set[str]] = defaultdict(set)

    def __call__(self, operation: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        if self.callers:
            self.asked[self.callers[-1]] |= asked(operation, request)
        return super().__call__(operation, request, execute)


class WatchedScene(Scene):
    """A scene that knows which function runs."""

    def __init__(self) -> None:
        self.watched = WatchedNetwork()
        super().__init__(network=self.watched)

    def fresh_function(self, name: str) -> Lambda:
        made = super().fresh_function(name)
        invoke = made.invoke

        def noted(event: Any) -> dict[str, Any]:
            self.watched.callers.append(name)
            try:
                return invoke(event)
            finally:
                self.watched.callers.pop()

        made.invoke = noted  # type: ignore[method-assign]
        return made


def _pay_while_the_callback_overtakes(scene: WatchedScene) -> None:
    """stk_push loses its write to the callback, and reads again what is around."""

    def deliver() -> None:
        for delivery in scene.daraja.due_callbacks():
            scene.deliver(delivery)

    scene.line.after[PUSH_PATH] = deliver
    payment_id = scene.pay("callback_first")
    assert scene.initiate().status == 409
    checkout_request_id = scene.prompt_of(payment_id).checkout_request_id
    body = callback_body(checkout_request_id, 0)
    assert scene.call("callback", "POST", OLD_CALLBACK, body=body).status == 200
    scene.post(payment_id, 0, amount=1)  # contradicts, and is kept


def _pay_twice(scene: WatchedScene, booking: str) -> str:
    """Nobody hears of a payment; its locks lapse, and another one pays for the booking."""
    scene.register(booking)
    first = scene.pay("pays+callback_lost", booking_id=booking, phone=f"25471111110{booking}")
    scene.pass_time(scene.function("stk_push").module.runtime.policy.lock_seconds + 1)
    second = scene.pay("pays", booking_id=booking, phone=f"25471111111{booking}")
    scene.pass_time(60)
    assert scene.payment(second).status == "completed"
    return first


def _owe_back_whoever_learns_of_the_money(scene: WatchedScene) -> None:
    first = _pay_twice(scene, "2")
    assert scene.post(first, 0, receipt="LATE000001") == 200
    assert scene.payment(first).status == "refund_due"

    first = _pay_twice(scene, "3")
    for identifier in (first, scene.prompt_of(first).checkout_request_id):
        assert scene.status(identifier).status == 200
    assert scene.payment(first).status == "refund_due"

    first = _pay_twice(scene, "4")
    scene.clean_up()
    assert scene.payment(first).status == "refund_due"


def _hear_a_hint_about_an_unknown_push(scene: WatchedScene) -> None:
    """Whose the id of a hint is, cleanup and status find out by the index."""
    scene.register("5")
    scene.daraja.set_next("pays+push_hang+callback_unlisted")
    payment_id = scene.initiate("5", phone="254711111115").body["payment_id"]
    scene.pass_time(10)
    scene.clean_up()
    assert scene.payment(payment_id).status == "completed"


def _cancel_what_is_paid_while_something_else_is_said_of_it(scene: WatchedScene) -> None:
    """consultations loses its write to a callback, and reads again what is around."""
    scene.register("6")
    payment_id = scene.pay(booking_id="6", phone="254711111116")
    scene.pass_time(60)
    contradiction = meanwhile(lambda: scene.post(payment_id, 0, amount=1))
    scene.network.next(contradiction, on=frozenset({"TransactWriteItems"}))
    assert scene.register("6", status="Cancelled").body["status"] == "Cancelled"
    assert scene.payment(payment_id).status == "refund_due"


def _look_at_receipts_that_wait(scene: WatchedScene) -> None:
    """One names a payment that is not there, the other is a till's."""
    now = int(scene.clock())
    for receipt, reference in (("WAITING001", "ABCD12345678"), ("WAITING002", None)):
        row = ReceiptRow(
            receipt_number=receipt,
            source=Proof.C2B,
            amount_kes=1000,
            paid_at=now,
            shortcode="600000",
            reference=reference,
            created_at=now - 60,
            due_at=now,
        )
        scene.store_item({**receipt_key(receipt), **row_values(row)})
    assert scene.clean_up()["poisoned"] == 0


def _hear_of_money_by_hand(scene: WatchedScene) -> None:
    """Of a stranger, of a payment, of one whose booking another has paid, and from elsewhere."""
    post = scene.post_to_paybill
    post(scene.c2b_url(), confirmation(TransID="PAYBILL001"))
    post(scene.c2b_url(), confirmation(TransID="PAYBILL002"), source_ip=UNLISTED_IP)
    scene.pass_time(600)  # the user's prompts are counted over ten minutes
    first = _pay_twice(scene, "8")
    reference = scene.payment(first).account_reference
    post(scene.c2b_url(), confirmation(TransID="PAYBILL003", BillRefNumber=reference))
    assert scene.payment(first).status == "refund_due"


def _count(scene: WatchedScene) -> None:
    event = http_event(
        "GET", STATISTICS, client_id="1", scopes="payments:read", now=scene.clock()
    ) | {"queryStringParameters": {"from": "2026-09-21", "to": "2026-09-22"}}
    assert scene.function("statistics").invoke(event)["statusCode"] == 200


def _tell_the_booking_system(scene: WatchedScene) -> None:
    town = WebhookTown(scene)
    town.carry()
    town.deliver()
    assert town.receiver.requests


def _return_money(scene: WatchedScene) -> None:
    """Requested by the booking system, sent, asked about, and answered."""
    set_credential(scene)
    scene.register("9")
    payment_id = scene.pay(booking_id="9", phone="254711111119")
    scene.pass_time(60)
    scene.register("9", status="Cancelled")
    answer = scene.call(
        "consultations",
        "POST",
        REFUNDS,
        path=f"/api/payments/{payment_id}/refunds",
        body={"reason": "ill"},
        client_id="booking-system",
        scopes="refunds:request",
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status == 200, answer.body
    scene.daraja.set_next("outcome_lost", api="reversal")
    add_approver(scene, "staff:b")
    call = {"act": "approve", "payment_id": payment_id, "by": "staff:b", "why": "checked"}
    more = {"request_id": "r", "shown_version": None}
    assert scene.function("refunds").invoke(call | more) == {}
    receipt = scene.payment(payment_id).receipt_number
    ask = {"act": "ask_receipt", "receipt_number": receipt, "by": "staff:b"}
    assert scene.function("refunds").invoke(ask) == {}
    scene.pass_time(130)
    scene.clean_up()
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refunded"


def _hear_that_money_went_back_by_hand(scene: WatchedScene) -> None:
    scene.register("10")
    payment_id = scene.pay(booking_id="10", phone="254711111120")
    scene.pass_time(60)
    scene.register("10", status="Cancelled")
    receipt = scene.payment(payment_id).receipt_number or ""
    scene.daraja.reverse_on_portal(receipt)
    ask = {"act": "ask_receipt", "receipt_number": receipt, "by": "staff:b"}
    assert scene.function("refunds").invoke(ask) == {}
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refunded"


@pytest.fixture
def scene() -> Iterator[WatchedScene]:
    made = WatchedScene()
    yield made
    made.close()


def test_each_role_grants_what_its_function_asks_for_and_nothing_else(scene: WatchedScene) -> None:
    for act in (
        _pay_while_the_callback_overtakes,
        _owe_back_whoever_learns_of_the_money,
        _hear_a_hint_about_an_unknown_push,
        _cancel_what_is_paid_while_something_else_is_said_of_it,
        _look_at_receipts_that_wait,
        _hear_of_money_by_hand,
        _return_money,
        _hear_that_money_went_back_by_hand,
        _count,
        _tell_the_booking_system,
    ):
        act(scene)
    used = {function: scene.watched.asked[function] for function in ROLES}
    assert used == {function: granted(role) for function, role in ROLES.items()}
