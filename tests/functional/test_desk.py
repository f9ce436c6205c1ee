"""The desk's routes: who may do what, links that work once, and two people for a refund."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from payments.http.desk_page import FILES, LIBRARY
from payments.protocol.delivery import Answer as Delivered
from payments.protocol.staff import Role
from payments.store.deliveries import DeliveryStore
from payments.usecases.desk_acts import ACTS

from local.template import read_routes, read_template
from tests.functional.faulty import meanwhile
from tests.functional.operator_desk import Desk
from tests.functional.refunding import PASSWORD, Refunding
from tests.functional.test_paybill import RECEIPT, body
from tests.support.aws import JWT_SECRET, REPOSITORY, STAFF_SECRET
from tests.support.lambdas import http_event
from tests.support.tokens import token_of
from tests.support.world import PHONE, Answer, World

WHO = ("--who", "owner", "--why", "first day", "--yes")
HOURS = 3600


class Staff:
    """One browser at the desk."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self.world = world
        self.token = token

    def __call__(self, method: str, route: str, *, send: Any = None, **more: str) -> Answer:
        """Call a route; what its path does not name is the query."""
        path = route
        for name in ("payment_id", "receipt", "file"):
            path = path.replace(f"{{{name}}}", more.pop(name, "0" * 32))
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.world.call(
            "desk", method, route, path=path, body=send, headers=headers, query=more
        )

    def sign_in(self, link: str) -> Answer:
        answer = self("POST", "/api/desk/sessions", send={"code": link.partition("#")[2]})
        self.token = answer.body.get("token")
        return answer

    def story(self, payment_id: str) -> Any:
        return self("GET", "/api/desk/payments/{payment_id}", payment_id=payment_id).body

    def act(self, payment_id: str, name: str, *, version: int | None = None, **more: Any) -> Answer:
        shown = self.world.payment(payment_id).version if version is None else version
        send = {"act": name, "reason": "the customer called", "version": shown, **more}
        route = "/api/desk/payments/{payment_id}/acts"
        return self("POST", route, send=send, payment_id=payment_id)


def staff(world: World, sub: str, role: str) -> Staff:
    desk = Desk(world)
    desk.json("staff", "add", sub, "--name", sub.title(), "--role", role, *WHO)
    browser = Staff(world)
    assert browser.sign_in(desk.json("staff", "link", sub, *WHO)["link"]).status == 200
    return browser


@pytest.fixture
def scene() -> Iterator[Refunding]:
    made = Refunding()
    yield made
    made.close()


ROUTES = (
    ("POST", "/api/desk/statement"),
    ("GET", "/api/desk/me"),
    ("GET", "/api/desk/waiting"),
    ("GET", "/api/desk/search"),
    ("GET", "/api/desk/days"),
    ("GET", "/api/desk/payments/{payment_id}"),
    ("POST", "/api/desk/payments/{payment_id}/acts"),
    ("GET", "/api/desk/receipts/{receipt}"),
    ("POST", "/api/desk/receipts/{receipt}/acts"),
)


def test_every_staff_route_of_the_template_is_tried_here() -> None:
    of_template = {
        route.key
        for route in read_routes(read_template(REPOSITORY / "template.yaml"))
        if " /api/desk/" in route.key and route.needs_token
    }
    assert {f"{method} {path}" for method, path in ROUTES} == of_template


@pytest.mark.parametrize("route", ROUTES)
def test_no_other_token_opens_a_staff_route(world: World, route: tuple[str, str]) -> None:
    now = int(world.clock())
    claims = {"sub": "grace", "exp": now + 60, "iat": now, "scope": "payments:read"}
    desks = {**claims, "iss": "hakika-desk", "aud": "hakika-desk"}
    staff(world, "grace", "clerk")
    world.pass_time(1)
    for token in (
        None,
        token_of(claims, JWT_SECRET),
        token_of(desks, JWT_SECRET),
        token_of(claims, STAFF_SECRET),
        token_of(desks, STAFF_SECRET)[:-4],
        token_of({**desks, "sub": "nobody"}, STAFF_SECRET),
        token_of({name: value for name, value in desks.items() if name != "iat"}, STAFF_SECRET),
        token_of({**desks, "exp": now - 1}, STAFF_SECRET),
    ):
        assert Staff(world, token)(*route, send={}).status == 401
    status = world.call(
        "status",
        "GET",
        "/api/payment/mpesa/status/{checkout_request_id}",
        path=f"/api/payment/mpesa/status/{'0' * 32}",
        headers={"Authorization": f"Bearer {token_of(desks, JWT_SECRET)}"},
    )
    assert status.status == 401


