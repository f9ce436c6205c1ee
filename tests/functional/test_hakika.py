"""The operator's command finds, shows and refuses, before a whole deployment in one process."""

import json
import re

import pytest
from payments.store.attributes import to_item

from tests.functional.operator_desk import ACCOUNT, Desk, in_review, pay, start
from tests.support.aws import TABLE_NAME
from tests.support.world import PHONE, World


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
    assert str(payment.secret_sha256) not in everything
    assert str(payment.phone_hmac) not in everything


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
    guessed = desk("payment", "find", wanted or "")
    assert payment_id in guessed.out
    assert f"Found by its {way}" in guessed.err.replace("CheckoutRequestID", "checkout-id")


def test_a_payment_is_found_by_its_id_and_by_its_beginning(world: World, desk: Desk) -> None:
    payment_id, other = pay(world, "1"), start(world, "2", scenario="push_hang")
    for name in (payment_id, payment_id[:10].upper(), payment_id[:6]):
        assert desk.json("payment", "find", name)[0]["payment_id"] == payment_id
        assert desk.json("payment", "show", name)["payment_id"] == payment_id
    line = ("record-receipt", other[:8], "--receipt", "SKI7ABC123", "--amount", "1000")
    assert desk.json(*line, *ACCOUNT)["payment_id"] == other
    assert desk("payment", "find", "nobody").code == 1


def test_a_beginning_that_two_payments_share_is_refused(world: World, desk: Desk) -> None:
    first = pay(world, "1")
    [state] = [item for item in world.items(f"PAY#{first}") if item["sk"] == "STATE"]
    other = first[:8] + "0" * 24
    item = to_item({**state, "pk": f"PAY#{other}"})
    world.dynamodb.put_item(TableName=TABLE_NAME, Item=item)
    before = world.items("")
    answer = desk("attention", "clear", first[:8], *ACCOUNT)
    assert (answer.code, world.items("")) == (1, before)
    assert first in answer.err
    assert other in answer.err


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


SET_PRICE = ("consultation", "set", "1", "--client", "7", "--price")


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
        (*SET_PRICE, "-3", *ACCOUNT),
        (*SET_PRICE, "3", "--status", "Confirmed", *ACCOUNT),
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
    answer = desk("payment", "show", "0" * 32, "--json")
    assert json.loads(answer.err)["code"] == "refused"


def test_a_consultation_is_registered_and_revised(desk: Desk) -> None:
    made = desk.json("consultation", "set", "9", "--client", "7", "--price", "1,500", *ACCOUNT)
    assert (made["status"], made["price_kes"]) == ("Pending", 1500)
    revised = desk.json("consultation", "set", "9", "--price", "900", *ACCOUNT)
    assert (revised["client_id"], revised["price_kes"]) == ("7", 900)
    assert desk.json("consultation", "set", "9", "--status", "cancelled", *ACCOUNT)["status"] == (
        "Cancelled"
    )


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


GROUPS = ("payment", "consultation", "reconcile", "review", "refund", "attention", "callbacks")
LONG_BOOKING = "clinic-2026-0917-a-booking-id-as-long-as-one-may-ever-be-0000064"


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    "line",
    [
        ("payment", "list"),
        ("payment", "find", "--booking", LONG_BOOKING),
        ("payment", "show", "PAYMENT"),
        ("consultation", "show", LONG_BOOKING),
        ("stats",),
        ("payment", "list", "--status", "refunded"),
        ("payment", "find", "--booking", "nowhere"),
        ("payment", "show", "no-such-payment"),
        ("review", "resolve", "PAYMENT", "complete", *ACCOUNT),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_nothing_is_cut_on_a_terminal_however_narrow(
    world: World, desk: Desk, line: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = pay(world, LONG_BOOKING, scenario="callback_wrong_amount")
    desk.is_at_terminal = True
    monkeypatch.setenv("COLUMNS", str(columns))
    answer = desk(*(payment_id if word == "PAYMENT" else word for word in line))
    lines = [re.sub(r"\x1b\[[\d;]*m", "", each) for each in (answer.out + answer.err).splitlines()]
    # A command is never broken by us: the terminal wraps it, and it is copied whole.
    told = [each for each in lines if not each.startswith("  hakika ")]
    assert told
    assert max(map(len, told)) <= columns
    assert "…" not in "".join(told)
    if line[:2] in [("payment", "list"), ("payment", "find")] and answer.code == 0:
        assert payment_id[:10] in answer.out or "No payment." in answer.out


@pytest.mark.parametrize("columns", [72, 80, 100, 115, 160])
@pytest.mark.parametrize("way", ["receipt", "checkout-id", "phone", "reference"])
def test_what_was_searched_for_is_always_shown(
    world: World, desk: Desk, way: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = world.payment(pay(world, LONG_BOOKING))
    wanted = {
        "receipt": (payment.receipt_number, payment.receipt_number),
        "checkout-id": (payment.checkout_request_id, (payment.checkout_request_id or "")[:8]),
        "phone": (PHONE, "2547*****149"),
        "reference": (payment.account_reference, payment.account_reference),
    }
    typed, shown = wanted[way]
    desk.is_at_terminal = True
    monkeypatch.setenv("COLUMNS", str(columns))
    for line in (("--" + way, typed or ""), (typed or "",)):
        out = re.sub(r"\x1b\[[\d;]*m", "", desk("payment", "find", *line).out)
        assert (shown or "") in out
        assert payment.payment_id[:10] in out
        assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize("group", [(), *((each,) for each in GROUPS)], ids=" ".join)
def test_a_verb_that_is_missing_is_answered_with_the_help_alone(
    desk: Desk, group: tuple[str, ...]
) -> None:
    answer = desk(*group)
    assert (answer.code, answer.err) == (2, "")
    told = json.loads(desk(*group, "--json").err)
    assert told["code"] == "bad_usage"
    assert told["error"]
