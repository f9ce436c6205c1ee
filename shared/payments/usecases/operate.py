"""An operator's decisions about a payment, with the same rules and store as all evidence."""

from collections.abc import Callable

from payments.errors import ConflictError, NotFoundError, ProviderUnavailableError
from payments.ports import Actor
from payments.protocol.evidence import MoneyReturned, Operation, ReceiptFound, ReviewResolved
from payments.protocol.payment import Payment
from payments.protocol.receipts import RowState
from payments.usecases.apply_evidence import apply_evidence, preview_evidence
from payments.usecases.prompts_money import (
    require_not_anothers_money,
    require_not_hinted,
    tell_before_return,
    tell_hinted,
)
from payments.usecases.reconcile import ask_now
from payments.usecases.services import Services


def operate_on_payment(
    services: Services,
    payment_id: str,
    operation: Operation,
    *,
    shown_version: int,
    who: str,
    why: str,
    request_id: str,
) -> Payment:
    """Carry out an operator's decision; its event records who and why.

    It is carried out on the version that the operator was shown, or not at all.
    Errors: NotFoundError; ConflictError with a sentence that says why it cannot be, code
        `changed_meanwhile` where the payment has moved on.
    """
    payment = _read(services, payment_id)
    actor = Actor(by=f"operator:{who}", request_id=request_id, reason=why)
    return carry_out_operation(
        services, payment, operation, actor=actor, shown_version=shown_version
    )


def carry_out_operation(
    services: Services, payment: Payment, operation: Operation, *, actor: Actor, shown_version: int
) -> Payment:
    """Carry out a person's decision on the version that was shown, or not at all.

    Errors: ConflictError with a sentence that says why it cannot be.
    """
    _require_own_money(services, payment, operation)
    if isinstance(operation, MoneyReturned) and payment.version == shown_version:
        preview_evidence(services, payment, operation)
        tell_before_return(services, payment, actor=actor)
    after = apply_evidence(services, payment, operation, actor=actor, only_version=shown_version)
    typed = operation.receipt_number if isinstance(operation, _TYPES_RECEIPT) else None
    if typed is not None:
        tell_hinted(services, typed, actor=actor, besides=payment.payment_id)
    return after


def preview_operation(services: Services, payment: Payment, operation: Operation) -> Payment:
    """Return what the payment would become, and write nothing.

    Errors: ConflictError with a sentence that says why it cannot be.
    """
    _require_own_money(services, payment, operation)
    return preview_evidence(services, payment, operation)


def ask_about_payment(
    services: Services, payment_id: str, *, actor: Actor, remaining_seconds: Callable[[], float]
) -> Payment:
    """Ask Daraja about one payment now, whatever its schedule, and apply the answer.

    The query waits for the shared gate, and the rules for its answer are unchanged.
    Errors: NotFoundError; ConflictError where no query is possible; ProviderUnavailableError
        where Daraja gave no answer: the schedule then repeats the query.
    """
    payment = _read(services, payment_id)
    if not payment.may_yet_be_paid and payment.hint is None:
        raise ConflictError(
            f"Daraja has nothing to add: the payment is {payment.status}", code="already_settled"
        )
    if payment.checkout_id_to_ask is None:
        raise ConflictError(
            "Daraja cannot be asked: this payment has no CheckoutRequestID. Look for its "
            f"reference {payment.account_reference} on M-Pesa's statement",
            code="no_checkout_request_id",
        )
    after = ask_now(services, payment, actor=actor, remaining_seconds=remaining_seconds)
    if after is None:
        raise ProviderUnavailableError("no answer to the query")
    return after


def _require_own_money(services: Services, payment: Payment, operation: Operation) -> None:
    """Refuse a typed receipt that waits, or is on no row, and is another payment's money."""
    if not isinstance(operation, _TYPES_RECEIPT):
        return
    if operation.receipt_number is None or payment.bound_receipt is not None:
        return
    row = services.ledger.get_row(operation.receipt_number)
    if row is None:
        require_not_hinted(services, operation.receipt_number, besides=payment.payment_id)
    elif row.state is RowState.UNCLAIMED:
        said_kes = operation.amount_kes or row.amount_kes
        require_not_anothers_money(services, row, payment, amount_kes=said_kes)


_TYPES_RECEIPT = (ReceiptFound, ReviewResolved)


def _read(services: Services, payment_id: str) -> Payment:
    payment = services.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    return payment
