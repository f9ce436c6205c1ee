"""A paybill payment: made for money that was paid by hand, together with its receipt."""

import hashlib
from dataclasses import dataclass, replace

from payments.errors import ConflictError
from payments.protocol.change import STATUS_EVENT, EventType
from payments.protocol.consultation import Consultation
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import WITNESSES, Origin, Payment, PaymentStatus
from payments.protocol.receipts import Claim, ClaimRule
from payments.protocol.report import of_money
from payments.protocol.result_codes import SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One atomic write: a payment that did not exist, its receipt, and the booking it confirms.

    Shape: a completed payment confirms its booking, in the state and for the client as read; a
        payment that is refund_due touches none.
    Errors: ValueError where it breaks a rule of the protocol: a defect in the code.
    """

    payment: Payment
    claim: Claim
    events: tuple[EventType, ...]

    def __post_init__(self) -> None:
        """Refuse a payment that no rule of the protocol allows."""
        payment, claim = self.payment, self.claim
        rules = (
            (payment.origin is Origin.PAYBILL, "it has no prompt"),
            (payment.version == 1 and not payment.holds_locks, "it is new and holds no lock"),
            (payment.status in _STATUSES, "its money is booked, or owed back"),
            (payment.payment_id == paybill_id(claim.receipt_number), "its receipt names it"),
            (payment.bound_receipt == claim.receipt_number, "it has its receipt"),
            (payment.proof in WITNESSES and claim.source is payment.proof, "a witness saw it"),
            (payment.paid_amount_kes == payment.amount_kes == claim.amount_kes, "it is exact"),
            (payment.received_at is not None and payment.final_at is not None, "it has its time"),
            (STATUS_EVENT[payment.status] in self.events, "a final status has its event"),
            (bool(payment.booking_id) or not self.confirms, "what it confirms is named"),
        )
        for holds, rule in rules:
            if not holds:
                raise ValueError(f"none -> {payment.status}: {rule}")

    @property
    def confirms(self) -> bool:
        """Whether a booking is confirmed with it."""
        return self.payment.status is PaymentStatus.COMPLETED


_STATUSES = frozenset({PaymentStatus.COMPLETED, PaymentStatus.REFUND_DUE})


def paybill_id(receipt_number: str) -> str:
    """Return the id of the payment that is made for a receipt: one receipt, one payment."""
    return hashlib.sha256(f"paybill:{receipt_number}".encode()).hexdigest()[:32]


def pays_booking(
    money: MoneySeen, consultation: Consultation, *, now: int, op_id: str, has_waited: bool
) -> Opening:
    """Book money for a consultation that costs exactly this.

    Errors: ConflictError where it is not payable at this amount.
    """
    if not consultation.is_payable:
        raise ConflictError("The consultation cannot be paid any more", code="not_payable")
    if consultation.price_kes != money.amount_kes:
        raise ConflictError(
            f"KES {money.amount_kes} was paid, the price is KES {consultation.price_kes}: "
            "only the exact price confirms a consultation",
            code="amount_differs",
        )
    payment = _payment(money, PaymentStatus.COMPLETED, now=now, op_id=op_id)
    booked = replace(payment, booking_id=consultation.booking_id, client_id=consultation.client_id)
    return _opening(money, booked, has_waited=has_waited)


def owed_back(money: MoneySeen, *, now: int, op_id: str) -> Opening:
    """Owe unclaimed money back. Errors: ConflictError where its amount is not whole."""
    if money.amount_kes is None:
        raise ConflictError("The amount of this receipt is not known", code="amount_needed")
    payment = _payment(money, PaymentStatus.REFUND_DUE, now=now, op_id=op_id)
    return _opening(money, payment, has_waited=True)


def as_shown(opening: Opening) -> Opening:
    """Return the opening that takes the unclaimed row which a person was shown, and no other."""
    return replace(opening, claim=replace(opening.claim, rule=ClaimRule.AS_SHOWN))


def _payment(money: MoneySeen, status: PaymentStatus, *, now: int, op_id: str) -> Payment:
    amount_kes = money.amount_kes or 0
    return Payment(
        payment_id=paybill_id(money.receipt_number),
        status=status,
        version=1,
        op_ids=(op_id,),
        reserved_by=op_id,
        booking_id="",
        client_id="",
        amount_kes=amount_kes,
        requested_reference="",
        transaction_desc="",
        created_at=now,
        origin=Origin.PAYBILL,
        holds_locks=False,
        proof=money.source,
        receipt_number=money.receipt_number,
        paid_amount_kes=amount_kes,
        result_code=SUCCESS,
        result_desc=of_money(money).description,
        transaction_at=money.paid_at,
        final_at=now,
        received_at=now,
    )


def _opening(money: MoneySeen, payment: Payment, *, has_waited: bool) -> Opening:
    told = (EventType.MONEY_ATTACHED,) if has_waited else ()
    claim = of_money(money).claim(None)
    if claim is None:
        raise ValueError("a witness names a receipt")
    return Opening(payment=payment, claim=claim, events=(STATUS_EVENT[payment.status], *told))
