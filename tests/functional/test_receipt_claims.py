""" "I have paid": a receipt that a customer names is noted for people, and decides nothing."""

from __future__ import annotations

from typing import Any

import pytest
from payments.store.receipt_claims import Filed
from payments.values import daraja_timestamp

from tests.functional.operator_desk import Desk
from tests.functional.scene import Scene
from tests.functional.test_desk import staff
from tests.functional.test_hakika_money import by_hand
from tests.functional.test_paybill import RECEIPT
from tests.support.world import Answer, World

ROUTE = "/api/payments/{payment_id}/receipt-claims"
OWNER = "7"
DAY = 86_400


def claim(
    world: World, payment_id: str, receipt: object = RECEIPT, *, client_id: str = OWNER
) -> Answer:
    path = f"/api/payments/{payment_id}/receipt-claims"
    body = {"receipt_number": receipt}
    return world.call("status", "POST", ROUTE, path=path, body=body, client_id=client_id)


def filed(world: World) -> list[tuple[str, str]]:
    """Each claim: its payment and its receipt."""
    return [
        (item["pk"].removeprefix("PAY#"), item["sk"].removeprefix("CLAIM#"))
        for item in world.items("PAY#")
        if item["sk"].startswith("CLAIM#")
    ]


def money(world: World) -> list[dict[str, Any]]:
    """Everything that a decision reads."""
    kept_out = ("CLAIM", "CLAIMS")
    return [item for item in world.items("") if not item["sk"].startswith(kept_out)]


def refused(scene: Scene, *, booking_id: str = "1", phone: str = "254708374149") -> str:
    """A payment whose prompt is over, without money."""
    payment_id = scene.pay("cancels", booking_id=booking_id, phone=phone)
    scene.pass_time(60)
    assert scene.payment(payment_id).status == "failed"
    return payment_id


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("typed", [RECEIPT, f" {RECEIPT.lower()} "])
def test_a_claim_is_kept_apart_and_answered_alike_for_known_and_unknown_receipts(
    scene: Scene, typed: str, is_known: bool
) -> None:
    payment_id = refused(scene)
    if is_known:
        by_hand(scene)
    before, now = money(scene), int(scene.clock())
    answer = claim(scene, payment_id, typed)
    assert (answer.status, answer.body) == (202, {"success": True})
    assert money(scene) == before
    assert filed(scene) == [(payment_id, RECEIPT)]
    [item] = [each for each in scene.items("PAY#") if each["sk"] == f"CLAIM#{RECEIPT}"]
    assert item["purge_at"] == now + 90 * DAY
    scene.clean_up()
    assert scene.payment(payment_id).status == "failed"


@pytest.mark.parametrize("receipt", [None, "", 7, ["UKN7RT61SV"], "SHORT", "UKN7-RT61", "Ü" * 10])
def test_what_is_no_receipt_is_refused_and_not_kept(scene: Scene, receipt: object) -> None:
    answer = claim(scene, refused(scene), receipt)
    assert (answer.status, answer.body["code"]) == (400, "invalid_receipt_number")
    assert filed(scene) == []


@pytest.mark.parametrize("payment_id", [None, "0" * 32, "nothing"])
def test_another_clients_payment_is_as_if_it_were_absent(
    scene: Scene, payment_id: str | None
) -> None:
    answer = claim(scene, payment_id or refused(scene), client_id="8")
    assert (answer.status, answer.body["code"]) == (404, "payment_not_found")
    assert filed(scene) == []
    assert not [item for item in scene.items("") if item["sk"].startswith("CLAIM")]


def test_a_payment_takes_three_receipts_and_a_repeat_is_not_counted(scene: Scene) -> None:
    payment_id = refused(scene)
    for number in (1, 1, 2, 2, 3, 3):
        assert claim(scene, payment_id, f"RECEIPT{number:03d}").status == 202
    before = scene.items("")
    answer = claim(scene, payment_id, "RECEIPT004")
    assert (answer.status, answer.body["code"]) == (429, "too_many_claims")
    assert "Retry-After" not in answer.headers
    assert scene.items("") == before
    assert claim(scene, payment_id, "RECEIPT001").status == 202


def test_a_claim_is_called_kept_the_first_time_and_again(scene: Scene) -> None:
    claims = scene.function("status").module.runtime.claims
    for op_id in ("a" * 32, "b" * 32):
        filed_as = claims.file("0" * 32, RECEIPT, client_id=OWNER, now=1_790_000_000, op_id=op_id)
        assert filed_as is Filed.KEPT


def test_a_client_names_ten_receipts_a_day(scene: Scene) -> None:
    ids = []
    for number in range(4):
        scene.register(f"many-{number}")
        phone = f"25471111111{number}"
        ids.append(refused(scene, booking_id=f"many-{number}", phone=phone))
    for number in range(10):
        assert claim(scene, ids[number // 3], f"RECEIPT{number:03d}").status == 202
    answer = claim(scene, ids[3], "RECEIPT011")
    assert (answer.status, answer.body["code"]) == (429, "too_many_claims")
    assert len(filed(scene)) == 10
    wait = int(answer.headers["Retry-After"])
    assert (int(scene.clock()) + wait + 3 * 3600) % DAY == 0, "midnight in Nairobi"
    scene.pass_time(wait, delivers=False)
    assert claim(scene, ids[3], "RECEIPT011").status == 202


@pytest.mark.parametrize(
    ("scenario", "seconds", "is_offered"),
    [
        ("waits", 3, False),
        ("waits+query_never_final", 400, True),
        ("cancels", 60, True),
        ("pays", 60, False),
    ],
)
def test_the_button_is_offered_once_the_prompt_is_over_and_no_money_is_known(
    scene: Scene, scenario: str, seconds: int, is_offered: bool
) -> None:
    payment_id = scene.pay(scenario)
    scene.pass_time(seconds)
    assert ("claim_receipt" in scene.status(payment_id).body["actions"]) is is_offered


def test_people_see_the_claim_on_the_payment_and_beside_the_receipt(
    desk: Desk, world: World
) -> None:
    world.register("1")
    payment_id = str(world.initiate("1").body["payment_id"])
    world.pass_time(3)
    world.answer_prompt("cancel")
    world.pass_time(3600)
    by_hand(world, TransTime=daraja_timestamp(int(world.clock())))
    assert desk.json("money", "show", RECEIPT)["proposals"] == []
    assert claim(world, payment_id).status == 202
    shown = desk.json("money", "show", RECEIPT)
    assert [each["payment_id"] for each in shown["claims"]] == [payment_id]
    [proposal] = shown["proposals"]
    assert (proposal["payment_id"], "customer says" in proposal["why"]) == (payment_id, True)
    assert f"attach {RECEIPT} --payment {payment_id}" in desk("money", "show", RECEIPT).out
    route = "/api/desk/receipts/{receipt}"
    [shown] = staff(world, "grace", "clerk")("GET", route, receipt=RECEIPT).body["proposals"]
    assert (shown["why"], shown["payment"]["payment_id"]) == ("claim", payment_id)
    [claimed] = desk.json("payment", "show", payment_id)["claims"]
    assert claimed["receipt_number"] == RECEIPT
    assert "receipt named" in desk("payment", "show", payment_id).out
    account = ("--who", "njeri", "--why", "statement of today", "--yes")
    after = desk.json("money", "attach", RECEIPT, "--payment", payment_id, *account)
    assert (after["status"], after["receipt_number"]) == ("completed", RECEIPT)
    assert desk.json("money", "show", RECEIPT)["proposals"] == []
