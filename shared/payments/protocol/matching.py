"""Where money belongs that no prompt of ours reported: the ladder of docs/protocol.md, section 10.

The first rung that fits decides; a rung that is not unique gives nothing. Nothing is guessed: a
phone, a mask, a time or an amount never completes a payment and never confirms a booking.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from payments.protocol.consultation import Consultation
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Origin, Payment, PaymentStatus, Proof
from payments.protocol.policy import COVERAGE_SLACK_SECONDS, OWN_PROMPT_SLACK_SECONDS
from payments.protocol.receipts import ReceiptRow, RowState
from payments.protocol.result_codes import final_refusal
from payments.values import ACCOUNT_REFERENCE_CHARACTERS, BOOKING_ID, plain_reference

UNIQUE_CHARACTERS = 8
"""The end of an account reference that is this payment's alone, in Crockford's base 32."""
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MASKED_HASH = re.compile(r"([0-9a-f]{34}) ?\*+ ?([0-9a-f]{25})\Z", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_MASK = re.compile(r"\+?(\d{4}) ?\*+ ?(\d{3})\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for the ladder.

    Shape: `by_reference` are the payments with the reference; `consultations` those with a typed
        id, empty where `PaybillAccount` is off; `own_prompts` is None except in a look at a row
        without a reference.
    """

    by_reference: Sequence[Payment] = ()
    consultations: Sequence[Consultation] = ()
    own_prompts: "OwnPrompts | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrompts:
    """What a look reads about a till's receipt: it may belong to a prompt of ours.

    Shape: `candidates` are the payments of that amount and time; `unclaimed` all rows that wait,
        and those that an older version bound to a candidate for a hint; each None where they are
        too many. `covered` is the unbroken time that Pull has covered, None where Pull is off.
    Units: UTC epoch seconds.
    """

    candidates: Sequence[Payment] | None
    unclaimed: Sequence[ReceiptRow] | None
    covered: tuple[int, int] | None


def attribute(
    money: MoneySeen, row: ReceiptRow | None, facts: Facts
) -> Payment | Consultation | None:
    """Return what the money belongs to, None where a person must say.

    A payment that the reference names is returned whatever its status: it takes the money, or the
    receipt is filed with attention on it. A consultation is returned only where it is payable at
    exactly this amount.
    """
    if row is not None and row.state is not RowState.UNCLAIMED:
        return None
    if facts.by_reference:
        return _by_reference(money, facts.by_reference)
    if not money.reference and facts.own_prompts is not None:
        return own_prompt(money, facts.own_prompts)
    return _by_booking(money, facts.consultations)


def normalise_reference(reference: str | None) -> str | None:
    """Return the account reference that was typed, None where it cannot be one of ours.

    In the part that is ours alone O is read as 0, and I and L as 1.
    """
    kept = plain_reference(reference or "")
    if not UNIQUE_CHARACTERS <= len(kept) <= ACCOUNT_REFERENCE_CHARACTERS:
        return None
    head, tail = kept[:-UNIQUE_CHARACTERS], kept[-UNIQUE_CHARACTERS:]
    return head + tail.translate(_READ_AS)


def names_payment(money: MoneySeen, payment: Payment) -> bool:
    """Whether the account that was typed is this payment's reference."""
    reference = normalise_reference(money.reference)
    return reference is not None and reference == payment.account_reference


def booking_ids(reference: str | None) -> list[str]:
    """Return the booking ids that were perhaps typed: as typed, in capitals, in small letters."""
    typed = "".join((reference or "").split())
    forms = dict.fromkeys((typed, typed.upper(), typed.lower()))
    return [form for form in forms if BOOKING_ID.match(form)]


def own_prompt(money: MoneySeen, seen: OwnPrompts) -> Payment | None:
    """Return the payment that is proven paid, has no receipt, and whose prompt this money answered.

    Every payment and receipt that it could be mixed up with counts, open and failed ones too.
    """
    if seen.candidates is None or seen.unclaimed is None or money.paid_at is None:
        return None
    fitting = [payment for payment in seen.candidates if is_candidate(money, payment)]
    if len(fitting) != 1:
        return None
    [payment] = fitting
    if payment.may_yet_be_paid or not is_in_window(money.paid_at, payment):
        return None
    has_rival = any(_rivals(row, money, payment) for row in seen.unclaimed)
    return None if has_rival or not _is_covered(payment, seen.covered) else payment


