"""The inputs of one decision, and the one way to build its answer."""

from dataclasses import dataclass, replace

from payments.protocol.change import Change, ConsultationEffect, Detach, EventType, events_for
from payments.protocol.consultation import (
    BookingStatus,
    Consultation,
    ConsultationPaymentStatus,
)
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import Policy
from payments.protocol.receipts import Claim, ReceiptRow, RowState
from payments.protocol.refund_rules import GateEffect
from payments.protocol.schedule import next_due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A payment, what is stored around it, the time and the limits.

    Units: `now` in UTC epoch seconds.
    """

    payment: Payment
    context: Context
    now: int
    policy: Policy

    @property
    def holds_phone(self) -> bool:
        """Whether the phone guard names this payment."""
        return self.context.phone_payment_id == self.payment.payment_id

    @property
    def is_active(self) -> bool:
        """Whether the consultation names this payment as the active one."""
        consultation = self.context.consultation
        return (
            consultation is not None and consultation.active_payment_id == self.payment.payment_id
        )

    @property
    def receipt_is_anothers(self) -> bool:
        """Whether the receipt in the evidence is claimed by another payment."""
        return self.context.receipt_payment_id not in (None, self.payment.payment_id)

    def receipt_problem(self, amount_kes: int | None) -> str | None:
        """Return why the receipt cannot simply be this payment's, None where it can.

        A bound row never changes hands, a row that was set aside stays so, and two amounts for one
        receipt are a person's to judge.
        """
        row = self.context.receipt
        if row is None:
            return None
        match row.state:
            case RowState.BOUND:
                return "receipt_bound_elsewhere" if self.receipt_is_anothers else None
            case RowState.SET_ASIDE:
                return "receipt_set_aside"
            case RowState.UNCLAIMED:
                return None if row.amount_kes == amount_kes else "amount_contradicted"

    @property
    def receipt_is_free(self) -> bool:
        """Whether the receipt in the evidence may be bound to this payment."""
        row = self.context.receipt
        is_set_aside = row is not None and row.state is RowState.SET_ASIDE
        return not (self.receipt_is_anothers or is_set_aside)

    def is_older_than(self, seconds: int) -> bool:
        """Whether the payment was reserved at least this many seconds ago."""
        return self.now >= self.payment.created_at + seconds

    def detach(self, *, frees_lock: bool, unpayable: bool = False) -> Detach | None:
        """Return the effect of an end without Confirm: only where this payment is active."""
        consultation = self.context.consultation
        if consultation is None or not self.is_active:
            return None
        return Detach(
            frees_lock=frees_lock, leaves=_left_by_payment(consultation), unpayable=unpayable
        )

    def step(
        self,
        after: Payment,
        *,
        schedules: bool = False,
        consultation: ConsultationEffect | None = None,
        frees_phone: bool = False,
        claim: Claim | None = None,
        files: ReceiptRow | None = None,
        releases_receipt: str | None = None,
        adds_events: tuple[EventType, ...] = (),
        refund_gate: GateEffect | None = None,
        by_operator: bool = False,
    ) -> Change:
        """Return the write from the payment to `after`, its version and its events computed.

        `schedules` sets the next re-check by the schedule; otherwise `after.due_at` is written.
        """
        due_at = next_due_at(after, now=self.now, policy=self.policy) if schedules else after.due_at
        after = replace(after, version=self.payment.version + 1, due_at=due_at)
        events = dict.fromkeys((*adds_events, *events_for(self.payment, after)))
        return Change(
            before=self.payment,
            after=after,
            consultation=consultation,
            frees_phone=frees_phone,
            claim=claim,
            files=files,
            releases_receipt=releases_receipt,
            events=tuple(events),
            refund_gate=refund_gate,
            by_operator=by_operator,
        )

    def cancelled(self, after: Payment, *, reason: str, attention: str) -> Change:
        """Return the end of waiting: final, with the reason for an operator's attention.

        `after` has what was learned at the end. The lock stays: money is still possible.
        """
        after = replace(
            after,
            status=PaymentStatus.CANCELLED,
            holds_locks=False,
            proof=Proof.CLEANUP,
            failure_reason=reason,
            final_at=self.now,
            attention=after.attention or attention,
        )
        return self.step(after, schedules=True, consultation=self.detach(frees_lock=False))

    def step_if_new(self, after: Payment) -> Change | None:
        """Return a step without side effects, or None where it would write what is stored."""
        return None if after == self.payment else self.step(after)


def _left_by_payment(consultation: Consultation) -> ConsultationPaymentStatus | None:
    """Return the payment_status that is true once the active payment has ended."""
    if consultation.payment_status is ConsultationPaymentStatus.PAID:
        return None
    if consultation.status is BookingStatus.PENDING:
        return ConsultationPaymentStatus.FAILED
    if consultation.status is BookingStatus.CANCELLED:
        return ConsultationPaymentStatus.UNPAID
    return None
