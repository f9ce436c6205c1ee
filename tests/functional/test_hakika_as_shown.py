"""An act of a person: why it is asked for, what refuses it early, and that it is as shown."""

from collections.abc import Callable

import pytest
from payments.errors import ConflictError
from payments.ports import Actor
from payments.protocol.consultation import BookingStatus
from payments.protocol.evidence import Resolution, ReviewResolved
from payments.usecases.apply_evidence import CHANGED, apply_evidence
from payments.usecases.register_consultation import register_consultation

from tests.functional.operator_desk import ACCOUNT, Desk, in_review, pay, start
from tests.support.world import World
from tools.hakika.verdicts import VERDICTS

PROMPT_SECONDS = 300
"""From the request to the last moment at which its prompt can be open."""


def recorded_while_the_prompt_is_open(world: World, desk: Desk) -> str:
    payment_id = start(world)
    desk("record-receipt", payment_id, "--receipt", "SKI7ABC123", "--amount", "1000", *ACCOUNT)
    return payment_id


def recorded_while_its_callback_is_late(world: World, desk: Desk) -> str:
    payment_id = start(world, scenario="callback_hours_late")
    enters_pin(world, desk, payment_id)
    [debit] = world.daraja.ledger.debits.values()
    found = ("--receipt", debit.receipt, "--amount", "1000")
    desk("record-receipt", payment_id, *found, *ACCOUNT)
    world.pass_time(PROMPT_SECONDS)
    return payment_id


def short_of_the_price(world: World, desk: Desk) -> str:
    payment_id = start(world, scenario="push_hang")
    desk("record-receipt", payment_id, "--receipt", "SKI7ABC123", "--amount", "999", *ACCOUNT)
    world.pass_time(PROMPT_SECONDS)
    return payment_id


def given_up(world: World, desk: Desk) -> str:
    payment_id = start(world, scenario="push_hang_lost")
    world.pass_time(172_900, cleans_up=False)
    world.clean_up()
    return payment_id


def owed(world: World, desk: Desk) -> str:
    payment_id = pay(world)
    desk("consultation", "set", "1", "--status", "Cancelled", *ACCOUNT)
    return payment_id


def enters_pin(world: World, desk: Desk, payment_id: str) -> None:
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(20)


def is_called_back(world: World, desk: Desk, payment_id: str) -> None:
    world.pass_time(30_000)


def finds_a_receipt(world: World, desk: Desk, payment_id: str) -> None:
    desk("record-receipt", payment_id, "--receipt", "SKI7ABC123", "--amount", "1000", *ACCOUNT)


def marks(world: World, desk: Desk, payment_id: str) -> None:
    desk("refund", "mark", payment_id, *ACCOUNT)


def sets_a_price(world: World, desk: Desk, payment_id: str) -> None:
    world.register("1", price_kes=1200)


BOGUS, REFUND_DUE = "review resolve PAYMENT bogus", "review resolve PAYMENT refund-due"
RECORD = "record-receipt PAYMENT --receipt SKI7ABC124 --amount 5"
NEW = "consultation set 1 --client 8 --price 900"
MEANWHILE = [
    (recorded_while_its_callback_is_late, BOGUS, is_called_back, "proof operator -> callback"),
    (recorded_while_its_callback_is_late, REFUND_DUE, is_called_back, "proof operator -> callback"),
    (given_up, RECORD, finds_a_receipt, "review"),
    (given_up, "attention clear PAYMENT", finds_a_receipt, "status cancelled -> review"),
    (owed, "refund mark PAYMENT", marks, "status refund_due -> refunded"),
    (lambda world, _: world.register("1"), "consultation set 1 --price 900", sets_a_price, "1200"),
    (lambda world, _: start(world), "consultation set 1 --status Cancelled", enters_pin, "Paid"),
    (lambda *_: "", NEW, sets_a_price, "client_id none -> 7"),
]


@pytest.mark.parametrize(("begins", "line", "meanwhile", "told"), MEANWHILE)
def test_what_changed_while_a_person_was_asked_is_named_and_nothing_is_written(
    world: World,
    desk: Desk,
    begins: Callable[[World, Desk], str],
    line: str,
    meanwhile: Callable[[World, Desk, str], None],
    told: str,
) -> None:
    payment_id = begins(world, desk)
    after_that = []

    def happens() -> None:
        meanwhile(world, desk, payment_id)
        after_that.append(world.items(""))

    typed = [payment_id if word == "PAYMENT" else word for word in line.split()]
    answer = desk(*typed, says=["njeri", "as the statement says", happens])
    assert (answer.code, answer.out) == (1, "")
    sentence = " ".join(answer.err.split())
    assert "Nothing was changed" in sentence
    assert told in sentence
    assert after_that == [world.items("")]