def test_a_link_works_once_and_a_new_one_or_a_removal_ends_the_session(world: World) -> None:
    desk = Desk(world)
    desk.json("staff", "add", "grace", "--name", "Grace", "--role", "viewer", *WHO)
    link = desk.json("staff", "link", "grace", *WHO)["link"]
    first = Staff(world)
    assert first.sign_in(link).body["role"] == "viewer"
    assert first("GET", "/api/desk/me").status == 200
    assert Staff(world).sign_in(link).status == 404, "spent"
    assert Staff(world).sign_in("#" + "0" * 64).status == 404
    world.pass_time(5)
    late = desk.json("staff", "link", "grace", *WHO)["link"]
    assert first("GET", "/api/desk/me").status == 401, "a new link ends it"
    world.pass_time(900)
    assert Staff(world).sign_in(late).status == 404, "older than 15 minutes"
    second = Staff(world)
    second.sign_in(desk.json("staff", "link", "grace", *WHO)["link"])
    assert second("GET", "/api/desk/me").status == 200
    world.pass_time(5)
    desk.json("staff", "remove", "grace", *WHO)
    assert second("GET", "/api/desk/me").status == 401
    assert desk("staff", "link", "grace", *WHO).code == 1
    [listed] = desk.json("staff", "list")
    assert (listed["sub"], listed["is_active"]) == ("grace", False)


def test_the_row_of_a_link_is_purged_a_day_after_the_link_has_ended(world: World) -> None:
    desk = Desk(world)
    desk.json("staff", "add", "grace", "--name", "Grace", "--role", "viewer", *WHO)
    made_at = int(world.clock())
    desk.json("staff", "link", "grace", *WHO)
    [link] = world.items("DESKLINK#")
    assert (link["expires_at"], link["purge_at"]) == (made_at + 900, made_at + 900 + 86_400)


def test_only_the_newest_link_works_and_a_new_role_ends_the_session(world: World) -> None:
    desk = Desk(world)
    desk.json("staff", "add", "grace", "--name", "Grace", "--role", "clerk", *WHO)
    first = desk.json("staff", "link", "grace", *WHO)["link"]
    world.pass_time(5)
    second = desk.json("staff", "link", "grace", *WHO)["link"]
    assert Staff(world).sign_in(first).status == 404, "a newer link was made"
    browser = Staff(world)
    assert browser.sign_in(second).status == 200
    world.pass_time(5)
    desk.json("staff", "add", "grace", "--name", "Grace", "--role", "viewer", *WHO)
    assert browser("GET", "/api/desk/me").status == 401


def test_without_a_row_of_staff_there_is_no_way_in(world: World) -> None:
    now = int(world.clock())
    claims = {"sub": "grace", "iat": now, "exp": now + 60}
    signed = token_of({**claims, "iss": "hakika-desk", "aud": "hakika-desk"}, STAFF_SECRET)
    for route in ROUTES:
        assert Staff(world, signed)(*route, send={}).status == 401
    for code in ("", "0" * 64, None, ["0" * 64], "STAFF#grace"):
        answer = Staff(world)("POST", "/api/desk/sessions", send={"code": code})
        assert (answer.status, answer.body["code"]) == (404, "link_spent")
    assert Desk(world)("staff", "link", "grace", *WHO).code == 1
    assert world.items("STAFF") == world.items("DESKLINK") == []


