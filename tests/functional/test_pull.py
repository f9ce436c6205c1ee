"""Pull finds what no callback and no confirmation brought; overlapping runs cost reads only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from payments.daraja.money_client import PULL_PATH
from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.usecases.pull_money import pull_due
from payments.usecases.record_money import record_money

from simulator.core import HttpAnswer, HttpRequest
from tests.functional.emf import listen_to
from tests.functional.faulty import HOUR, Network, meanwhile, refuse
from tests.support.dynamodb.faults import throttled
from tests.support.network import Lines
from tests.support.world import World

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
HALF_HOUR = 1800


class PullWorld(World):
    """A deployment that pulls; no confirmation arrives unless a test delivers it."""

    def __init__(self, **daraja_config: object) -> None:
        self.network = Network()
        self.spoil: Callable[[HttpAnswer], HttpAnswer] | None = None
        self.asked: list[dict[str, Any]] = []
        super().__init__(
            seed=9,
            network=Lines(self.network, self._wire),
            environment={"PULL_TRANSACTIONS": "true"},
            daraja_config=daraja_config,
        )
        self.register_c2b()

    def _wire(
        self, request: HttpRequest, handle: Callable[[HttpRequest], HttpAnswer]
    ) -> HttpAnswer:
        answer = handle(request)
        if request.path != PULL_PATH:
            return answer
        self.asked.append(json.loads(request.body))
        return self.spoil(answer) if self.spoil else answer

    def pay(self, count: int = 1, *, is_confirmed: bool = False) -> set[str]:
        """So many people pay by hand, a minute apart."""
        receipts = set()
        for number in range(count):
            receipts.add(self.pay_by_hand(amount_kes=number + 1, account=f"A{number}"))
            self.pass_time(60, delivers=is_confirmed)
        return receipts

    def pull_again(self, seconds: float = HALF_HOUR) -> None:
        """Time passes until the next run."""
        self.pass_time(seconds, delivers=False)
        self.clean_up()

    def gate(self) -> dict[str, Any]:
        [found] = self.items("PULL#")
        return found


@pytest.fixture
def world() -> Iterator[PullWorld]:
    made = PullWorld()
    yield made
    made.close()


def test_money_that_nobody_told_us_about_is_on_file_after_the_next_run(world: PullWorld) -> None:
    receipts = world.pay(3)
    assert world.receipt_rows() == {}
    world.clean_up()
    assert set(world.receipt_rows()) == receipts
    assert {each["source"] for each in world.receipt_rows().values()} == {"pull"}
    assert world.gate()["next_at"] == int(world.clock()) + HALF_HOUR


def test_a_run_that_lists_what_is_on_file_writes_only_its_gate(world: PullWorld) -> None:
    world.pay(12)
    world.clean_up()
    world.network.forget()
    world.pull_again()
    of_pull = world.network.log[: world.network.log.index("Query")]
    assert [each for each in of_pull if each in WRITES] == ["UpdateItem", "UpdateItem"]
    assert of_pull.count("BatchGetItem") == 1


def test_a_run_reads_no_receipt_again_that_is_on_file_as_listed(world: PullWorld) -> None:
    world.pay(3)
    world.clean_up()
    world.network.forget()
    world.pull_again()
    after = world.network.log.index("BatchGetItem") + 1
    assert world.network.log[after : world.network.log.index("Query")] == ["UpdateItem"]


@pytest.mark.parametrize("offset", ["rows", "pages"])
@pytest.mark.parametrize("empty", ["1001", "http_500", "nested", "text"])
@pytest.mark.parametrize("count", [1, 2, 10, 11, 25])
def test_every_page_is_read_whatever_the_offset_counts_and_empty_looks_like(
    offset: str, empty: str, count: int
) -> None:
    world = PullWorld(pull_offset=offset, pull_empty=empty)
    receipts = world.pay(count)
    world.clean_up()
    assert set(world.receipt_rows()) == receipts
    world.close()


def test_a_window_of_more_than_forty_rows_is_no_more_pages_where_the_offset_counts_rows() -> None:
    world = PullWorld(pull_offset="rows", pull_rows=2)
    receipts = world.pay(45)
    world.clean_up()
    assert set(world.receipt_rows()) == receipts
    world.close()


def test_what_pull_alone_brought_does_not_vouch_for_pull(world: PullWorld) -> None:
    world.pay(2)
    world.clean_up()
    world.pull_again()
    assert world.gate().get("complete_until") is None


@pytest.mark.parametrize(("rows", "is_finished"), [(39, True), (41, False)])
def test_at_most_forty_pages_and_what_is_left_is_not_called_covered(
    rows: int, is_finished: bool
) -> None:
    world = PullWorld(pull_rows=1, pull_offset="pages")
    world.pay(1, is_confirmed=True)
    world.pay(rows - 1)
    world.clean_up()
    assert len(world.receipt_rows()) == min(rows, 40)
    assert (world.gate()["complete_until"] == int(world.clock())) is is_finished
    world.close()


@pytest.mark.parametrize(("clock", "is_known"), [("eat", "eat"), ("utc", "utc"), ("offset", "eat")])
def test_pulls_time_counts_once_a_known_receipt_explains_it(clock: str, is_known: str) -> None:
    world = PullWorld(pull_clock=clock)
    [before] = world.pay(1)
    world.clean_up()
    assert "paid_at" not in world.receipt_rows()[before]
    assert "clock" not in world.gate()
    [known] = world.pay(1, is_confirmed=True)
    world.pull_again()
    assert world.gate()["clock"] == is_known
    paid_at = int(world.clock())
    [after] = world.pay(1)
    world.pull_again()
    assert world.receipt_rows()[known]["source"] == "c2b"
    assert abs(world.receipt_rows()[after]["paid_at"] - paid_at) <= 1
    world.close()


def coverage(world: PullWorld) -> tuple[int | None, int | None]:
    gate = world.gate()
    return gate.get("complete_from"), gate.get("complete_until")


def test_a_run_that_fails_moves_no_coverage_and_loses_nothing(world: PullWorld) -> None:
    world.pay(1, is_confirmed=True)
    world.clean_up()
    before = coverage(world)
    assert before == (int(world.clock()) - 47 * HOUR, int(world.clock()))
    receipts = world.pay(2)
    world.spoil = lambda answer: replace(answer, status=403, body=b"<html>")
    world.pull_again()
    assert coverage(world) == before
    assert not receipts & set(world.receipt_rows())
    world.spoil = None
    world.pull_again()
    assert receipts <= set(world.receipt_rows())
    assert coverage(world) == (before[0], int(world.clock()))


def without_receipt(answer: HttpAnswer) -> HttpAnswer:
    """One row's receipt cannot be read."""
    document = json.loads(answer.body)
    if document["Response"]:
        document["Response"][0][0]["transactionId"] = "?"
    return replace(answer, body=json.dumps(document).encode())


