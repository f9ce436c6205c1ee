"""What is stored, seen from one payment and one receipt, and how a write changes it.

Amounts are compared, not counted: "exact" is the amount that the payment asks for; "other" and
"third" are two different ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OPEN = frozenset({"dispatching", "unknown", "pending"})
UNPROVEN = OPEN | {"failed", "cancelled"}
"""No money is recorded, but it may still have arrived."""
PAID = frozenset({"review", "completed", "refund_due", "refunded"})
MACHINES = frozenset({"callback", "c2b", "pull", "status"})
WITNESSES = MACHINES | {"operator"}
"""Who names a receipt with its amount: only a witness binds it."""
OWN_PROMPT = frozenset({"callback", "hint", "query"})
"""Whose money is the prompt's own. Other money may be paid by hand while the prompt is open."""

NEW, MINUTE, BELIEVABLE, OVER, DAY, TWO_DAYS = range(6)
"""A payment's age: a query's success counts alone; its prompt is over; it is given up."""


class Refund(NamedTuple):
    """The way of owed money back; `attempt` counts the sends, `proven` is M-Pesa's own word."""

    step: str | None = None
    attempt: int = 0
    maker: str | None = None
    checker: str | None = None
    refused: str | None = None
    proven: bool = False


class Payment(NamedTuple):
    """One payment.

    Shape: `receipt` is "this" where it is the receipt in question, else "another"; `id` is "own"
    from Daraja's answer to the push, or "adopted"; `hint` is what an unlisted address said; `why`
    is the reason of a review.
    """

    status: str = "dispatching"
    proof: str | None = None
    paid: str | None = None
    receipt: str | None = None
    id: str | None = None
    locks: bool = True
    attention: str | None = None
    hint: str | None = None
    why: str | None = None
    prompted: bool = True
    refund: Refund = Refund()

    @property
    def bound(self) -> str | None:
        """The receipt that a witness named; a hint's is only shown."""
        return self.receipt if self.proof in WITNESSES else None


class Booking(NamedTuple):
    """A consultation: is it payable, at this payment's terms, and who holds its lock."""

    status: str = "Pending"
    same_price: bool = True
    same_client: bool = True
    active: str | None = None
    lock: str | None = None
    paid_by: str | None = None


class Row(NamedTuple):
    """A receipt's row. `source` is who wrote it: "machine", "operator", or None in an old row."""

    state: str
    owner: str | None = None
    amount: str | None = None
    source: str | None = None


class Around(NamedTuple):
    """A payment and what is stored around it. `phone` is whose prompt the phone waits for."""

    payment: Payment | None = None
    booking: Booking | None = None
    phone: str | None = None
    row: Row | None = None
    stopped: bool = False
    refund_is_late: bool = False


class OnRow(NamedTuple):
    """What a write does to the receipt's row, with the witness's amount and source.

    Shape: `act` is claim, claim despite, claim as shown, file, two amounts, two amounts aside,
    delete, set aside or reopen.
    """

    act: str = ""
    amount: str | None = None
    source: str | None = None


class Write(NamedTuple):
    """One atomic write, decided on what was read.

    Shape: `booking` is confirm, detach, free (the lock too), hold, cancel, reserve, or unpayable
    (a condition only); `raises` is the reason for attention; `gate` is run or turn (conditions)
    or stop.
    """

    read: Payment | None
    payment: Payment | None
    booking: str = ""
    frees_phone: bool = False
    row: OnRow = OnRow()
    raises: str | None = None
    gate: str = ""


class Evidence(NamedTuple):
    """Anything that is learned or done.

    Shape: `source` is the witness of money; `amount` and `names` say whether it brings an amount
    and a receipt; `code` is what a result code means; `who` is the person.
    """

    kind: str
    source: str = ""
    amount: str | None = None
    names: bool = False
    code: str = ""
    who: str = ""
    attempt: int = 0


def commit(around: Around, write: Write, without: str = "") -> Around | None:
    """Write all of it, or nothing where a condition fails: then read and decide again."""
    if around.payment != write.read and without != "version":
        return None
    booking = _booking(around.booking, write, without)
    row = _row(around.row, write.row, without)
    phone = _phone(around.phone, write, without)
    runs = not around.stopped or without == "stopped refunds"
    if (
        booking is _FAILED
        or row is _FAILED
        or phone is _FAILED
        or (write.gate in _RUNS and not runs)
    ):
        return None
    payment = write.payment
    if payment is not None and write.raises:
        payment = payment._replace(attention=payment.attention or write.raises)
    return around._replace(
        payment=payment,
        booking=booking,  # type: ignore[arg-type]
        phone=phone,  # type: ignore[arg-type]
        row=row,  # type: ignore[arg-type]
        stopped=around.stopped or write.gate == "stop",
    )


