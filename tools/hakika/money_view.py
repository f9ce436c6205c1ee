"""What `hakika money` shows of a receipt, and what a person may do next."""

from typing import Any

from payments.protocol.receipts import ReceiptRow, RowState
from payments.store.receipt_claims import ReceiptClaim
from payments.usecases.propose_owner import Proposal
from payments.values import eat_iso

from tools.hakika import screen

WHY_PROPOSED = {
    "reference": "the payer typed its reference",
    "hint": "a callback from an unlisted address named this receipt for it",
    "booking_id": "the payer typed its number, and the amount is its price",
    "prompt_and_payer": "its prompt was open then, for this amount, on this payer's phone",
    "prompt": "its prompt was open then, for this amount",
    "claim": "its customer says that this receipt paid it",
}


def receipt_view(row: ReceiptRow) -> dict[str, Any]:
    return {
        "receipt_number": row.receipt_number,
        "state": str(row.state),
        "amount_kes": row.amount_kes,
        "amount_text": row.amount_text,
        "paid_at": eat_iso(row.paid_at),
        "named_by": str(row.source) if row.source else None,
        "payment_id": row.payment_id,
        "typed_account": row.reference,
        "payer": row.payer,
        "waits_since": eat_iso(row.created_at),
        "set_aside": str(row.set_aside) if row.set_aside else None,
        "set_aside_by": row.set_aside_by,
    }


def claim_view(claim: ReceiptClaim) -> dict[str, Any]:
    return {
        "payment_id": claim.payment_id,
        "receipt_number": claim.receipt_number,
        "claimed_at": eat_iso(claim.claimed_at),
    }


def proposal_view(proposal: Proposal) -> dict[str, Any]:
    payment, consultation = proposal.payment, proposal.consultation
    return {
        "payment_id": payment.payment_id if payment else None,
        "booking_id": payment.booking_id if payment else consultation and consultation.booking_id,
        "why": WHY_PROPOSED[proposal.reason],
    }


def next_steps(row: ReceiptRow, proposals: list[Proposal]) -> list[str]:
    number = row.receipt_number
    if row.state is RowState.BOUND:
        return [f"hakika payment show {row.payment_id}"]
    if row.state is RowState.SET_ASIDE:
        return [f"hakika money reopen {number}"]
    if row.amount_kes is None:
        recorded = [
            f"hakika record-receipt {proposal.payment.payment_id} --receipt {number} "
            f"--amount ... --at ...    ({WHY_PROPOSED[proposal.reason]})"
            for proposal in proposals
            if proposal.payment and row.may_be_of(proposal.payment.amount_kes)
        ]
        return [*recorded, f"hakika money set-aside {number} REASON"]
    steps = []
    for proposal in proposals:
        to = (
            f"--payment {proposal.payment.payment_id}"
            if proposal.payment
            else f"--booking {proposal.consultation.booking_id if proposal.consultation else ''}"
        )
        steps.append(f"hakika money attach {number} {to}    ({WHY_PROPOSED[proposal.reason]})")
    return [*steps, f"hakika money owe-back {number}", f"hakika money set-aside {number} REASON"]


def amount_text(row: ReceiptRow) -> str:
    return screen.kes(row.amount_kes) if row.amount_kes is not None else row.amount_text or "?"