def test_a_row_that_cannot_be_read_is_never_called_covered(world: PullWorld) -> None:
    world.pay(2, is_confirmed=True)
    world.spoil = without_receipt
    world.clean_up()
    assert coverage(world) == (None, None)


def test_one_receipt_that_cannot_be_booked_holds_up_no_other(world: PullWorld) -> None:
    world.pay(1, is_confirmed=True)
    receipts = world.pay(3)
    poison = {"source": "nobody", "payment_id": "0" * 32}
    world.store_item({"pk": f"RCPT#{min(receipts)}", "sk": "STATE", **poison})
    world.clean_up()
    assert receipts <= set(world.receipt_rows())
    assert coverage(world)[1] != int(world.clock())


def test_nothing_found_is_no_coverage_while_pull_shows_nothing_that_we_hold() -> None:
    world = PullWorld(pull_is_provisioned=False)
    metrics = listen_to(world)
    world.pay(1, is_confirmed=True)
    world.clean_up()
    world.pull_again(25 * HOUR)
    assert coverage(world) == (None, None)
    sums = metrics.sums(service="hakika")
    assert (sums["PullRun"], sums["PullNothingFound"], sums.get("PullKnown", 0)) == (2, 2, 0)
    assert metrics.last("PullBlindSeconds") == 25 * HOUR
    world.close()


def test_two_runs_at_once_are_one(world: PullWorld) -> None:
    world.pay(1)
    world.function("cleanup")
    other = world.fresh_function("cleanup")
    world.network.next(meanwhile(lambda: other.invoke({})), on=frozenset({"UpdateItem"}))
    world.clean_up()
    windows = [each["StartDate"] for each in world.asked if each["OffSetValue"] == "0"]
    assert len(windows) == len(set(windows)) == 2, "the newest window, and the sweep"


def test_a_run_tells_whether_it_ran_to_its_end(world: PullWorld) -> None:
    module = world.function("cleanup").module
    actor = Actor(by="cleanup", request_id="r")

    def ran() -> object:
        services, left = module.runtime.services, lambda: 60.0
        return pull_due(services, module.puller, remaining_seconds=left, actor=actor)

    assert ran() is True
    assert ran() is False, "not due yet"
    world.pass_time(HALF_HOUR, delivers=False)
    world.network.next(refuse(throttled), on=frozenset({"UpdateItem"}))
    world.network.rules *= 60
    assert ran() is False, "the table refused"