def test_a_session_ends_after_twelve_hours(world: World) -> None:
    browser = staff(world, "grace", "viewer")
    world.pass_time(12 * HOURS - 5)
    assert browser("GET", "/api/desk/me").status == 200
    world.pass_time(10)
    assert browser("GET", "/api/desk/me").status == 401


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", ACTS)
def test_an_act_needs_its_role(scene: Refunding, name: str, role: Role) -> None:
    payment_id = scene.owed()
    browser = staff(scene, "grace", str(role))
    version = scene.payment(payment_id).version
    answer = browser.act(payment_id, name, receipt_number="SKI7HAND77", amount_kes=1000)
    may = list(Role).index(role) >= list(Role).index(ACTS[name].role)
    assert (answer.status != 403) is may, answer.body
    if not may:
        assert scene.payment(payment_id).version == version
        assert name not in [each["act"] for each in browser.story(payment_id)["acts"]]


def test_two_people_return_money_and_one_cannot(scene: Refunding) -> None:
    payment_id = scene.owed()
    clerk = staff(scene, "amina", "approver")
    assert clerk.act(payment_id, "request_refund").status == 200
    refused = clerk.act(payment_id, "approve_refund")
    assert (refused.status, refused.body["code"]) == (409, "same_person")
    assert "approve_refund" not in [each["act"] for each in clerk.story(payment_id)["acts"]]
    approver = staff(scene, "baraka", "approver")
    assert "approve_refund" in [each["act"] for each in approver.story(payment_id)["acts"]]
    approved = approver.act(payment_id, "approve_refund")
    assert (approved.status, approved.body["refund"]["step"]) == (200, "sent")
    refund = scene.refund(payment_id)
    assert (refund.asked_by, refund.approved_by) == ("staff:amina", "staff:baraka")
    sent = approver.story(payment_id)["timeline"][-1]
    assert (sent["by"], sent["reason"]) == ("staff:baraka", "the customer called")


@pytest.mark.parametrize(("held", "is_enough"), [(999, False), (1000, True)])
def test_an_approver_reads_what_the_account_held_and_it_decides_nothing(
    scene: Refunding, held: int, is_enough: bool
) -> None:
    payment_id = scene.owed()
    maker, approver = staff(scene, "amina", "clerk"), staff(scene, "baraka", "approver")
    scene.daraja.set_utility("174379", held)
    assert maker.act(payment_id, "request_refund").status == 200
    assert approver.story(payment_id)["refund"]["balance"] is None, "M-Pesa has not answered yet"
    scene.pass_time(10)
    scene.clock.now += 90
    balance = approver.story(payment_id)["refund"]["balance"]
    assert (balance["amount_kes"], balance["is_enough"]) == (held, is_enough)
    assert 90 <= balance["age_seconds"] <= 100
    assert maker.story(payment_id)["refund"]["balance"] is None, "a clerk does not need it"
    assert approver.act(payment_id, "approve_refund").body["refund"]["balance"] is None


def test_nobody_approves_their_own_request_in_a_race(scene: Refunding) -> None:
    payment_id = scene.owed()
    amina, baraka = staff(scene, "amina", "approver"), staff(scene, "baraka", "approver")
    assert amina.act(payment_id, "request_refund").status == 200
    shown = scene.payment(payment_id).version

    def changes_hands() -> None:
        assert amina.act(payment_id, "withdraw_refund").status == 200
        assert baraka.act(payment_id, "request_refund").status == 200

    scene.network.next(meanwhile(changes_hands), on=frozenset({"TransactWriteItems"}))
    raced = baraka.act(payment_id, "approve_refund", version=shown)
    assert (raced.status, raced.body["code"]) == (409, "changed_meanwhile")
    stale = baraka.act(payment_id, "approve_refund", version=shown)
    assert (stale.status, stale.body["code"]) == (409, "same_person")
    refund = scene.refund(payment_id)
    assert (refund.step, refund.asked_by) == ("requested", "staff:baraka")
    assert amina.act(payment_id, "approve_refund", version=shown).body["code"] == (
        "changed_meanwhile"
    ), "another request than the one that was shown"
    assert scene.reversals_sent() == {}


