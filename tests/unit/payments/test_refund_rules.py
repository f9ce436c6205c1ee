"""The rules of refunds as pure decisions: who, when, which answer, and what no change may do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError
from payments.protocol.change import Change, EventType
from payments.protocol.evidence import AttentionCleared
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof, Refund, RefundStep
from payments.protocol.policy import Policy
from payments.protocol.refund import decide_refund
from payments.protocol.refund_evidence import (
    RefundApproved,
    RefundEvidence,
    RefundGate,
    RefundHint,
    RefundLook,
    RefundNotTaken,
    RefundRequested,
    RefundSettled,
    RefundWithdrawn,
    ReversalResult,
    StatusSeen,
)
from payments.protocol.refund_rules import RequireRunning, StopRefunds, TakeTurn
from payments.protocol.schedule import next_due_at

from tests.unit.payments import situations
from tests.unit.payments.situations import CREATED_AT, DAY, PAYMENTS, PRICE, RECEIPT, facts, present

NOW = CREATED_AT + DAY
POLICY = Policy()
RUNS = RefundGate(credential_at=CREATED_AT)
OWED = PAYMENTS["refund_due"]
ASKED = Refund(step=RefundStep.REQUESTED, asked_by="staff:a", asked_at=NOW, why="ill")
SENT = replace(ASKED, step=RefundStep.SENT, approved_by="staff:b", sent_at=NOW, attempt=2)
REFUNDS = {
    "owed": replace(OWED, refund=None),
    "requested": replace(OWED, refund=ASKED),
    "sent": replace(OWED, refund=SENT, due_at=NOW + 120),
    "refused": replace(OWED, refund=replace(SENT, step=None, refused="1")),
    "returned": replace(
        PAYMENTS["refunded"],
        refund=replace(SENT, step=None, proven=True, receipt_number="REFUND0001"),
    ),
    "marked": replace(PAYMENTS["refunded"], refund=replace(SENT, step=None)),
}
DONE = ReversalResult(
    attempt=2, code="0", amount_kes=PRICE, original_receipt=RECEIPT, refund_receipt="REFUND0001"
)
SEEN = StatusSeen(
    receipt_number=RECEIPT,
    status="Reversed",
    code="0",
    amount_kes=PRICE,
    paid_at=None,
    shortcode="",
)
EVIDENCE: dict[str, RefundEvidence] = {
    "request": RefundRequested(by="staff:a", why="ill"),
    "withdraw": RefundWithdrawn(),
    "approve": RefundApproved(by="staff:b"),
    "approve own": RefundApproved(by="staff:a"),
    "settle reversed": RefundSettled(was_reversed=True, receipt_number="REFUND0001"),
    "settle not": RefundSettled(was_reversed=False),
    "not taken": RefundNotTaken(attempt=2, code="500.003.02", is_ours=False),
    "not taken before": RefundNotTaken(attempt=1, code="500.003.02", is_ours=False),
    "done": DONE,
    "done by the first": replace(DONE, attempt=1),
    "done again otherwise": replace(DONE, refund_receipt="REFUND0002"),
    "done without facts": replace(
        DONE, amount_kes=None, original_receipt=None, refund_receipt=None
    ),
    "refused": replace(DONE, code="1"),
    "refused before": replace(DONE, code="1", attempt=1),
    "locked": replace(DONE, code="8006"),
    "unlisted": replace(DONE, code="26"),
    "already": replace(DONE, code="R000001"),
    "reversed": SEEN,
    "reversed other": replace(SEEN, receipt_number="ANOTHER001"),
    "completed": replace(SEEN, status="Completed"),
    "unknown receipt": replace(SEEN, code="2032", status=""),
    "hint": RefundHint(),
    "look": RefundLook(),
}
R = "refunded"
DONE_RESULTS: dict[str, object] = dict.fromkeys(
    ("done", "done by the first", "done again otherwise", "done without facts"), R
)
EXPECTED: dict[str, dict[str, object]] = {
    "owed": {**DONE_RESULTS, "request": "requested", "reversed": R},
    "requested": {**DONE_RESULTS, "withdraw": None, "approve": "sent", "reversed": R},
    "sent": {
        **DONE_RESULTS,
        "not taken": None,
        "refused": None,
        "locked": None,
        "reversed": R,
        "already": "sent",
        "hint": "sent",
        "unknown receipt": "sent",
    },
    "refused": {**DONE_RESULTS, "request": "requested", "reversed": R},
    "returned": {"done again otherwise": R},
    "marked": DONE_RESULTS,
}
PERSONS = {"request", "withdraw", "approve", "approve own", "settle reversed", "settle not"}
TAKEN_FROM_PERSONS = {
    "owed": {"request"},
    "requested": {"withdraw", "approve"},
    "refused": {"request"},
}


def decided(
    payment: Payment, name: str, *, gate: RefundGate = RUNS, now: int = NOW
) -> Change | None:
    return decide_refund(payment, EVIDENCE[name], gate, now=now, policy=POLICY)


def landing(change: Change) -> object:
    """The refund's step, or that the money is back."""
    after = change.after
    if after.status is PaymentStatus.REFUNDED:
        return R
    return after.refund.step if after.refund else None


