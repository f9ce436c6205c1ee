"""M-Pesa's witnesses beside the callback: what each would name, handed to the use case itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from payments.ports import Actor
from payments.protocol.evidence import MoneySeen, Operation
from payments.protocol.payment import Payment, Proof
from payments.protocol.receipts import ReceiptRow
from payments.protocol.rules import MoneyRules
from payments.usecases.look_at_receipts import LookReport, look_at_due_receipts
from payments.usecases.operate import operate_on_payment
from payments.usecases.record_money import MoneyOutcome, record_money
from payments.usecases.services import Services

from tests.support.world import World

ACTOR = Actor(by="c2b", request_id="confirmation-1")
PERSON = Actor(by="operator:njeri", request_id="desk-1", reason="seen on the statement")


class Bank:
    """The witnesses of one world. `rules` are the deployment's choices, `off` by default."""

    def __init__(self, scene: World, rules: MoneyRules | None = None) -> None:
        self._scene = scene
        self.rules = rules or MoneyRules()

    @property
    def services(self) -> Services:
        """Those of a warm function, under this test's rules."""
        services: Services = self._scene.function("cleanup").module.runtime.services
        return replace(services, rules=self.rules)

    def says(self, receipt: str, *, amount: int | None = 1000, **more: Any) -> MoneyOutcome:
        """A witness names a receipt."""
        money = MoneySeen(
            **{
                "source": Proof.C2B,
                "receipt_number": receipt,
                "shortcode": "174379",
                "amount_kes": amount,
                "paid_at": int(self._scene.clock()),
                "payer": "2547 ***** 149",
                "transaction_type": "Pay Bill",
                **more,
            }
        )
        return record_money(self.services, money, actor=ACTOR)

    def decide(self, payment_id: str, operation: Operation) -> Payment:
        """A person decides on the payment as it is now."""
        shown = self.services.store.get_payment(payment_id)
        assert shown is not None
        return operate_on_payment(
            self.services,
            payment_id,
            operation,
            shown_version=shown.version,
            who="njeri",
            why="statement",
            request_id="1",
        )

    def row(self, receipt: str) -> ReceiptRow:
        """A receipt's row as stored."""
        row = self.services.ledger.get_row(receipt)
        assert row is not None
        return row

    def look(self) -> LookReport:
        """Cleanup looks at the rows that are due."""
        return look_at_due_receipts(self.services, remaining_seconds=lambda: 60.0, actor=ACTOR)
