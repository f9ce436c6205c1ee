"""What evidence means for a payment: docs/protocol.md, sections 3, 4, 5, 10.2 and 10.3.

Each function has the rows of section 3 in its order, and yields the writes that they allow. No
write means that nothing is concluded; looking again later is always allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .state import (
    BELIEVABLE,
    DAY,
    MACHINES,
    MINUTE,
    OPEN,
    OVER,
    OWN_PROMPT,
    PAID,
    TWO_DAYS,
    UNPROVEN,
    WITNESSES,
    Around,
    Evidence,
    OnRow,
    Payment,
    Row,
    Write,
    is_payable,
)

CLOSES, LASTS, UNLISTED, SUCCESS = "closes", "lasts", "unlisted", "0"
"""What a result code means: a final refusal that closes the session, or not; nothing; paid."""


def reserve(around: Around) -> Iterator[Write]:
    """4.1: the intent is written before anything is sent; the write takes both locks."""
    if around.payment is None:
        yield Write(None, Payment(), booking="reserve")


def push_answer(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """4.3: what Daraja's answer to the push means. Anything but proof of a refusal is unknown."""
    p = around.payment
    if p is None or not p.prompted:
        return
    waits = p.status in ("dispatching", "unknown")
    if evidence.kind == "accepted":
        status = "pending" if waits else p.status
        own = p._replace(status=status, id="own")
        yield Write(p, own)
        if p.id == "adopted":
            yield Write(p, own, raises="checkout_request_id_differs")
        if p.hint is not None:
            yield Write(p, own._replace(hint=None), raises="checkout_request_id_differs")
    elif evidence.kind == "refused" and waits and p.id is None:
        failed = p._replace(status="failed", proof="push", locks=False)
        yield from _ended(around, failed, frees=True)
    elif evidence.kind == "unclear" and p.status == "dispatching":
        if without == "unclear is unknown":
            failed = p._replace(status="failed", proof="push", locks=False)
            yield from _ended(around, failed, frees=True)
            return
        yield Write(p, p._replace(status="unknown"))


