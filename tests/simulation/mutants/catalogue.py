# ruff: noqa: E501 -- the texts are the product's own lines
"""The mutants: each takes one rule of the protocol out of the real source.

A mutant is a module and a text that must stand in its source exactly once, with what is put in
its stead. A rule that is held twice (a belt and braces) is taken out in both places.
"""

from __future__ import annotations

from .edits import Edit, Mutant
from .edits import one as _one
from .ledger_rules import LEDGER_MUTANTS
from .refund_rules import REFUND_MUTANTS

WRITES = "payments.store.writes"
ROWS = "payments.store.row_writes"
STORE = "payments.store.payments"
RESERVATION = "payments.store.reservation"
TABLE = "payments.store.table"
MONEY = "payments.protocol.money"
QUERIES = "payments.protocol.query"
CALLBACKS = "payments.protocol.callback"
REFUSALS = "payments.protocol.refusal"
CHANGE = "payments.protocol.change"
CHANGE_EFFECTS = "payments.protocol.case"
DUE = "payments.protocol.schedule"
LOOKS = "payments.protocol.time_passed"
PUSHES = "payments.protocol.push"
DECIDE = "payments.protocol.decide"
NEWS = "payments.protocol.news"
INITIATION = "payments.usecases.initiate"
SETTLING = "payments.usecases.apply_evidence"
RESULTS = "payments.usecases.record_callback"
STATUS = "payments.usecases.read_status"
RECONCILIATION = "payments.usecases.reconcile"
CLIENT = "payments.daraja.client"
OUTCOMES = "payments.daraja.push_outcomes"
EVENTS = "payments.store.events"
FALLBACK = "payments.aws.fallback_queue"
SETTINGS = "payments.aws.settings"
OBSERVABILITY = "payments.aws.observability"
HANDLER = "functions/callback/app.py"


def _unchecked(rule: str) -> Edit:
    """Take out the rule of the same name that every Change is held against, too."""
    return Edit(CHANGE, f'"{rule}"', f'"{rule}") if False else (True, ""')


