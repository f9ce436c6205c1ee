"""A receipt that an operator found on M-Pesa's statement."""

from dataclasses import replace

from payments.errors import ConflictError
from payments.protocol.case import Case
from payments.protocol.change import Change, HoldForReview
from payments.protocol.evidence import ReceiptFound
from payments.protocol.news import more_news
from payments.protocol.payment import UNPROVEN, PaymentStatus, Proof
from payments.protocol.report import of_statement
from payments.protocol.requirements import (
    require_free_receipt,
    require_named_amount,
    require_status,
)
from payments.protocol.result_codes import SUCCESS


def record_receipt(case: Case, found: ReceiptFound) -> Change:
    """Record a receipt from M-Pesa's statement: a payment that is paid lacks only this.

    Money that was not known goes to review. It may have been paid by hand while the prompt is open,
    so the locks stay until their deadline.
    Errors: ConflictError.
    """
    payment = case.payment
    require_free_receipt(case)
    require_named_amount(case, found.amount_kes)
    if not payment.may_yet_be_paid:
        return _add_receipt(case, found)
    require_status(payment, UNPROVEN - {PaymentStatus.DISPATCHING}, "record a receipt for")
    report = of_statement(found)
    after = replace(
        payment,
        status=PaymentStatus.REVIEW,
        proof=Proof.OPERATOR,
        receipt_number=found.receipt_number,
        receipt_pending=False,
        paid_amount_kes=found.amount_kes,
        transaction_at=found.transaction_at,
        result_code=SUCCESS,
        result_desc=report.description,
        failure_reason="recorded_from_statement",
        final_at=case.now,
        received_at=payment.received_at or case.now,
        hint=payment.hint_besides(found.receipt_number),
    )
    return case.step(
        after,
        schedules=True,
        consultation=HoldForReview() if case.is_active else None,
        claim=report.claim(case.context.receipt),
        by_operator=True,
    )


def _add_receipt(case: Case, found: ReceiptFound) -> Change:
    """Bind the receipt that a paid payment lacks; another amount than recorded raises attention.

    Errors: ConflictError where it has one.
    """
    payment = case.payment
    if payment.bound_receipt is not None:
        raise ConflictError(
            f"The payment has receipt {payment.bound_receipt}: it can have no other",
            code="has_receipt",
        )
    ruling = more_news(case, of_statement(found))
    if not isinstance(ruling, Change):
        raise ConflictError("The payment records this receipt already", code="has_receipt")
    return replace(ruling, by_operator=True)