def test_of_two_approvals_at_once_one_sends(scene: Refunding) -> None:
    payment_id = scene.owed()
    assert staff(scene, "grace", "clerk").act(payment_id, "request_refund").status == 200
    amina, baraka = staff(scene, "amina", "approver"), staff(scene, "baraka", "approver")
    shown = scene.payment(payment_id).version

    def approves_too() -> None:
        assert amina.act(payment_id, "approve_refund", version=shown).status == 200

    scene.network.next(meanwhile(approves_too), on=frozenset({"TransactWriteItems"}))
    assert baraka.act(payment_id, "approve_refund", version=shown).status == 409
    assert set(scene.reversals_sent().values()) == {1}
    assert scene.refund(payment_id).approved_by == "staff:amina"


def test_an_act_counts_only_for_what_was_shown(scene: Refunding) -> None:
    payment_id = scene.owed()
    browser = staff(scene, "grace", "clerk")
    shown = scene.payment(payment_id).version
    answer = browser.act(payment_id, "mark_refunded", version=shown - 1)
    assert (answer.status, answer.body["code"]) == (409, "changed_meanwhile")
    assert scene.payment(payment_id).status == "refund_due"
    assert browser.act(payment_id, "mark_refunded").body["status"] == "refunded"
    event = browser.story(payment_id)["timeline"][-1]
    assert (event["by"], event["reason"]) == ("staff:grace", "the customer called")


def test_a_request_that_was_asked_anew_meanwhile_is_not_rejected_in_its_stead(
    scene: Refunding,
) -> None:
    payment_id = scene.owed()
    clerk, approver = staff(scene, "grace", "clerk"), staff(scene, "baraka", "approver")
    assert clerk.act(payment_id, "request_refund").status == 200
    shown = scene.payment(payment_id).version
    assert clerk.act(payment_id, "withdraw_refund").status == 200
    assert clerk.act(payment_id, "request_refund").status == 200
    stale = approver.act(payment_id, "reject_refund", version=shown)
    assert (stale.status, stale.body.get("code")) == (409, "changed_meanwhile")
    assert scene.refund(payment_id).step == "requested"


def test_the_table_of_transitions_refuses_what_the_page_would_not_offer(scene: Refunding) -> None:
    payment_id = scene.owed()
    browser = staff(scene, "grace", "clerk")
    offered = {each["act"] for each in browser.story(payment_id)["acts"]}
    assert "ask_mpesa" not in offered, "M-Pesa can say nothing new about money that is on file"
    for name in ("review_complete", "review_bogus", "withdraw_refund", "refund_reversed"):
        assert name not in offered
        assert browser.act(payment_id, name).status == 409
    assert browser.act(payment_id, "delete").status == 400
    assert browser.act(payment_id, "mark_refunded", reason="").status == 400


def test_whatever_was_typed_finds_the_payment_and_no_number_is_shown_whole(
    scene: Refunding,
) -> None:
    payment_id = scene.owed()
    payment = scene.payment(payment_id)
    browser = staff(scene, "grace", "viewer")
    phone = str(payment.phone_number)
    for text in (
        payment_id,
        str(payment.receipt_number).lower(),
        f"0{phone[3:]}",
        f"+{phone[:3]} {phone[3:]}",
        payment.booking_id,
        str(payment.account_reference).lower(),
        str(payment.checkout_request_id),
    ):
        answer = browser("GET", "/api/desk/search", q=text)
        assert [each["payment_id"] for each in answer.body["payments"]] == [payment_id], text
        assert phone not in str(answer.body)
    story = browser.story(payment_id)
    assert phone not in str(story)
    assert "We owe it back to you." in story["customer_reads"]["message"]
    assert browser("GET", "/api/desk/search", q="nothing such").body["payments"] == []
    assert browser("GET", "/api/desk/search", q="x" * 200).body["payments"] == []
    assert browser("GET", "/api/desk/search", q="x" * 201).body["code"] == "invalid_q"
    [waiting] = browser("GET", "/api/desk/waiting").body["payments"]
    assert (waiting["payment_id"], waiting["why"]) == (payment_id, "refund_due")