MUTANTS = (
    _one(
        "reserve: owner check",
        "another's booking",
        WRITES,
        "is_callers = f\"{e.name('client_id')} = {e.value(payment.client_id)}\"",
        "is_callers = f\"({e.name('client_id')} = {e.value(payment.client_id)} OR {EXISTS})\"",
    ),
    _one(
        "reserve: price check",
        "price = amount",
        WRITES,
        "is_exact = f\"{e.name('price_kes')} = {e.value(payment.amount_kes)}\"",
        "is_exact = f\"({e.name('price_kes')} = {e.value(payment.amount_kes)} OR {EXISTS})\"",
    ),
    _one(
        "reserve: lock deadline",
        "one live prompt per booking",
        WRITES,
        "(attribute_not_exists({lock_until}) OR {lock_until} <= {e.value(payment.created_at)})",
        "({EXISTS} OR {lock_until} <= {e.value(payment.created_at)})",
    ),
    _one(
        "reserve: payable",
        "only what can be paid is reserved",
        WRITES,
        "(EXISTS, is_callers, is_pending, is_unpaid, is_exact, is_free)",
        '(EXISTS, is_callers, f"({is_pending} OR {EXISTS})", f"({is_unpaid} OR {EXISTS})", is_exact, is_free)',
    ),
    _one(
        "reserve: phone guard",
        "one live prompt per phone",
        WRITES,
        'condition=f"{is_free} AND {in_quarter} AND {in_day}"',
        'condition=f"({is_free} OR attribute_exists(pk)) AND {in_quarter} AND {in_day}"',
    ),
    _one(
        "reserve: 3 in 15 minutes",
        "prompt limit",
        WRITES,
        'condition=f"{is_free} AND {in_quarter} AND {in_day}"',
        'condition=f"{is_free} AND ({in_quarter} OR attribute_exists(pk)) AND {in_day}"',
    ),
    _one(
        "reserve: 10 in a day",
        "prompt limit",
        WRITES,
        'condition=f"{is_free} AND {in_quarter} AND {in_day}"',
        'condition=f"{is_free} AND {in_quarter} AND ({in_day} OR attribute_exists(pk))"',
    ),
    _one(
        "reserve: user limit",
        "prompt limit",
        WRITES,
        "condition=is_allowed,",
        'condition=f"({is_allowed} OR attribute_exists(pk))",',
    ),
    _one(
        "write-ahead dropped",
        "durable intent before the send",
        INITIATION,
        "    outcome = services.store.reserve(payment)\n    if not isinstance(outcome, Reserved):\n        return _payment_in_the_way(services, request, payment, outcome)\n",
        "",
    ),
    _one(
        "reserve: any win is mine",
        "reserved_by",
        RESERVATION,
        "if stored_payment is not None and stored_payment.reserved_by == payment.reserved_by:",
        "if stored_payment is not None:",
    ),
    _one(
        "op_id: any loss is a win",
        "whose write",
        STORE,
        'return stored is not None and op_id_head(op_id) in stored.get("op_ids", ())',
        "return stored is not None",
    ),
    _one(
        "op_id derived from the payment",
        "op_id per attempt",
        SETTLING,
        "op_id=services.ids.hex(32)",
        "op_id=payment.payment_id",
    ),
    Mutant(
        "amount check",
        "the exact amount",
        (
            Edit(
                MONEY,
                '        if report.amount_kes != payment.amount_kes:\n            return "amount_differs"\n',
                "",
            ),
            _unchecked("completed is paid exactly"),
        ),
    ),
    Mutant(
        "amount missing",
        "amount must be named",
        (
            Edit(
                MONEY,
                '        if report.amount_kes is None:\n            return "amount_missing"\n',
                "",
            ),
            Edit(
                MONEY,
                "        if report.amount_kes != payment.amount_kes:",
                "        if report.amount_kes not in (None, payment.amount_kes):",
            ),
            _unchecked("completed is paid exactly"),
        ),
    ),
    _one(
        "price check at completion",
        "price changed meanwhile",
        WRITES,
        'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact)),',
        'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, f"({is_exact} OR {EXISTS})")),',
    ),
    _one(
        "payable check at completion",
        "refund_due where it cannot be paid",
        WRITES,
        'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact)),',
        'condition=" AND ".join((EXISTS, is_payers, f"({is_pending} OR {EXISTS})", f"({is_unpaid} OR {EXISTS})", is_exact)),',
    ),
    Mutant(
        "client check at completion",
        "the payer is part of the terms",
        (
            Edit(
                WRITES,
                'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact)),',
                'condition=" AND ".join((EXISTS, f"({is_payers} OR {EXISTS})", is_pending, is_unpaid, is_exact)),',
            ),
            Edit(MONEY, '        return "client_changed"\n', "        pass\n"),
        ),
    ),
    _one(
        "a cancelled booking stays Pending",
        "the four words are true",
        CHANGE_EFFECTS,
        "        return ConsultationPaymentStatus.UNPAID\n",
        "        return None\n",
    ),
    _one(
        "receipt claim dropped",
        "one receipt, one payment",
        STORE,
        "        if change.claim is not None:\n",
        "        if change.claim is not None and change.by_operator:\n",
    ),
    _one(
        "receipt claim unconditional",
        "one receipt, one payment",
        ROWS,
        'return f"{ABSENT} OR {is_mine} OR ({_unclaimed(e)} AND {_is_of(e, amount_kes)})"',
        'return f"{ABSENT} OR {is_mine} OR ({_unclaimed(e)} AND {_is_of(e, amount_kes)}) OR {EXISTS}"',
    ),
    Mutant(
        "receipt missing completes",
        "receipt missing is review",
        (
            Edit(
                MONEY,
                '        if report.receipt_number is None:\n            return "receipt_missing"\n',
                "",
            ),
            _unchecked("completed has a receipt, or a query alone proved it"),
        ),
    ),
    _one(
        "late success ignored",
        "money beats our verdict",
        MONEY,
        "    if not case.payment.may_yet_be_paid:\n        return more_news",
        "    if not case.payment.is_open:\n        return more_news",
    ),
    _one(
        "version check dropped",
        "decide, write, re-read",
        WRITES,
        'condition=f"{EXISTS} AND {unchanged}",\n    )\n\n\ndef consultation_action',
        'condition=f"{EXISTS} AND ({unchanged} OR {EXISTS})",\n    )\n\n\ndef consultation_action',
    ),
    _one(
        "lock released on any failure",
        "early release after 1037",
        REFUSALS,
        "frees = proof is Proof.CALLBACK and refusal.closes_session",
        "frees = True",
    ),
    _one(
        "lock released after 1037",
        "only closing codes free",
        REFUSALS,
        "frees = proof is Proof.CALLBACK and refusal.closes_session",
        "frees = proof is Proof.CALLBACK",
    ),
    _one(
        "lock released after a query's failure",
        "V9",
        REFUSALS,
        "frees = proof is Proof.CALLBACK and refusal.closes_session",
        "frees = proof in (Proof.CALLBACK, Proof.QUERY, Proof.HINT) and True",
    ),
    _one(
        "completes only with my lock",
        "V2, V12",
        WRITES,
        'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact)),',
        'condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact, f"{e.name(\'active_payment_id\')} = {e.value(payment.payment_id)}")),',
    ),
    _one(
        "query 0 believed at once",
        "QuerySuccessSeconds",
        QUERIES,
        "case.is_older_than(case.policy.query_success_seconds)",
        "case.is_older_than(0)",
    ),
    _one(
        "query failure believed at once",
        "prompt_until",
        QUERIES,
        "        if case.now >= payment.prompt_ends_at:\n",
        "        if case.now >= payment.created_at:\n",
    ),
    _one(
        "hint believed without asking",
        "a hint concludes nothing",
        RESULTS,
        "    if post.is_listed:\n        return CallbackResult",
        "    if post.result:\n        return CallbackResult",
    ),
    _one(
        "listed addresses not checked",
        "source IP",
        SETTINGS,
        "return any(parsed in network for network in networks)",
        "return True",
    ),
    _one(
        "token not compared",
        "a wrong token changes nothing",
        RESULTS,
        'is_right = hmac.compare_digest(stored_digest or "0" * 64, post.secret_sha256)',
        "is_right = True",
    ),
    _one(
        "hint dropped",
        "the hint stays until answered",
        CALLBACKS,
        "hint = Hint(result=result, received_at=case.now)",
        "hint = None",
    ),
    _one(
        "acknowledged before the write",
        "acknowledge what is durable",
        RESULTS,
        "    after = apply_evidence(services, payment, _evidence(post), actor=actor, body=post.body)\n",
        "    from payments.errors import StoreUnavailableError as Lost\n    try:\n        after = apply_evidence(services, payment, _evidence(post), actor=actor, body=post.body)\n    except Lost:\n        return payment\n",
    ),
    _one(
        "fallback queue drops",
        "durable in SQS",
        FALLBACK,
        "self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))",
        "json.dumps(message)",
    ),
    _one(
        "redrive forgets",
        "what cannot be stored stays",
        HANDLER,
        'failed.append({"itemIdentifier": record["messageId"]})',
        "pass",
    ),
    _one(
        "expired without asking",
        "a fresh provider answer",
        LOOKS,
        "    if needs_query(payment, now) or is_sent(payment):\n",
        "    if needs_query(payment, now) and payment.status is PaymentStatus.PENDING and now >= payment.created_at + 86_400:\n        return case.cancelled(payment, reason='gone', attention='no_checkout_request_id')\n    if needs_query(payment, now) or is_sent(payment):\n",
    ),
    _one(
        "expired on no answer",
        "a provider that is unreachable changes nothing",
        RECONCILIATION,
        "    if answer is None:\n",
        "    if answer is None and now >= payment.created_at + 86_400:\n        from payments.protocol.evidence import QueryAnswer, Verdict\n        answer = QueryAnswer(checkout_request_id=checkout_request_id, verdict=Verdict.WAITING)\n    if answer is None:\n",
    ),
    _one(
        "expired early",
        "24 h",
        QUERIES,
        "is_expired = case.is_older_than(policy.expire_pending_seconds)",
        "is_expired = case.is_older_than(600)",
    ),
    _one(
        "adopted id overrides",
        "processrequest's own id wins",
        CALLBACKS,
        '    if payment.checkout_request_id not in (None, result.checkout_request_id):\n        return Odd("checkout_request_id_differs")\n',
        "",
    ),
    _one(
        "push sent again on a timeout",
        "one send",
        CLIENT,
        "            return PushUnclear(description=type(error).__name__)\n",
        "            from payments.daraja.push_outcomes import push_outcome as read\n            return read(self._client.send_push(push, self._token, self._passkey, seconds=18))\n",
    ),
    _one(
        "send not bounded",
        "S",
        INITIATION,
        "services.clock() <= last_moment and remaining_seconds() >= REMAINING_SECONDS_MIN",
        "remaining_seconds() >= 0",
    ),
    _one(
        "unclear push taken for a refusal",
        "refused or unknown",
        CLIENT,
        "            return PushUnclear(description=type(error).__name__)\n",
        '            return PushRefused(code="timeout", description="", reason="no answer")\n',
    ),
    _one(
        "unclear answer taken for a refusal",
        "refused or unknown",
        OUTCOMES,
        'return PushUnclear(description=f"HTTP {answer.status} {answer.error_code}".strip())',
        'return PushRefused(code="odd", description="", reason="odd")',
    ),
    _one(
        "failed not asked again",
        "ask again",
        DUE,
        "return (payment.prompt_ends_at, created + DAY_SECONDS)",
        "return ()",
    ),
    Mutant(
        "refund_due without its condition",
        "not payable, in the write",
        (
            Edit(
                MONEY,
                "return PaymentStatus.REFUND_DUE, detach or RequireUnpayable()",
                "return PaymentStatus.REFUND_DUE, detach",
            ),
            _unchecked("money is owed back only for a consultation that cannot be paid"),
        ),
    ),
    _one(
        "event outside the transaction",
        "no final without its event",
        STORE,
        "        for event_type in change.events:\n",
        "        for event_type in change.events[1:]:\n",
    ),
    _one(
        "dedupe id without the version",
        "a stable id each",
        EVENTS,
        "\"dedupe_id\": f\"{key['pk']}#{key['sk']}\",",
        "\"dedupe_id\": key['pk'],",
    ),
    Mutant(
        "attention without an event",
        "each attention is told",
        (
            Edit(CHANGE, "        events.append(EventType.UNRESOLVED)\n", "        pass\n"),
            _unchecked("attention has its event"),
        ),
    ),
    Mutant(
        "no attention at 48 hours",
        "a person must look",
        (
            Edit(LOOKS, 'attention="no_checkout_request_id"', "attention=payment.attention,"),
            _unchecked("cancelled is told"),
        ),
    ),
    _one(
        "another user's payment shown",
        "404 as if absent",
        STATUS,
        "if payment is None or payment.client_id != client_id:",
        "if payment is None:",
    ),
    _one(
        "phone number in the log",
        "no phone in a log",
        OBSERVABILITY,
        "            payment_id=after.payment_id,\n",
        "            payment_id=after.payment_id,\n            phone=after.phone_number,\n",
    ),
    _one(
        "CheckoutRequestID in the log",
        "it carries phone digits",
        OBSERVABILITY,
        "checkout_request_id=mask_checkout_request_id(after.checkout_request_id)",
        "checkout_request_id=after.checkout_request_id",
    ),
    _one(
        "dispatching given up at once",
        "a payment is still dispatching for a minute",
        LOOKS,
        "        DISPATCH_GIVEN_UP_SECONDS\n    ):\n",
        "        payment.version\n    ):\n",
    ),
    _one(
        "dispatching given up never",
        "dispatching -> unknown",
        LOOKS,
        "if payment.status is PaymentStatus.DISPATCHING and case.is_older_than(",
        "if payment.status is PaymentStatus.DISPATCHING and case.is_older_than(10**9 + ",
    ),
    _one(
        "review frees the booking",
        "a review keeps it locked",
        MONEY,
        "consultation=HoldForReview() if case.is_active else None,",
        "consultation=None,",
    ),
    _one(
        "operator settles blindly",
        "found by seed 32",
        DECIDE,
        "    if context.is_assumed and reads_first:\n        return NEEDS_CONTEXT\n",
        "",
    ),
    _one(
        "a later id is not kept",
        "found by seed 189",
        NEWS,
        "learns_id=payment.checkout_request_id is None and report.checkout_request_id is not None,",
        "learns_id=False,",
    ),
    _one(
        "no answer waits for the next hour",
        "found by seed 551",
        DUE,
        "return min([*ahead, now + NO_ANSWER_SECONDS])",
        "return min(ahead, default=_next_hour(payment, now))",
    ),
    _one(
        "a contradicting hint is dropped",
        "found by seed 427",
        CALLBACKS,
        "return not payment.is_open and result.code == payment.result_code",
        "return not payment.is_open",
    ),
    *LEDGER_MUTANTS,
    *REFUND_MUTANTS,
)
"""Every one must be caught within 2,000 seeds, or by its test."""

