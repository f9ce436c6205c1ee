"""The operator's command in front of a whole deployment in one process."""

from collections.abc import Iterator

import pytest

from tests.functional.operator_desk import Desk
from tests.world import World
from tests.world.world import PHONE

ACCOUNT = ("--who", "njeri", "--why", "checked on the statement", "--yes")


@pytest.fixture
def world() -> Iterator[World]:
    world = World(seed=11)
    yield world
    world.close()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def start(world: World, booking_id: str = "1", *, scenario: str | None = None) -> str:
    """A customer begins to pay; the payment's id."""
    world.register(booking_id)
    if scenario is not None:
        world.daraja.set_next(scenario)
    answer = world.initiate(booking_id)
    assert answer.status in (200, 202), answer.body
    payment_id: str = answer.body["payment_id"]
    return payment_id


def pay(world: World, booking_id: str = "1", *, scenario: str | None = None) -> str:
    """A customer pays; the payment's id."""
    payment_id = start(world, booking_id, scenario=scenario)
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(20)
    return payment_id


def in_review(world: World) -> str:
    payment_id = pay(world, scenario="callback_wrong_amount")
    assert world.payment(payment_id).status == "review"
    return payment_id


def test_a_payment_is_shown_with_its_timeline_and_without_its_phone(
    world: World, desk: Desk
) -> None:
    payment_id = pay(world)
    answer = desk("payment", "show", payment_id)
    assert answer.code == 0
    receipt = world.payment(payment_id).receipt_number or ""
    for part in (payment_id, "completed", receipt, "PaymentCompleted", "accepted", "2547*****149"):
        assert part in answer.out
    assert PHONE not in answer.out
    assert PHONE[3:] not in answer.out


