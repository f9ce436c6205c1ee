"""Refunds for the booking system, which requests and reads, and what the customer reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.refunding import MAKER, Refunding
from tests.support.aws import REPOSITORY
from tests.support.dynamodb.template import load_template
from tests.support.world import Answer

ROUTE = "/api/payments/{payment_id}/refunds"
SCOPE = "refunds:request"


@pytest.fixture
def scene() -> Refunding:
    return Refunding()


def request(
    scene: Refunding, payment_id: str, *, key: str | None = "k1", scopes: str = SCOPE, **body: Any
) -> Answer:
    return scene.call(
        "consultations",
        "POST",
        ROUTE,
        path=f"/api/payments/{payment_id}/refunds",
        body={"reason": "The doctor is ill", **body},
        client_id="booking-system",
        scopes=scopes,
        headers={"Idempotency-Key": key} if key else {},
    )


def read(scene: Refunding, payment_id: str, *, scopes: str = SCOPE) -> Answer:
    path = f"/api/payments/{payment_id}/refunds"
    return scene.call(
        "consultations", "GET", ROUTE, path=path, client_id="booking-system", scopes=scopes
    )


def test_the_booking_system_requests_once_and_follows_the_refund(scene: Refunding) -> None:
    payment_id = scene.owed()
    assert read(scene, payment_id).body["state"] == "owed"
    first, again = request(scene, payment_id), request(scene, payment_id)
    assert (first.status, first.body["state"]) == (200, "requested")
    assert again.body == first.body
    assert scene.events(payment_id).count("RefundRequested") == 1
    other = request(scene, payment_id, key="k2")
    assert (other.status, other.body["code"]) == (409, "refund_in_progress")
    assert scene.refund(payment_id).asked_by == "client:booking-system"
    assert scene.approve(payment_id) == ""
    assert read(scene, payment_id).body["state"] == "sent"
    scene.pass_time(10)
    body = read(scene, payment_id).body
    assert (body["state"], body["detail"], body["amount"]) == ("returned", "refunded", 1000)
    assert body["receipt_number"] == scene.refund(payment_id).receipt_number is not None


@pytest.mark.parametrize("scopes", ["", "consultations:write", "payments:read"])
def test_another_scope_neither_requests_nor_reads(scene: Refunding, scopes: str) -> None:
    payment_id = scene.owed()
    assert request(scene, payment_id, scopes=scopes).status == 403
    assert read(scene, payment_id, scopes=scopes).status == 403
    assert scene.payment(payment_id).refund is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": None}, "invalid_idempotency_key"),
        ({"key": "not\tprintable"}, "invalid_idempotency_key"),
        ({"reason": ""}, "invalid_reason"),
        ({"reason": "x" * 201}, "invalid_reason"),
        ({"reason": "call 0712 345 678"}, "invalid_reason"),
        ({"reason": 5}, "invalid_reason"),
    ],
)
def test_a_bad_request_changes_nothing(scene: Refunding, change: dict[str, Any], code: str) -> None:
    payment_id = scene.owed()
    answer = request(scene, payment_id, **change)
    assert (answer.status, answer.body["code"]) == (400, code)
    assert scene.payment(payment_id).refund is None


@pytest.mark.parametrize("payment_id", ["0" * 32, "nothing", "A" * 32])
def test_a_payment_that_does_not_exist_is_404(scene: Refunding, payment_id: str) -> None:
    assert request(scene, payment_id).status == read(scene, payment_id).status == 404


def test_money_that_is_not_owed_is_not_refunded(scene: Refunding) -> None:
    payment_id = scene.pay()
    scene.pass_time(30)
    answer = request(scene, payment_id)
    assert (answer.status, answer.body["code"]) == (409, "wrong_status")
    assert read(scene, payment_id).body["state"] is None


def test_without_an_initiator_the_booking_system_is_told_why() -> None:
    scene = Refunding(has_initiator=False)
    answer = request(scene, scene.owed())
    assert (answer.status, answer.body["code"]) == (409, "refunds_not_configured")
    assert "manual" in answer.body["error"]


def test_no_public_route_approves(scene: Refunding) -> None:
    payment_id = scene.owed()
    for key in ("k1", "k2"):
        request(scene, payment_id, key=key, approve=True, approved_by="staff:b", step="sent")
    assert not scene.reversals_sent()
    sends = load_template(REPOSITORY / "template.yaml")["Resources"]["RefundsFunction"]
    assert "Events" not in sends["Properties"]
    assert "FunctionUrlConfig" not in sends["Properties"]


def test_the_customer_reads_how_far_the_money_is(scene: Refunding) -> None:
    payment_id = scene.owed()

    def reads() -> tuple[str, str]:
        body = scene.status(payment_id).body
        return body["refund"]["state"], body["customer_message"]

    assert reads()[0] == "owed"
    scene.request(payment_id, by=MAKER)
    assert reads() == (
        "requested",
        "Your refund has been asked for. It is sent once a second person has approved it.",
    )
    assert scene.status(payment_id).body["poll_after_seconds"] == 60
    scene.daraja.set_next({"outcome_code": "1"}, api="reversal")
    assert scene.approve(payment_id) == ""
    assert reads()[0] == "sent"
    assert "njiani" in scene.status(payment_id, language="sw").body["customer_message"]
    scene.pass_time(31)
    assert reads()[0] == "needs_person"
    scene.send(payment_id)
    scene.pass_time(10)
    state, message = reads()
    receipt = scene.refund(payment_id).receipt_number
    assert state == "returned"
    assert message == f"Your money has been returned. M-PESA receipt: {receipt}."
    assert scene.status(payment_id).body["refund"]["receipt_number"] == receipt
    assert scene.status(payment_id).body["poll_after_seconds"] is None
