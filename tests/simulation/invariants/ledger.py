"""What one committed step may do to a receipt's row: I14, I15, I20."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

from tools.deploy.releases import BRIDGE

from .view import MONEY, Values, View, require

if TYPE_CHECKING:
    from simulator.core.ledger import Debit, Ledger

    from ..scheduler import Actor

WITNESSES = frozenset({"callback", "c2b", "pull", "status", "operator"})
ONLY_WHILE_UNCLAIMED = frozenset(
    {
        "reference",
        "payer",
        "payer_hmac",
        "transaction_type",
        "created_at",
        "due_at",
        "open",
        "person",
    }
)


def bound_receipt(payment: Values) -> str | None:
    """The receipt that a witness bound to a payment, None where there is none."""
    receipt: str | None = payment.get("receipt_number")
    return receipt if payment.get("proof") in WITNESSES else None


def debit_of(ledger: Ledger, payment: Values) -> Debit | None:
    """The money behind a payment: its own prompt's, or else that of the receipt it holds.

    A callback tells of its own prompt's money, also where it names the receipt of other money.
    """
    prompted = ledger.by_checkout(payment.get("checkout_request_id", ""))
    receipt = bound_receipt(payment)
    bound = ledger.debits.get(receipt) if receipt is not None else None
    is_by_hand = bound is not None and not bound.checkout_request_id
    is_by_hand &= payment.get("proof") != "callback"
    return bound if is_by_hand or prompted is None else prompted


def check_row(old: Values | None, new: Values | None, actor: Actor | None) -> None:
    """One row, before and after one commit.

    A claim of 0.1.1 replaces the row of its own payment's receipt by one without facts.
    """
    if actor is not None and is_earlier(actor) and new is not None:
        owner = (old or {}).get("payment_id", new.get("payment_id"))
        require(owner == new.get("payment_id"), "I14", f"{new['pk']} changed hands")
        return
    by_person = actor is not None and actor.authority == "operator"
    if old is not None:
        pk, source = old["pk"], old.get("source")
        if new is None:
            typed = by_person and source == "operator"
            require(typed, "I14", f"{pk}: a receipt that a machine named disappeared")
            return
        owner = old.get("payment_id")
        require(owner in (None, new.get("payment_id")), "I14", f"{pk} changed hands")
        undone = "set_aside" in old and "set_aside" not in new
        require(by_person or not undone, "I14", f"{pk}: a machine undid what was set aside")
        filed_again = old.get("created_at") != new.get("created_at") and "created_at" in new
        require(by_person or not filed_again, "I14", f"{pk} was filed over")
        require(source in (None, new.get("source")), "I14", f"{pk}: its first witness changed")
    if new is None:
        return
    is_unclaimed = "payment_id" not in new and "set_aside" not in new
    left = ONLY_WHILE_UNCLAIMED & new.keys()
    require(is_unclaimed or not left, "I20", f"{new['pk']} still holds {sorted(left)}")
    require(not is_unclaimed or "person" in new, "I14", f"{new['pk']}: nobody sees that it waits")
    both = "payment_id" in new and "set_aside" in new
    require(not both, "I14", f"{new['pk']} is bound and set aside")


def what_became_of(old: Values | None, new: Values | None, actor: Actor | None) -> str:
    """One step of a row, in words that are counted."""
    was, now = (_state(each) for each in (old, new))
    is_own_prompt = (was, now) == ("unclaimed", "bound") and "reference" not in (old or {})
    by_look = is_own_prompt and actor is not None and actor.function == "cleanup"
    return "row: found its own prompt" if by_look else f"row: {was} -> {now}"


def _state(row: Values | None) -> str:
    if row is None:
        return "none"
    if "payment_id" in row:
        return "bound"
    return "set aside" if "set_aside" in row else "unclaimed"


def is_earlier(actor: Actor) -> bool:
    """Whether this is code of 0.1.1, of which three things are known that 0.2.0 does not do.

    It binds what a hint names, and replaces the row; `hakika upgrade` lists what it bound besides.
    It leaves a payment whose receipt is on an unclaimed row to 0.2.0. It cannot change a payment
    without a prompt (docs/upgrade.md).
    """
    return actor.release == BRIDGE


def cannot_write(actor: Actor, request: dict[str, Any]) -> bool:
    """Whether 0.1.1 writes an event without an account: the index by_reference takes no such key.

    Nothing is written then, and the caller gets an error.
    """
    puts = [each.get("Put", {}).get("Item", {}) for each in request.get("TransactItems", ())]
    has_no_account = any(item.get("account_reference") == {"S": ""} for item in puts)
    return is_earlier(actor) and has_no_account


def check_bound(view: View, claimed_blindly: Set[str] = frozenset()) -> None:
    """I15: a row is bound to a payment if and only if that payment holds the receipt as bound."""
    held = {
        receipt: payment_id
        for payment_id, payment in view.payments.items()
        if (receipt := bound_receipt(payment)) is not None and payment["status"] in MONEY
    }
    surplus = {receipt for receipt, owner in view.receipts.items() if held.get(receipt) != owner}
    agree = held.items() <= view.receipts.items() and surplus <= claimed_blindly
    require(agree, "I15", f"rows {view.receipts} are not what payments hold {held}")