def test_a_payment_is_shown_as_json_and_never_with_its_token(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    shown = desk.json("payment", "show", payment_id)
    assert (shown["status"], shown["amount_kes"]) == ("completed", 1000)
    assert "PaymentCompleted" in [moment["what"] for moment in shown["timeline"]]
    payment = world.payment(payment_id)
    everything = str(desk.json("payment", "show", payment_id, "--reveal-phone"))
    assert PHONE in everything
    assert PHONE not in str(shown)
    assert payment.token_sha256 not in everything
    assert payment.phone_hmac not in everything


def test_a_payment_answers_to_its_receipt_and_to_darajas_id(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    payment = world.payment(payment_id)
    for name in (payment.receipt_number, payment.checkout_request_id, payment_id.upper()):
        assert desk.json("payment", "show", name or "")["payment_id"] == payment_id


@pytest.mark.parametrize("way", ["receipt", "checkout-id", "phone", "booking", "reference"])
def test_a_payment_is_found_five_ways(world: World, desk: Desk, way: str) -> None:
    payment_id = pay(world, "clinic-7")
    payment = world.payment(payment_id)
    wanted = {
        "receipt": payment.receipt_number,
        "checkout-id": payment.checkout_request_id,
        "phone": "0708 374 149",
        "booking": "clinic-7",
        "reference": payment.account_reference,
    }[way]
    found = desk.json("payment", "find", f"--{way}", wanted or "")
    assert [each["payment_id"] for each in found] == [payment_id]


def test_a_phone_can_be_asked_for_instead_of_standing_in_the_shell_history(
    world: World, desk: Desk
) -> None:
    payment_id = pay(world)
    answer = desk("payment", "find", "--phone", "-", says=[PHONE])
    assert answer.code == 0
    assert payment_id in answer.out


def test_a_search_without_a_hit_says_how_far_it_looked(world: World, desk: Desk) -> None:
    pay(world)
    answer = desk("payment", "find", "--booking", "other")
    assert (answer.code, answer.out) == (1, "")
    assert "--since" in answer.err


def test_payments_are_listed_newest_first_by_status_and_time(world: World, desk: Desk) -> None:
    first = pay(world, "1")
    world.pass_time(3600)
    second = start(world, "2")
    assert [each["payment_id"] for each in desk.json("payment", "list")] == [second, first]
    listed = desk.json("payment", "list", "--status", "completed")
    assert [each["payment_id"] for each in listed] == [first]
    assert [e["payment_id"] for e in desk.json("payment", "list", "--since", "10m")] == [second]
    assert desk.json("payment", "list", "--status", "refunded") == []


def test_what_waits_for_a_person_is_listed_alone(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    world.pass_time(400)
    pay(world, "2")
    listed = desk.json("payment", "list", "--attention")
    assert [each["payment_id"] for each in listed] == [payment_id]


def test_a_review_that_is_bogus_fails_and_frees_the_consultation(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    answer = desk("review", "resolve", payment_id, "bogus", *ACCOUNT)
    assert answer.code == 0, answer.err
    assert world.payment(payment_id).status == "failed"
    assert world.consultation()["active_payment_id"] is None
    assert world.consultation()["payment_status"] == "Failed"


def test_who_and_why_are_kept_in_the_payments_own_event(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    desk("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    [event] = [item for item in world.items(f"PAY#{payment_id}") if item.get("type") == "RefundDue"]
    assert (event["by"], event["reason"]) == ("operator:njeri", "checked on the statement")
    shown = desk("payment", "show", payment_id)
    assert "operator:njeri" in shown.out
    assert "checked on the statement" in shown.out


def test_a_wrong_amount_cannot_be_completed_and_says_why(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "complete", *ACCOUNT)
    assert answer.code == 1
    assert "only the exact price confirms" in answer.err
    assert world.items("") == before


def test_money_owed_is_marked_as_refunded_once(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    assert desk("refund", "mark", payment_id, *ACCOUNT).code == 1
    desk("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    assert desk.json("refund", "mark", payment_id, *ACCOUNT)["status"] == "refunded"
    assert desk("refund", "mark", payment_id, *ACCOUNT).code == 1
    assert world.events(payment_id)[-1] == "PaymentRefunded"


def test_money_on_the_statement_is_recorded_reviewed_and_completed(
    world: World, desk: Desk
) -> None:
    payment_id = start(world, scenario="push_hang")
    assert world.payment(payment_id).status == "unknown"
    recorded = desk.json(
        *("record-receipt", payment_id, "--receipt", "ski7abc123", "--amount", "1,000.00"),
        *("--at", "2026-09-21 18:14:00", *ACCOUNT),
    )
    assert (recorded["status"], recorded["receipt_number"]) == ("review", "SKI7ABC123")
    assert recorded["transaction_at"] == "2026-09-21T18:14:00+03:00"
    assert desk.json("review", "resolve", payment_id, "complete", *ACCOUNT)["status"] == "completed"
    consultation = desk.json("consultation", "show", "1")
    assert (consultation["status"], consultation["paid_payment_id"]) == ("Confirmed", payment_id)


def test_a_receipt_cannot_be_recorded_for_two_payments(world: World, desk: Desk) -> None:
    first = pay(world, "1")
    receipt = world.payment(first).receipt_number or ""
    world.pass_time(400)
    second = start(world, "2", scenario="push_hang")
    answer = desk("record-receipt", second, "--receipt", receipt, "--amount", "1000", *ACCOUNT)
    assert answer.code == 1
    assert "belongs to another payment" in answer.err
    assert world.payment(second).status == "unknown"


def test_a_person_at_the_terminal_is_asked_who_why_and_whether(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    answer = desk("review", "resolve", payment_id, "bogus", says=["", "no such money", "y"])
    assert answer.code == 0
    assert "Operators/njeri" in answer.err
    [event] = [i for i in world.items(f"PAY#{payment_id}") if i.get("type") == "PaymentFailed"]
    assert (event["by"], event["reason"]) == ("operator:Operators/njeri", "no such money")


def test_saying_no_changes_nothing(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "bogus", says=["njeri", "no such money", "n"])
    assert (answer.code, world.items("")) == (1, before)
    assert "Nothing was changed" in answer.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--who", "njeri", "--why", "x"), "--yes"),
        (("--who", "njeri", "--yes"), "--why is required"),
        (("--who", " ", "--why", "x", "--yes"), "--who is required"),
        (("--who", "njeri", "--why", "called from 0708 374 149", "--yes"), "phone number"),
        (("--who", "njeri", "--why", "called from +254708374149", "--yes"), "phone number"),
        (("--who", "njeri", "--why", "x" * 201, "--yes"), "longer than 200"),
        (("--who", "nj\x1b[31meri", "--why", "x", "--yes"), "cannot be printed"),
    ],
)
def test_no_change_without_who_why_and_consent(
    world: World, desk: Desk, options: tuple[str, ...], complaint: str
) -> None:
    payment_id = in_review(world)
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "bogus", *options)
    assert (answer.code, answer.out) == (2, "")
    assert complaint in " ".join(answer.err.split())
    assert world.items("") == before


@pytest.mark.parametrize(
    "line",
    [
        ("payment", "show", "nonsense!"),
        ("payment", "show", "1234"),
        ("payment", "find"),
        ("payment", "find", "--receipt", "A", "--booking", "1"),
        ("payment", "find", "--phone", "12"),
        ("payment", "find", "--reference", "UUUUUUUU"),
        ("payment", "find", "--booking", "a b"),
        ("payment", "list", "--status", "paid"),
        ("payment", "list", "--since", "soon"),
        ("payment", "list", "--since", "2030-01-01"),
        ("payment", "list", "--since", "400d"),
        ("review", "resolve", "0" * 32, "maybe", *ACCOUNT),
        ("record-receipt", "0" * 32, "--receipt", "x", "--amount", "1", *ACCOUNT),
        ("record-receipt", "0" * 32, "--receipt", "SKI7ABC123", "--amount", "1.50", *ACCOUNT),
        ("record-receipt", "0" * 32, "--receipt", "SKI7ABC123", "--amount", "0", *ACCOUNT),
        ("record-receipt", "0" * 32, "--amount", "1", *ACCOUNT),
        ("stats", "--from", "yesterday"),
        ("stats", "--from", "2026-09-30", "--to", "2026-09-01"),
        ("export", "--csv", "/nonexistent/x.csv"),
        ("consultation", "set", "new-one", *ACCOUNT),
        ("consultation", "set", "1", "--client", "7", "--price", "-3", *ACCOUNT),
        (
            "consultation",
            "set",
            "1",
            "--client",
            "7",
            "--price",
            "3",
            "--status",
            "Confirmed",
            *ACCOUNT,
        ),
        ("reconcile-statement", "/nonexistent.csv"),
        ("fly",),
        ("payment", "show"),
        ("stats", "--nonsense"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(
    world: World, desk: Desk, line: tuple[str, ...]
) -> None:
    before = world.items("")
    answer = desk(*line)
    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) < 6
    assert "Traceback" not in answer.err
    assert world.items("") == before


@pytest.mark.parametrize(
    "line",
    [
        ("payment", "show", "0" * 32),
        ("payment", "show", "SKI7ABC123"),
        ("payment", "show", "ws_CO_191220191020363925708374149"),
        ("reconcile", "now", "0" * 32),
        ("review", "resolve", "0" * 32, "bogus", *ACCOUNT),
        ("refund", "mark", "0" * 32, *ACCOUNT),
        ("attention", "clear", "0" * 32, *ACCOUNT),
        ("consultation", "show", "nowhere"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_not_found(desk: Desk, line: tuple[str, ...]) -> None:
    answer = desk(*line)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err


def test_an_error_in_json_is_one_object(desk: Desk) -> None:
    import json

    answer = desk("payment", "show", "0" * 32, "--json")
    assert json.loads(answer.err)["code"] == "refused"


def test_a_lost_callback_is_made_good_at_once(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="callback_lost")
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(130)
    assert world.payment(payment_id).status == "pending"
    assert desk.json("reconcile", "now", payment_id)["status"] == "completed"
    assert world.consultation()["status"] == "Confirmed"


def test_hurrying_decides_nothing_that_waiting_would_not(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="query_success_before_pin")
    world.pass_time(5)
    assert desk.json("reconcile", "now", payment_id)["status"] == "pending"
    assert world.consultation()["status"] == "Pending"


def test_a_payment_whose_money_is_settled_is_not_asked_about(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    before = world.items("")
    answer = desk("reconcile", "now", payment_id)
    assert answer.code == 0
    assert "nothing to add" in answer.err
    assert "completed" in answer.out
    assert world.items("") == before


def test_a_payment_without_an_id_cannot_be_asked_about(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="push_hang")
    answer = desk("reconcile", "now", payment_id)
    assert answer.code == 1
    assert world.payment(payment_id).account_reference in answer.err


def test_everything_due_is_reconciled_by_the_deployed_function(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="callback_lost")
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(130)
    report = desk.json("reconcile", "now")
    assert report == {"looked_at": 1, "settled": 1, "poisoned": 0}
    assert world.payment(payment_id).status == "completed"


def test_a_failing_cleanup_function_is_told(desk: Desk) -> None:
    desk.functions.failure = '{"errorMessage": "no table"}'
    answer = desk("reconcile", "now")
    assert answer.code == 1
    assert "no table" in answer.err


def test_attention_is_cleared_and_only_once(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="push_hang_lost")
    world.pass_time(172_900, cleans_up=False)
    world.clean_up()
    assert world.payment(payment_id).attention == "no_checkout_request_id"
    assert desk.json("attention", "clear", payment_id, *ACCOUNT)["attention"] is None
    assert world.payment(payment_id).status == "cancelled"
    again = desk("attention", "clear", payment_id, *ACCOUNT)
    assert again.code == 1


def test_a_consultation_is_registered_and_revised(desk: Desk) -> None:
    made = desk.json("consultation", "set", "9", "--client", "7", "--price", "1,500", *ACCOUNT)
    assert (made["status"], made["price_kes"]) == ("Pending", 1500)
    revised = desk.json("consultation", "set", "9", "--price", "900", *ACCOUNT)
    assert (revised["client_id"], revised["price_kes"]) == ("7", 900)
    assert desk.json("consultation", "set", "9", "--status", "cancelled", *ACCOUNT)["status"] == (
        "Cancelled"
    )


def test_cancelling_a_confirmed_consultation_owes_its_money_back(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    answer = desk(
        "consultation", "set", "1", "--status", "Cancelled", says=["njeri", "doctor ill", "y"]
    )
    assert answer.code == 0
    assert "KES 1,000 is owed back" in answer.err
    assert world.payment(payment_id).status == "refund_due"
    [event] = [i for i in world.items(f"PAY#{payment_id}") if i.get("type") == "RefundDue"]
    assert (event["by"], event["reason"]) == ("operator:njeri", "doctor ill")


def test_a_price_cannot_change_under_a_running_payment(world: World, desk: Desk) -> None:
    start(world)
    answer = desk("consultation", "set", "1", "--price", "5", *ACCOUNT)
    assert answer.code == 1
    assert world.consultation()["price_kes"] == 1000


def test_options_of_the_deployment_may_stand_anywhere(desk: Desk) -> None:
    desk("payment", "list", "--stack", "hakika-production", "--region=eu-west-1", "--json")
    desk("--profile", "clinic", "payment", "list")
    assert (desk.choices[0].stack, desk.choices[0].region) == ("hakika-production", "eu-west-1")
    assert desk.choices[1].profile == "clinic"


def test_colours_are_for_terminals(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    assert "\x1b[" not in desk("payment", "show", payment_id).out
    desk.is_at_terminal = True
    assert "\x1b[" in desk("payment", "show", payment_id).out
