"""What one committed step may do to a payment: I2, I4, I7, I8, I9, I11, and its integrity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ledger import WITNESSES, bound_receipt
from .view import FINAL_EVENT, MONEY, OPEN, RANK, Values, View, require

if TYPE_CHECKING:
    from ..scheduler import Actor

IMMUTABLE = (
    "reserved_by",
    "booking_id",
    "client_id",
    "phone_number",
    "origin",
    "amount_kes",
    "account_reference",
    "created_at",
    "prompt_until",
    "token_sha256",
)
OPERATORS = frozenset(
    {
        ("review", "failed"),
        ("review", "completed"),
        ("review", "refund_due"),
        ("refund_due", "refunded"),
        ("unknown", "review"),
        ("pending", "review"),
        ("failed", "review"),
        ("cancelled", "review"),
    }
)
AUTOMATIC_FINAL = frozenset({"review", "refund_due", "refunded"})
LOOKS_ONLY = frozenset({"version", "op_ids", "due_at", "open", "hastened_at"})
"""What an input without authority may change: the time of the next look."""
HINTS_ONLY = LOOKS_ONLY | {"hint", "evidence_heads", "attention", "person"}
NEVER = 9_999_999_999
QUARTER_HOUR_SECONDS, DAY_SECONDS, TEN_MINUTES_SECONDS = 900, 86_400, 600


def check_creation(
    new: Values, payments: dict[str, Values], before: Values | None, actor: Actor | None
) -> None:
    """A reservation: the intent, written ahead, on terms that were good at that moment."""
    payment_id, now = new["pk"], new["created_at"]
    if new.get("origin") == "paybill":
        _check_opening(new, before, by_operator=_is_operator(actor))
        return
    require(new["status"] == "dispatching", "I9", f"{payment_id} was born {new['status']}")
    require(before is not None, "I11", f"{payment_id} pays for a consultation that is not there")
    assert before is not None
    own = before["client_id"] == new["client_id"]
    require(own, "I11", f"{payment_id} is for another client's consultation")
    require(before["price_kes"] == new["amount_kes"], "I3", f"{payment_id} asks another price")
    payable = before["status"] == "Pending" and before["payment_status"] != "Paid"
    require(payable, "I3", f"{payment_id} reserved a consultation that is not payable")
    lock_until = before.get("lock_until", 0)
    require(lock_until <= now, "I1", f"{payment_id} reserved a booking locked until {lock_until}")
    _check_counts(new, payments, now)


def _is_operator(actor: Actor | None) -> bool:
    return actor is not None and actor.authority == "operator"


def _check_opening(new: Values, before: Values | None, *, by_operator: bool) -> None:
    """A hand payment: I3, I19: exact money for a booking that could be paid, by a receipt.

    A person may also owe money back that no booking is for.
    """
    payment_id = new["pk"]
    require(bound_receipt(new) is not None, "I19", f"{payment_id} was opened without a receipt")
    if by_operator and new["status"] == "refund_due":
        return
    require(new["status"] == "completed", "I19", f"{payment_id} was opened {new['status']}")
    check_payable(new, before)
    assert before is not None
    exact = before["price_kes"] == new["amount_kes"] == new["paid_amount_kes"]
    require(exact, "I3", f"{payment_id}: opened with another amount than the price")
    own = before["client_id"] == new["client_id"]
    require(own, "I3", f"{payment_id}: opened for another client")


def _check_counts(new: Values, payments: dict[str, Values], now: int) -> None:
    """I13, and the limit per user, from every payment there is."""
    prompted = [each for each in payments.values() if each.get("origin") != "paybill"]
    others = [each for each in prompted if each["pk"] != new["pk"]]
    by_phone = [o["created_at"] for o in others if o["phone_number"] == new["phone_number"]]
    by_user = [o["created_at"] for o in others if o["client_id"] == new["client_id"]]
    for times, window, most, whose in (
        (by_phone, QUARTER_HOUR_SECONDS, 3, "phone in 15 minutes"),
        (by_phone, DAY_SECONDS, 10, "phone in a day"),
        (by_user, TEN_MINUTES_SECONDS, 5, "user in 10 minutes"),
    ):
        recent = sum(1 for at in times if at > now - window)
        require(recent < most, "I13", f"more than {most} prompts per {whose}")


def check_change(old: Values, new: Values, actor: Actor | None, step: list[Values]) -> None:
    """One payment, before and after one commit; `step` are the events of the same commit."""
    payment_id = new["pk"]
    require(new.get("version") == old["version"] + 1, "I4", f"{payment_id}: version out of step")
    for name in IMMUTABLE:
        require(new.get(name) == old.get(name), "I2", f"{payment_id}: {name} changed")
    by_operator = _is_operator(actor)
    was, now = old["status"], new["status"]
    if was != now:
        returned = (was, now) == ("refund_due", "refunded")  # on whose word: invariants/refunds.py
        rises = RANK[now] > RANK[was] and (was not in AUTOMATIC_FINAL or returned)
        allowed = by_operator and (was, now) in OPERATORS
        require(rises or allowed, "I4", f"{payment_id}: {was} -> {now}")
    _check_identifiers(old, new, by_operator=by_operator)
    _check_events(old, new, step)
    _check_authority(old, new, actor)


def _check_identifiers(old: Values, new: Values, *, by_operator: bool) -> None:
    payment_id = new["pk"]
    was, now = old.get("checkout_request_id"), new.get("checkout_request_id")
    if was is not None and was != now:
        wins = now is not None and old.get("checkout_source") != "push"
        require(wins, "I2", f"{payment_id}: its CheckoutRequestID was overwritten")
        require(new.get("attention") is not None, "I2", f"{payment_id}: another id, no alarm")
    was, now = old.get("receipt_number"), new.get("receipt_number")
    if was is not None and was != now:
        given_up = by_operator and now is None
        is_stronger = old.get("proof") in ("hint", "query") and new.get("proof") in WITNESSES
        replaced = now is not None and is_stronger
        require(given_up or replaced, "I2", f"{payment_id}: its receipt changed")


def _check_events(old: Values, new: Values, step: list[Values]) -> None:
    """I7: a final transition and an attention each have their event, in the same commit."""
    payment_id = new["pk"]
    mine = {each["type"]: each for each in step if each["pk"] == payment_id}
    if new["status"] != old["status"] and new["status"] in FINAL_EVENT:
        expected = FINAL_EVENT[new["status"]]
        require(expected in mine, "I7", f"{payment_id}: {new['status']} without {expected}")
    attention = new.get("attention")
    if attention is not None and attention != old.get("attention"):
        require("PaymentUnresolved" in mine, "I7", f"{payment_id}: {attention} without its event")
    for event in mine.values():
        key = f"EVENT#{new['version']:06d}#{event['type']}"
        require(event["sk"] == key, "I7", f"{payment_id}: {event['sk']} is not {key}")
        named = event["dedupe_id"] == f"{event['pk']}#{event['sk']}"
        require(named, "I7", f"{payment_id}: the dedupe id is not the event's own")
        happened = (
            FINAL_EVENT.get(new["status"]) == event["type"] and new["status"] != old["status"]
        ) or event["type"] not in FINAL_EVENT.values()
        require(happened, "I7", f"{payment_id}: {event['type']} without its transition")


def _check_authority(old: Values, new: Values, actor: Actor | None) -> None:
    """I11: who has no authority changes the time of the next look, and nothing else."""
    allowed = {"none": frozenset[str](), "looks": LOOKS_ONLY, "hint": HINTS_ONLY}.get(
        actor.authority if actor else "full"
    )
    if allowed is None:
        return
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    require(changed <= allowed, "I11", f"{new['pk']}: an intruder changed {changed - allowed}")


def check_state(view: View, payment: Values) -> None:
    """What must be true of a payment as it stands: I2, I3, I8."""
    payment_id = payment["pk"].removeprefix("PAY#")
    for name in ("status", "version", "created_at", "amount_kes", "booking_id"):
        require(name in payment, "I2", f"{payment_id}: a ghost without {name}")
    consultation = view.consultations.get(payment["booking_id"])
    if payment["status"] == "completed":
        confirmed = (
            consultation is not None
            and consultation["status"] == "Confirmed"
            and consultation.get("paid_payment_id") == payment_id
        )
        require(
            confirmed, "I2", f"{payment_id}: completed, its consultation is not Confirmed by it"
        )
    receipt = bound_receipt(payment)
    if receipt is not None and payment["status"] in MONEY:
        owner = view.receipts.get(receipt)
        require(owner == payment_id, "I8", f"{payment_id}: its receipt is claimed by {owner}")
    if payment["status"] in OPEN:
        require("due_at" in payment, "I5", f"{payment_id}: open, and nobody will look at it")


def check_terms(old: Values, new: Values, consultation: Values | None, now: float) -> None:
    """What the protocol asks of a landing besides: who may be believed when, what stays locked."""
    payment_id = new["pk"].removeprefix("PAY#")
    if new["status"] == "failed" and new.get("proof") == "query":
        patient = now >= new["prompt_until"]
        require(
            patient, "I1", f"{payment_id}: a query's failure believed while a prompt may be open"
        )
    if new["status"] == "completed" and new.get("proof") in ("callback", "hint"):
        named = new.get("paid_amount_kes") == new["amount_kes"] and "receipt_number" in new
        require(named, "I3", f"{payment_id}: completed on a word without exact amount and receipt")
    if consultation is None:
        return
    holds = consultation.get("active_payment_id") == payment_id
    if new["status"] == "review" and holds:
        locked = consultation.get("lock_until") == NEVER
        require(locked, "I1", f"{payment_id}: in review, and the booking can be paid again")
    if new["status"] == "refund_due" and old["status"] not in ("review", "completed"):
        payable = consultation["status"] == "Pending" and consultation["payment_status"] != "Paid"
        require(not payable, "I2", f"{payment_id}: owed back, though its booking could be paid")


def check_payable(payment: Values, before: Values | None) -> None:
    """I3: only a booking that could still be paid is confirmed; other money is owed back."""
    payable = (
        before is not None and before["status"] == "Pending" and before["payment_status"] != "Paid"
    )
    require(payable, "I3", f"{payment['pk']}: completed for a booking that could not be paid")


def check_consultation(view: View, booking_id: str, consultation: Values) -> None:
    """I3 and I10 as they stand."""
    require("client_id" in consultation, "I10", f"consultation {booking_id} is a ghost")
    active = consultation.get("active_payment_id")
    if active is not None:
        payment = view.payments.get(active)
        good = (
            payment is not None
            and payment["booking_id"] == booking_id
            and (payment["status"] in OPEN or payment["status"] == "review")
        )
        require(good, "I10", f"consultation {booking_id}: active names a payment that is over")
    runs = consultation["payment_status"] != "Pending" or active is not None
    require(runs, "I10", f"consultation {booking_id}: Pending, and no payment runs")
    if consultation["status"] == "Confirmed":
        paid = view.payments.get(consultation.get("paid_payment_id", ""))
        exact = (
            paid is not None
            and paid["status"] == "completed"
            and paid["amount_kes"] == consultation["price_kes"]
            and (_is_paid_exactly(paid) or _is_contradicted(view, paid))
        )
        require(exact, "I3", f"consultation {booking_id}: Confirmed without exact money behind it")
        is_payers = paid is not None and paid["client_id"] == consultation["client_id"]
        require(is_payers, "I3", f"consultation {booking_id}: Confirmed by another client's money")


def _is_paid_exactly(paid: Values) -> bool:
    return bool(paid.get("paid_amount_kes", paid["amount_kes"]) == paid["amount_kes"])


def _is_contradicted(view: View, paid: Values) -> bool:
    """A hint or a query said paid, and a later callback named another amount: a person looks."""
    return view.attention_was_raised(paid["pk"].removeprefix("PAY#"))
