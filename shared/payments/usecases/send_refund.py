"""Sends refunds and asks M-Pesa about them: only functions/refunds runs this.

Write first, then one send (docs/protocol.md, section 11.2): whoever's write makes the refund `sent`
sends it, once. Nobody else ever sends that attempt.
"""

from collections.abc import Callable
from dataclasses import dataclass

from payments.errors import ConflictError, PaymentError
from payments.ports import Actor, Initiator, ReadyInitiator
from payments.protocol.payment import Payment
from payments.protocol.policy import REMAINING_SECONDS_MIN, STORE_OUTCOME_SECONDS
from payments.protocol.provider_calls import Reversal
from payments.protocol.refund_evidence import RefundApproved, RefundGate, RefundNotTaken
from payments.protocol.sent_refund import is_sent
from payments.protocol.staff import Role
from payments.store.refund_gate import Ask
from payments.store.staff import StaffRegister
from payments.usecases.apply_refund import apply_refund, read_payment, require_possible
from payments.usecases.result_addresses import ResultAddresses
from payments.usecases.services import Services

ASKING_IS_OFF = "No initiator is configured, so M-Pesa cannot be asked about a receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSender:
    """The one place that speaks to Safaricom as the initiator."""

    services: Services
    register: StaffRegister
    initiator: Initiator
    addresses: ResultAddresses
    shortcode: str

    def approve(
        self,
        payment_id: str,
        *,
        by: str,
        why: str,
        request_id: str,
        shown_version: int | None,
        remaining_seconds: Callable[[], float],
    ) -> Payment:
        """Approve a request of another person, and send the refund once.

        Whoever invokes the function only names the approver, so the register is asked.

        Errors: NotFoundError; ConflictError where it may not be sent, UnavailableError where no
            token, credential or table is available: in each case nothing was sent.
        """
        services, approval = self.services, RefundApproved(by=by)
        payment = read_payment(services, payment_id)
        require_possible(services, payment, approval)
        self._require_approver(by)
        # All that can fail comes before the write: token, credential, result key, shortcode.
        ready = self.initiator.ready()
        addresses = self.addresses.in_hand()
        shortcode = self._shortcode_of(payment)
        sent = apply_refund(
            services,
            payment,
            approval,
            actor=Actor(by=by, request_id=request_id, reason=why),
            only_version=payment.version if shown_version is None else shown_version,
        )
        return self._send(ready, addresses, sent, shortcode, request_id, remaining_seconds)

    def ask_about_refund(self, payment_id: str) -> bool:
        """Ask M-Pesa about the receipt of a sent refund; whether it took the question."""
        payment = read_payment(self.services, payment_id)
        if not is_sent(payment) or payment.bound_receipt is None or not self._may_ask():
            return False
        receipt = payment.bound_receipt
        shortcode = self._shortcode_of(payment)
        return self.initiator.ask_status(receipt, shortcode, self.addresses.status(receipt))

    def ask_about_receipt(self, receipt_number: str, *, by: str) -> Ask:
        """Ask M-Pesa about a receipt for staff: at most twenty questions in an hour.

        Errors: ConflictError where nobody may ask now, or M-Pesa did not take the question.
        """
        services = self.services
        gate = services.refunds().gates.read()
        _require_asking(gate)
        ask = Ask(receipt_number=receipt_number, asked_by=by, asked_at=services.now())
        if not services.refunds().gates.take_ask(gate, ask, op_id=services.ids.hex(32)):
            raise ConflictError(
                "M-Pesa was asked twenty times in this hour: try again later", code="asks_used_up"
            )
        urls = self.addresses.status(receipt_number)
        if not self.initiator.ask_status(receipt_number, self.shortcode, urls):
            raise ConflictError("M-Pesa did not take the question", code="question_not_taken")
        return ask

    def ask_balance(self) -> bool:
        """Ask for the shortcode's balance; whether M-Pesa took the question."""
        if not self._may_ask():
            return False
        return self.initiator.ask_balance(self.shortcode, self.addresses.balance())

    def _send(
        self,
        ready: ReadyInitiator,
        addresses: ResultAddresses,
        payment: Payment,
        shortcode: str,
        request_id: str,
        remaining_seconds: Callable[[], float],
    ) -> Payment:
        """Send what the write just made `sent`; without proof of a refusal it stays so."""
        services, refund = self.services, payment.refund
        if refund is None or refund.sent_at is None or payment.bound_receipt is None:
            raise AssertionError("a sent refund has its time and its receipt")
        last_moment = refund.sent_at + services.policy.send_within_seconds
        refusal = ready.reverse(
            Reversal(
                receipt_number=payment.bound_receipt,
                amount_kes=payment.paid_amount_kes or 0,
                shortcode=shortcode,
            ),
            addresses.reversal(payment.payment_id, refund.attempt),
            may_send=lambda: (
                services.clock() <= last_moment and remaining_seconds() >= REMAINING_SECONDS_MIN
            ),
            seconds=lambda: remaining_seconds() - STORE_OUTCOME_SECONDS,
        )
        if refusal is None:
            return payment
        proof = RefundNotTaken(attempt=refund.attempt, code=refusal.code, is_ours=refusal.is_ours)
        actor = Actor(by="refunds", request_id=request_id, reason=f"not taken: {refusal.code}")
        try:
            return apply_refund(services, payment, proof, actor=actor)
        except Exception as error:  # it stays sent: a person settles it after a day
            cause = error.code if isinstance(error, PaymentError) else type(error).__name__
            services.observer.noted(
                "refund outcome not stored", payment_id=payment.payment_id, cause=cause
            )
            return payment

    def _require_approver(self, by: str) -> None:
        """Refuse who is no active approver of the desk's staff. Errors: ConflictError."""
        kind, _, sub = by.partition(":")
        staff = self.register.get(sub) if kind == "staff" and sub else None
        if staff is None or not staff.may_act_as(Role.APPROVER):
            raise ConflictError(
                "Only an active approver of the desk's staff approves a refund",
                code="not_an_approver",
            )

    def _shortcode_of(self, payment: Payment) -> str:
        """Return the shortcode that the receipt was paid to; rows of older versions name none."""
        receipt = payment.bound_receipt
        row = self.services.ledger.get_row(receipt) if receipt is not None else None
        return row.shortcode if row is not None and row.shortcode else self.shortcode

    def _may_ask(self) -> bool:
        gate = self.services.refunds().gates.read()
        return gate.stopped is None and gate.credential_at is not None


def _require_asking(gate: RefundGate) -> None:
    if gate.credential_at is None:
        raise ConflictError(ASKING_IS_OFF, code="refunds_not_configured")
    if gate.stopped is not None:
        raise ConflictError(
            f"M-Pesa is not asked while refunds are stopped ({gate.stopped})",
            code="refunds_stopped",
        )
