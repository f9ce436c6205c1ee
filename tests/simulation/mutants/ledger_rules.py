# ruff: noqa: E501 -- the texts are the product's own lines
"""The mutants of the receipt ledger: money that no prompt of ours reported."""

from __future__ import annotations

from .edits import Edit, Mutant, one

ROWS = "payments.store.row_writes"
WITNESS = "payments.protocol.witness"
MATCHING = "payments.protocol.matching"
NEWS = "payments.protocol.news"
MONEY = "payments.protocol.money"
OPENING = "payments.protocol.opening"
REPORT = "payments.protocol.report"
CASE = "payments.protocol.case"
OPERATOR = "payments.protocol.operator"
PULL = "payments.protocol.pull"
RECORDING = "payments.usecases.record_money"
PULLING = "payments.usecases.pull_money"
RECEIVING = "payments.usecases.receive_confirmation"
RESULTS = "payments.usecases.record_initiator_result"
DESK = "payments.usecases.money_desk"
PROMPTS = "payments.usecases.prompts_money"
STORE = "payments.store.payments"
QUEUE = "payments.aws.money_queue"
HANDLER = "functions/paybill/app.py"

LEDGER_MUTANTS = (
    Mutant(
        "hand money frees the phone",
        "money that may be paid by hand frees no guard",
        (
            Edit(REPORT, "return self.proof in ENDS_PROMPT", "return bool(self.proof)"),
            Edit(
                "payments.protocol.change",
                "ends_prompt = after.proof in ENDS_PROMPT",
                "ends_prompt = bool(after.proof)",
            ),
        ),
    ),
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
        "a gap is forgotten with the next finished window",
        "a sweep that a gap made due stays due until it finishes",
        PULL,
        "complete_until=window.end, swept_at=None)",
        "complete_until=window.end)",
    ),
    one(
        "a second amount for a row that waits is only counted",
        "two amounts for a receipt that no payment has are no known amount",
        RECORDING,
        "if outcome is MoneyOutcome.REPEAT and row is not None and contradicts(row, money):",
        "if outcome is None and row is not None and contradicts(row, money):",
    ),
    one(
        "a hint is dropped with other money",
        "a hint of other money is asked about",
        MONEY,
        "None if report.ends_prompt else payment.hint_besides(report.receipt_number)",
        "None",
    ),
    one(
        "a hint's receipt is forgotten",
        "other money than a hint's is put before a person",
        NEWS,
        "known = payment.bound_receipt if is_prompts else payment.receipt_number",
        "known = payment.bound_receipt",
    ),
    one(
        "an old amount is written back",
        "a row that is written whole has the amount that was read",
        ROWS,
        'f"{is_as_read} AND {_is_of(e, before.amount_kes)}"',
        "is_as_read",
    ),
    one(
        "a receipt of no known amount is no rival",
        "a doubt about the amount gives nothing",
        MATCHING,
        "not row.may_be_of(payment.amount_kes)",
        "row.amount_kes != money.amount_kes",
    ),
    one(
        "a prompt's money of no known amount is set aside",
        "what may be a prompt's money is attached to its payment",
        "payments.usecases.prompts_money",
        "_created_about(services, row, is_of=row.may_be_of):\n        #",
        "_created_about(services, row, is_of=lambda kes: kes == row.amount_kes):\n        #",
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
        "    if payment.may_yet_be_paid or not is_in_window",
        "    if not is_in_window",
    ),
    one(
        "a receipt that fits two payments is given to one",
        "rung 3 gives nothing that is not unique",
        MATCHING,
        "    if len(fitting) != 1:\n        return None\n    [payment] = fitting\n",
        "    if not fitting:\n        return None\n    payment = fitting[-1]\n",
    ),
    one(
        "open and failed payments are no candidates",
        "every payment that the money may be of counts",
        MATCHING,
        "    fitting = [payment for payment in seen.candidates if is_candidate(money, payment)]\n",
        "    fitting = [payment for payment in seen.candidates if is_candidate(money, payment) and not payment.may_yet_be_paid]\n",
    ),
    one(
        "a rival receipt is not counted",
        "rung 3 needs a receipt without rivals",
        MATCHING,
        "    has_rival = any(_rivals(row, money, payment) for row in seen.unclaimed)\n",
        "    has_rival = False\n",
    ),
    one(
        "Pull's coverage is not asked",
        "every debit of the prompt's time is on file",
        MATCHING,
        "return None if has_rival or not _is_covered(payment, seen.covered) else payment",
        "return None if has_rival else payment",
    ),
    one(
        "any payer's money fits",
        "rung 3 compares the payer",
        MATCHING,
        "    fits = payer_fits(money.payer, money.payer_hmac, payment) is True\n",
        "    fits = True\n",
    ),
    one(
        "money of any time fits",
        "rung 3 compares the time",
        MATCHING,
        "is_same = payment.amount_kes == money.amount_kes and may_be_paid_at(money.paid_at, payment)",
        "is_same = payment.amount_kes == money.amount_kes",
    ),
    Mutant(
        "a second receipt is filed in silence",
        "what is filed has its payment's attention, in one write",
        (
            Edit(
                WITNESS,
                "        replace(case.payment, attention=reason),\n        files=None if row else new_row(money, now=case.now),\n        adds_events=(EventType.UNRESOLVED,),\n",
                "        case.payment,\n        files=None if row else new_row(money, now=case.now),\n",
            ),
            Edit(
                "payments.protocol.change",
                '(files is None or tells, "a receipt that is filed has its payment\'s attention"),',
                "",
            ),
        ),
    ),
    one(
        "a claim ignores the row's amount",
        "two amounts for one receipt are a person's to judge",
        CASE,
        'return None if row.amount_kes == amount_kes else "amount_contradicted"',
        "return None",
    ),
    one(
        "a receipt is filed over its row",
        "a witness files only a free receipt",
        ROWS,
        '        "ConditionExpression": ABSENT,\n        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",\n    }\n\n\ndef rewrite_row',
        '        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",\n    }\n\n\ndef rewrite_row',
    ),
    Mutant(
        "a machine takes a row that was set aside",
        "what a person set aside stays so",
        (
            Edit(
                CASE,
                '                return "receipt_set_aside"\n',
                "                return None\n",
            ),
            Edit(
                CASE,
                "return not (self.receipt_is_anothers or is_set_aside)",
                "return not self.receipt_is_anothers",
            ),
            Edit(
                ROWS,
                'return f"{EXISTS} AND {is_unbound} AND {is_not_aside}"',
                'return f"{EXISTS} AND {is_unbound} AND ({is_not_aside} OR {EXISTS})"',
            ),
        ),
    ),
    one(
        "a transfer from ourselves is booked",
        "the rule for the own shortcodes",
        RECORDING,
        "    if money.payer in services.rules.sweep_payers:\n",
        "    if money.payer is not None and not services.rules:\n",
    ),
    one(
        "an unlisted confirmation is booked",
        "authority: token and listed address",
        RECEIVING,
        "    if not confirmation.is_listed:\n",
        "    if confirmation is None:\n",
    ),
    one(
        "another shortcode's money is booked",
        "only this deployment's shortcodes",
        RECEIVING,
        "    if money.shortcode not in paybill.shortcodes:\n",
        "    if money.shortcode is None:\n",
    ),
    one(
        "the money queue drops",
        "a confirmation that cannot be booked is durable in SQS",
        QUEUE,
        "self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))",
        "json.dumps(message)",
    ),
    one(
        "the money queue forgets",
        "what cannot be booked stays",
        HANDLER,
        'failed.append({"itemIdentifier": record["messageId"]})',
        "pass",
    ),
    one(
        "Pull's time counts before calibration",
        "Pull's time means a moment only once its clock is known",
        PULLING,
        "money = row.by(state.clock)",
        "money = row.by(state.clock or min(row.moments, default=None))",
    ),
    one(
        "Pull asks for one page",
        "pages until nothing is new",
        PULLING,
        "PAGES_MAX = 40",
        "PAGES_MAX = 1",
    ),
    one(
        "Pull's windows do not overlap",
        "a run that fails costs nothing",
        PULL,
        "    newest = Window(start=now - WINDOW_SECONDS, end=now)\n",
        "    newest = Window(start=now - 1800, end=now)\n",
    ),
    one(
        "Completed at another shortcode is our money",
        "Transaction Status: credited to us",
        RESULTS,
        "return is_completed and seen.shortcode in own_shortcodes and seen.amount_kes is not None",
        "return is_completed and seen.amount_kes is not None",
    ),
    one(
        "a booking is paid by a prompt's money",
        "a receipt that may be a prompt's is attached to its payment only",
        DESK,
        "    require_no_prompts_money(services, row)\n    require_no_own_prompt(services, row, consultation)\n",
        "",
    ),
    one(
        "money that a hint names is owed back",
        "what a hint names is its payment's until Daraja refutes it",
        PROMPTS,
        "    require_not_hinted(services, row.receipt_number, row)\n    for payment in",
        "    for payment in",
    ),
    one(
        "a shown receipt is refunded in silence",
        "who shows a receipt by a hint is told before its money goes back for another payment",
        "payments.usecases.apply_refund",
        "        if payment.refund is None:\n            tell_before_return",
        "        if False:\n            tell_before_return",
    ),
    one(
        "a shown receipt is marked as returned in silence",
        "who shows a receipt by a hint is told before its money goes back for another payment",
        "payments.usecases.operate",
        "        tell_before_return(services, payment, actor=actor)\n",
        "",
    ),
    one(
        "a hint's receipt is not noted",
        "what a hint names is its payment's until Daraja refutes it",
        ROWS,
        "    if named is None:\n        return []\n",
        "    return []\n",
    ),
    one(
        "a prompt's money is owed back",
        "a receipt that may be a prompt's is attached to its payment only",
        DESK,
        "    require_no_prompts_money(services, row)\n    op_id = services.ids.hex(32)\n    opening = owed_back(",
        "    op_id = services.ids.hex(32)\n    opening = owed_back(",
    ),
    one(
        "a prompt's money is set aside",
        "a receipt that may be a prompt's is not set aside",
        DESK,
        '    require_no_prompts_money(services, row)\n    _store(services, receipt_number, f"set aside',
        '    _store(services, receipt_number, f"set aside',
    ),
    one(
        "money that M-Pesa named is bogus",
        "bogus is refused where a machine names the receipt",
        OPERATOR,
        "    if is_machines or (payment.bound_receipt and payment.proof in MACHINE_WITNESSES):\n",
        "    if is_machines and payment.bound_receipt is None:\n",
    ),
)
