# ruff: noqa: E501 -- the texts are the product's own lines
"""The mutants of refunds: money on its way back."""

from __future__ import annotations

from .edits import Edit, Mutant, one

REFUND = "payments.protocol.refund"
PERSON = "payments.protocol.refund_person"
RULES = "payments.protocol.refund_rules"
STEPS = "payments.protocol.refund_steps"
OPERATOR = "payments.protocol.operator"
SENDER = "payments.usecases.send_refund"
GATE = "payments.store.refund_writes"
INITIATOR = "payments.daraja.initiator"
ANSWERS = "payments.daraja.reversal_answers"
WIRE = "payments.daraja.initiator_wire"
RECORDED = "payments.usecases.record_initiator_result"
RESULTS = "payments.http.results"
ACTS = "payments.usecases.desk_acts"
HANDLER = "functions/paybill/app.py"

_RESEND = "ready.reverse(Reversal(receipt_number=payment.bound_receipt or '', amount_kes=payment.paid_amount_kes or 0, shortcode=shortcode), self.addresses.reversal(payment.payment_id, payment.refund.attempt{more}), may_send=lambda: True, seconds=lambda: 20.0)"


def _unchecked(old: str) -> Edit:
    """Take out the rule that every Change of a refund is held against, too."""
    return Edit(RULES, old, "True")