def is_candidate(money: MoneySeen, payment: Payment) -> bool:
    """Whether the money may be that of this payment's own prompt."""
    is_same = payment.amount_kes == money.amount_kes and may_be_paid_at(money.paid_at, payment)
    fits = payer_fits(money.payer, money.payer_hmac, payment) is True
    return awaits_receipt(payment) and is_same and fits


def awaits_receipt(payment: Payment) -> bool:
    """Whether a prompt may have been paid whose receipt is not known; open and failed ones too.

    After 1037 and its like the prompt may still be paid.
    """
    refusal = final_refusal(payment.result_code) if payment.proof is Proof.CALLBACK else None
    is_closed = refusal is not None and refusal.closes_session
    is_refused = payment.status is PaymentStatus.FAILED and is_closed
    is_prompted = payment.origin is not Origin.PAYBILL
    return is_prompted and payment.bound_receipt is None and not is_refused


def payer_fits(payer: str | None, payer_hmac: str | None, payment: Payment) -> bool | None:
    """Whether the payer that M-Pesa shows is the phone that was prompted; None where it is unclear.

    Source: docs/daraja.md, the forms of MSISDN: HMAC of a full number, SHA-256, a masked hash, a
    mask of four and three digits.
    """
    if payment.phone_number is None:
        return False
    if payer_hmac is not None:
        return payer_hmac == payment.phone_hmac
    shown = (payer or "").strip().lower()
    digest = hashlib.sha256(payment.phone_number.encode()).hexdigest()
    if _HASH.match(shown):
        return shown == digest
    if masked := _MASKED_HASH.match(shown):
        return digest.startswith(masked[1]) and digest.endswith(masked[2])
    if masked := _MASK.match(shown):
        starts = payment.phone_number.startswith(masked[1])
        return starts and payment.phone_number.endswith(masked[2])
    return None


def _by_reference(money: MoneySeen, payments: Sequence[Payment]) -> Payment | None:
    named = [payment for payment in payments if names_payment(money, payment)]
    return named[0] if len(named) == 1 else None


def _by_booking(money: MoneySeen, consultations: Sequence[Consultation]) -> Consultation | None:
    payable = [
        consultation
        for consultation in consultations
        if consultation.is_payable and consultation.price_kes == money.amount_kes
    ]
    return payable[0] if len(payable) == 1 else None


def is_in_window(at: int | None, payment: Payment) -> bool:
    """Whether money of this moment may be that of the payment's own prompt."""
    if at is None:
        return False
    first = payment.created_at - OWN_PROMPT_SLACK_SECONDS
    return first <= at <= payment.prompt_ends_at + OWN_PROMPT_SLACK_SECONDS


def _may_have_moved(at: int, payment: Payment) -> bool:
    """Whether the money of a payment that is proven paid may have moved at this moment."""
    first = payment.created_at - OWN_PROMPT_SLACK_SECONDS
    return first <= at <= _moved_by(payment) + OWN_PROMPT_SLACK_SECONDS


def may_be_paid_at(at: int | None, payment: Payment) -> bool:
    """Whether money of this moment may be that of the prompt: until the proof, where there is one.

    M-Pesa may debit after the prompt has ended.
    """
    if payment.may_yet_be_paid or at is None:
        return is_in_window(at, payment)
    return _may_have_moved(at, payment)


def _rivals(row: ReceiptRow, money: MoneySeen, payment: Payment) -> bool:
    """Whether another receipt that waits may be the prompt's money instead; a doubt says yes."""
    if row.receipt_number == money.receipt_number or not row.may_be_of(payment.amount_kes):
        return False
    if row.paid_at is not None and not _may_have_moved(row.paid_at, payment):
        return False
    return payer_fits(row.payer, row.payer_hmac, payment) is not False


def _is_covered(payment: Payment, covered: tuple[int, int] | None) -> bool:
    """Whether Pull has listed every debit from the reservation to the proof of the money."""
    if covered is None:
        return False
    complete_from, complete_until = covered
    starts = complete_from <= payment.created_at - OWN_PROMPT_SLACK_SECONDS
    return starts and complete_until >= _moved_by(payment) + COVERAGE_SLACK_SECONDS


def _moved_by(payment: Payment) -> int:
    """The moment by which the money of a proven payment had moved: M-Pesa may debit late."""
    return max(payment.prompt_ends_at, payment.received_at or payment.final_at or 0)