def test_the_sweep_is_due_once_a_day(world: PullWorld) -> None:
    [old] = world.pay(1)
    world.pass_time(40 * HOUR, delivers=False)
    world.pay(1, is_confirmed=True)
    world.clean_up()
    assert old in world.receipt_rows(), "money of 40 hours ago, when Pull was switched on"
    days = []
    for _ in range(49):
        world.asked.clear()
        world.pay(1, is_confirmed=True)
        world.pull_again(HALF_HOUR - 60)
        days.append(len({each["StartDate"] for each in world.asked}) == 2)
    assert days.count(True) == 1
    assert days.index(True) == 47


@pytest.mark.parametrize(("has_failed_run", "minutes_max"), [(False, 35), (True, 65)])
def test_with_all_else_lost_money_is_on_file_in_time_and_books_its_payment(
    has_failed_run: bool, minutes_max: int
) -> None:
    """No callback, no query and no confirmation; Pull lists each debit up to five minutes late."""
    world = PullWorld(pull_delay_seconds_max=300, c2b_loss=1.0)
    debited_at: dict[str, float] = {}
    filed_at: dict[str, float] = {}
    payments = []
    for minute in range(150):
        if minute % 10 == 0 and minute < 80:
            debited_at[world.pay_by_hand(account=f"A{minute}")] = world.clock()
            payments.append(_pay_unheard(world, number=minute // 10))
        is_down = has_failed_run and 20 <= minute < 50
        world.spoil = (lambda answer: replace(answer, status=403)) if is_down else None
        world.pass_time(60, delivers=False)
        world.clean_up()
        for receipt in world.receipt_rows():
            filed_at.setdefault(receipt, world.clock())
    for debit in world.daraja.ledger.debits.values():
        debited_at.setdefault(debit.receipt, debit.at)
    assert debited_at.keys() == filed_at.keys()
    assert len(debited_at) == 16
    late = {each: filed_at[each] - at - 300 for each, at in debited_at.items()}
    assert max(late.values()) <= minutes_max * 60
    assert {world.payment(each).status for each in payments} == {"completed"}
    assert {world.payment(each).proof for each in payments} == {"pull"}
    world.close()


@pytest.mark.parametrize("lacks", ["its name", "its amount"])
def test_pull_books_a_receipt_that_was_filed_without(lacks: str) -> None:
    """Without a known amount it goes to review: the booking then takes no second prompt."""
    world = PullWorld(c2b_loss=1.0)
    payment_id = _pay_unheard(world, number=1)
    world.pass_time(60, delivers=False)
    [debit] = world.daraja.ledger.debits.values()
    has_amount = lacks == "its name"
    said = MoneySeen(
        source=Proof.STATUS if has_amount else Proof.C2B,
        receipt_number=debit.receipt,
        shortcode="174379",
        amount_kes=1000 if has_amount else None,
        reference=None if has_amount else world.payment(payment_id).account_reference,
    )
    services = world.function("cleanup").module.runtime.services
    record_money(services, said, actor=Actor(by="staff:a", request_id="r"))
    assert world.receipt_rows()[debit.receipt].get("payment_id") is None
    world.pull_again()
    assert world.receipt_rows()[debit.receipt]["payment_id"] == payment_id
    assert world.payment(payment_id).status == ("completed" if has_amount else "review")
    world.close()


def _pay_unheard(world: PullWorld, *, number: int) -> str:
    """A customer pays their booking by STK; Daraja never says a word about it."""
    booking_id, phone = f"b{number}", f"2547111111{number:02}"
    world.register(booking_id, client_id=f"c{number}")
    world.daraja.set_next("pays+callback_lost+query_never_final")
    answer = world.initiate(booking_id, client_id=f"c{number}", phone=phone)
    assert answer.status == 200, answer.body
    return str(answer.body["payment_id"])


def test_pull_is_off_unless_it_is_switched_on(world: PullWorld) -> None:
    world.environment = {}
    world._lambdas.clear()
    world.pay(1)
    world.clean_up()
    assert world.asked == []
    assert world.items("PULL#") == []


def test_due_payments_are_looked_at_although_pull_breaks(world: PullWorld) -> None:
    world.register("1")
    payment_id = str(world.initiate("1").body["payment_id"])
    world.pass_time(3, delivers=False)
    world.enter_pin()
    world.pass_time(300, delivers=False)
    for _ in range(4 * 3):  # our tries, and botocore's of each
        world.network.next(refuse(throttled), on=frozenset({"BatchGetItem"}))
    metrics = listen_to(world)
    world.clean_up()
    assert metrics.sums(service="hakika")["PullUnfinished"] == 1
    assert world.payment(payment_id).status == "completed"
