"""The mutants of the receipt ledger: money that no prompt of ours reported."""

from __future__ import annotations

from .edits import Edit, Mutant, one

ROWS = "payments.store.row_writes"
WITNESS = "payments.protocol.witness"
MATCHING = "payments.protocol.matching"
NEWS = "payments.protocol.news"
MONEY = "payments.protocol.money"
OPENING = "payments.protocol.opening"

LEDGER_MUTANTS = (
    one(
        "a claim rewrites the source",
        "the first witness stays",
        ROWS,
        'f"{e.name(name)} = if_not_exists({e.name(name)}, {e.value(value)})"',
        'f"{e.name(name)} = {e.value(value)}"',
    ),
    one(
        "a bound row keeps its payer",
        "the payer goes as the row is bound",
        ROWS,
        "removes=[e.name(name) for name in ONLY_WHILE_UNCLAIMED],",
        "removes=[],",
    ),
    one(
        "what a payment cannot take is not filed",
        "a second receipt is filed",
        WITNESS,
        "        files=None if row else new_row(money, now=case.now),\n",
        "        files=None,\n",
    ),
    one(
        "another amount by hand goes to review",
        "money of another amount is filed, the payment stays free",
        NEWS,
        'return None if report.amount_kes == _believed_kes(payment) else "paid_other_amount"',
        "return None",
    ),
    Mutant(
        "a hint's receipt is claimed",
        "a hint's receipt is shown, never claimed",
        (
            Edit(
                MONEY,
                "return report.claim(case.context.receipt) if report.proof in WITNESSES else None",
                "return report.claim(case.context.receipt)",
            ),
        ),
    ),
    Mutant(
        "a booking id pays any price",
        "a booking id confirms only at exactly this amount",
        (
            Edit(
                MATCHING,
                "if consultation.is_payable and consultation.price_kes == money.amount_kes",
                "if consultation.is_payable",
            ),
            Edit(
                OPENING,
                "    if consultation.price_kes != money.amount_kes:\n",
                "    if not money.amount_kes:\n",
            ),
            Edit(
                "payments.store.writes",
                "is_exact = f\"{e.name('price_kes')} = {e.value(amount_kes)}\"",
                "is_exact = f\"({e.name('price_kes')} = {e.value(amount_kes)} OR {EXISTS})\"",
            ),
        ),
    ),
    one(
        "an unproven prompt is found by phone and amount",
        "rung 3 gives a receipt only to a payment that is proven paid",
        MATCHING,
        "    if payment.may_yet_be_paid:\n        return None\n    has_rival",
        "    has_rival",
    ),
)
