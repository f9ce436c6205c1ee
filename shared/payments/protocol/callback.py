"""What a callback with the right secret means, depending on the address it came from."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change
from payments.protocol.filing import Odd, Ruling
from payments.protocol.money import money_arrived
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import HINT_ID_WINDOW_SECONDS
from payments.protocol.refusal import refused
from payments.protocol.report import of_result
from payments.protocol.result_codes import SUCCESS, final_refusal
from payments.values import embedded_in_checkout_id


def callback_received(case: Case, result: StkResult) -> Ruling:
    """Apply an authentic result; a result that names another prompt only raises attention."""
    payment = case.payment
    if payment.checkout_request_id not in (None, result.checkout_request_id):
        return Odd("checkout_request_id_differs")
    if result.code == SUCCESS:
        return money_arrived(case, of_result(result, Proof.CALLBACK))
    refusal = final_refusal(result.code)
    if payment.is_open:
        if refusal is None:
            return _still_waiting(case, result)
        return refused(case, result, refusal, Proof.CALLBACK)
    if payment.checkout_request_id is None:
        return _adopt(case, result)
    if refusal is not None and payment.proof is Proof.QUERY and not payment.may_yet_be_paid:
        return Odd("refused_after_query_success")
    return None if result.code == payment.result_code else Odd()


def hint_received(case: Case, result: StkResult) -> Ruling:
    """Store the result as a hint and ask Daraja now, whatever the status; conclude nothing."""
    payment = case.payment
    if not _is_askable(payment, result):
        return Odd()
    if payment.hint is not None and _outweighs(payment.hint.result, result):
        return Odd("hints_disagree" if _disagree(payment.hint.result, result) else None)
    if _says_nothing_new(payment, result):
        return None
    if result.code != SUCCESS and not payment.is_open:
        return Odd()
    hint = Hint(result=result, received_at=case.now)
    return case.step(replace(payment, hint=hint, due_at=case.now))


def _still_waiting(case: Case, result: StkResult) -> Change | None:
    """Adopt the id, and store a code that concludes nothing."""
    payment = case.payment
    after = replace(
        payment,
        status=PaymentStatus.PENDING,
        checkout_request_id=result.checkout_request_id,
        checkout_source=payment.checkout_source or Proof.CALLBACK,
        merchant_request_id=payment.merchant_request_id or result.merchant_request_id,
        result_code=result.code,
        result_desc=result.description,
    )
    if after == payment:
        return None
    was_unknown = payment.status is PaymentStatus.UNKNOWN
    return case.step(replace(after, due_at=case.now if was_unknown else payment.due_at))


def _adopt(case: Case, result: StkResult) -> Change:
    """Store the id of a prompt that did exist after all, and ask Daraja about it now.

    Where Daraja had refused the push, the locks were free while that prompt was open.
    """
    payment = case.payment
    was_refused = payment.proof is Proof.PUSH
    reason = "prompt_after_refused_push" if was_refused else None
    return case.step(
        replace(
            payment,
            checkout_request_id=result.checkout_request_id,
            checkout_source=Proof.CALLBACK,
            merchant_request_id=result.merchant_request_id,
            due_at=case.now if payment.may_yet_be_paid else payment.due_at,
            attention=payment.attention or reason,
        )
    )


def _is_askable(payment: Payment, result: StkResult) -> bool:
    """Whether the hint's id is this payment's, or may be."""
    if payment.checkout_request_id is not None:
        return result.checkout_request_id == payment.checkout_request_id
    embedded = embedded_in_checkout_id(result.checkout_request_id)
    if embedded is None:
        return False
    written_at, digits = embedded
    is_payers = payment.phone_number is not None and payment.phone_number.endswith(digits)
    return is_payers and abs(written_at - payment.created_at) <= HINT_ID_WINDOW_SECONDS


def _outweighs(old: StkResult, new: StkResult) -> bool:
    """Whether the stored hint stays: a refusal never replaces a success."""
    return old.code == SUCCESS or old.code == new.code


def _disagree(old: StkResult, new: StkResult) -> bool:
    """Whether both report money, but different money: one of them is wrong."""
    is_same = (old.receipt_number, old.amount_kes) == (new.receipt_number, new.amount_kes)
    return new.code == SUCCESS and not is_same


def _says_nothing_new(payment: Payment, result: StkResult) -> bool:
    """Whether the payment already records what the hint reports."""
    if result.code != SUCCESS:
        return not payment.is_open and result.code == payment.result_code
    is_in_review = payment.status is PaymentStatus.REVIEW
    is_same_receipt = result.receipt_number == payment.receipt_number
    is_same_amount = result.amount_kes == (payment.paid_amount_kes or payment.amount_kes)
    is_same_amount |= is_in_review and result.amount_kes == payment.paid_amount_kes
    return not payment.may_yet_be_paid and is_same_receipt and is_same_amount
