"""A callback: authenticate by token, weigh by address, apply, and say whether it is durable."""

import hashlib
import hmac
from dataclasses import dataclass

from payments.evidence import CallbackResult, Evidence, HintReceived, OddCallback
from payments.payment import Facts, Payment
from payments.ports import Trace
from payments.result_codes import SUCCESS, final_refusal
from payments.service.parts import Parts
from payments.service.settling import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One post to the callback URL.

    Shape: `facts` is None where the body could not be understood; the token itself is not kept.
    """

    payment_id: str
    token_sha256: str
    is_listed: bool
    facts: Facts | None
    body: str


def record_result(parts: Parts, delivery: Delivery, *, trace: Trace) -> Payment | None:
    """Apply a callback; None where token or payment is wrong, and then nothing was written.

    Errors: StoreUnavailableError: the facts are not durable, keep them elsewhere.
    Idempotent: two to four copies at once are one transition.
    """
    payment = parts.store.get_payment(delivery.payment_id)
    stored_digest = payment.token_sha256 if payment else "0" * 64
    is_right = hmac.compare_digest(stored_digest, delivery.token_sha256)
    if payment is None or not is_right:
        parts.observer.counted("CallbackRejected")
        return None
    if not delivery.is_listed:
        parts.observer.counted("CallbackFromUnlistedAddress")
    after = settle(parts, payment, _evidence(delivery), trace=trace, body=delivery.body)
    _count(parts, payment, after, delivery)
    return after


def _evidence(delivery: Delivery) -> Evidence:
    if delivery.facts is None:
        return OddCallback(digest=hashlib.sha256(delivery.body.encode()).hexdigest())
    if delivery.is_listed:
        return CallbackResult(facts=delivery.facts)
    return HintReceived(facts=delivery.facts)


def _count(parts: Parts, before: Payment, after: Payment, delivery: Delivery) -> None:
    """Count what the callback turned out to be."""
    if after.version == before.version:
        parts.observer.counted("CallbackDuplicate")
    elif not delivery.is_listed:
        parts.observer.counted("CallbackHint")
    else:
        parts.observer.counted("CallbackAccepted")
    is_late = before.may_yet_be_paid and not before.is_open and not after.may_yet_be_paid
    if is_late:
        parts.observer.counted("CallbackLate")


def hasten_by_old_route(parts: Parts, facts: Facts | None) -> None:
    """Bring the next question forward; nothing of the post is stored or believed."""
    if facts is None or not (facts.code == SUCCESS or final_refusal(facts.code)):
        return
    for payment_id in parts.store.find_by_checkout_id(facts.checkout_request_id):
        payment = parts.store.get_payment(payment_id)
        if payment is not None and payment.is_open:
            parts.store.hasten(payment, op_id=parts.ids.hex(32), now=parts.now())
