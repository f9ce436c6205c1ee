"""A payment as an operator sees it: plain values for JSON, phones masked unless asked for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from payments.daraja.wire import MalformedCallbackError, parse_callback
from payments.protocol.consultation import BookingStatus, Consultation
from payments.protocol.payment import Payment, PaymentStatus, Proof, RefundStep
from payments.protocol.refund_steps import UNRESOLVED
from payments.store.history import Event, FiledCallback
from payments.store.receipt_claims import ReceiptClaim
from payments.values import eat_iso, mask_checkout_request_id, mask_phone

PROOF_WORDS = {
    Proof.CALLBACK: "an authentic callback",
    Proof.C2B: "M-Pesa's confirmation (C2B)",
    Proof.PULL: "M-Pesa's list of transactions (Pull)",
    Proof.STATUS: "M-Pesa's answer about the receipt (Transaction Status)",
    Proof.HINT: "a callback from an unlisted address, and Daraja's agreeing answer",
    Proof.QUERY: "Daraja's answer to our query alone",
    Proof.PUSH: "Daraja's answer to the push",
    Proof.CLEANUP: "our own decision that waiting is over",
    Proof.OPERATOR: "an operator's word",
}


REVIEW_WORDS = {
    "amount_differs": "Another amount was paid than was asked.",
    "amount_missing": "M-Pesa's success names no amount.",
    "receipt_missing": "M-Pesa's success names no receipt.",
    "price_changed": "The price of the consultation changed after the prompt.",
    "client_changed": "The consultation belongs to another client than the one who paid.",
    "receipt_bound_elsewhere": "Its receipt belongs to another payment.",
    "receipt_set_aside": "Its receipt was set aside by a person.",
    "amount_contradicted": "Two messages name its receipt with different amounts.",
    "recorded_from_statement": "An operator found the money on M-Pesa's statement.",
}
"""What a review's failure_reason means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a payment's timeline. Units: UTC epoch seconds."""

    at: int
    what: str
    by: str = ""
    detail: str = ""
    is_ahead: bool = False


def payment_view(payment: Payment, *, reveals_phone: bool) -> dict[str, Any]:
    """Return what is known of a payment; never its token's digest."""
    checkout_id = payment.checkout_request_id
    return {
        "payment_id": payment.payment_id,
        "status": str(payment.status),
        "public_status": payment.public_status,
        "attention": payment.attention,
        "booking_id": payment.booking_id,
        "client_id": payment.client_id,
        "phone_number": phone_text(payment, reveals_phone=reveals_phone),
        "amount_kes": payment.amount_kes,
        "paid_amount_kes": payment.paid_amount_kes,
        "receipt_number": payment.receipt_number,
        "receipt_pending": payment.receipt_pending,
        "account_reference": payment.account_reference,
        "result_code": payment.result_code,
        "result_desc": payment.result_desc,
        "failure_reason": payment.failure_reason,
        "proof": str(payment.proof) if payment.proof else None,
        "checkout_request_id": (
            checkout_id if reveals_phone else mask_checkout_request_id(checkout_id)
        ),
        "merchant_request_id": payment.merchant_request_id,
        "created_at": eat_iso(payment.created_at),
        "accepted_at": eat_iso(payment.accepted_at),
        "transaction_at": eat_iso(payment.transaction_at),
        "final_at": eat_iso(payment.final_at),
        "prompt_until": eat_iso(payment.locked_until),
        "next_look_at": eat_iso(payment.due_at),
        "version": payment.version,
    }


def phone_text(payment: Payment, *, reveals_phone: bool) -> str | None:
    """Return the phone that was prompted, masked unless it may be shown; None without a prompt."""
    if payment.phone_number is None or reveals_phone:
        return payment.phone_number
    return mask_phone(payment.phone_number)


def timeline(
    payment: Payment,
    events: Sequence[Event],
    callbacks: Sequence[FiledCallback],
    claims: Sequence[ReceiptClaim] = (),
) -> list[Moment]:
    """Return what happened and what comes next, in order."""
    moments = [Moment(at=payment.created_at, what="reserved", detail="booking and phone are held")]
    if payment.accepted_at is not None:
        moments.append(
            Moment(at=payment.accepted_at, what="accepted", detail="Daraja took the push")
        )
    if payment.transaction_at is not None:
        receipt = payment.receipt_number or "no receipt yet"
        moments.append(Moment(at=payment.transaction_at, what="paid, says M-Pesa", detail=receipt))
    if payment.hint is not None:
        said = f"says code {payment.hint.result.code}; waits for Daraja's own answer"
        moments.append(Moment(at=payment.hint.received_at, what="hint received", detail=said))
    moments += [_of_event(event) for event in events]
    moments += [_of_callback(callback) for callback in callbacks]
    moments += [
        Moment(
            at=claim.claimed_at,
            what="receipt named",
            by="customer",
            detail=f"{claim.receipt_number}: see hakika money show",
        )
        for claim in claims
    ]
    if payment.due_at is not None:
        moments.append(Moment(at=payment.due_at, what="next look", is_ahead=True))
    return sorted(moments, key=lambda moment: (moment.is_ahead, moment.at))