def callback(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """5.2: an authentic callback is applied at once, whatever the status."""
    p, code = around.payment, evidence.code
    if p is None or not p.prompted:
        return
    if code == "another prompt":
        if p.id is not None:
            yield Write(p, p, raises="checkout_request_id_differs")
        return
    known = p._replace(id=p.id or "adopted")
    if code == SUCCESS:
        yield from money(around, evidence, without)
    elif p.status in OPEN and code == UNLISTED:
        yield Write(p, known._replace(status="pending"))
    elif p.status in OPEN:
        closes = code == CLOSES or without == "locks last"
        hint = p.hint if p.hint == "paid" else None
        failed = known._replace(
            status="failed", proof="callback", locks=p.locks and not closes, hint=hint
        )
        yield from _ended(around, failed, frees=closes)
    elif p.id is None:
        told = "prompt_after_refused_push" if p.proof == "push" else None
        yield Write(p, known, raises=told)
    elif code != UNLISTED and p.status in PAID and p.proof == "query":
        yield Write(p, p, raises="refused_after_query_success")


def hint(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """5.3: from an unlisted address: Daraja is asked now, and nothing else is concluded."""
    p = around.payment
    if p is None or not p.prompted:
        return
    if without == "a hint is not believed" and evidence.code == SUCCESS:
        yield from money(around, evidence._replace(source="callback"), without)
        return
    says = "paid" if evidence.code == SUCCESS else "refused"
    if p.hint == "paid":
        yield Write(p, p, raises="hints_disagree")
    elif says == "paid" or p.status in OPEN:
        yield Write(p, p._replace(hint=says))


def query(around: Around, evidence: Evidence, age: int, without: str) -> Iterator[Write]:
    """4.7: Daraja's answer by id counts with a hint that agrees, or once it can be believed."""
    p, code = around.payment, evidence.code
    if p is None or not p.prompted or (p.id is None and p.hint is None):
        return
    asked = around._replace(payment=p._replace(id=p.id or "adopted"))
    believed = age >= BELIEVABLE or without == "a query's success waits"
    answers = list(_answer(asked, evidence, age, without))
    for write in answers:
        lands = write.payment is not None and write.payment.status not in UNPROVEN
        refuted = p.hint == "paid" and (code != SUCCESS or not lands)
        yield write._replace(read=p, raises="hint_refuted" if refuted else write.raises)
    concluded = believed if code == SUCCESS else age >= OVER
    if concluded and p.hint is not None and not answers:
        refuted = p.hint == "paid" and (code != SUCCESS or p.status in UNPROVEN)
        yield Write(p, p._replace(hint=None), raises="hint_refuted" if refuted else None)
    waits = code != SUCCESS and (code == UNLISTED or p.status == "pending")
    if p.status == "pending" and age >= DAY and waits:
        yield from _cancelled(around, "no_final_answer", without)


def _answer(around: Around, evidence: Evidence, age: int, without: str) -> Iterator[Write]:
    p, code = around.payment, evidence.code
    assert p is not None
    if code == SUCCESS:
        if p.hint == "paid":
            named = evidence._replace(source="hint")
            yield from _without_hint(money(around, named, without))
        if age >= BELIEVABLE or without == "a query's success waits":
            plain = Evidence("query", source="query")
            yield from _without_hint(money(around, plain, without))
    elif code in (CLOSES, LASTS) and p.status in OPEN:
        frees = without == "locks last"
        failed = p._replace(status="failed", hint=None, locks=p.locks and not frees)
        if p.hint == "refused":
            yield from _ended(around, failed._replace(proof="hint"), frees=frees)
        if age >= OVER or without == "a query's failure waits":
            yield from _ended(around, failed._replace(proof="query"), frees=frees)


def _without_hint(writes: Iterator[Write]) -> Iterator[Write]:
    """Daraja has answered, so the hint is done with."""
    for write in writes:
        if write.payment is not None:
            yield write._replace(payment=write.payment._replace(hint=None))


def time_passed(around: Around, age: int, without: str) -> Iterator[Write]:
    """4.8 and section 3: what cleanup concludes from the clock alone."""
    p = around.payment
    if p is None or not p.prompted:
        return
    if p.status == "dispatching" and age >= MINUTE:
        yield Write(p, p._replace(status="unknown"))
    if p.status == "unknown" and p.id is None and p.hint is None and age >= TWO_DAYS:
        yield from _cancelled(around, "no_checkout_request_id", without)
    if p.status == "pending" and age >= DAY:
        yield Write(p, p, raises="no_answer_from_mpesa")
    if p.hint is not None:
        yield Write(p, p._replace(hint=None), raises="hint_names_another_payment")
        if age >= TWO_DAYS:
            yield Write(p, p._replace(hint=None), raises="hint_unanswered")
    lacks_receipt = p.status in PAID and p.receipt is None and age >= DAY
    if lacks_receipt and without != "a missing receipt sets attention":
        yield Write(p, p, raises="receipt_missing")


def booking_cancelled(around: Around, without: str) -> Iterator[Write]:
    """The booking system cancels a Confirmed consultation: its money is owed back."""
    p = around.payment
    if p is not None and p.status == "completed":
        after = p if without == "cancelled is owed back" else p._replace(status="refund_due")
        yield Write(p, after, booking="cancel")


# Money


def money(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """Money that is proven, by a witness, a hint with an agreeing query, or a query alone."""
    p = around.payment
    assert p is not None
    if p.status not in UNPROVEN:
        yield from news(around, evidence, without)
        return
    if p.status in ("failed", "cancelled") and without == "late money counts":
        return
    yield from hint_waits(p, evidence, _landed(around, evidence, without))


def hint_waits(p: Payment, evidence: Evidence, writes: Iterable[Write]) -> Iterator[Write]:
    """5.3: other money leaves a hint of the prompt's until Daraja has answered about it."""
    for write in writes:
        yield write
        if p.hint == "paid" and evidence.source not in OWN_PROMPT and write.payment is not None:
            yield write._replace(payment=write.payment._replace(hint="paid"))


def _landed(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    p = around.payment
    assert p is not None
    problems = tuple(_problems(around, evidence, without))
    if problems:
        yield _reviewed(around, evidence, problems[0], without)
        return
    ends = evidence.source in OWN_PROMPT or without == "hand money frees no phone"
    if is_payable(around.booking) or without == "payable in the write":
        after, effect = _paid(p, evidence, "completed", ends=ends), "confirm"
    else:
        after = _paid(p, evidence, "refund_due", ends=ends)
        detach = "free unpayable" if ends else "detach unpayable"
        effect = detach if is_active(around) else "unpayable"
    yield Write(
        p,
        after,
        booking=effect,
        frees_phone=ends and around.phone == "me",
        raises=_shown(around, evidence, without),
        row=claim_of(around, evidence, without),
    )


def _shown(around: Around, evidence: Evidence, without: str) -> str | None:
    """5.3: a hint's receipt is only shown; that it is booked elsewhere is told."""
    if evidence.source != "hint" or is_free(around.row, without):
        return None
    if without == "a hint's receipt elsewhere sets attention":
        return None
    return next(row_problem(around.row, evidence, without), None)


def _problems(around: Around, evidence: Evidence, without: str) -> Iterator[str]:
    """Why a person must decide about this money: section 3, "to review"."""
    booking, row = around.booking, around.row
    if evidence.source != "query":
        if evidence.amount is None and without != "the amount is named":
            yield "amount_missing"
        if evidence.amount not in (None, "exact") and without != "the exact amount":
            yield "amount_differs"
        if not evidence.names:
            yield "receipt_missing"
    if booking is not None and not booking.same_client and without != "client in the write":
        yield "client_changed"
    if booking is not None and not booking.same_price and without != "price in the write":
        yield "price_changed"
    if evidence.source in WITNESSES and evidence.names:
        yield from row_problem(row, evidence, without)


def row_problem(row: Row | None, evidence: Evidence, without: str) -> Iterator[str]:
    """10.3: a machine never takes a row that is bound elsewhere or set aside."""
    if row is None:
        return
    if row.state == "aside" and without != "set aside stays":
        yield "receipt_set_aside"
    elif row.state == "bound" and row.owner != "me" and without != "a bound row stays":
        yield "receipt_bound_elsewhere"
    elif row.state == "unclaimed" and row.amount != evidence.amount:
        yield from () if without == "two amounts set attention" else ("amount_contradicted",)


def is_free(row: Row | None, without: str = "") -> bool:
    """Whether the receipt may become the payment's."""
    if row is None or row.state == "unclaimed":
        return True
    if row.state == "aside":
        return without == "set aside stays"
    return row.owner == "me" or without == "a bound row stays"


def _reviewed(around: Around, evidence: Evidence, why: str, without: str) -> Write:
    """The booking stays locked until an operator decides; a free receipt is claimed."""
    p = around.payment
    assert p is not None
    free = is_free(around.row, without)
    said = evidence if free else evidence._replace(names=False)
    ends = evidence.source in OWN_PROMPT or without == "hand money frees no phone"
    return Write(
        p,
        _paid(p, said, "review", ends=ends)._replace(why=why),
        booking="hold" if is_active(around) else "",
        frees_phone=ends and around.phone == "me",
        row=claim_of(around, said, without),
    )


def _paid(p: Payment, evidence: Evidence, status: str, *, ends: bool) -> Payment:
    """The payment with its money; only its own prompt's money ends the locks."""
    names_prompt = evidence.source in OWN_PROMPT
    return p._replace(
        status=status,
        proof=evidence.source,
        paid=evidence.amount,
        receipt="this" if evidence.names else None,
        id=p.id or ("adopted" if names_prompt else None),
        locks=p.locks and not ends,
        hint=None,
    )


def claim_of(around: Around, evidence: Evidence, without: str) -> OnRow:
    """Only a witness binds a receipt; a row of another amount is taken knowingly, or not."""
    claims = evidence.source in WITNESSES or without == "a hint binds nothing"
    if not evidence.names or not claims or evidence.source == "query":
        return OnRow()
    row = around.row
    waits = row is not None and row.state == "unclaimed"
    differs = row is not None and (row.amount != evidence.amount or evidence.amount is None)
    act = "claim despite" if waits and differs else "claim"
    return OnRow(act, evidence.amount, written_by(evidence.source))


def is_active(around: Around) -> bool:
    return around.booking is not None and around.booking.active == "me"


def _ended(around: Around, after: Payment, *, frees: bool) -> Iterator[Write]:
    """4.6: only the active payment releases the consultation, and only proof frees a lock."""
    effect = ("free" if frees else "detach") if is_active(around) else ""
    yield Write(around.payment, after, booking=effect, frees_phone=frees and around.phone == "me")


def _cancelled(around: Around, reason: str, without: str) -> Iterator[Write]:
    """We stop waiting, which proves nothing about the money: a person is told."""
    p = around.payment
    assert p is not None
    after = p._replace(status="cancelled", proof="cleanup", locks=False)
    told = None if without == "giving up sets attention" else reason
    effect = "detach" if is_active(around) else ""
    yield Write(p, after, booking=effect, raises=told)


# Money that is recorded already


def news(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """Add what was missing; what contradicts the recorded money is put before a person."""
    p, source = around.payment, evidence.source
    assert p is not None
    if source == "query":
        return
    reasons = tuple(_contradictions(around, evidence, without))
    after = p._replace(id=p.id or ("adopted" if source in OWN_PROMPT else None))
    row, frees = OnRow(), False
    if source in WITNESSES and evidence.names:
        if p.bound is None and is_free(around.row, without):
            row = claim_of(around, evidence, without)
            paid = evidence.amount or p.paid
            after = after._replace(receipt="this", proof=source, paid=paid)
        elif p.bound == "another" and around.row is None and without != "a second receipt is filed":
            row = OnRow("file", evidence.amount, written_by(source))
        elif p.bound == "this" and source == "callback" and p.locks:
            after, frees = after._replace(locks=False), around.phone == "me"
        typed = p.bound == "this" and p.status == "review" and p.proof == "operator"
        if typed and source in MACHINES:
            after = after._replace(proof=source)
    elif source == "hint" and evidence.names and p.proof == "query":
        after = after._replace(receipt="this", proof="hint", paid=evidence.amount or p.paid)
    for reason in reasons or (None,):
        yield Write(p, after, frees_phone=frees, raises=reason, row=row)
        if reason in (p.attention, p.why):
            yield Write(p, after, frees_phone=frees, row=row)


def _contradictions(around: Around, evidence: Evidence, without: str) -> Iterator[str]:
    """What does not fit what is recorded: each may be the reason that a person reads."""
    p = around.payment
    assert p is not None
    if evidence.source in WITNESSES and evidence.names:
        for problem in row_problem(around.row, evidence, without):
            if problem != "amount_contradicted" or p.bound is None:
                yield problem
        is_other = p.bound == "another" or (
            evidence.source != "callback" and without != "a hint's receipt is not forgotten"
        )
        if p.receipt == "another" and is_other:
            yield "second_receipt"
    elif evidence.names and p.receipt == "another":
        yield "second_receipt"
    elif told := _shown(around, evidence, without):
        yield told
    as_reviewed = p.status == "review" and evidence.amount == p.paid
    if (
        evidence.amount != believed(p)
        and not as_reviewed
        and without != "two amounts set attention"
    ):
        yield "amount_contradicted"


def believed(p: Payment) -> str:
    """The amount that the payment's money has, or must have."""
    is_weak = p.status in UNPROVEN or p.proof in ("hint", "query")
    return "exact" if is_weak or p.paid is None else p.paid


def written_by(source: str) -> str:
    """Whether an operator typed a row, or Safaricom named it."""
    return "operator" if source == "operator" else "machine"


def named_by_reference(around: Around, evidence: Evidence, without: str) -> Iterator[Write]:
    """10.2: a witness whose account is this payment's reference.

    What the payment cannot take is filed, with attention, in one write.
    """
    p, row = around.payment, around.row
    if p is None:
        return
    if p.bound == "this":
        yield from news(around, evidence, without)
        return
    if row is not None and row.state != "unclaimed":
        if row.owner == "me":
            yield from news(around, evidence, without)
        elif without in ("set aside stays", "a bound row stays"):
            yield from money(around, evidence, without)
        elif p.bound is None:
            yield from (Write(p, p, raises=why) for why in row_problem(row, evidence, without))
        return
    reason = cannot_take(p, evidence, without)
    if reason is None:
        yield from money(around, evidence, without)
    elif row is None:
        is_filed = reason != "second_receipt" or without != "a second receipt is filed"
        files = OnRow("file", evidence.amount, "machine") if is_filed else OnRow()
        yield Write(p, p, raises=reason, row=files)
    elif p.attention is None:
        yield Write(p, p, raises=reason)


def cannot_take(p: Payment, evidence: Evidence, without: str = "") -> str | None:
    """Why the payment cannot take money that names it; it stays free for its own."""
    if p.bound == "another":
        return "second_receipt"
    if evidence.amount != believed(p) and without != "other amounts are filed":
        return "paid_other_amount"
    return None
