"""What a receipt means for the payment that it names, or that a person attaches it to."""

from dataclasses import replace

from payments.errors import ConflictError, InvalidRequestError
from payments.protocol.case import Case
from payments.protocol.change import Change, EventType
from payments.protocol.evidence import HintedMoneyTaken, MoneyAttached, MoneySeen
from payments.protocol.filing import Ruling
from payments.protocol.money import money_arrived
from payments.protocol.news import more_news, reason_against
from payments.protocol.payment import Proof
from payments.protocol.receipts import EITHER, ClaimRule, ReceiptRow, RowState
from payments.protocol.report import of_money
from payments.values import mask_phone, normalise_phone


def money_seen(case: Case, money: MoneySeen) -> Ruling:
    """Apply money that names this payment by its reference, as an authentic callback would be.

    What the payment cannot take is filed as an unclaimed row, with attention, in one write. A row
    that is bound to another payment, or set aside, is not a machine's to touch: attention is set.
    """
    row, report = case.context.receipt, of_money(money)
    if case.payment.bound_receipt == money.receipt_number:
        return more_news(case, report)
    if row is not None and row.state is not RowState.UNCLAIMED:
        is_own = row.payment_id == case.payment.payment_id
        return more_news(case, report) if is_own else _booked_elsewhere(case)
    reason = reason_against(case.payment, report)
    if reason is None:
        return _told(case, money_arrived(case, report))
    if row is not None and case.payment.attention is not None:
        return None
    return case.step(
        replace(case.payment, attention=reason),
        files=None if row else new_row(money, now=case.now),
        adds_events=(EventType.UNRESOLVED,),
    )


def money_attached(case: Case, attached: MoneyAttached) -> Change:
    """Bind an unclaimed receipt to the payment that a person chose.

    Errors: ConflictError with a sentence that says why it cannot be.
    """
    row, money = case.context.receipt, attached.money
    if row is None or row.state is not RowState.UNCLAIMED or row.amount_kes != money.amount_kes:
        raise ConflictError(
            "The receipt has changed since it was shown: look at it again", code="changed_meanwhile"
        )
    _require_takes(case, money)
    report = of_money(money)
    if report.ends_prompt:
        # A callback filed it as another prompt's money; it says nothing about this one.
        report = replace(report, proof=Proof.OPERATOR)
    change = _told(case, money_arrived(case, report))
    if not isinstance(change, Change) or change.claim is None:
        raise ConflictError("The payment does not take this receipt", code="not_attachable")
    return replace(change, claim=replace(change.claim, rule=ClaimRule.AS_SHOWN))


def hinted_money_taken(case: Case, taken: HintedMoneyTaken) -> Change | None:
    """Tell that the money which a hint names was booked elsewhere or set aside meanwhile."""
    return _booked_elsewhere(case) if case.payment.shows(taken.receipt_number) else None


def _booked_elsewhere(case: Case) -> Change | None:
    """Tell that the money of a payment without a receipt is another's, or was set aside."""
    payment = case.payment
    if case.receipt_is_free or payment.bound_receipt is not None:
        return None
    reason = case.receipt_problem(payment.amount_kes)
    return case.step_if_new(replace(payment, attention=reason))


def new_row(money: MoneySeen, *, now: int) -> ReceiptRow:
    """Return the row that files money which waits for a payment or a person."""
    return replace(
        of_money(money).unclaimed_row(reference=_storable(money.reference), now=now),
        amount_text=money.amount_text if money.amount_kes is None else None,
        payer=money.payer,
        payer_hmac=money.payer_hmac,
        transaction_type=money.transaction_type or None,
    )


def contradicts(row: ReceiptRow, money: MoneySeen) -> bool:
    """Whether a witness names another amount than the known one of a row that no payment has."""
    if row.state is RowState.BOUND or row.amount_kes is None:
        return False
    names_one = money.amount_kes is not None or money.amount_text is not None
    return names_one and money.amount_kes != row.amount_kes


def doubted(row: ReceiptRow, money: MoneySeen) -> ReceiptRow:
    """Return the row with both named amounts as text, and none that counts as known."""
    other = money.amount_text if money.amount_kes is None else money.amount_kes
    return replace(row, amount_kes=None, amount_text=f"{row.amount_kes}{EITHER}{other}")


def _storable(reference: str | None) -> str | None:
    """Return what a payer typed as it may be stored: many type a phone number."""
    if not reference:
        return None
    try:
        return mask_phone(normalise_phone(reference))
    except InvalidRequestError:
        return reference


def seen_again(row: ReceiptRow) -> MoneySeen:
    """Return what a row says, as the witness that wrote it said it.

    Errors: ValueError for a row that names no witness: an older version bound it.
    """
    if row.source is None:
        raise ValueError("a row without a source is bound")
    return MoneySeen(
        source=row.source,
        receipt_number=row.receipt_number,
        shortcode=row.shortcode or "",
        amount_kes=row.amount_kes,
        amount_text=row.amount_text,
        paid_at=row.paid_at,
        reference=row.reference,
        payer=row.payer,
        payer_hmac=row.payer_hmac,
        transaction_type=row.transaction_type or "",
    )


def _told(case: Case, ruling: Ruling) -> Ruling:
    """Tell that a receipt which waited has found its payment."""
    has_waited = case.context.receipt is not None
    if not has_waited or not isinstance(ruling, Change) or ruling.claim is None:
        return ruling
    return replace(ruling, events=(*ruling.events, EventType.MONEY_ATTACHED))


def _require_takes(case: Case, money: MoneySeen) -> None:
    """Refuse a receipt that the payment cannot take. Errors: ConflictError."""
    payment = case.payment
    reason = reason_against(payment, of_money(money))
    if reason == "second_receipt":
        raise ConflictError(f"The payment has receipt {payment.bound_receipt}", code=reason)
    if reason is not None:
        raise ConflictError(
            f"KES {money.amount_kes} was paid by this receipt, and the payment is of KES "
            f"{payment.paid_amount_kes or payment.amount_kes}: owe the money back",
            code="amount_differs",
        )