@pytest.mark.parametrize("name", EVIDENCE)
@pytest.mark.parametrize("situation", REFUNDS)
def test_every_evidence_has_the_protocols_effect(situation: str, name: str) -> None:
    payment = REFUNDS[situation]
    if name in PERSONS - TAKEN_FROM_PERSONS.get(situation, set()):
        with pytest.raises(ConflictError):
            decided(payment, name)
        return
    change = decided(payment, name)
    if name not in EXPECTED[situation]:
        assert change is None
        return
    assert change is not None
    assert landing(change) == EXPECTED[situation][name]
    if name not in PERSONS:
        assert decided(change.after, name) is None


@pytest.mark.parametrize("name", EVIDENCE)
@pytest.mark.parametrize("situation", sorted(PAYMENTS.keys() - {"refund_due", "refunded"}))
def test_a_refund_starts_from_nothing_but_owed_money(situation: str, name: str) -> None:
    if name in PERSONS:
        with pytest.raises(ConflictError):
            decided(PAYMENTS[situation], name)
        return
    change = decided(PAYMENTS[situation], name)
    if change is not None:
        assert change.after == replace(
            change.before, version=change.before.version + 1, attention=change.after.attention
        )
        assert change.after.attention is not None


@pytest.mark.parametrize(
    ("gate", "name", "code"),
    [
        (RefundGate(), "request", "refunds_not_configured"),
        (replace(RUNS, stopped="2001"), "request", "refunds_stopped"),
        (RefundGate(), "approve", "refunds_not_configured"),
        (replace(RUNS, stopped="2001"), "approve", "refunds_stopped"),
        (replace(RUNS, next_at=NOW + 1), "approve", "refund_spacing"),
    ],
)
def test_the_gate_forbids(gate: RefundGate, name: str, code: str) -> None:
    payment = REFUNDS["owed" if name == "request" else "requested"]
    with pytest.raises(ConflictError) as error:
        decided(payment, name, gate=gate)
    assert error.value.code == code


@pytest.mark.parametrize("proof", [Proof.HINT, Proof.QUERY])
def test_a_receipt_that_no_witness_bound_is_not_refunded(proof: Proof) -> None:
    with pytest.raises(ConflictError) as error:
        decided(replace(OWED, proof=proof), "request")
    assert error.value.code == "receipt_not_bound"


@pytest.mark.parametrize("name", ["settle reversed", "settle not"])
def test_the_statement_settles_after_a_day_and_not_before(name: str) -> None:
    payment = replace(REFUNDS["sent"], attention="refund_unresolved")
    with pytest.raises(ConflictError):
        decided(payment, name, now=NOW + DAY - 1)
    change = present(decided(payment, name, now=NOW + DAY))
    assert change.after.attention is None
    assert landing(change) == (R if name == "settle reversed" else None)


@pytest.mark.parametrize(
    ("situation", "code"),
    [
        ("owed", "refund_not_sent"),
        ("requested", "refund_not_sent"),
        ("refused", "refund_not_sent"),
        ("sent", "refund_too_fresh"),
    ],
)
def test_who_settles_too_early_is_told_whether_a_refund_is_under_way(
    situation: str, code: str
) -> None:
    with pytest.raises(ConflictError) as error:
        decided(REFUNDS[situation], "settle not")
    assert error.value.code == code


@pytest.mark.parametrize("name", ["done", "refused"])
@pytest.mark.parametrize("has_hint", [True, False])
def test_the_end_of_a_refund_leaves_a_hint_due(name: str, has_hint: bool) -> None:
    """Daraja is still to be asked about it: the hint may tell of a second debit."""
    hint = Hint(result=facts("0"), received_at=NOW) if has_hint else None
    change = present(decided(replace(REFUNDS["sent"], hint=hint), name))
    assert change.after.due_at == (REFUNDS["sent"].due_at if has_hint else None)


def test_a_settled_refund_and_its_own_late_result_are_one_return() -> None:
    settled = present(decided(REFUNDS["sent"], "settle reversed", now=NOW + DAY))
    late = present(decided(settled.after, "done", now=NOW + 2 * DAY))
    assert (late.after.attention, late.after.refund and late.after.refund.proven) == (None, True)


@pytest.mark.parametrize(
    ("situation", "name", "attention"),
    [
        ("marked", "done", "refunded_twice"),
        ("returned", "done again otherwise", "refunded_twice"),
        ("sent", "unknown receipt", "refund_receipt_odd"),
    ],
)
def test_what_a_person_must_see_has_its_event(situation: str, name: str, attention: str) -> None:
    change = present(decided(REFUNDS[situation], name))
    assert change.after.attention == attention
    assert EventType.UNRESOLVED in change.events


@pytest.mark.parametrize(
    ("situation", "name", "gate"),
    [
        ("owed", "request", RequireRunning()),
        ("requested", "approve", TakeTurn()),
        ("sent", "locked", StopRefunds("8006")),
        ("sent", "refused", None),
        ("sent", "done", None),
    ],
)
def test_a_change_carries_its_condition_at_the_gate(
    situation: str, name: str, gate: object
) -> None:
    change = present(decided(REFUNDS[situation], name))
    assert change.refund_gate == gate


