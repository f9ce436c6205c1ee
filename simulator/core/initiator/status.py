"""Transaction Status: what M-Pesa knows of a receipt or a conversation.

Source: docs/daraja.md 9.3. It works for payments, reversals and payouts.
"""

from dataclasses import dataclass

from simulator.core.accounts import Account, AccountKind, Movement, MovementKind
from simulator.core.config import Merchant
from simulator.core.identifiers import timestamp
from simulator.core.initiator.asks import Ask, Order, Outcome
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.fields import StatusOrder
from simulator.core.initiator.parties import customer, merchant_of, organisation
from simulator.core.phones import is_valid_msisdn
from simulator.core.world import World

_REASONS = {
    MovementKind.PAYMENT: "Pay Bill Online",
    MovementKind.REVERSAL: "Transaction Reversal",
    MovementKind.PAYOUT: "Business Payment to Customer via API",
    MovementKind.SETTLEMENT: "Merchant to Organization Settlement",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: a movement, or a call that moved nothing (yet)."""

    movement: Movement | None = None
    ask: Ask | None = None


def payer(world: World, order: Order) -> str | None:
    """The phone whose scenario applies: the one that paid or was paid."""
    subject = _subject(world, order) if isinstance(order, StatusOrder) else None
    if subject is None or subject.movement is None:
        return None
    for account in (subject.movement.debited, subject.movement.credited):
        if account.kind is AccountKind.WALLET and is_valid_msisdn(account.owner):
            return account.owner
    return None


def execute(world: World, ask: Ask, at: float) -> Outcome:
    """What is known of the transaction. Another shortcode's transaction counts as unknown."""
    assert isinstance(ask.order, StatusOrder)
    merchant = merchant_of(world.config, ask.order.caller.shortcode)
    subject = _subject(world, ask.order)
    if merchant is None or subject is None or not _is_of(subject, merchant):
        return Outcome(world.config.unknown_receipt_code)
    said = ask.day.transaction_status or _status(world, subject)
    if subject.movement is None:
        assert subject.ask is not None
        return Outcome(SUCCESS, parameters=_without_movement(subject.ask, said))
    return Outcome(
        SUCCESS,
        subject.movement.receipt,
        (
            ("DebitPartyName", _name(world, subject.movement.debited)),
            ("CreditPartyName", _name(world, subject.movement.credited)),
            ("OriginatorConversationID", _conversation(world, subject)),
            ("InitiatedTime", int(timestamp(subject.movement.at))),
            ("DebitAccountType", _account_name(subject.movement.debited)),
            ("DebitPartyCharges", _charges(world, subject.movement)),
            ("TransactionReason", None),
            ("ReasonType", _REASONS.get(subject.movement.kind, "Organization Transfer")),
            ("TransactionStatus", said),
            ("FinalisedTime", int(timestamp(subject.movement.at))),
            ("Amount", float(subject.movement.amount_kes)),
            ("ConversationID", ask.conversation_id),
            ("ReceiptNo", subject.movement.receipt),
        ),
    )


def _subject(world: World, order: StatusOrder) -> Subject | None:
    movement = world.ledger.by_receipt.get(order.receipt.upper())
    if movement is not None:
        return Subject(movement)
    if order.receipt or not order.conversation_id:
        return None
    asked = world.initiator.by_originator.get(order.conversation_id)
    if asked is not None:
        receipt = asked.outcome.receipt if asked.outcome else ""
        return Subject(world.ledger.by_receipt.get(receipt), asked)
    if not world.config.status_by_stk_id:
        return None
    debits = world.ledger.debits.values()
    found = (each for each in debits if each.merchant_request_id == order.conversation_id)
    debit = next(found, None)
    return Subject(world.ledger.by_receipt[debit.receipt]) if debit else None


def _is_of(subject: Subject, merchant: Merchant) -> bool:
    if subject.movement is not None:
        owners = {subject.movement.debited.owner, subject.movement.credited.owner}
        return merchant.shortcode in owners
    return subject.ask is not None and subject.ask.order.caller.shortcode in (
        merchant.shortcode,
        merchant.till,
    )


def _status(world: World, subject: Subject) -> str:
    if subject.movement is None:
        assert subject.ask is not None
        return "Initiated" if subject.ask.outcome is None else "Declined"
    is_reversed = subject.movement.receipt in world.ledger.reversed_receipts
    return "Reversed" if is_reversed and world.config.reversed_is_shown else "Completed"


def _without_movement(asked: Ask, said: str) -> tuple[tuple[str, object], ...]:
    return (
        ("OriginatorConversationID", asked.originator_id),
        ("InitiatedTime", int(timestamp(asked.accepted_at))),
        ("TransactionReason", None),
        ("TransactionStatus", said),
        ("ConversationID", asked.conversation_id),
    )


def _conversation(world: World, subject: Subject) -> str:
    assert subject.movement is not None
    debit = world.ledger.debits.get(subject.movement.receipt)
    if debit is not None:
        return debit.merchant_request_id
    return subject.ask.originator_id if subject.ask else ""


def _name(world: World, account: Account) -> str:
    merchant = merchant_of(world.config, account.owner)
    return organisation(merchant) if merchant else customer(account.owner)


def _account_name(account: Account) -> str:
    if account.kind is AccountKind.WALLET:
        return "MMF Account For Customer"
    return f"{account.kind.capitalize()} Account"


def _charges(world: World, movement: Movement) -> str | None:
    charge = next(
        (
            each
            for each in world.ledger.books.movements
            if each.kind is MovementKind.CHARGE and each.about == movement.receipt
        ),
        None,
    )
    return f"Fee For B2C Payment|KES|{charge.amount_kes}.00" if charge else None
