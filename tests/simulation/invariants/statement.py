"""The provider's own ledger against our rows, receipt by receipt: I14, I15, I16, I19, I20."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulator.core.accounts import MovementKind

from .ledger import bound_receipt, debit_of
from .view import MONEY, Values, View, holds_number, require

if TYPE_CHECKING:
    from collections.abc import Set

    from simulator.core.ledger import Debit

    from ..world import SimulatedWorld

LISTED = frozenset({"c2b", "status"})
NAMING = LISTED | {"callback", "pull"}
"""Witnesses that name a receipt; a query names none."""
CLOCK_AGREES_SECONDS = 120
EITHER = " or "
"""Between two amounts that were named for one receipt."""


def check_statement(world: SimulatedWorld, view: View) -> None:
    """Every debit is on one row where it must be, and each row belongs to whom it names."""
    for receipt, debit in world.daraja.ledger.debits.items():
        sources = world.watch.heard.get(receipt, [])
        if not LISTED.isdisjoint(sources) or world.plan.pulls:
            require(receipt in view.rows, "I14", f"{receipt}: named by {sources}, and on no row")
        owner = view.payments.get(view.receipts.get(receipt, ""))
        if owner is not None:
            _check_owner(world, owner, debit)
    for receipt, row in view.rows.items():
        _check_row(world, view, receipt, row)
    _check_bookings(world, view)


def _check_row(world: SimulatedWorld, view: View, receipt: str, row: Values) -> None:
    debit = world.daraja.ledger.debits.get(receipt)
    movement = world.daraja.ledger.by_receipt.get(receipt)
    if debit is None and movement is not None and movement.kind is MovementKind.SETTLEMENT:
        require("payment_id" not in row, "I19", f"{receipt}: a transfer to the bank was booked")
        by_rule = bool(world.plan.environment.get("SWEEP_PAYERS"))
        aside = "set_aside" in row or receipt in world.watch.attached
        require(aside or not by_rule, "I14", f"{receipt}: a transfer from ourselves waits")
        return
    if debit is None:
        typed = row.get("source") == "operator" or receipt in world.watch.claimed_blindly
        require(typed, "I18", f"{receipt}: on a row, and no such money moved")
        return
    _check_amounts(view, receipt, row)
    heard = set(world.watch.heard.get(receipt, ()))
    prompt = world.daraja.world.prompts.get(debit.checkout_request_id)
    lied = prompt is not None and prompt.scenario.twin_is_other_amount
    names_itself = row.get("source") in ("c2b", "pull", "status")  # a callback may name another's
    if names_itself and not lied:
        exact = row.get("amount_kes") == debit.amount_kes or _is_doubted(row, debit, heard)
        require(exact, "I14", f"{receipt}: filed with KES {row.get('amount_kes')}")
    own = row.get("shortcode") in (None, world.plan.shortcode)
    require(own, "I18", f"{receipt}: booked for shortcode {row.get('shortcode')}")
    off = abs(row.get("paid_at", debit.at) - debit.at)
    off = off if names_itself and not _has_anothers_time(world, view, row) else 0.0
    require(off <= CLOCK_AGREES_SECONDS, "I14", f"{receipt}: paid {off:.0f} s away from its time")
    shown = json.dumps(row)
    for phone in world.plan.scenarios:
        require(not holds_number(shown, phone), "I20", f"{receipt}: a full number")
    if "payment_id" in row:
        return
    if lied and "c2b" in heard and heard & {"pull", "status"}:
        require("amount_kes" not in row, "I14", f"{receipt}: two amounts, and one counts as known")
        world.note("two amounts on a row")
    if "set_aside" in row:
        return
    for payment_id, payment in view.payments.items():
        if names(row.get("reference", ""), payment):
            raised = view.attention_was_raised(payment_id)
            require(raised, "I14", f"{receipt}: names {payment_id}, waits, and nobody was told")


def _has_anothers_time(world: SimulatedWorld, view: View, row: Values) -> bool:
    """Whether a callback about other money named this receipt, and may have given it its time."""
    owner = view.payments.get(row.get("payment_id", ""), {})
    prompt = world.daraja.world.prompts.get(owner.get("checkout_request_id", ""))
    return prompt is not None and "reused_receipt" in prompt.scenario.body_faults


def _is_doubted(row: Values, debit: Debit, heard: Set[str]) -> bool:
    """Whether a callback named another amount, so that neither counts and both are shown."""
    shown = row.get("amount_text", "").split(EITHER)
    return "amount_kes" not in row and "callback" in heard and str(debit.amount_kes) in shown


def _check_amounts(view: View, receipt: str, row: Values) -> None:
    """I14: two amounts for one receipt are put before a person."""
    owner = view.payments.get(row.get("payment_id", ""))
    if owner is None or row.get("amount_kes") in (None, owner.get("paid_amount_kes")):
        return
    names = {each["type"] for each in view.events.get(owner["pk"].removeprefix("PAY#"), ())}
    asked = names & {"ReviewNeeded", "PaymentUnresolved"}
    require(bool(asked), "I14", f"{receipt}: two amounts, and nobody looks")


def _check_owner(world: SimulatedWorld, owner: Values, debit: Debit) -> None:
    """I15, I17: money of a prompt is its own payment's, other money that of whom it names."""
    payment_id = owner["pk"].removeprefix("PAY#")
    if not debit.checkout_request_id:
        check_paid_by_hand(world, owner, debit)
        return
    prompt = world.daraja.world.prompts[debit.checkout_request_id]
    own_id = urlsplit(prompt.order.callback_url).path.split("/")[-2]
    is_own = own_id == payment_id or _is_others_word(world, debit)
    require(is_own, "I17", f"{debit.receipt}: money of {own_id}, bound to {payment_id}")


