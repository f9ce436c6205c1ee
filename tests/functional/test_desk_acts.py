"""What the desk does and refuses: acts that fit no situation, money that waits, links, staff."""

from __future__ import annotations

from typing import Any

import pytest
from payments.http.desk import WAITING_MAX
from payments.usecases.desk_acts import ACTS
from payments.usecases.find_payments import FOUND_MAX
from payments.values import eat_day

from tests.functional.faulty import meanwhile
from tests.functional.operator_desk import Desk, in_review
from tests.functional.refunding import Refunding
from tests.functional.test_desk import WHO, Staff, scene, staff
from tests.functional.test_desk_against_money import store_others
from tests.functional.test_desk_reads import SITUATIONS, search
from tests.functional.test_paybill import RECEIPT, body
from tests.support.aws import STAFF_SECRET
from tests.support.tokens import token_of
from tests.support.world import Answer, World

__all__ = ["scene"]
RECEIPT_ACTS = "/api/desk/receipts/{receipt}/acts"


@pytest.mark.parametrize("name", SITUATIONS)
def test_whatever_the_page_does_not_offer_the_server_refuses(scene: Refunding, name: str) -> None:
    payment_id = SITUATIONS[name](scene)
    approver = staff(scene, "baraka", "approver")
    offered = {each["act"] for each in approver.story(payment_id)["acts"]}
    before, sent = scene.items(""), scene.reversals_sent()
    for act in sorted(ACTS.keys() - offered):
        answer = approver.act(payment_id, act, receipt_number=RECEIPT, amount_kes=1000)
        is_idle = act == "clear_attention" and scene.payment(payment_id).attention is None
        assert answer.status in ((200,) if is_idle else (403, 409)), (act, answer.body)
        assert scene.items("") == before, act
    assert scene.reversals_sent() == sent


def test_money_that_waits_is_set_aside_waits_again_and_is_owed_back(scene: Refunding) -> None:
    scene.post_to_paybill(scene.c2b_url(), body())
    clerk = staff(scene, "grace", "clerk")

    def act(name: str, **more: Any) -> Answer:
        scene.pass_time(1)  # what people say is kept by the second
        send = {"act": name, "reason": f"because: {name}", "shown_amount_kes": 1000, **more}
        return clerk("POST", RECEIPT_ACTS, send=send, receipt=RECEIPT)

    assert act("set_aside", set_aside="nobody knows").body["code"] == "invalid_set_aside"
    assert act("set_aside", set_aside="test", reason=" ").body["code"] == "invalid_reason"
    aside = act("set_aside", set_aside="handled_elsewhere").body
    assert (aside["state"], aside["set_aside"]) == ("set_aside", "handled_elsewhere")
    assert clerk("GET", "/api/desk/waiting").body["receipts"] == []
    assert act("owe_back").status == 409, "nothing is owed back that is not ours to book"
    assert act("reopen").body["state"] == "unclaimed"
    owed = act("owe_back").body
    assert owed["state"] == "bound"
    assert scene.payment(owed["payment_id"]).status == "refund_due"
    said = [item for item in scene.items(f"RCPT#{RECEIPT}") if "asked" in item]
    assert [(each["asked"], each["by"], each["reason"]) for each in said] == [
        ("set aside: handled_elsewhere", "staff:grace", "because: set_aside"),
        ("reopen", "staff:grace", "because: reopen"),
        ("owe back", "staff:grace", "because: owe_back"),
    ]


def test_of_two_who_open_one_link_at_once_one_gets_in(scene: Refunding) -> None:
    desk = Desk(scene)
    desk.json("staff", "add", "grace", "--name", "Grace", "--role", "clerk", *WHO)
    link = desk.json("staff", "link", "grace", *WHO)["link"]
    first, second = Staff(scene), Staff(scene)
    scene.network.next(meanwhile(lambda: first.sign_in(link)), on=frozenset({"UpdateItem"}))
    assert second.sign_in(link).body["code"] == "link_spent"
    assert first("GET", "/api/desk/me").body["sub"] == "grace"
    assert second.token is None


def test_the_role_is_the_stored_one_whatever_a_token_says(scene: Refunding) -> None:
    payment_id = scene.owed()
    staff(scene, "v", "viewer")
    now = int(scene.clock())
    claims = {"sub": "v", "iss": "hakika-desk", "aud": "hakika-desk", "iat": now, "exp": now + 60}
    more = {"role": "approver", "scope": "approver payments:refund consultations:write"}
    browser = Staff(scene, token_of(claims | more, STAFF_SECRET))
    assert browser("GET", "/api/desk/me").body["role"] == "viewer"
    assert browser.act(payment_id, "request_refund").status == 403
    assert browser.story(payment_id)["acts"] == []


def test_every_change_of_staff_keeps_who_and_why(world: World) -> None:
    desk = Desk(world)
    for number, line in enumerate(
        (("add", "--name", "Grace", "--role", "clerk"), ("link",), ("remove",))
    ):
        world.pass_time(1)
        act, *more = line
        desk.json("staff", act, "grace", *more, "--who", "njeri", "--why", f"why {number}", "--yes")
    kept = [item for item in world.items("STAFF#grace") if "asked" in item]
    assert [(each["asked"], each["reason"]) for each in kept] == [
        ("grace: role clerk", "why 0"),
        ("grace: link", "why 1"),
        ("grace: removed", "why 2"),
    ]
    assert {each["by"] for each in kept} == {"operator:njeri"}


def test_what_waits_longest_comes_first(scene: Refunding) -> None:
    oldest = scene.owed()
    receipts = []
    for receipt in ("SKI7ZZZZ01", "SKI7AAAA02"):
        scene.pass_time(60)
        scene.post_to_paybill(scene.c2b_url(), body(TransID=receipt))
        receipts.append(receipt)
    scene.register("2")
    newest = in_review(scene)
    shown = staff(scene, "v", "viewer")("GET", "/api/desk/waiting").body
    assert [each["payment_id"] for each in shown["payments"]] == [oldest, newest]
    assert [each["receipt_number"] for each in shown["receipts"]] == receipts


def test_a_list_that_leaves_some_out_tells_it(world: World) -> None:
    viewer = staff(world, "v", "viewer")

    def waits() -> tuple[int, bool]:
        shown = viewer("GET", "/api/desk/waiting").body
        return len(shown["receipts"]), shown["may_have_more"]

    for number in range(WAITING_MAX - 1):
        world.post_to_paybill(world.c2b_url(), body(TransID=f"SKI7W{number:05}"))
    assert waits() == (WAITING_MAX - 1, False)
    for number in range(2):
        world.post_to_paybill(world.c2b_url(), body(TransID=f"SKI7V{number:05}"))
    assert waits() == (WAITING_MAX, True)


def test_a_day_that_has_too_many_for_the_page_tells_it(scene: Refunding) -> None:
    payment = scene.payment(scene.pay("cancels"))
    viewer, day = staff(scene, "v", "viewer"), eat_day(payment.created_at)
    for others, is_cut in ((FOUND_MAX - 1, False), (FOUND_MAX, True)):
        store_others(scene, payment, others)
        shown = search(viewer, q=payment.booking_id, day=day)
        assert (len(shown["payments"]), shown["may_have_more"]) == (FOUND_MAX, is_cut)
