"""The whole model as one function, and who brings which evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product

from . import money, people, refunds
from .state import MACHINES, Around, Evidence, Write

PUSH_ANSWERS = ("accepted", "refused", "unclear")
PAYMENT_ACTS = (
    *("complete", "owe the review back", "bogus", "record a receipt", "clear attention"),
    "give hinted money away",
)
RECEIPT_ACTS = ("attach", "attach to a booking", "owe back", "set aside", "reopen")
REFUND_ACTS = ("request", "withdraw", "approve", "settle reversed", "settle not reversed", "mark")
AMOUNTS = (None, "exact", "other", "third")
CODES = (money.SUCCESS, money.CLOSES, money.LASTS, money.UNLISTED)


def decide(around: Around, evidence: Evidence, age: int, without: str = "") -> Iterator[Write]:
    """Every write that the protocol allows on this evidence; none where it concludes nothing."""
    if evidence.kind in RECEIPT_ACTS or evidence.kind in PAYMENT_ACTS:
        yield from people.act(around, evidence, age, without)
    elif evidence.kind in REFUND_ACTS:
        yield from refunds.act(around, evidence, without)
    elif evidence.kind in PUSH_ANSWERS:
        yield from money.push_answer(around, evidence, without)
    else:
        yield from _NEWS[evidence.kind](around, evidence, age, without)


def _time(around: Around, _: Evidence, age: int, without: str) -> Iterator[Write]:
    yield from money.time_passed(around, age, without)
    yield from refunds.look(around, without)


def _money(around: Around, evidence: Evidence, _: int, without: str) -> Iterator[Write]:
    """10.4: the money of a payment that its account names, of a typed booking, or nobody's."""
    if around.payment is not None:
        yield from money.named_by_reference(around, evidence, without)
        return
    yield from people.typed_booking(around, evidence, without)
    yield from people.money_on_a_row(around, evidence, without)


def _callback(around: Around, evidence: Evidence, _: int, without: str) -> Iterator[Write]:
    """5.2; and 10.3 where the receipt is not the payment's to take."""
    if around.payment is not None:
        yield from money.callback(around, evidence, without)
    elif evidence.code == money.SUCCESS and evidence.amount is not None:
        yield from people.another_amount(around, evidence, without)


def _unusable(around: Around, *_: object) -> Iterator[Write]:
    """5.6: a body that cannot be used is filed; the eleventh is told."""
    if around.payment is not None:
        yield Write(around.payment, around.payment, raises="evidence_overflow")


_NEWS: dict[str, Callable[[Around, Evidence, int, str], Iterator[Write]]] = {
    "reserve": lambda around, *_: money.reserve(around),
    "callback": _callback,
    "hint": lambda around, evidence, _, without: money.hint(around, evidence, without),
    "unusable": _unusable,
    "query": money.query,
    "time": _time,
    "booking cancelled": lambda a, *rest: money.booking_cancelled(a, rest[-1]),
    "money": _money,
    "sweep": _money,
    "result": lambda around, evidence, _, without: refunds.result(around, evidence, without),
    "status": lambda around, evidence, _, without: refunds.status(around, evidence, without),
    "not taken": lambda around, evidence, _, without: refunds.not_taken(around, evidence, without),
}


@cache
def brought_by(function: str, by_person: bool) -> tuple[Evidence, ...]:
    """All that a function, or a person, can learn or do."""
    if by_person:
        return tuple(_acts())
    known = {"stk_push": _push, "callback": _callbacks, "paybill": _posts, "refunds": _sends}
    known |= {"cleanup": _looks, "status": _queries}
    return tuple(known.get(function, _rest)())


def _push() -> Iterator[Evidence]:
    yield Evidence("reserve")
    yield from (Evidence(kind) for kind in PUSH_ANSWERS)


def _callbacks() -> Iterator[Evidence]:
    yield Evidence("callback", code="another prompt")
    yield Evidence("unusable")
    for kind, code in product(("callback", "hint"), CODES):
        said = product(AMOUNTS, (True, False)) if code == money.SUCCESS else ((None, False),)
        for amount, names in said:
            yield Evidence(kind, kind, amount, names, code)


def _witnesses(*sources: str) -> Iterator[Evidence]:
    for source, amount in product(sources, AMOUNTS):
        yield Evidence("money", source, amount, True)
        yield Evidence("sweep", source, amount, True)


def _queries() -> Iterator[Evidence]:
    yield Evidence("time")
    for code, amount, names in product(CODES, AMOUNTS, (True, False)):
        if code == money.SUCCESS or (amount is None and not names):
            yield Evidence("query", "query", amount, names, code)


def _looks() -> Iterator[Evidence]:
    yield from _queries()
    yield from _witnesses(*sorted(MACHINES))


def _posts() -> Iterator[Evidence]:
    yield from _witnesses("c2b", "status")
    for code, attempt in product(RESULTS, ATTEMPTS):
        yield Evidence("result", code=code, attempt=attempt)
    for code in ("Reversed", "Completed", "odd"):
        yield Evidence("status", code=code)
    yield from _told()


def _told() -> Iterator[Evidence]:
    """5.3: before money goes back, whose hint names its receipt is told."""
    yield from (Evidence("give hinted money away", "operator", amount) for amount in AMOUNTS)


ATTEMPTS = range(12)
"""More sends of one refund than any history has room for."""
RESULTS = (
    *("0", "0, another receipt", "0, another amount", "1", "receipt not known", "stops"),
    *("already", "unlisted"),
)


def _sends() -> Iterator[Evidence]:
    """The function that sends refunds: the checker's write, and what the gateway proves."""
    yield Evidence("approve", who="checker")
    for code, attempt in product(("gateway", "gateway, stops"), ATTEMPTS):
        yield Evidence("not taken", code=code, attempt=attempt)


def _acts() -> Iterator[Evidence]:
    for kind, amount in product(PAYMENT_ACTS, AMOUNTS):
        yield Evidence(kind, "operator", amount)
    for kind, source, amount in product(RECEIPT_ACTS, sorted(MACHINES), AMOUNTS):
        yield Evidence(kind, source, amount, True)
    for kind, who in product(REFUND_ACTS, ("maker", "checker")):
        yield Evidence(kind, who=who)


def _rest() -> Iterator[Evidence]:
    """The booking system cancels and requests refunds; the operator's question is a query."""
    yield Evidence("booking cancelled")
    yield from _told()
    yield Evidence("request", who="maker")
    yield from _queries()