def test_a_revealed_number_leaves_who_and_why(scene: Refunding) -> None:
    payment_id = scene.owed()
    assert staff(scene, "v", "viewer").act(payment_id, "reveal_phone").status == 403
    answer = staff(scene, "grace", "clerk").act(payment_id, "reveal_phone")
    assert answer.body["phone_number"] == scene.payment(payment_id).phone_number
    [kept] = [item for item in scene.items("CONSULT#") if "reveal" in str(item.get("asked"))]
    assert (kept["by"], kept["reason"]) == ("staff:grace", "the customer called")


def test_money_without_a_payment_is_shown_proposed_and_attached(world: World) -> None:
    world.register("1")
    world.post_to_paybill(world.c2b_url(), body(BillRefNumber="1"))
    viewer, clerk = staff(world, "v", "viewer"), staff(world, "grace", "clerk")
    [row] = clerk("GET", "/api/desk/waiting").body["receipts"]
    assert (row["receipt_number"], row["amount_kes"]) == (RECEIPT, 1000)
    route = "/api/desk/receipts/{receipt}"
    [proposal] = clerk("GET", route, receipt=RECEIPT).body["proposals"]
    assert (proposal["why"], proposal["booking_id"]) == ("booking_id", "1")
    send = {"act": "attach", "booking_id": "1", "shown_amount_kes": 1000, "reason": "sms"}
    assert viewer("POST", f"{route}/acts", receipt=RECEIPT, send=send).status == 403
    wrong = {**send, "shown_amount_kes": 999}
    assert clerk("POST", f"{route}/acts", receipt=RECEIPT, send=wrong).status == 409
    done = clerk("POST", f"{route}/acts", receipt=RECEIPT, send=send)
    assert (done.status, done.body["state"]) == (200, "bound")
    assert world.consultation("1")["status"] == "Confirmed"
    assert PHONE not in str(done.body)


def test_a_clerk_asks_mpesa_about_a_code_that_nobody_named_and_its_money_is_on_file(
    scene: Refunding,
) -> None:
    scene.daraja.configure(c2b_loss=1.0)
    payer = "254712345678"
    paid = scene.daraja.pay_by_hand(payer, number="174379", account="RENT 7", amount_kes=700)
    receipt = paid.receipt
    viewer, clerk = staff(scene, "v", "viewer"), staff(scene, "grace", "clerk")
    route = "/api/desk/receipts/{receipt}"
    send = {"act": "ask_receipt", "reason": "the customer read it out"}
    assert clerk("GET", route, receipt=receipt).status == 404
    found = {
        who: who("GET", "/api/desk/search", q=receipt).body["may_ask"] for who in (viewer, clerk)
    }
    assert found == {viewer: False, clerk: True}
    assert viewer("POST", f"{route}/acts", receipt=receipt, send=send).status == 403
    asked = clerk("POST", f"{route}/acts", receipt=receipt, send=send).body
    assert (asked["state"], asked["asked"]["by"]) == ("unknown", "staff:grace")
    assert (asked["asked"]["answer"], asked["amount_kes"]) == (None, None)
    scene.pass_time(10)
    known = clerk("GET", route, receipt=receipt).body
    assert (known["state"], known["amount_kes"]) == ("unclaimed", 700)
    assert known["asked"]["answer"] == "Completed, KES 700, to 174379"
    [kept] = [each for each in scene.items(f"RCPT#{receipt}") if "asked" in each]
    assert (kept["by"], kept["reason"]) == ("staff:grace", "the customer read it out")