def cancelled_by_the_booking_system(world: World, desk: Desk) -> str:
    payment_id = pay(world)
    world.register("1", status="Cancelled")
    return payment_id


def cancelled_before_the_money_came(world: World, desk: Desk) -> str:
    payment_id = start(world)
    world.register("1", status="Cancelled")
    enters_pin(world, desk, payment_id)
    return payment_id


def given_back_by_a_person(world: World, desk: Desk) -> str:
    payment_id = in_review(world)
    desk("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    return payment_id


def paid_twice(world: World, desk: Desk) -> str:
    first = start(world, scenario="callback_hours_late")
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(400, cleans_up=False)
    pay(world)
    world.pass_time(30_000)
    return first


WHY = [
    (lambda world, _: in_review(world), "Another amount was paid than was asked."),
    (owed, "njeri cancelled the paid consultation: checked on the statement"),
    (cancelled_by_the_booking_system, "The booking system cancelled the paid consultation."),
    (cancelled_before_the_money_came, "but the consultation was cancelled."),
    (given_back_by_a_person, "njeri decided to give it back: checked on the statement"),
    (paid_twice, "had already paid the consultation."),
]


@pytest.mark.parametrize(("begins", "why"), WHY)
def test_a_payment_that_waits_for_a_person_says_why(
    world: World, desk: Desk, begins: Callable[[World, Desk], str], why: str
) -> None:
    payment_id = begins(world, desk)
    assert why in " ".join(desk("payment", "show", payment_id).out.split())
    assert why in desk.json("payment", "show", payment_id)["why"]
    is_review = world.payment(payment_id).status == "review"
    line = f"review resolve {payment_id} refund-due" if is_review else f"refund mark {payment_id}"
    assert why in " ".join(desk(*line.split(), says=["njeri", "x", "n"]).err.split())


@pytest.mark.parametrize(
    ("begins", "possible"),
    [
        (lambda world, _: in_review(world), {"refund-due"}),
        (recorded_while_the_prompt_is_open, set()),
        (recorded_while_its_callback_is_late, {"complete", "refund-due", "bogus"}),
        (short_of_the_price, {"refund-due", "bogus"}),
    ],
)
def test_only_verdicts_that_would_not_be_refused_are_offered(
    world: World, desk: Desk, begins: Callable[[World, Desk], str], possible: set[str]
) -> None:
    payment_id = begins(world, desk)
    shown = desk("payment", "show", payment_id).out
    offered = {verdict for verdict in VERDICTS if f"resolve {payment_id} {verdict}" in shown}
    line = ("review", "resolve", payment_id)
    asked = {each for each in VERDICTS if "Go on?" in desk(*line, each, says=["n", "x", "n"]).err}
    assert (offered, asked) == (possible, possible)
    assert ("A person decides" in shown, "decide after 17:18 (EAT)" in shown) == (
        bool(possible),
        not possible,
    )


def test_a_write_at_the_last_moment_is_not_undone(world: World, desk: Desk) -> None:
    """The store's own condition holds what was shown, not only a look before it."""
    payment_id = recorded_while_its_callback_is_late(world, desk)
    services = world.function("cleanup").module.runtime.services
    actor = Actor(by="operator:njeri", request_id="r1", reason="x")
    shown = services.store.get_payment(payment_id)
    version = services.store.get_consultation("1").version
    is_called_back(world, desk, payment_id)
    after_that = world.items("")
    bogus = ReviewResolved(resolution=Resolution.BOGUS)
    with pytest.raises(ConflictError) as told:
        apply_evidence(services, shown, bogus, actor=actor, only_version=shown.version)
    assert told.value.code == CHANGED
    with pytest.raises(ConflictError) as told:
        register_consultation(
            services,
            booking_id="1",
            client_id="7",
            price_kes=1000,
            status=BookingStatus.CANCELLED,
            actor=actor,
            shown_version=version - 1,
        )
    assert told.value.code == CHANGED
    assert world.items("") == after_that


@pytest.mark.parametrize(
    "line",
    [
        "review resolve PAYMENT complete",
        "refund mark PAYMENT",
        "attention clear PAYMENT",
        "record-receipt PAYMENT --receipt SKI7ABC123 --amount 1000",
        "consultation set 1 --price 5",
        "consultation set 1 --client 8",
    ],
)
def test_what_cannot_be_is_refused_before_anybody_is_asked(
    world: World, desk: Desk, line: str
) -> None:
    payment_id = pay(world)
    answer = desk(*(payment_id if word == "PAYMENT" else word for word in line.split()), says=[])
    assert (answer.code, answer.out) == (1, "")
    assert "?" not in answer.err