def why_a_person(
    payment: Payment, events: Sequence[Event], consultation: Consultation | None
) -> str:
    """Say in one sentence why this money waits for a person; "" where it does not."""
    reason = payment.failure_reason or ""
    if payment.status is PaymentStatus.REVIEW:
        return REVIEW_WORDS.get(reason, reason)
    if payment.status is not PaymentStatus.REFUND_DUE:
        return ""
    decided = [event for event in events if event.status == payment.status]
    event = decided[0] if decided else None
    is_cancelled = event is not None and event.from_status == PaymentStatus.COMPLETED
    if event is not None and event.by.startswith("operator:"):
        who = event.by.removeprefix("operator:")
        did = "cancelled the paid consultation" if is_cancelled else "decided to give it back"
        return f"{who} {did}: {event.reason}"
    if is_cancelled:
        return "The booking system cancelled the paid consultation."
    return f"The money arrived, but {_why_unpayable(payment, consultation)}."


def _why_unpayable(payment: Payment, consultation: Consultation | None) -> str:
    if consultation is None:
        return "the consultation is not known"
    if consultation.paid_payment_id not in (None, payment.payment_id):
        return f"payment {consultation.paid_payment_id} had already paid the consultation"
    if consultation.status is BookingStatus.CANCELLED:
        return "the consultation was cancelled"
    return "the consultation could not be paid at that moment"


def what_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name what differs between two views of one thing: `status review -> completed`."""
    differing = [
        f"{name} {_shown(before.get(name))} -> {_shown(now.get(name))}"
        for name in now
        if name != "version" and before.get(name) != now.get(name)
    ]
    return "; ".join(differing) or "facts that are not listed"


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def next_steps(payment: Payment, review_steps: Sequence[str]) -> list[str]:
    """Return what a person can do about it, commands included; empty where nothing is needed.

    `review_steps` are those of a payment in review, from `verdicts.review_steps`.
    """
    name = payment.payment_id
    steps: list[str] = []
    match payment.status:
        case PaymentStatus.REVIEW:
            steps = [*review_steps]
        case PaymentStatus.REFUND_DUE:
            steps = _refund_steps(payment)
        case PaymentStatus.UNKNOWN | PaymentStatus.DISPATCHING:
            reference = payment.account_reference or name
            steps = [
                f"Look for {reference} on M-Pesa's statement. If it is there:",
                f"hakika record-receipt {name} --receipt ... --amount ... --at ...",
            ]
        case PaymentStatus.PENDING | PaymentStatus.FAILED | PaymentStatus.CANCELLED:
            steps = [
                "If the customer says it was paid, ask Daraja, then look at M-Pesa's statement:",
                f"hakika reconcile now {name}",
                f"hakika record-receipt {name} --receipt ... --amount ... --at ...",
            ]
        case PaymentStatus.COMPLETED | PaymentStatus.REFUNDED if payment.bound_receipt is None:
            steps = [
                "Its receipt is not known for certain. If it is on M-Pesa's statement:",
                f"hakika record-receipt {name} --receipt ... --amount ... --at ...",
            ]
        case PaymentStatus.COMPLETED | PaymentStatus.REFUNDED:
            pass
    if payment.attention not in (None, UNRESOLVED):  # a refund without an answer is settled first
        steps += ["Once it has been looked into:", f"hakika attention clear {name}"]
    return steps


def _refund_steps(payment: Payment) -> list[str]:
    """Return what a person can do about owed money."""
    name, refund = payment.payment_id, payment.refund
    if refund is not None and refund.step is RefundStep.SENT:
        return [
            "M-Pesa has the refund. If it says nothing for 24 hours, look at its statement, then:",
            f"hakika refund settle {name} reversed",
            f"hakika refund settle {name} not-reversed",
        ]
    if refund is not None and refund.step is RefundStep.REQUESTED:
        return [
            "Another person approves the refund at the desk. To take the request back:",
            f"hakika refund withdraw {name}",
            "If the money went back on the M-Pesa portal instead:",
            f"hakika refund mark {name}",
        ]
    return [
        "Owed back. Where an initiator is configured, request the refund:",
        f"hakika refund request {name}",
        "Otherwise send the money on the M-Pesa portal, then:",
        f"hakika refund mark {name}",
    ]


def _of_event(event: Event) -> Moment:
    said = [event.reason, f"code {event.result_code}" if event.result_code else ""]
    said.append(f"attention: {event.attention}" if event.attention else "")
    detail = "; ".join(part for part in said if part)
    return Moment(
        at=int(datetime.fromisoformat(event.occurred_at).timestamp()),
        what=event.type,
        by=event.by,
        detail=detail,
    )


def _of_callback(callback: FiledCallback) -> Moment:
    """The body may hold a phone number; only the parsed facts are shown."""
    try:
        facts = parse_callback(callback.body.encode())
    except MalformedCallbackError:
        said = f"cannot be understood, {len(callback.body)} characters"
    else:
        amount = f"KES {facts.amount_kes:,}" if facts.amount_kes else "no amount"
        said = f"code {facts.code}, {amount}, {facts.receipt_number or 'no receipt'}"
    return Moment(
        at=callback.received_at,
        what="callback kept",
        by=f"sha256 {callback.digest[:8]}",
        detail=said,
    )


def callback_body(callback: FiledCallback) -> Any:
    """Return a kept body as JSON where it is JSON, else its text; it may hold a phone number."""
    try:
        return json.loads(callback.body)
    except ValueError:
        return callback.body
