"""What a callback that carried the right token means, by where it came from."""

from dataclasses import replace

from payments.protocol.change import Change, Decision
from payments.protocol.evidence import Context
from payments.protocol.filing import filed_heads, is_filed, odd_callback
from payments.protocol.money import money_arrived
from payments.protocol.payment import OPEN, Hint, Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import HINT_ID_WINDOW_SECONDS, Policy
from payments.protocol.refusal import refused
from payments.protocol.result_codes import SUCCESS, final_refusal
from payments.values import embedded_in_checkout_id


def callback_received(
    payment: Payment, facts: StkResult, around: Context, *, now: int, policy: Policy
) -> Decision:
    """Apply an authentic result; one that names another prompt is kept for a person."""
    if payment.checkout_request_id not in (None, facts.checkout_request_id):
        return odd_callback(payment, facts.digest, now=now, attention="checkout_request_id_differs")
    if facts.code == SUCCESS:
        return money_arrived(payment, facts, around, proof=Proof.CALLBACK, now=now, policy=policy)
    refusal = final_refusal(facts.code)
    if payment.status in OPEN:
        if refusal is None:
            return _still_waiting(payment, facts, now=now)
        return refused(
            payment, facts, refusal, around, proof=Proof.CALLBACK, now=now, policy=policy
        )
    if payment.checkout_request_id is None:
        return _adopt(payment, facts, now=now)
    if refusal is not None and payment.proof is Proof.QUERY and not payment.may_yet_be_paid:
        return odd_callback(payment, facts.digest, now=now, attention="refused_after_query_success")
    if facts.code == payment.result_code:
        return None
    return odd_callback(payment, facts.digest, now=now)


def hint_received(payment: Payment, facts: StkResult, *, now: int) -> Decision:
    """Keep the facts and ask Daraja now, whatever the status; conclude nothing from them."""
    if not _is_askable(payment, facts):
        return odd_callback(payment, facts.digest, now=now)
    if payment.hint is not None and _outweighs(payment.hint.facts, facts):
        reason = "hints_disagree" if _disagree(payment.hint.facts, facts) else None
        return odd_callback(payment, facts.digest, now=now, attention=reason)
    if _says_nothing_new(payment, facts):
        return None
    if facts.code != SUCCESS and payment.status not in OPEN:
        return odd_callback(payment, facts.digest, now=now)
    after = replace(
        payment,
        version=payment.version + 1,
        hint=Hint(facts=facts, received_at=now),
        evidence_heads=filed_heads(payment, facts.digest),
        due_at=now,
    )
    return Change(
        before=payment,
        after=after,
        evidence_digest=facts.digest if is_filed(after, facts.digest) else None,
    )


def _still_waiting(payment: Payment, facts: StkResult, *, now: int) -> Decision:
    """Adopt the id and keep a code that concludes nothing."""
    after = replace(
        payment,
        status=PaymentStatus.PENDING,
        checkout_request_id=facts.checkout_request_id,
        checkout_source=payment.checkout_source or Proof.CALLBACK,
        merchant_request_id=payment.merchant_request_id or facts.merchant_request_id,
        result_code=facts.code,
        result_desc=facts.description,
    )
    if after == payment:
        return None
    due_at = now if payment.status is PaymentStatus.UNKNOWN else payment.due_at
    return Change(before=payment, after=replace(after, version=payment.version + 1, due_at=due_at))


def _adopt(payment: Payment, facts: StkResult, *, now: int) -> Change:
    """Store the id of a prompt that, as it turns out, existed; ask about it now."""
    after = replace(
        payment,
        version=payment.version + 1,
        checkout_request_id=facts.checkout_request_id,
        checkout_source=Proof.CALLBACK,
        merchant_request_id=facts.merchant_request_id,
        evidence_heads=filed_heads(payment, facts.digest),
        due_at=now if payment.may_yet_be_paid else payment.due_at,
    )
    return Change(before=payment, after=after, evidence_digest=facts.digest)


def _is_askable(payment: Payment, facts: StkResult) -> bool:
    """Whether the hint's id is this payment's, or may well be."""
    if payment.checkout_request_id is not None:
        return facts.checkout_request_id == payment.checkout_request_id
    embedded = embedded_in_checkout_id(facts.checkout_request_id)
    if embedded is None:
        return False
    written_at, digits = embedded
    is_payers = payment.phone_number.endswith(digits)
    return is_payers and abs(written_at - payment.created_at) <= HINT_ID_WINDOW_SECONDS


def _outweighs(old: StkResult, new: StkResult) -> bool:
    """Whether the hint already kept says more: a success is never replaced by a refusal."""
    return old.code == SUCCESS or old.code == new.code


def _disagree(old: StkResult, new: StkResult) -> bool:
    """Whether both say paid, but not the same money: one of them is wrong, and may be kept."""
    is_same = (old.receipt_number, old.amount_kes) == (new.receipt_number, new.amount_kes)
    return new.code == SUCCESS and not is_same


def _says_nothing_new(payment: Payment, facts: StkResult) -> bool:
    """Whether the payment already rests on what the hint says."""
    if facts.code != SUCCESS:
        return payment.status not in OPEN and facts.code == payment.result_code
    is_in_review = payment.status is PaymentStatus.REVIEW
    is_same_receipt = facts.receipt_number == payment.receipt_number
    is_same_amount = facts.amount_kes == (payment.paid_amount_kes or payment.amount_kes)
    is_same_amount |= is_in_review and facts.amount_kes == payment.paid_amount_kes
    return not payment.may_yet_be_paid and is_same_receipt and is_same_amount
