"""What the booking system may say about a consultation, and what money forbids it to say."""

from __future__ import annotations

import pytest

from tests.functional.scene import Scene
from tests.support.world import CONSULTATION

PATH = "/api/consultations/1"


def put(scene: Scene, body: object, *, scopes: str = "consultations:write") -> int:
    """PUT as somebody with these scopes."""
    answer = scene.call(
        "consultations", "PUT", CONSULTATION, path=PATH, body=body, client_id="x", scopes=scopes
    )
    return answer.status


def test_a_consultation_is_registered_and_read_back(scene: Scene) -> None:
    expected = {
        "booking_id": "b9",
        "client_id": "7",
        "price_kes": 2500,
        "status": "Pending",
        "payment_status": "Unpaid",
        "active_payment_id": None,
        "paid_payment_id": None,
    }
    assert scene.register("b9", price_kes=2500).body == expected
    assert scene.consultation("b9") == expected


def test_the_same_registration_again_changes_nothing(scene: Scene) -> None:
    before = scene.items("CONSULT#")
    assert scene.register("1").status == 200
    assert scene.items("CONSULT#") == before


@pytest.mark.parametrize("scopes", ["", "payments:read", "consultations:writer"])
def test_writing_needs_the_scope(scene: Scene, scopes: str) -> None:
    before = scene.items("CONSULT#")
    assert put(scene, {"client_id": "8", "price_kes": 1, "status": "Pending"}, scopes=scopes) == 403
    assert scene.items("CONSULT#") == before


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Confirmed"},
        {"status": "Paid"},
        {"price_kes": 0},
        {"price_kes": 250_001},
        {"price_kes": 10.5},
        {"client_id": ""},
        {"client_id": "x" * 65},
    ],
)
def test_what_may_not_be_said_is_400(scene: Scene, change: dict[str, object]) -> None:
    before = scene.items("CONSULT#")
    assert put(scene, {"client_id": "7", "price_kes": 1000, "status": "Pending"} | change) == 400
    assert scene.items("CONSULT#") == before


def test_its_client_may_read_it_and_another_sees_nothing(scene: Scene) -> None:
    def read(client_id: str, path: str = PATH) -> tuple[int, object]:
        answer = scene.call("consultations", "GET", CONSULTATION, path=path, client_id=client_id)
        return answer.status, answer.body

    assert read("7")[0] == 200
    assert read("8")[0] == 404
    assert read("8") == read("8", "/api/consultations/none")


def test_price_and_client_change_freely_while_nobody_pays(scene: Scene) -> None:
    assert scene.register("1", price_kes=1200, client_id="8").body["price_kes"] == 1200


@pytest.mark.parametrize("change", [{"price_kes": 1200}, {"client_id": "8"}])
def test_price_and_client_stand_while_a_payment_is_active_or_the_booking_paid(
    scene: Scene, change: dict[str, object]
) -> None:
    terms = {"client_id": "7", "price_kes": 1000, "status": "Pending"} | change
    scene.pay("pays")
    assert put(scene, terms) == 409
    scene.pass_time(60)
    assert scene.consultation()["payment_status"] == "Paid"
    assert put(scene, terms) == 409
    assert scene.consultation()["price_kes"] == 1000


def test_a_put_never_undoes_confirmed_and_paid(scene: Scene) -> None:
    payment_id = scene.pay("pays")
    scene.pass_time(60)
    assert scene.register("1").status == 200
    assert scene.is_confirmed_by(payment_id)


def test_cancelling_a_confirmed_booking_and_owing_the_money_back_is_one_write(scene: Scene) -> None:
    payment_id = scene.pay("pays")
    scene.pass_time(60)
    scene.network.forget()
    assert scene.register("1", status="Cancelled").body["status"] == "Cancelled"
    assert scene.network.count("TransactWriteItems") == 1
    assert scene.network.count("UpdateItem", "PutItem") == 0
    assert scene.payment(payment_id).public_status == "failed"
    assert scene.events(payment_id)[-1] == "RefundDue"


def test_a_cancelled_booking_cannot_be_paid_until_it_is_pending_again(scene: Scene) -> None:
    scene.register("1", status="Cancelled")
    assert scene.initiate().body["code"] == "consultation_cancelled"
    scene.register("1", status="Pending")
    assert scene.initiate().status == 200
