"""What one report says about money, in one form for callbacks, queries, witnesses and persons."""

from dataclasses import dataclass

from payments.protocol.evidence import MoneySeen, ReceiptFound
from payments.protocol.payment import ENDS_PROMPT, Proof, StkResult
from payments.protocol.policy import ROW_LOOK_SECONDS
from payments.protocol.receipts import Claim, ClaimRule, ReceiptRow, RowState


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReport:
    """Money that a source says has arrived for a payment.

    Shape: a query names neither receipt nor amount; only a callback or a query names the prompt.
    Units: KES; `paid_at` in UTC epoch seconds.
    """

    proof: Proof
    receipt_number: str | None
    amount_kes: int | None
    paid_at: int | None
    description: str = ""
    checkout_request_id: str | None = None
    merchant_request_id: str | None = None
    shortcode: str | None = None

    @property
    def ends_prompt(self) -> bool:
        """Whether it proves that the payment's own prompt has ended."""
        return self.proof in ENDS_PROMPT

    def claim(self, row: ReceiptRow | None) -> Claim | None:
        """Return the claim of its receipt, given the row as read; None where it names none."""
        if self.receipt_number is None:
            return None
        waiting = row if row is not None and row.state is RowState.UNCLAIMED else None
        # Two amounts that are not known are not the same amount.
        is_same = waiting is not None and waiting.amount_kes == self.amount_kes is not None
        contradicts = waiting is not None and not is_same
        return Claim(
            receipt_number=self.receipt_number,
            source=self.proof,
            amount_kes=self.amount_kes,
            paid_at=self.paid_at,
            shortcode=self.shortcode,
            rule=ClaimRule.DESPITE_AMOUNT if contradicts else ClaimRule.USUAL,
        )

    def unclaimed_row(self, *, reference: str | None, now: int) -> ReceiptRow:
        """Return the row that files its receipt for a person. Errors: ValueError without one."""
        if self.receipt_number is None:
            raise ValueError("money without a receipt has no row")
        return ReceiptRow(
            receipt_number=self.receipt_number,
            source=self.proof,
            amount_kes=self.amount_kes,
            paid_at=self.paid_at,
            shortcode=self.shortcode,
            reference=reference,
            created_at=now,
            due_at=now + ROW_LOOK_SECONDS[0],
        )


def of_result(result: StkResult, proof: Proof) -> MoneyReport:
    """Read a callback, a hint or a query's answer."""
    return MoneyReport(
        proof=proof,
        receipt_number=result.receipt_number,
        amount_kes=result.amount_kes,
        paid_at=result.transaction_at,
        description=result.description,
        checkout_request_id=result.checkout_request_id,
        merchant_request_id=result.merchant_request_id,
    )


def of_money(money: MoneySeen) -> MoneyReport:
    """Read a witness: it names no prompt."""
    return MoneyReport(
        proof=money.source,
        receipt_number=money.receipt_number,
        amount_kes=money.amount_kes,
        paid_at=money.paid_at,
        description="Received, as M-Pesa reports",
        shortcode=money.shortcode,
    )


def of_statement(found: ReceiptFound) -> MoneyReport:
    """Read what an operator found on M-Pesa's statement."""
    return MoneyReport(
        proof=Proof.OPERATOR,
        receipt_number=found.receipt_number,
        amount_kes=found.amount_kes,
        paid_at=found.transaction_at,
        description="Found on M-Pesa's statement",
    )
