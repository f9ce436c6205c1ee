"""Prompts, people and messages around the model: what may happen to money on its way in.

Daraja's messages may be lost, double or late; a handler may read, decide, and write only later, or
never; a query may lie as long as it may. Every fault costs one of a few. At the end all messages
have come, Daraja answers truthfully and two days have passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .state import BELIEVABLE, NEW, OVER, TWO_DAYS, Around, Booking, Evidence, Payment, Row, Write

AGES = (NEW, BELIEVABLE, OVER, TWO_DAYS)
RESERVE = Evidence("reserve")


class Mail(NamedTuple):
    """A message under way to the handler of a payment (-1: of a receipt), about a receipt."""

    payment: int
    receipt: int
    evidence: Evidence


class State(NamedTuple):
    """Everything at one moment.

    Shape: `prompts` is "" before the send, sending, open, paid or closed; `debits` the receipts of
    money that moved; `decided` what a handler will write, as it was read; `faults` how many are
    left; `held` the receipts that Pull has listed.
    """

    ages: tuple[int, ...]
    payments: tuple[Payment | None, ...]
    bookings: tuple[Booking, ...]
    phones: tuple[int | None, ...]
    rows: tuple[Row | None, ...]
    prompts: tuple[str, ...]
    debits: frozenset[int]
    mail: tuple[Mail, ...]
    decided: tuple[tuple[Mail, Write], ...]
    listed: frozenset[int]
    faults: int


@dataclass(frozen=True)
class Hand:
    """Money paid by hand: the account is a payment ("p"), a booking ("b") or nothing."""

    account: str = ""
    amount: str = "exact"
    while_prompted: bool = True


def replaced[T](values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    """The same values but one."""
    return (*values[:index], value, *values[index + 1 :])


@dataclass(frozen=True)
class MoneyWorld:
    """Payments of bookings from phones, with hand payments beside them.

    Shape: `bookings` and `phones` are of each payment in turn; `may` are the faults and acts that
    can happen, `faults` how many faults in all; `is_till` where no account comes with the money;
    `is_late` where a prompt's money moves after its time; `postpones` where one handler at a time
    may read and write only later; `decisions` are those that led to a write in some state.
    """

    bookings: tuple[int, ...] = (0,)
    phones: tuple[int, ...] = (0,)
    hands: tuple[Hand, ...] = ()
    may: frozenset[str] = frozenset()
    faults: int = 1
    is_till: bool = False
    is_late: bool = False
    postpones: bool = True
    pulls: bool = True
    last_age: int = TWO_DAYS
    without: str = ""
    decisions: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def prompted(self) -> int:
        """How many payments have a prompt; the others are made for hand payments."""
        return len(self.bookings)

    def begin(self) -> State:
        """Nobody has asked to pay yet."""
        receipts = self.prompted + len(self.hands)
        slots = self.prompted + receipts
        return State(
            ages=(NEW,) * slots,
            payments=(None,) * slots,
            bookings=(Booking(),) * (max(self.bookings) + 1),
            phones=(None,) * (max(self.phones) + 1),
            rows=(None,) * receipts,
            prompts=("",) * self.prompted,
            debits=frozenset(),
            mail=(),
            decided=(),
            listed=frozenset(),
            faults=self.faults,
        )

    # One payment's view, and back

    def around(self, state: State, i: int, r: int) -> Around:
        """What is stored around payment i and receipt r; -1 is none."""
        row = state.rows[r] if r >= 0 else None
        if row is not None and row.owner is not None:
            row = row._replace(owner="me" if row.owner == str(i) else "other")
        if i < 0:
            return Around(row=row)
        payment = state.payments[i]
        if payment is not None and payment.receipt is not None:
            payment = payment._replace(receipt="this" if payment.receipt == str(r) else "another")
        booking = state.bookings[self.booking_of(i)]
        active, paid_by = _whose(booking.active, i), _whose(booking.paid_by, i)
        holder = state.phones[self.phones[i]] if i < self.prompted else None
        phone = None if holder is None else _whose(str(holder), i)
        return Around(payment, booking._replace(active=active, paid_by=paid_by), phone, row)

    def put(self, state: State, i: int, r: int, after: Around) -> State:
        """The state with this written."""
        if r >= 0:
            row, old_row = after.row, state.rows[r]
            if row is not None and row.owner is not None:
                owner = str(i) if row.owner == "me" else old_row.owner if old_row else None
                row = row._replace(owner=owner)
            state = state._replace(rows=replaced(state.rows, r, row))
        if i < 0:
            return state
        payment, old = after.payment, state.payments[i]
        if payment is not None and payment.receipt is not None:
            receipt = str(r) if payment.receipt == "this" else old.receipt if old else None
            payment = payment._replace(receipt=receipt)
        booking, b = after.booking, self.booking_of(i)
        if booking is not None:
            was = state.bookings[b]
            booking = booking._replace(
                active=_named(booking.active, i, was.active),
                paid_by=_named(booking.paid_by, i, was.paid_by),
            )
            state = state._replace(bookings=replaced(state.bookings, b, booking))
        if i < self.prompted and after.phone != "other":
            holder = i if after.phone == "me" else None
            state = state._replace(phones=replaced(state.phones, self.phones[i], holder))
        return state._replace(payments=replaced(state.payments, i, payment))

    def paybill_slot(self, r: int) -> int:
        """Which payment is made for a receipt that no prompt's payment has."""
        return self.prompted + r

    def booking_of(self, i: int) -> int:
        """Which booking a payment is for; a hand payment names the first."""
        return self.bookings[i] if i < self.prompted else 0

    def amount_of(self, r: int) -> str:
        """What a receipt's debit is, against the price."""
        return "exact" if r < self.prompted else self.hands[r - self.prompted].amount


def _whose(named: str | None, i: int) -> str | None:
    return None if named is None else "me" if named == str(i) else "other"


def _named(word: str | None, i: int, was: str | None) -> str | None:
    return str(i) if word == "me" else None if word is None else was
