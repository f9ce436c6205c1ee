"""Records a callback: authentic, hint or nothing (docs/protocol.md, section 5.2)."""

import hmac
from dataclasses import dataclass

from payments.errors import StoreUnavailableError
from payments.ports import Actor, Role
from payments.protocol.evidence import (
    CallbackResult,
    Evidence,
    HintReceived,
    MoneySeen,
    OddCallback,
)
from payments.protocol.filing import is_left_out
from payments.protocol.payment import Payment, Proof, StkResult
from payments.protocol.result_codes import SUCCESS, final_refusal
from payments.protocol.witness import contradicts, doubted
from payments.usecases.apply_evidence import apply_evidence
from payments.usecases.services import Services
from payments.values import sha256_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPost:
    """One post to the callback URL.

    Shape: `result` is None where the body could not be understood; the secret itself is not stored.
    """

    payment_id: str
    secret_sha256: str
    is_listed: bool
    result: StkResult | None
    body: str

    @property
    def digest(self) -> str:
        """Return the digest under which the body is filed."""
        return sha256_hex(self.body)


def record_result(services: Services, post: CallbackPost, *, actor: Actor) -> Payment | None:
    """Apply a callback; None where secret or payment is wrong, and then nothing was written.

    Errors: StoreUnavailableError: the facts are not durable, so enqueue them.
    Idempotent: two to four copies at once are one transition.
    """
    payment = services.store.get_payment(post.payment_id)
    stored_digest = payment.secret_sha256 if payment else None
    is_right = hmac.compare_digest(stored_digest or "0" * 64, post.secret_sha256)
    if payment is None or stored_digest is None or not is_right:
        services.observer.counted("CallbackRejected")
        return None
    if not post.is_listed:
        services.observer.counted("CallbackFromUnlistedAddress")
    after = apply_evidence(services, payment, _evidence(post), actor=actor, body=post.body)
    _count(services, payment, after, post)
    if post.is_listed and post.result is not None:
        _count_witness(services, payment, after, post.result)
        _doubt_amount(services, after, post.result)
    return after


def _doubt_amount(services: Services, after: Payment, result: StkResult) -> None:
    """Keep both amounts on the row of a receipt that the payment could not take.

    Errors: StoreUnavailableError where the row has just changed: the callback is enqueued.
    """
    receipt = result.receipt_number
    if result.code != SUCCESS or receipt is None or receipt == after.bound_receipt:
        return
    row = services.ledger.get_row(receipt)
    money = MoneySeen(
        source=Proof.CALLBACK, receipt_number=receipt, shortcode="", amount_kes=result.amount_kes
    )
    if row is None or not contradicts(row, money):
        return
    op_id = services.ids.hex(32)
    if not services.ledger.doubt_amount(row, doubted(row, money), op_id=op_id):
        raise StoreUnavailableError("contended")


def _evidence(post: CallbackPost) -> Evidence:
    if post.result is None:
        return OddCallback(digest=post.digest)
    if post.is_listed:
        return CallbackResult(result=post.result)
    return HintReceived(result=post.result)


def _count_witness(services: Services, before: Payment, after: Payment, result: StkResult) -> None:
    """Count what an authentic callback was for its receipt: the callback loss rate shows in it."""
    if result.code != SUCCESS or result.receipt_number is None:
        return
    if after.attention != before.attention:
        role = Role.CONFLICT
    elif before.bound_receipt == result.receipt_number:
        role = Role.AGAIN
    else:
        role = Role.FIRST
    services.observer.witnessed(Proof.CALLBACK, role)


def _count(services: Services, before: Payment, after: Payment, post: CallbackPost) -> None:
    """Count what the callback turned out to be."""
    if after.version == before.version:
        services.observer.counted("CallbackDuplicate")
    elif not post.is_listed:
        services.observer.counted("CallbackHint")
    else:
        services.observer.counted("CallbackAccepted")
    if is_left_out(after, digest=post.digest, result=post.result):
        services.observer.counted("CallbackNotFiled")
    is_late = before.may_yet_be_paid and not before.is_open and not after.may_yet_be_paid
    if is_late:
        services.observer.counted("CallbackLate")


def hasten_by_old_route(services: Services, result: StkResult | None) -> None:
    """Bring the next question forward; nothing of the post is stored or believed."""
    if result is None or not (result.code == SUCCESS or final_refusal(result.code)):
        return
    for payment_id in services.store.find_by_checkout_id(result.checkout_request_id):
        payment = services.store.get_payment(payment_id)
        if payment is not None and payment.is_open:
            services.store.hasten(payment, op_id=services.ids.hex(32), now=services.now())
