"""Fills in what payments of earlier releases lack, and lists receipts that they bound twice.

Idempotent: a second run writes nothing. Each write requires the version that was read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from payments.ports import Actor
from payments.protocol.change import MONEY_PROOFS
from payments.protocol.payment import UNPROVEN, Payment
from payments.protocol.refund_evidence import RefundLook
from payments.protocol.sent_refund import is_sent
from payments.store.backlog import Backlog
from payments.store.history import PaymentHistory
from payments.usecases.apply_refund import apply_refund
from payments.usecases.services import Services

ATTEMPTS_MAX = 8
OP_ID_CHARACTERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReceipt:
    """A receipt that is bound to a payment which holds another one, or none."""

    receipt_number: str
    payment_id: str
    own_receipt: str | None


@dataclass(slots=True, kw_only=True)
class Upgraded:
    """What a run did. Counts payments; `unwritten` names those that others kept changing.

    `indexed` had the time of their money and lacked the index key that goes with it. `looks` are
    the sent refunds that are asked about again.
    """

    looked_at: int = 0
    written: int = 0
    indexed: int = 0
    had_it: int = 0
    without_money: int = 0
    looks: int = 0
    unwritten: list[str] = field(default_factory=list)
    second_receipts: list[SecondReceipt] = field(default_factory=list)


def first_proof_at(payment: Payment) -> int:
    """Return when the money was first proven, which never moves. Units: UTC epoch seconds.

    Payments that an older version settled have no such time: M-Pesa's own time counts for them.
    """
    older = payment.transaction_at or payment.final_at or payment.created_at
    return payment.received_at or older


def upgrade_payments(services: Services, history: PaymentHistory, days: Iterable[str]) -> Upgraded:
    """Write `received_at` and its index key into the paid payments created on these EAT days.

    Finds them by the day index. Costs for each payment a read, a query of its events, and a write
    where money came in. Errors: StoreUnavailableError.
    """
    done = Upgraded()
    for payment in history.get_payments(each.payment_id for each in history.list_created(days)):
        done.looked_at += 1
        if not _has_money(payment):
            done.without_money += 1
        elif payment.received_at is not None:
            if history.store_received_shard(payment):
                done.indexed += 1
            else:
                done.had_it += 1
        elif _write(services, history, payment):
            done.written += 1
        else:
            done.unwritten.append(payment.payment_id)
        done.second_receipts += _second_receipts(history, payment)
    return done


def restore_looks(
    services: Services, history: PaymentHistory, backlog: Backlog, *, actor: Actor
) -> int:
    """Put sent refunds that no look is due for on the schedule again; how many there were.

    Release 0.1.1 takes them off it: it looks at what is due, and knows no look at a refund. A
    refund that is a day old gets attention. Errors: StoreUnavailableError.
    """
    waiting, _ = backlog.waiting()
    restored = 0
    for payment in history.get_payments(waiting):
        if is_sent(payment) and payment.due_at is None:
            after = apply_refund(services, payment, RefundLook(), actor=actor)
            restored += after.version > payment.version
    return restored


def _has_money(payment: Payment) -> bool:
    return payment.status not in UNPROVEN and payment.proof in MONEY_PROOFS


def _write(services: Services, history: PaymentHistory, payment: Payment) -> bool:
    """Write the time, reading anew where somebody else wrote; whether it is written now."""
    op_id = services.ids.hex(OP_ID_CHARACTERS)
    for _ in range(ATTEMPTS_MAX):
        if history.store_received_at(payment, first_proof_at(payment), op_id=op_id):
            return True
        found = services.store.get_payment(payment.payment_id)
        if found is None or not _has_money(found):
            return False
        if found.received_at is not None:
            return True
        payment = found
    return False


def _second_receipts(history: PaymentHistory, payment: Payment) -> Iterator[SecondReceipt]:
    """Find receipts that the payment's events name, which are bound to it and are not its own."""
    events = history.get_events(payment.payment_id)
    named = {each.receipt_number for each in events} - {"", payment.receipt_number}
    for receipt, owner in history.get_receipt_owners(sorted(named)).items():
        if owner == payment.payment_id:
            yield SecondReceipt(
                receipt_number=receipt,
                payment_id=payment.payment_id,
                own_receipt=payment.receipt_number,
            )
