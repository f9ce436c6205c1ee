"""The way of owed money back: docs/protocol.md, section 11."""

from __future__ import annotations

from collections.abc import Iterator

from .people import other_money
from .state import Around, Evidence, Payment, Write

ENDS_WITH_REFUND = frozenset({"refund_unresolved", "receipt_not_known", "refund_receipt_odd"})
"""Reasons for attention that the end of a refund answers."""


def act(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """11.1: what the maker, the checker and whoever reads the statement may do."""
    p, who = around.payment, evidence.who
    if p is None or p.status != "refund_due":
        return
    refund, kind = p.refund, evidence.kind
    if kind == "mark" and (refund.step != "sent" or without == "one way back"):
        left = other_money(p)
        marked = p._replace(status="refunded", attention=left, refund=refund._replace(step=None))
        yield Write(p, marked)
    elif kind == "request" and refund.step is None and p.bound is not None:
        asked = refund._replace(step="requested", maker=who, checker=None, refused=None)
        yield Write(p, p._replace(refund=asked), gate="run")
    elif kind == "withdraw" and refund.step == "requested":
        yield Write(p, p._replace(refund=refund._replace(step=None)))
    elif kind == "approve" and refund.step == "requested":
        sent = refund._replace(step="sent", checker=who, attempt=refund.attempt + 1)
        if refund.maker != who or without == "two persons":
            yield Write(p, p._replace(refund=sent), gate="turn")
    elif kind.startswith("settle") and refund.step == "sent":
        is_back = kind == "settle reversed"
        settled = _returned(p, proven=False) if is_back else _refused(p, "not_reversed")
        if around.refund_is_late or without == "the statement after a day":
            yield settled


def not_taken(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """11.3: the answer to the Reversal proves a refusal, or the refund stays sent."""
    p = around.payment
    if p is None or not _is_current(p, evidence, without):
        return
    if evidence.code == "unclear" and without != "unclear stays sent":
        return
    yield _refused(p, evidence.code, stops=evidence.code == "gateway, stops")


def result(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """11.3: an authentic result. A 0 counts for every attempt, a refusal for its own only."""
    p, code = around.payment, evidence.code
    if p is None:
        return
    if code == "0":
        current = p.refund.attempt == evidence.attempt and p.refund.step == "sent"
        if current or without != "a success of any attempt":
            yield from _done(p, without)
    elif code in ("0, another receipt", "0, another amount"):
        told = {"0, another receipt": "refund_of_another_receipt"}
        yield Write(p, p, raises=told.get(code, "refund_amount_differs"))
    elif not _is_current(p, evidence, without):
        return
    elif code == "already":
        if without == "already reversed is no refusal":
            yield _refused(p, code)
    elif code == "unlisted":
        if without == "an unlisted code waits":
            yield _refused(p, code)
    elif code == "receipt not known":
        yield _refused(p, code)._replace(raises="receipt_not_known")
    else:
        yield _refused(p, code, stops=code == "stops")


def _done(p: Payment, without: str) -> Iterator[Write]:
    if p.status == "refund_due":
        yield _returned(p, proven=True)
    elif p.status == "refunded":
        known = p._replace(refund=p.refund._replace(proven=True))
        yield Write(p, known)  # the operator named the same receipt, or it is a repeat
        if without != "back twice sets attention":
            yield Write(p, known, raises="refunded_twice")
    else:
        yield Write(p, p, raises="reversed_at_mpesa")


def status(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """11.4: Transaction Status. Reversed is final; Completed says nothing about a refund."""
    p, code = around.payment, evidence.code
    if p is None:
        return
    if code == "Reversed":
        if p.status == "refund_due":
            yield _returned(p, proven=True)
        elif p.status in ("completed", "review"):
            yield Write(p, p, raises="reversed_at_mpesa")
    elif p.refund.step == "sent" and p.status == "refund_due":
        if code == "Completed":
            if without == "Completed says nothing":
                yield _refused(p, code)
        elif p.attention is None:
            yield Write(p, p, raises="refund_receipt_odd")


def look(around: Around, without: str) -> Iterator[Write]:
    """R5: 24 hours after the send a person is told."""
    p = around.payment
    waits = p is not None and p.refund.step == "sent" and around.refund_is_late
    if p is not None and waits and without != "a day sets attention":
        yield Write(p, p, raises="refund_unresolved")


def _returned(p: Payment, *, proven: bool) -> Write:
    refund = p.refund._replace(step=None, refused=None, proven=proven)
    return Write(p, _attended(p)._replace(status="refunded", refund=refund))


def _refused(p: Payment, code: str, *, stops: bool = False) -> Write:
    refund = p.refund._replace(step=None, refused=code)
    return Write(p, _attended(p)._replace(refund=refund), gate="stop" if stops else "")


def _attended(p: Payment) -> Payment:
    return p._replace(attention=None) if p.attention in ENDS_WITH_REFUND else p


def _is_current(p: Payment, evidence: Evidence, without: str) -> bool:
    """Whether the attempt is the one under way: an older refusal says nothing about it."""
    if p.refund.step != "sent" or p.status != "refund_due":
        return False
    return p.refund.attempt == evidence.attempt or without == "a refusal of its own attempt"
