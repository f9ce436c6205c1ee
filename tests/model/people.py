"""What a person may do: docs/protocol.md, the operator's rows of section 3, and section 10.5.

A person acts on the payment and the receipt as they were shown, or nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from .money import cannot_take, claim_of, hint_waits, is_active, is_free, money, news, row_problem
from .state import (
    MACHINES,
    OVER,
    OWN_PROMPT,
    PAID,
    UNPROVEN,
    Around,
    Evidence,
    OnRow,
    Payment,
    Write,
    is_payable,
)

ABOUT_OTHER_MONEY = frozenset(
    {"second_receipt", "paid_other_amount", "hint_refuted", "hint_unanswered", "hints_disagree"}
)


def act(around: Around, evidence: Evidence, age: int, without: str) -> Iterator[Write]:
    """Every act on a payment or a receipt, by its word."""
    p, kind = around.payment, evidence.kind
    if kind in ("attach to a booking", "owe back"):
        yield from _open(around, evidence, without)
    elif kind in ("set aside", "reopen"):
        if p is None:
            yield Write(None, None, row=OnRow(kind, evidence.amount, "machine"))
    elif p is None:
        return
    elif kind in ("complete", "owe the review back", "bogus"):
        if p.status == "review" and (age >= OVER or not p.locks):
            yield from _resolve(around, evidence, without)
    elif kind == "record a receipt":
        yield from _record(around, evidence, without)
    elif kind == "attach":
        yield from _attach(around, evidence, without)
    elif kind == "give hinted money away":
        yield from _given_away(around, evidence, without)
    elif kind == "clear attention":
        late = p.refund.step == "sent" and around.refund_is_late
        if p.attention is not None and not late:
            yield Write(p, p._replace(attention=None))


def _given_away(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """5.3: a hint came while a person gave its receipt to something else."""
    p = around.payment
    if p is not None and p.bound is None and (p.hint == "paid" or p.receipt is not None):
        for reason in row_problem(around.row, evidence, without):
            yield Write(p, p, raises=reason)


def _resolve(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """End a review. Money that Safaricom named exists, so it is never bogus."""
    p, row = around.payment, around.row
    assert p is not None
    frees = around.phone == "me"
    over = p._replace(attention=other_money(p), why=None, locks=False, proof="operator")
    effect = "free" if is_active(around) else ""
    if evidence.kind == "bogus":
        by_row = row is not None and row.source == "machine"
        if (
            p.bound is not None
            and (p.proof in MACHINES or by_row)
            and without != "Safaricom's money stays"
        ):
            return
        failed = over._replace(status="failed", receipt=None, paid=None)
        deletes = "delete" if p.bound is not None else ""
        yield Write(p, failed, booking=effect, frees_phone=frees, row=OnRow(deletes))
        return
    known = None if p.proof == "hint" else p.paid
    amount = known or evidence.amount
    named = evidence._replace(source="operator", amount=amount, names=True)
    takes = p.bound is not None or is_free(row, without)
    if p.bound is None and row is not None and row.state == "unclaimed" and row.amount != amount:
        return
    if amount is None or not takes:
        return
    claim = OnRow() if p.bound is not None else claim_of(around, named, without)
    after = over._replace(paid=amount, receipt=p.bound or "this")
    if p.receipt == "another" and p.bound is None:
        after = after._replace(attention="second_receipt")
    if evidence.kind == "owe the review back":
        owed = after._replace(status="refund_due")
        yield Write(p, owed, booking=effect, frees_phone=frees, row=claim)
    elif amount == "exact" and is_payable(around.booking):
        done = after._replace(status="completed")
        yield Write(p, done, booking="confirm", frees_phone=frees, row=claim)


def other_money(p: Payment) -> str | None:
    """The attention that a decision about the payment's own money does not answer."""
    return p.attention if p.attention in ABOUT_OTHER_MONEY else None


def _record(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """A receipt on M-Pesa's statement: unknown money goes to review, a paid payment gets it."""
    p = around.payment
    assert p is not None
    found = evidence._replace(source="operator", names=True)
    if not is_free(around.row, without):
        return
    if p.status in PAID and p.bound is None:
        yield from news(around, found, without)
    elif p.status in UNPROVEN and p.status != "dispatching":
        after = p._replace(
            status="review",
            proof="operator",
            paid=evidence.amount,
            receipt="this",
            hint=None,
            why="recorded_from_statement",
        )
        hold = "hold" if is_active(around) else ""
        write = Write(p, after, booking=hold, row=claim_of(around, found, without))
        yield from hint_waits(p, found, [write])


def _attach(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """Bind an unclaimed receipt to the payment that the person chose, as its witness would."""
    p, row = around.payment, around.row
    assert p is not None
    if row is None or row.state != "unclaimed" or row.amount != evidence.amount:
        return
    if cannot_take(p, evidence, without) is not None:
        return
    # A callback filed it as another prompt's money; it says nothing about this one.
    source = "operator" if evidence.source in OWN_PROMPT else evidence.source
    for write in money(around, evidence._replace(source=source, names=True), without):
        if write.row.act.startswith("claim"):
            yield write._replace(row=write.row._replace(act="claim as shown"))


def _open(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """A paybill payment, for a booking that costs exactly this, or owed back."""
    if around.payment is not None:
        return
    status = "completed" if evidence.kind == "attach to a booking" else "refund_due"
    yield Write(
        None,
        paybill_payment(status, evidence),
        booking="confirm" if status == "completed" else "",
        row=OnRow("claim as shown", evidence.amount, "machine"),
    )


def paybill_payment(status: str, evidence: Evidence) -> Payment:
    """A payment without a prompt, made for money that was paid by hand."""
    source, amount = evidence.source, evidence.amount
    return Payment(status, source, amount, "this", locks=False, prompted=False)


def typed_booking(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """Rung 4: the account is a booking that is payable at exactly this amount."""
    exact = evidence.amount == "exact" or without == "a typed booking at its price"
    if around.payment is None and exact:
        opened = paybill_payment("completed", evidence)
        yield Write(None, opened, booking="confirm", row=OnRow("claim", evidence.amount, "machine"))


def money_on_a_row(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """Rung 5: an unclaimed row; where two amounts were named for it, none is known any more.

    A transfer between the own shortcodes is set aside by rule.
    """
    if around.payment is None and around.row is None:
        yield Write(None, None, row=OnRow("file", evidence.amount, "machine"))
    yield from another_amount(around, evidence, without)
    if around.payment is None and evidence.kind == "sweep":
        yield Write(None, None, row=OnRow("set aside", evidence.amount, "machine"))


def another_amount(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """10.3: another amount than the known one of a row that no payment has, also of a sweep's."""
    row = around.row
    waits = row is not None and row.state != "bound" and row.amount is not None
    waits &= without != "two amounts are no amount"
    if around.payment is None and row is not None and waits and row.amount != evidence.amount:
        yield Write(None, None, row=OnRow("two amounts", row.amount, "machine"))
        if evidence.kind == "sweep":
            yield Write(None, None, row=OnRow("two amounts aside", row.amount, "machine"))