REFUND_MUTANTS = (
    one(
        "a lost acknowledgement is a refusal",
        "refused or unknown",
        INITIATOR,
        "return ReversalRefusal(code=NOT_SENT, is_ours=False) if was_not_sent(error) else None",
        "return ReversalRefusal(code=NOT_SENT, is_ours=False)",
    ),
    one(
        "any error of the gateway is a refusal",
        "a closed list of refusals",
        ANSWERS,
        "    if answer.status == 429 or code in BUSY_CODES:\n",
        "    if answer.status != 200:\n",
    ),
    one(
        "a reversal is sent again on a timeout",
        "one send",
        INITIATOR,
        "        if not isinstance(answer, Answer):\n            return answer\n",
        "        if answer is None:\n            answer = self._send(body, may_send, seconds)\n        if not isinstance(answer, Answer):\n            return answer\n",
    ),
    Mutant(
        "a reversal is sent before it is written",
        "write-ahead",
        (
            Edit(
                SENDER,
                "        sent = apply_refund(\n",
                f"        {_RESEND.format(more=' + 1')}\n        sent = apply_refund(\n",
            ),
            Edit(
                SENDER,
                "        return self._send(ready, addresses, sent, shortcode, request_id, remaining_seconds)\n",
                "        return sent\n",
            ),
        ),
    ),
    one(
        "the look sends the reversal again",
        "whoever looks asks, and never sends",
        SENDER,
        "        return self.initiator.ask_status(receipt, shortcode, self.addresses.status(receipt))\n",
        f"        ready = self.initiator.ready()\n        {_RESEND.format(more='')}\n        return True\n",
    ),
    one(
        "the send of a reversal is not bounded",
        "within 10 seconds of the write",
        SENDER,
        "services.clock() <= last_moment and remaining_seconds() >= REMAINING_SECONDS_MIN",
        "remaining_seconds() >= 0",
    ),
    Mutant(
        "refunds keep no distance",
        "one reversal in 30 seconds",
        (
            Edit(
                GATE,
                'condition = f"{runs} AND {is_turn}"',
                'condition = f"{runs} AND ({is_turn} OR attribute_exists(pk))"',
            ),
            Edit(
                PERSON,
                "    if gate.next_at > case.now:\n",
                "    if gate.next_at > case.now + 10**9:\n",
            ),
        ),
    ),
    one(
        "an old attempt's refusal ends the new one",
        "a refusal is of its own attempt",
        REFUND,
        "return is_sent(payment) and payment.refund is not None and payment.refund.attempt == attempt",
        "return is_sent(payment) and payment.refund is not None and payment.refund.attempt >= attempt",
    ),
    one(
        "only the current attempt's success counts",
        "a result 0 is of the money, whatever the attempt",
        REFUND,
        "    if result.code == DONE:\n        return _done(case, result)\n",
        "    if result.code == DONE and (case.payment.refund is None or case.payment.refund.attempt == result.attempt):\n        return _done(case, result)\n",
    ),
    one(
        "already reversed is a refusal",
        "R000001 is no refusal",
        REFUND,
        "        return _look_now(case)\n    refusal",
        "        return refused(case, result.code)\n    refusal",
    ),
    one(
        "an unlisted code is a refusal",
        "a code that is not listed concludes nothing",
        REFUND,
        "    if refusal is None:\n        return None\n",
        "    if refusal is None:\n        return refused(case, result.code)\n",
    ),
    one(
        "a timeout in M-Pesa's queue is a result",
        "the timeout URL concludes nothing",
        RESULTS,
        "result = None if is_timeout else _parsed(raw)",
        "result = _parsed(raw)",
    ),
    one(
        "a refund is settled on its first day",
        "by the statement, after 24 hours",
        PERSON,
        "    if not is_overdue(payment, case.now):\n",
        "    if payment.refund is None:\n",
    ),
    one(
        "completed is taken for reversed",
        "Completed says nothing about a refund",
        REFUND,
        "if seen.code == DONE and seen.status == REVERSED:",
        'if seen.code == DONE and seen.status in (REVERSED, "Completed"):',
    ),
    one(
        "a result from anywhere is believed",
        "token and listed address",
        RECORDED,
        "    if post.is_listed and result is not None:\n",
        "    if result is not None:\n",
    ),
    one(
        "a status from anywhere is believed",
        "token and listed address",
        RECORDED,
        "case StatusPost(is_listed=True, seen=StatusSeen() as seen):",
        "case StatusPost(seen=StatusSeen() as seen):",
    ),
    one(
        "the token of a result is not compared",
        "an address that we made",
        RESULTS,
        "if not CALLBACK_SECRET.match(token) or not is_right_token(keys, token, kind, *facts):",
        "if not CALLBACK_SECRET.match(token):",
    ),
    Mutant(
        "the maker approves",
        "two persons",
        (
            Edit(
                PERSON,
                '    if is_same_person(refund.asked_by or "", approved.by):\n',
                "    if not approved.by:\n",
            ),
            _unchecked("not is_sent_now or _are_two(has.asked_by, has.approved_by)"),
        ),
    ),
    Mutant(
        "a clerk approves",
        "who may approve",
        (
            Edit(ACTS, "APPROVE: Act(role=Role.APPROVER,", "APPROVE: Act(role=Role.CLERK,"),
            Edit(SENDER, "        self._require_approver(by)\n", ""),
        ),
    ),
    Mutant(
        "what nobody requests any more is sent",
        "a request that stands",
        (
            Edit(
                PERSON,
                "    payment = case.payment\n    refund = _require_requested(payment)\n",
                "    payment = case.payment\n    refund = payment.refund or Refund()\n    _require_owed(payment)\n    if is_sent(payment):\n        raise ConflictError('Sent', code='refund_not_requested')\n",
            ),
            _unchecked(
                "not is_sent_now or (had.step is RefundStep.REQUESTED and isinstance(gate, TakeTurn))"
            ),
        ),
    ),
    Mutant(
        "money that is not owed is returned",
        "a refund starts from refund_due only",
        (
            Edit(
                PERSON,
                "    _require_owed(payment)\n    before = payment.refund or Refund()\n",
                "    if payment.status is not PaymentStatus.COMPLETED:\n        _require_owed(payment)\n    before = payment.refund or Refund()\n",
            ),
            _unchecked("had == has or before.status in OWED"),
        ),
    ),
    one(
        "marked while its refund is sent",
        "no other way back while one is under way",
        OPERATOR,
        "    refund = payment.refund\n    if is_sent(payment):\n",
        "    refund = payment.refund\n    if refund is not None and not refund.attempt and is_sent(payment):\n",
    ),
    one(
        "money goes back twice in silence",
        "refunded_twice",
        REFUND,
        "attention = case.payment.attention if is_same else TWICE",
        "attention = case.payment.attention",
    ),
    one(
        "another amount goes back",
        "the whole amount that was paid",
        WIRE,
        '"Amount": str(reversal.amount_kes),',
        '"Amount": str(reversal.amount_kes + 1),',
    ),
    one(
        "no attention after a day",
        "attention after 24 hours",
        REFUND,
        "attention = payment.attention or (UNRESOLVED if is_late else None)",
        "attention = payment.attention",
    ),
    one(
        "a result is acknowledged and dropped",
        "acknowledge what is durable",
        RESULTS,
        "        keep(to_message(post))\n",
        "",
    ),
    one(
        "a queued result is forgotten",
        "what is queued is applied",
        HANDLER,
        '                apply_result_message(record["body"], runtime, request_id=record["messageId"])\n',
        "",
    ),
    one(
        "a refused initiator stops nothing",
        "the breaker",
        STEPS,
        "refund_gate=StopRefunds(code) if stops else None,",
        "refund_gate=None,",
    ),
    Mutant(
        "refunds are sent while stopped",
        "nothing is sent until a person resumes",
        (
            Edit(PERSON, "    if gate.stopped is not None:\n", "    if gate.credential_at == 0:\n"),
            Edit(
                GATE,
                "    runs = f\"attribute_not_exists({e.name('stopped')})\"\n",
                "    runs = f\"(attribute_not_exists({e.name('stopped')}) OR attribute_exists(pk))\"\n",
            ),
        ),
    ),
)
