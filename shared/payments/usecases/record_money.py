"""Records money that a witness names (docs/protocol.md, section 10)."""

from dataclasses import replace
from enum import StrEnum

from payments.errors import ConflictError, InvalidRequestError, StoreUnavailableError
from payments.ports import Actor, Role
from payments.protocol.change import Change, EventType
from payments.protocol.consultation import Consultation
from payments.protocol.evidence import MoneySeen
from payments.protocol.matching import attribute, names_payment, normalise_reference
from payments.protocol.news import reason_against
from payments.protocol.opening import pays_booking
from payments.protocol.payment import Payment, Proof
from payments.protocol.policy import DECISIONS_MAX
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.protocol.report import of_money
from payments.protocol.witness import contradicts, doubted, new_row
from payments.usecases.apply_evidence import settle_evidence
from payments.usecases.gather_facts import gather_facts
from payments.usecases.services import Services
from payments.values import normalise_phone, typed_reference

BY_RULE = "rule"


class MoneyOutcome(StrEnum):
    """What became of a receipt that a witness named.

    `bound` to a payment or booking, by this call. `repeat`: it was known, nothing is written.
    `filed`: it waits for a payment or a person. `attention`: it is filed, or contradicts, and a
    payment has attention. `set_aside`: it is a transfer from an own shortcode.
    """

    BOUND = "bound"
    REPEAT = "repeat"
    FILED = "filed"
    ATTENTION = "attention"
    SET_ASIDE = "set_aside"


def record_money(services: Services, money: MoneySeen, *, actor: Actor) -> MoneyOutcome:
    """Record money that a witness names, so that it is on exactly one receipt row.

    Errors: StoreUnavailableError: the money is not durable, so enqueue it.
    Idempotent: the same receipt again is one strong read and writes nothing; witnesses at once are
        one booking, one event.
    """
    money = _sealed(services, money)
    for _ in range(DECISIONS_MAX):
        row = services.ledger.get_row(money.receipt_number)
        outcome = settle_money(services, money, row, actor=actor)
        if outcome is MoneyOutcome.REPEAT and row is not None and contradicts(row, money):
            outcome = _doubt(services, row, money)
        if outcome is not None:
            services.observer.witnessed(money.source, _role(row, money))
            return outcome
    raise StoreUnavailableError("contended")


def settle_money(
    services: Services,
    money: MoneySeen,
    row: ReceiptRow | None,
    *,
    actor: Actor,
    is_look: bool = False,
) -> MoneyOutcome | None:
    """Decide about a receipt, given its row as read, and write; None where the row has moved.

    A look is a later try for a row that waits: it may also search the prompts of its time.
    """
    if row is not None and row.state is not RowState.UNCLAIMED:
        return _known(services, money, row, actor)
    if money.payer in services.rules.sweep_payers:
        return _set_aside(services, money, row, actor)
    facts = gather_facts(services, money, is_look=is_look)
    match attribute(money, row, facts):
        case Payment() as payment:
            return _give(services, payment, money, row, actor=actor, is_look=is_look)
        case Consultation() if row is not None and row.amount_kes != money.amount_kes:
            return MoneyOutcome.REPEAT  # a person must say which amount is true
        case Consultation() as consultation:
            return _book(services, consultation, money, row, actor)
        case None:
            return MoneyOutcome.REPEAT if row else _file(services, money, actor)


def _sealed(services: Services, money: MoneySeen) -> MoneySeen:
    """Return the money with a full phone number replaced by its HMAC, and the account cleaned."""
    reference = typed_reference(money.reference) or None
    try:
        number = normalise_phone(money.payer)
    except InvalidRequestError:
        return replace(money, reference=reference)
    return replace(money, reference=reference, payer=None, payer_hmac=services.hash_phone(number))


def _role(row: ReceiptRow | None, money: MoneySeen) -> Role:
    if row is None:
        return Role.FIRST
    is_same = row.amount_kes is None or row.amount_kes == money.amount_kes
    return Role.AGAIN if is_same else Role.CONFLICT