def test_a_sent_refund_is_looked_at_five_times_and_then_a_person_looks() -> None:
    payment: Payment = REFUNDS["sent"]
    looks = []
    while payment.due_at is not None:
        looks.append(payment.due_at - NOW)
        change = present(decided(payment, "look", now=payment.due_at))
        payment = change.after
    assert looks == [120, 600, 3600, 21_600, 86_400]
    assert payment.attention == "refund_unresolved"
    assert next_due_at(payment, now=NOW + DAY, policy=POLICY) is None


@pytest.mark.parametrize(
    ("age", "due_in", "attention"), [(300, 300, None), (DAY + 1, None, "refund_unresolved")]
)
def test_a_look_that_an_earlier_release_took_off_the_schedule_is_put_back(
    age: int, due_in: int | None, attention: str | None
) -> None:
    change = present(decided(replace(REFUNDS["sent"], due_at=None), "look", now=NOW + age))
    due_at = None if due_in is None else NOW + age + due_in
    assert (change.after.due_at, change.after.attention) == (due_at, attention)
    assert decided(change.after, "look", now=NOW + age) is None


def test_a_hint_brings_a_look_forward_once_between_two_steps() -> None:
    hasty = present(decided(REFUNDS["sent"], "hint", now=NOW + 5))
    looked = present(decided(hasty.after, "look", now=NOW + 5))
    assert decided(looked.after, "hint", now=NOW + 60) is None
    on_schedule = present(decided(looked.after, "look", now=NOW + 120))
    assert decided(on_schedule.after, "hint", now=NOW + 121) is not None


def step(before: Payment, after: Payment, **more: Any) -> Change:
    return Change(before=before, after=replace(after, version=before.version + 1), **more)


def refund_of(payment: Payment, **changes: Any) -> Payment:
    refund = payment.refund or Refund()
    return replace(payment, refund=replace(refund, **changes))


SENDING = refund_of(REFUNDS["requested"], step=RefundStep.SENT, approved_by="staff:b", attempt=1)
FORBIDDEN: dict[str, tuple[Payment, Payment, dict[str, Any]]] = {
    "only owed money has a refund": (
        PAYMENTS["completed"],
        refund_of(PAYMENTS["completed"], step=RefundStep.REQUESTED),
        {"refund_gate": RequireRunning()},
    ),
    "money is refunded on M-Pesa's word or a person's": (
        REFUNDS["sent"],
        replace(refund_of(REFUNDS["sent"], step=None), status=PaymentStatus.REFUNDED),
        {"events": (EventType.REFUNDED,)},
    ),
    "refunded money has no refund under way": (
        REFUNDS["sent"],
        replace(refund_of(REFUNDS["sent"], proven=True), status=PaymentStatus.REFUNDED),
        {"events": (EventType.REFUNDED,)},
    ),
    "M-Pesa's word is never forgotten": (
        REFUNDS["returned"],
        refund_of(REFUNDS["returned"], proven=False),
        {},
    ),
    "an attempt is counted when it is sent": (
        REFUNDS["sent"],
        refund_of(REFUNDS["sent"], step=None, refused="1", attempt=1),
        {},
    ),
    "a refund is requested once, while refunds run": (
        REFUNDS["sent"],
        refund_of(REFUNDS["sent"], step=RefundStep.REQUESTED, refused="1"),
        {"refund_gate": RequireRunning()},
    ),
    "a requested refund is sent in its turn": (
        REFUNDS["requested"],
        replace(SENDING, due_at=NOW),
        {},
    ),
    "two persons send a refund": (
        REFUNDS["requested"],
        replace(refund_of(SENDING, approved_by="staff:a"), due_at=NOW),
        {"refund_gate": TakeTurn()},
    ),
    "a refund has a bound receipt and its amount": (
        replace(OWED, proof=Proof.HINT),
        replace(OWED, proof=Proof.HINT, refund=ASKED),
        {"refund_gate": RequireRunning()},
    ),
    "a sent refund is looked at": (REFUNDS["requested"], SENDING, {"refund_gate": TakeTurn()}),
    "a sent refund ends refused or refunded": (
        REFUNDS["sent"],
        refund_of(REFUNDS["sent"], step=None),
        {},
    ),
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_change_breaks_a_rule_of_refunds(rule: str) -> None:
    before, after, more = FORBIDDEN[rule]
    with pytest.raises(ValueError, match=rule):
        step(before, after, **more)


def test_an_overdue_refund_is_settled_and_never_just_cleared() -> None:
    overdue = replace(REFUNDS["sent"], due_at=NOW + DAY, attention="second_receipt")
    looked = present(decided(overdue, "look", now=NOW + DAY))
    assert looked.after.attention == "second_receipt"
    with pytest.raises(ConflictError, match="settle it"):
        situations.decided(looked.after, AttentionCleared(), age=2 * DAY)
