"""Reads what the matching ladder needs, and no more than the rung that decides."""

from collections.abc import Iterator, Sequence

from payments.protocol.evidence import MoneySeen
from payments.protocol.matching import (
    Facts,
    OwnPrompts,
    booking_ids,
    is_candidate,
    normalise_reference,
)
from payments.protocol.payment import Payment
from payments.protocol.policy import OWN_PROMPT_SLACK_SECONDS
from payments.protocol.receipts import ReceiptRow
from payments.protocol.rules import PaybillAccount
from payments.usecases.services import Services

WINDOW_SECONDS = 900
"""How long before its money a payment may have been created: longer than any prompt lives."""


def gather_facts(services: Services, money: MoneySeen, *, is_look: bool) -> Facts:
    """Return the payments and bookings that the money may belong to, read strongly.

    Errors: StoreUnavailableError.
    """
    reference = normalise_reference(money.reference)
    by_reference = services.ledger.payments_by_reference(reference) if reference else []
    if by_reference:
        return Facts(by_reference=by_reference)
    if is_look and not money.reference:
        return Facts(own_prompts=_own_prompts(services, money))
    if services.rules.paybill_account is PaybillAccount.OFF or money.amount_kes is None:
        return Facts()
    found = (services.store.get_consultation(form) for form in booking_ids(money.reference))
    return Facts(consultations=[consultation for consultation in found if consultation])


def _own_prompts(services: Services, money: MoneySeen) -> OwnPrompts | None:
    """Read the prompts of the receipt's time; those that are not proven are asked about now."""
    if money.paid_at is None or money.amount_kes is None:
        return None
    window = max(services.policy.lock_seconds, WINDOW_SECONDS) + OWN_PROMPT_SLACK_SECONDS
    candidates = services.ledger.payments_created(
        first=money.paid_at - window,
        last=money.paid_at + OWN_PROMPT_SLACK_SECONDS,
        is_of=lambda amount_kes: amount_kes == money.amount_kes,
    )
    for payment in candidates or ():
        if payment.may_yet_be_paid and is_candidate(money, payment):
            services.store.hasten(payment, op_id=services.ids.hex(32), now=services.now())
    if not services.rules.is_pulled:
        return None
    covered = services.ledger.pull_coverage()
    unclaimed = services.ledger.unclaimed_rows()
    if unclaimed is not None:
        unclaimed += _rows_of_older_versions(services, candidates or ())
    return OwnPrompts(candidates=candidates, unclaimed=unclaimed, covered=covered)


def _rows_of_older_versions(
    services: Services, candidates: Sequence[Payment]
) -> Iterator[ReceiptRow]:
    """Yield the rows that release 0.1.1 bound for a hint: they may be the prompt's money, too."""
    shown = {
        payment.receipt_number: payment.payment_id
        for payment in candidates
        if payment.receipt_number is not None and payment.bound_receipt is None
    }
    for number, row in services.ledger.get_rows(list(shown)).items() if shown else ():
        if row.source is None and row.payment_id == shown[number]:
            yield row