def _known(
    services: Services, money: MoneySeen, row: ReceiptRow, actor: Actor
) -> MoneyOutcome | None:
    """Handle a receipt that is bound or set aside: a repeat, unless it says another amount.

    The payment is read only where the repeat may add something: another amount, a row of an older
    version, or a receipt that so far only an operator had named. Where a person has booked the
    money without knowing its account, or set it aside, the payment that it names gets attention.
    """
    told = _tell_named(services, money, row, actor)
    is_plain = row.amount_kes == money.amount_kes and row.source is not Proof.OPERATOR
    if row.payment_id is None or is_plain:
        return told
    payment = services.store.get_payment(row.payment_id)
    is_named = payment is not None and names_payment(money, payment)
    if payment is None or (payment.bound_receipt is None and not is_named):
        # An older version claimed it for a hint, which may have been forged.
        return told
    settled = settle_evidence(services, payment, money, actor=actor)
    if settled.change is not None and settled.change.claim is not None:
        return MoneyOutcome.BOUND
    return MoneyOutcome.ATTENTION if _has_raised(settled.change) else told


_NAMES_NO_ACCOUNT = frozenset({Proof.STATUS, Proof.OPERATOR})
"""Witnesses that know no account: a person chose the payment."""


def _tell_named(
    services: Services, money: MoneySeen, row: ReceiptRow, actor: Actor
) -> MoneyOutcome:
    """Set attention at the one payment whose reference was typed, where its money is elsewhere."""
    if row.payment_id is not None and row.source not in _NAMES_NO_ACCOUNT:
        return MoneyOutcome.REPEAT
    reference = normalise_reference(money.reference)
    found = services.ledger.payments_by_reference(reference) if reference else []
    named = [payment for payment in found if names_payment(money, payment)]
    if len(named) != 1 or named[0].payment_id == row.payment_id:
        return MoneyOutcome.REPEAT
    settled = settle_evidence(services, named[0], money, actor=actor)
    return MoneyOutcome.ATTENTION if _has_raised(settled.change) else MoneyOutcome.REPEAT


def _doubt(services: Services, row: ReceiptRow, money: MoneySeen) -> MoneyOutcome | None:
    """Keep both amounts on a row that no payment has, so that no machine takes it for either."""
    op_id = services.ids.hex(32)
    is_done = services.ledger.doubt_amount(row, doubted(row, money), op_id=op_id)
    return MoneyOutcome.FILED if is_done else None


def _set_aside(
    services: Services, money: MoneySeen, row: ReceiptRow | None, actor: Actor
) -> MoneyOutcome | None:
    """Set a transfer from an own shortcode aside: it is no new money."""
    now = services.now()
    known = doubted(row, money) if row and contradicts(row, money) else row
    aside = (known or new_row(money, now=now)).put_aside(SetAside.SWEEP, by=BY_RULE, now=now)
    op_id = services.ids.hex(32)
    if row is None:
        is_done = services.ledger.file(aside, actor=actor, op_id=op_id)
    else:
        is_done = services.ledger.set_aside(row, aside, op_id=op_id)
    return MoneyOutcome.SET_ASIDE if is_done else None


def _give(
    services: Services,
    payment: Payment,
    money: MoneySeen,
    row: ReceiptRow | None,
    *,
    actor: Actor,
    is_look: bool,
) -> MoneyOutcome | None:
    """Give the receipt to the payment, or file it with attention where it cannot be taken."""
    cannot_take = reason_against(payment, of_money(money)) is not None
    if row is not None and cannot_take and not is_look:
        return MoneyOutcome.REPEAT
    # Without a reference the payment was found by what it was then, so it must still be that.
    shown = None if money.reference else payment.version
    try:
        settled = settle_evidence(services, payment, money, actor=actor, only_version=shown)
    except ConflictError:
        return None
    if settled.change is None:
        return MoneyOutcome.REPEAT if row else None
    return MoneyOutcome.BOUND if settled.change.claim else MoneyOutcome.ATTENTION


def _book(
    services: Services,
    consultation: Consultation,
    money: MoneySeen,
    row: ReceiptRow | None,
    actor: Actor,
) -> MoneyOutcome | None:
    """Confirm the booking whose id was typed by a payment of its own."""
    op_id = services.ids.hex(32)
    opening = pays_booking(
        money, consultation, now=services.now(), op_id=op_id, has_waited=row is not None
    )
    if not services.ledger.open_payment(opening, actor=actor, op_id=op_id):
        return None
    services.observer.opened(opening.payment, actor)
    return MoneyOutcome.BOUND


def _file(services: Services, money: MoneySeen, actor: Actor) -> MoneyOutcome | None:
    row = new_row(money, now=services.now())
    is_done = services.ledger.file(row, actor=actor, op_id=services.ids.hex(32))
    return MoneyOutcome.FILED if is_done else None


def _has_raised(change: Change | None) -> bool:
    """Whether a change tells a person."""
    return change is not None and EventType.UNRESOLVED in change.events