def check_paid_by_hand(world: SimulatedWorld, payment: Values, debit: Debit) -> None:
    """I19: only a reference, a typed booking id or a person makes hand money a payment's."""
    payment_id = payment["pk"].removeprefix("PAY#")
    typed = debit.reference
    booked = payment.get("origin") == "paybill" and typed.strip() == payment["booking_id"]
    is_named = booked or names(typed, payment) or _is_others_word(world, debit)
    is_named = is_named or _own_was_given_away(world, payment)
    require(is_named, "I19", f"{payment_id}: holds {debit.receipt}, which names {typed}")
    # A callback tells of its own prompt's money, whatever receipt it names.
    exact = debit.amount_kes == payment["amount_kes"] or payment.get("proof") == "callback"
    exact = exact or _was_claimed_by_0_1_1(world.watch.view, debit.receipt, payment_id)
    require(exact or payment["status"] != "completed", "I3", f"{payment_id}: another amount")
    require(payment["status"] in MONEY, "I15", f"{payment_id}: holds money, {payment['status']}")


def _was_claimed_by_0_1_1(view: View, receipt: str, payment_id: str) -> bool:
    """Whether that release took a hint's receipt, without a source, and a person was told since."""
    row = view.rows.get(receipt, {"source": "none"})
    return "source" not in row and view.attention_was_raised(payment_id)


def _own_was_given_away(world: SimulatedWorld, payment: Values) -> bool:
    """Whether M-Pesa named another amount for the prompt's money, and a person booked it elsewhere.

    Money by hand of the price may then look like the prompt's; the other goes back.
    """
    own = world.daraja.ledger.by_checkout(payment.get("checkout_request_id", ""))
    if own is None:
        return False
    prompt = world.daraja.world.prompts[own.checkout_request_id]
    if not prompt.scenario.twin_is_other_amount:
        return False
    owner = world.watch.view.receipts.get(own.receipt)
    return owner not in (None, payment["pk"].removeprefix("PAY#"))


def _is_others_word(world: SimulatedWorld, debit: Debit) -> bool:
    """Whether a person said so, or a callback of M-Pesa's own may have named a wrong receipt."""
    prompts = world.daraja.prompts()
    lied = any("reused_receipt" in each.scenario.body_faults for each in prompts)
    return lied or debit.receipt in world.watch.attached


def names(typed: str, payment: Values) -> bool:
    """Whether a person who typed this meant this payment's reference."""
    reference = payment.get("account_reference")
    text = typed.strip().upper()
    return reference is not None and text[:-8] + text[-8:].replace("O", "0") == reference


def check_on_file(world: SimulatedWorld, receipt: str, payment_id: str) -> None:
    """I14: the second debit of a payment, where a witness named it, is on a row of its own."""
    if NAMING.isdisjoint(world.watch.heard.get(receipt, ())):
        return
    row = world.watch.view.rows.get(receipt)
    require(row is not None, "I14", f"{receipt}: a second receipt of {payment_id} on no row")
    world.note("second receipt filed")


def _check_bookings(world: SimulatedWorld, view: View) -> None:
    """I16: no debit confirms two bookings, and no booking is confirmed by two debits."""
    bookings: set[str] = set()
    receipts: set[str] = set()
    confirming: dict[str, str] = {}
    for payment_id, payment in view.payments.items():
        if payment["status"] != "completed":
            continue
        booking = payment["booking_id"]
        require(booking not in bookings, "I16", f"booking {booking}: confirmed twice")
        bookings.add(booking)
        debit = debit_of(world.daraja.ledger, payment)
        receipt = debit.receipt if debit is not None else bound_receipt(payment) or payment_id
        require(receipt not in receipts, "I16", f"{receipt}: confirms two bookings")
        receipts.add(receipt)
        confirming[bound_receipt(payment) or receipt] = payment_id
    for payment_id, payment in view.payments.items():
        other = confirming.get(bound_receipt(payment) or "")
        goes_back = payment["status"] == "refunded" or "refund" in payment
        if goes_back and other is not None:
            # A callback with another payment's receipt: a person reads of it when money goes back.
            raised = any(map(view.attention_was_raised, (payment_id, other)))
            require(raised, "I16", f"{payment_id}: returned, and the same money confirms a booking")