def test_nobody_asks_about_a_code_where_nothing_can_be_asked(scene: Refunding) -> None:
    clerk = staff(scene, "grace", "clerk")
    route, send = "/api/desk/receipts/{receipt}/acts", {"act": "ask_receipt", "reason": "sms"}
    scene.gates.stop("2001", now=int(scene.clock()))
    assert clerk("GET", "/api/desk/search", q=RECEIPT).body["may_ask"] is False
    refused = clerk("POST", route, receipt=RECEIPT, send=send)
    assert (refused.status, refused.body["code"]) == (409, "refunds_stopped")
    scene.pass_time(1)
    scene.set_credential(PASSWORD)
    assert scene.resume() == ""
    for _ in range(20):
        assert clerk("POST", route, receipt=RECEIPT, send=send).status == 200
    assert clerk("POST", route, receipt=RECEIPT, send=send).body["code"] == "asks_used_up"


@pytest.mark.parametrize(
    "act", ["attach", "owe_back", "set_aside", "reopen", "delete", "ask_receipt"]
)
def test_a_viewer_does_nothing_with_money(world: World, act: str) -> None:
    world.post_to_paybill(world.c2b_url(), body())
    before = world.items("")
    send = {"act": act, "reason": "sms", "shown_amount_kes": 1000, "set_aside": "test"}
    route = "/api/desk/receipts/{receipt}/acts"
    viewer = staff(world, "v", "viewer")
    assert viewer("POST", route, receipt=RECEIPT, send=send).status == 403
    of_money = [item for item in world.items("") if not item["pk"].startswith(("STAFF", "DESK"))]
    assert of_money == before


@pytest.mark.parametrize("name", ["", *sorted(FILES.keys() - {"index.html", LIBRARY})])
def test_the_page_loads_nothing_from_elsewhere_and_is_never_stored(world: World, name: str) -> None:
    route = "/desk/{file}" if name else "/desk"
    event_path = f"/desk/{name}" if name else "/desk"
    event = http_event("GET", route, path=event_path, now=world.clock())
    response = world.function("desk").invoke(event)
    headers = response["headers"]
    assert response["statusCode"] == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "http://" not in response["body"].replace("http://www.w3.org", "")
    assert "innerHTML" not in response["body"]


def test_an_approval_that_must_wait_a_moment_is_still_offered(scene: Refunding) -> None:
    first, second = scene.owed("1"), scene.owed("2")
    maker, approver = staff(scene, "amina", "clerk"), staff(scene, "baraka", "approver")
    for payment_id in (first, second):
        assert maker.act(payment_id, "request_refund").status == 200
    assert approver.act(first, "approve_refund").status == 200
    offered = [each["act"] for each in approver.story(second)["acts"]]
    assert offered.index("approve_refund") < offered.index("reject_refund")
    assert approver.act(second, "approve_refund").body["code"] == "refund_spacing"
    scene.pass_time(30)
    assert approver.act(second, "approve_refund").status == 200


def test_a_file_that_is_no_part_of_the_page_is_404(world: World) -> None:
    answer = Staff(world)("GET", "/desk/{file}", file="app.py")
    assert (answer.status, answer.body["code"]) == (404, "file_not_found")


def test_a_clerk_does_not_take_anothers_request_back(scene: Refunding) -> None:
    payment_id = scene.owed()
    maker, other = staff(scene, "amina", "clerk"), staff(scene, "chege", "clerk")
    assert maker.act(payment_id, "request_refund").status == 200
    assert "withdraw_refund" not in [each["act"] for each in other.story(payment_id)["acts"]]
    assert other.act(payment_id, "withdraw_refund").status == 403
    assert maker.act(payment_id, "withdraw_refund").status == 200


def test_a_story_tells_how_the_booking_system_was_told(scene: Refunding) -> None:
    payment_id = scene.owed()
    browser = staff(scene, "v", "viewer")
    assert browser.story(payment_id)["webhooks"] == []
    runtime = scene.function("desk").module.runtime
    store = DeliveryStore(runtime.table)
    event = store.events_of(f"PAY#{payment_id}")[0]
    refused, taken = Delivered(status=503), Delivered(status=204)
    for number, answer in enumerate((refused, taken)):
        store.record(event, answer, try_id=str(number), now=int(scene.clock()))
    [told] = browser.story(payment_id)["webhooks"]
    assert (told["type"], told["tries"], told["last_answer"]) == (event["type"], 2, "204")
    assert told["delivered_at"] is not None
