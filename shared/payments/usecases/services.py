"""The adapters and rules that every use case gets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payments.ports import Clock, Ids, Observer, RefundsFunction, Sleep, StkGateway
from payments.protocol.policy import Policy
from payments.protocol.rules import MoneyRules
from payments.store.ledger import ReceiptLedger
from payments.store.payments import PaymentStore

if TYPE_CHECKING:
    from payments.store.refund_gate import RefundGates


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundParts:
    """The refund gate, and the function that alone sends refunds."""

    gates: "RefundGates"
    function: RefundsFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The adapters and rules of one deployment; `hash_phone` keys a phone without naming it."""

    store: PaymentStore
    ledger: ReceiptLedger
    gateway: Callable[[], StkGateway]
    refunds: Callable[[], RefundParts]
    clock: Clock
    sleep: Sleep
    ids: Ids
    policy: Policy
    rules: MoneyRules
    observer: Observer
    hash_phone: Callable[[str], str]

    def now(self) -> int:
        """Return UTC epoch seconds."""
        return int(self.clock())
