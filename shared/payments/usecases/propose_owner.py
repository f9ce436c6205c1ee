"""Proposes to a person what an unclaimed receipt may belong to; nothing is stored or decided."""

from collections.abc import Iterator
from dataclasses import dataclass

from payments.protocol.consultation import Consultation
from payments.protocol.matching import (
    booking_ids,
    may_be_paid_at,
    normalise_reference,
    payer_fits,
)
from payments.protocol.payment import Origin, Payment
from payments.protocol.policy import OWN_PROMPT_SLACK_SECONDS, PROMPTS_COMPARED_MAX
from payments.protocol.receipts import ReceiptRow
from payments.store.receipt_claims import ReceiptClaims
from payments.usecases.gather_facts import WINDOW_SECONDS
from payments.usecases.services import Services

PROPOSED_MAX = 20
"""The most payments that one reason proposes: their prompt's time, or what customers named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A payment or a booking that the money may belong to, and the reason to think so.

    Shape: exactly one of `payment` and `consultation` is set; `reason` is a code: `reference`,
        `hint`, `prompt_and_payer`, `prompt`, `booking_id`, `claim`.
    """

    reason: str
    payment: Payment | None = None
    consultation: Consultation | None = None


def propose_owners(services: Services, row: ReceiptRow, claims: ReceiptClaims) -> list[Proposal]:
    """Return what an unclaimed receipt may belong to, the strongest reason first.

    Errors: StoreUnavailableError.
    """
    found = [
        *_by_reference(services, row),
        *_by_hint(services, row),
        *_by_booking(services, row),
        *_by_time(services, row),
        *_by_claim(services, row, claims),
    ]
    unique: dict[str, Proposal] = {}
    for proposal in found:
        unique.setdefault(_key(proposal), proposal)
    return list(unique.values())


def _key(proposal: Proposal) -> str:
    if proposal.payment is not None:
        return f"payment {proposal.payment.payment_id}"
    return f"booking {proposal.consultation.booking_id if proposal.consultation else ''}"


def _by_reference(services: Services, row: ReceiptRow) -> Iterator[Proposal]:
    reference = normalise_reference(row.reference)
    for payment in services.ledger.payments_by_reference(reference) if reference else ():
        if payment.bound_receipt is None:
            yield Proposal(reason="reference", payment=payment)


def _by_hint(services: Services, row: ReceiptRow) -> Iterator[Proposal]:
    """Yield the payments for which a callback from an unlisted address named the receipt."""
    for payment in services.ledger.payments_by_hint(row.receipt_number):
        yield Proposal(reason="hint", payment=payment)


def _by_booking(services: Services, row: ReceiptRow) -> Iterator[Proposal]:
    """Yield the bookings whose number was typed, provided the amount is their price."""
    for booking_id in booking_ids(row.reference):
        consultation = services.store.get_consultation(booking_id)
        is_payable = consultation is not None and consultation.is_payable
        if consultation and is_payable and consultation.price_kes == row.amount_kes:
            yield Proposal(reason="booking_id", consultation=consultation)


def _by_time(services: Services, row: ReceiptRow) -> Iterator[Proposal]:
    """Yield prompts of this amount that were open when the money came, and lack a receipt.

    The payer's own come first, then the nearest in time.
    """
    paid_at = row.paid_at
    if row.amount_kes is None or paid_at is None:
        return
    created = services.ledger.payments_created(
        first=paid_at - WINDOW_SECONDS,
        last=paid_at + OWN_PROMPT_SLACK_SECONDS,
        is_of=row.may_be_of,
        most=PROMPTS_COMPARED_MAX,
    )
    fitting = [payment for payment in created or () if _may_be(payment, row)]
    fitting.sort(key=lambda each: (not _is_payers(each, row), abs(paid_at - each.created_at)))
    for payment in fitting[:PROPOSED_MAX]:
        reason = "prompt_and_payer" if _is_payers(payment, row) else "prompt"
        yield Proposal(reason=reason, payment=payment)


def _by_claim(services: Services, row: ReceiptRow, claims: ReceiptClaims) -> Iterator[Proposal]:
    """Yield the payments without a receipt whose customers named this one: the weakest reason."""
    named = dict.fromkeys(claim.payment_id for claim in claims.of_row(row))
    for payment in services.store.get_payments(list(named)[:PROPOSED_MAX]):
        if payment.bound_receipt is None:
            yield Proposal(reason="claim", payment=payment)


def _may_be(payment: Payment, row: ReceiptRow) -> bool:
    is_prompt = payment.origin is not Origin.PAYBILL and payment.bound_receipt is None
    is_payers = payer_fits(row.payer, row.payer_hmac, payment)
    return is_prompt and is_payers is not False and may_be_paid_at(row.paid_at, payment)


def _is_payers(payment: Payment, row: ReceiptRow) -> bool:
    return payer_fits(row.payer, row.payer_hmac, payment) is True