_FAILED = object()
_RUNS = ("run", "turn")


def is_payable(booking: Booking | None) -> bool:
    """It exists, is Pending and is not paid."""
    return booking is not None and booking.status == "Pending"


def _booking(booking: Booking | None, write: Write, without: str) -> object:
    effect = write.booking
    if not effect:
        return booking
    if effect == "unpayable":
        return _FAILED if is_payable(booking) and without != "owed only if unpayable" else booking
    if booking is None:
        return _FAILED
    if effect == "reserve":
        fits = is_payable(booking) and booking.same_price and booking.same_client
        if not fits or (booking.lock is not None and without != "one prompt per booking"):
            return _FAILED
        return booking._replace(active="me", lock="deadline")
    if effect == "confirm":
        if not all(holds for _, holds in _confirmable(booking, without)):
            return _FAILED
        return booking._replace(status="Confirmed", paid_by="me", active=None, lock=None)
    if effect == "cancel":
        confirmed = booking.status == "Confirmed" and booking.paid_by == "me"
        return booking._replace(status="Cancelled", paid_by=None) if confirmed else _FAILED
    if booking.active != "me" and without != "only the active releases":
        return _FAILED
    if effect == "hold":
        return booking._replace(lock="never") if without != "review locks" else booking
    if "unpayable" in effect and is_payable(booking) and without != "owed only if unpayable":
        return _FAILED
    return booking._replace(active=None, lock=None if "free" in effect else booking.lock)


def _confirmable(booking: Booking, without: str) -> Iterator[tuple[str, bool]]:
    """The conditions of Confirm, by the name of the rule."""
    yield "payable in the write", is_payable(booking) or without == "payable in the write"
    yield "price in the write", booking.same_price or without == "price in the write"
    yield "client in the write", booking.same_client or without == "client in the write"


def _phone(phone: str | None, write: Write, without: str) -> object:
    if write.booking == "reserve":
        return "me" if phone is None or without == "one prompt per phone" else _FAILED
    if not write.frees_phone:
        return phone
    return None if phone == "me" else _FAILED


def _row(row: Row | None, write: OnRow, without: str) -> object:
    """10.3: each act with its condition."""
    state = "free" if row is None else row.state
    match write.act:
        case "":
            return row
        case "file":
            fresh = row is None or without == "file only a free receipt"
            return Row("unclaimed", None, write.amount, write.source) if fresh else _FAILED
        case "two amounts":
            waits = row is not None and state != "bound" and row.amount == write.amount
            return row._replace(amount=None) if row and waits else _FAILED
        case "two amounts aside":
            waits = row is not None and state == "unclaimed" and row.amount == write.amount
            return row._replace(amount=None, state="aside") if row and waits else _FAILED
        case "set aside":
            new = row or Row("unclaimed", None, write.amount, write.source)
            return new._replace(state="aside") if state in ("free", "unclaimed") else _FAILED
        case "reopen":
            return row._replace(state="unclaimed") if row and state == "aside" else _FAILED
        case "delete":
            typed = row is not None and row.owner == "me" and row.source != "machine"
            return None if typed or without == "Safaricom's money stays" else _FAILED
        case _:
            if row is None:
                return _FAILED if "shown" in write.act else Row("bound", "me", *write[1:])
            return _claimed(row, write) if _is_claimable(row, write, without) else _FAILED


def _is_claimable(row: Row, write: OnRow, without: str) -> bool:
    if row.state == "unclaimed":
        # Two amounts that are not known are not the same amount.
        same = row.amount == write.amount is not None
        return same or write.act == "claim despite" or without == "a claim has its amount"
    if row.state == "aside":
        return without == "set aside stays"
    is_mine = row.owner == "me" and "shown" not in write.act
    return is_mine or without == "a bound row stays"


def _claimed(row: Row, write: OnRow) -> Row:
    """A claim never changes what the first witness wrote."""
    kept = (row.amount or write.amount, row.source or write.source)
    return Row("bound", "me", *kept)