TESTED_BY = {
    "money goes back twice in silence": "tests/functional/test_refunds.py",
    "only the current attempt's success counts": "tests/unit/payments/test_refund_rules.py",
    "an old attempt's refusal ends the new one": "tests/unit/payments/test_refund_rules.py",
    "the send of a reversal is not bounded": "tests/functional/test_refunds.py",
    "a shown receipt is refunded in silence": "tests/functional/test_hinted_receipts.py",
    "money that a hint names is owed back": "tests/functional/test_hinted_receipts.py",
    "a booking is paid by a prompt's money": "tests/functional/test_receipts_that_wait.py",
    "a prompt's money is owed back": "tests/functional/test_receipts_that_wait.py",
    "a prompt's money is set aside": "tests/functional/test_receipts_that_wait.py",
    "Pull's windows do not overlap": "tests/functional/test_pull.py",
    "Completed at another shortcode is our money": "tests/functional/test_refunds.py",
    "operator settles blindly": "tests/functional/test_hinted_receipts.py",
    "a receipt of no known amount is no rival": "tests/functional/test_receipts_that_wait.py",
    "a prompt's money of no known amount is set aside": "tests/functional/test_receipts_that_wait.py",
    "a receipt that fits two payments is given to one": "tests/unit/payments/test_matching.py",
    "open and failed payments are no candidates": "tests/unit/payments/test_matching.py",
    "any payer's money fits": "tests/unit/payments/test_matching.py",
    "money of any time fits": "tests/unit/payments/test_matching.py",
}
"""Mutants that no drawn history has caught, each with the file of tests that does.

Another rule guards the same money, or a person and a message must meet at one moment.
"""
