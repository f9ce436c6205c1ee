"""What must hold before a person's decision is carried out."""

from collections.abc import Set as AbstractSet

from payments.errors import ConflictError
from payments.protocol.case import Case
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.receipts import RowState


def require_free_receipt(case: Case) -> None:
    """Refuse a receipt that is another payment's, or was set aside. Errors: ConflictError."""
    if case.receipt_is_anothers:
        raise ConflictError("That receipt belongs to another payment", code="receipt_bound")
    if not case.receipt_is_free:
        raise ConflictError(
            "That receipt has been set aside: reopen it first", code="receipt_set_aside"
        )


def require_named_amount(case: Case, amount_kes: int) -> None:
    """Refuse an amount that M-Pesa itself contradicts on the receipt's row. Errors: ConflictError.

    A row without any amount contradicts none, and one of two amounts neither: the person reads the
    true one from the statement.
    """
    row = case.context.receipt
    if row is None or row.state is not RowState.UNCLAIMED:
        return
    if not row.may_be_of(amount_kes):
        raise ConflictError(
            "That receipt is on file with another amount: look at it first",
            code="amount_contradicted",
        )


def require_status(payment: Payment, allowed: AbstractSet[PaymentStatus], what: str) -> None:
    """Refuse what this status does not allow. Errors: ConflictError."""
    if payment.status not in allowed:
        words = " or ".join(sorted(allowed))
        raise ConflictError(
            f"Cannot {what} a payment that is {payment.status}: it must be {words}",
            code="wrong_status",
        )
