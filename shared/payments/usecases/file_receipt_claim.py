"""Files the receipt that a customer names with "I have paid": a note for people, no evidence."""

from payments.errors import ClaimLimitError, InvalidRequestError, NotFoundError
from payments.protocol.policy import DAY_SECONDS
from payments.store.receipt_claims import Filed, ReceiptClaims
from payments.usecases.services import Services
from payments.values import EAT, normalise_receipt, require_payment_id


def file_receipt_claim(
    services: Services,
    claims: ReceiptClaims,
    payment_id: str,
    receipt_number: object,
    *,
    client_id: str,
) -> None:
    """File a receipt for the caller's own payment; the payment and the receipt stay as they are.

    Nothing depends on whether the receipt is known, so that nobody can try receipts out.
    Errors: InvalidRequestError; NotFoundError, also where the payment is another caller's;
        ClaimLimitError; StoreUnavailableError.
    """
    number = normalise_receipt(receipt_number)
    if number is None:
        raise InvalidRequestError(
            "receipt_number must be the code of 8 to 16 letters and digits in the M-PESA SMS",
            code="invalid_receipt_number",
        )
    payment = services.store.get_payment(require_payment_id(payment_id))
    if payment is None or payment.client_id != client_id:
        raise NotFoundError("Payment not found", code="payment_not_found")
    now = services.now()
    filed = claims.file(
        payment.payment_id, number, client_id=client_id, now=now, op_id=services.ids.hex(32)
    )
    match filed:
        case Filed.KEPT:
            services.observer.noted("receipt claimed", payment_id=payment.payment_id)
        case Filed.PAYMENT_IS_FULL:
            raise ClaimLimitError("Enough codes were sent for this payment. We are checking them")
        case Filed.DAY_IS_FULL:
            raise ClaimLimitError(
                "Too many codes were sent today. Please try again tomorrow",
                retry_after_seconds=_seconds_to_midnight(now),
            )


def _seconds_to_midnight(now: int) -> int:
    """Return for how long the EAT day lasts."""
    return DAY_SECONDS - (now + int(EAT.utcoffset(None).total_seconds())) % DAY_SECONDS
