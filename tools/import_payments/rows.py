"""One CSV row of the earlier integration -> one payment of ours, and the consultation it paid.

Source: the column names of the earlier `payments` table, docs/migration.md.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from payments.errors import InvalidRequestError
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.result_codes import SUCCESS
from payments.values import (
    CHECKOUT_REQUEST_ID,
    EAT,
    RECEIPT_NUMBER,
    account_reference,
    normalise_booking_id,
    normalise_phone,
    sha256_hex,
    whole_kes,
)

COLUMNS = (
    "id",
    "user_id",
    "consultation_id",
    "phone_number",
    "amount",
    "status",
    "checkout_request_id",
    "merchant_request_id",
    "mpesa_receipt_number",
    "result_code",
    "result_desc",
    "created_at",
    "transaction_date",
)
STATUSES = {
    "completed": PaymentStatus.COMPLETED,
    "failed": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.CANCELLED,
    "pending": PaymentStatus.PENDING,
}
NO_PHONE_HMAC = "0" * 32
"""Imported payments hold no phone: their prompts closed long ago."""


class RowError(ValueError):
    """A row that cannot be imported; the message names the column and quotes no phone."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a row becomes; a consultation only where it was paid."""

    payment: Payment
    consultation: Consultation | None


def read_row(row: Mapping[str, str], *, now: int) -> Imported:
    """Return what a row becomes.

    Idempotent: the payment_id is derived from the row's id, so the same row is the same payment.
    Errors: RowError.
    """
    status = STATUSES.get(row["status"].strip().lower())
    if status is None:
        raise RowError(f"status must be one of {', '.join(STATUSES)}")
    payment = _payment(row, status, now=now)
    is_paid = status is PaymentStatus.COMPLETED
    if is_paid and payment.receipt_number is None:
        raise RowError("mpesa_receipt_number is missing on a completed payment")
    return Imported(payment, _consultation(payment) if is_paid else None)


def payment_id_of(row_id: str) -> str:
    """Return the payment_id of an earlier payment."""
    return hashlib.sha256(f"import:{row_id}".encode()).hexdigest()[:32]


def _payment(row: Mapping[str, str], status: PaymentStatus, *, now: int) -> Payment:
    row_id = _required(row, "id")
    payment_id = payment_id_of(row_id)
    op_id = hashlib.sha256(f"import-op:{row_id}".encode()).hexdigest()[:32]
    created_at = _moment(row, "created_at")
    is_paid = status is PaymentStatus.COMPLETED
    amount_kes = _amount(row)
    checkout_id = _matching(row, "checkout_request_id", CHECKOUT_REQUEST_ID)
    waits = status is PaymentStatus.PENDING
    if waits and checkout_id is None:
        raise RowError("checkout_request_id is missing on a pending payment")
    return Payment(
        payment_id=payment_id,
        status=status,
        version=1,
        op_ids=(op_id,),
        reserved_by=op_id,
        booking_id=_checked(
            "consultation_id", lambda: normalise_booking_id(row["consultation_id"])
        ),
        client_id=_required(row, "user_id")[:64],
        phone_number=_checked("phone_number", lambda: normalise_phone(row["phone_number"])),
        phone_hmac=NO_PHONE_HMAC,
        amount_kes=amount_kes,
        account_reference=account_reference(requested="", payment_id=payment_id),
        requested_reference="",
        transaction_desc="",
        token_sha256=sha256_hex(f"no callback can match:{payment_id}"),
        body_sha256=sha256_hex(row_id),
        created_at=created_at,
        locked_until=created_at,
        holds_locks=False,
        checkout_request_id=checkout_id,
        checkout_source=Proof.PUSH if checkout_id else None,
        merchant_request_id=_matching(row, "merchant_request_id", CHECKOUT_REQUEST_ID),
        proof=Proof.CALLBACK if is_paid else None,
        receipt_number=_matching(row, "mpesa_receipt_number", RECEIPT_NUMBER) if is_paid else None,
        paid_amount_kes=amount_kes if is_paid else None,
        result_code=SUCCESS if is_paid else row["result_code"].strip()[:24] or None,
        result_desc=row["result_desc"].strip()[:60] or None,
        transaction_at=_moment(row, "transaction_date") if row["transaction_date"] else None,
        final_at=None if waits else created_at,
        due_at=now if waits else None,
    )


def _consultation(payment: Payment) -> Consultation:
    return Consultation(
        booking_id=payment.booking_id,
        client_id=payment.client_id,
        price_kes=payment.amount_kes,
        status=BookingStatus.CONFIRMED,
        payment_status=ConsultationPaymentStatus.PAID,
        paid_payment_id=payment.payment_id,
    )


def _required(row: Mapping[str, str], column: str) -> str:
    value = row[column].strip()
    if not value:
        raise RowError(f"{column} is missing")
    return value


def _amount(row: Mapping[str, str]) -> int:
    amount_kes = whole_kes(row["amount"].strip())
    if amount_kes is None:
        raise RowError("amount is not a whole number of KES")
    return amount_kes


def _matching(row: Mapping[str, str], column: str, pattern: re.Pattern[str]) -> str | None:
    value = row[column].strip()
    if value and pattern.match(value) is None:
        raise RowError(f"{column} is not of its form")
    return value or None


def _moment(row: Mapping[str, str], column: str) -> int:
    """Read ISO 8601; a time without a zone is EAT, as the earlier integration wrote it."""
    try:
        moment = datetime.fromisoformat(_required(row, column))
    except ValueError as error:
        raise RowError(f"{column} is not an ISO 8601 time") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=EAT)).timestamp())


def _checked(column: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except InvalidRequestError as error:
        raise RowError(f"{column} is not of its form") from error
