"""Whose money a receipt is: the matching ladder of docs/protocol.md, section 10.4."""

from __future__ import annotations

from .money_world import Hand, MoneyWorld, State
from .state import PAID, UNPROVEN, Evidence, is_payable


def owner_of(world: MoneyWorld, state: State, r: int, evidence: Evidence) -> tuple[int, str]:
    """The payment that a receipt is given to, and what of the model's writes is meant.

    Shape: "confirm" opens a paybill payment for the typed booking; "file" puts it on a row,
    or its amount beside the row's.
    """
    row, hand = state.rows[r], _hand(world, r)
    if row is not None and row.owner is not None:
        return int(row.owner), ""
    if row is not None and row.state == "aside" and world.without != "set aside stays":
        return -1, "file"
    account = hand.account if hand else "" if world.is_till else "own"
    named = r if account == "own" else 0
    if account in ("own", "p") and state.payments[named] is not None:
        return named, ""
    if account == "" and evidence.code == "look":
        own = _own_prompt(world, state, r)
        if own is not None:
            return own, ""
    booking = state.bookings[0]
    at_price = booking.same_price and evidence.amount == "exact"
    priced = at_price or world.without == "a typed booking at its price"
    if account == "b" and is_payable(booking) and priced:
        return world.paybill_slot(r), "confirm"
    return -1, "file"


def _own_prompt(world: MoneyWorld, state: State, r: int) -> int | None:
    """Rung 3: the one payment that is proven paid and has no receipt; it confirms nothing."""
    without, proven = world.without, world.without != "rung 3 needs proof"
    fitting = [i for i in range(world.prompted) if _may_be_its(world, state, i, r)]
    if without == "open ones count":
        fitting = [i for i in fitting if _status(state, i) in PAID]
    if len(fitting) != 1 and without != "rung 3 is unique":
        return None
    found = next((i for i in fitting if _status(state, i) in PAID or not proven), None)
    blank = {d for d in state.debits if _is_blank(world, d) and world.amount_of(d) == "exact"}
    rivals = {d for d in blank - {r} if (row := state.rows[d]) and row.state == "unclaimed"}
    if rivals and without != "no rival receipt":
        return None
    if not blank <= state.listed and without != "Pull has covered the time":
        return None
    return found


def _may_be_its(world: MoneyWorld, state: State, i: int, r: int) -> bool:
    p, hand = state.payments[i], _hand(world, r)
    if p is None or p.bound is not None:
        return False
    if p.status == "failed" and p.proof == "callback" and not p.locks:
        return False
    in_time = hand is None or hand.while_prompted or world.without == "the time fits"
    if world.is_late and i == r and p.status in UNPROVEN:
        in_time = False
    return in_time and world.amount_of(r) == "exact"


def may_be_a_prompts(world: MoneyWorld, state: State, r: int) -> bool:
    """10.5: whether a person must attach it to a payment: one debit would pay twice."""
    if world.without == "a prompt's money is not given away":
        return False
    if world.without == "a hint keeps its receipt":
        return any(_may_be_its(world, state, i, r) for i in range(world.prompted))
    return is_prompts(world, state, r)


def is_prompts(world: MoneyWorld, state: State, r: int) -> bool:
    """Whether a prompt's payment may be confirmed by this money, by what is known of both."""
    may_be = any(_may_be_its(world, state, i, r) for i in range(world.prompted))
    return may_be or _is_hinted(state, r)


def _is_hinted(state: State, r: int) -> bool:
    """Whether a hint names it, and no witness has named another receipt for that payment."""
    p = state.payments[r]
    return p is not None and p.bound is None and (p.hint == "paid" or p.receipt is not None)


def _hand(world: MoneyWorld, r: int) -> Hand | None:
    return world.hands[r - world.prompted] if r >= world.prompted else None


def _is_blank(world: MoneyWorld, r: int) -> bool:
    hand = _hand(world, r)
    return hand.account == "" if hand else world.is_till


def _status(state: State, i: int) -> str:
    p = state.payments[i]
    return p.status if p is not None else ""
