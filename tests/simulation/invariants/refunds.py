"""What must be true of money on its way back, judged by M-Pesa's own books: R1 to R6."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulator.core.initiator.reversal import reversed_kes

from .view import Values, View, require

if TYPE_CHECKING:
    from simulator.core import CallbackDelivery
    from simulator.core.initiator.asks import Ask

    from ..scheduler import Actor
    from ..world import SimulatedWorld

DONE = "0"
BY_INITIATOR = ("18", "20", "21", "22", "2001", "8006", "TP40153", "SFC_IC0003")
STOPS = frozenset((*BY_INITIATOR, "11", "2006", "2028", "24", "25"))
REFUSES = STOPS | {"1", "R000002"}
"""The result codes that prove that nothing went back."""
APPROVERS = frozenset({"staff:amina", "staff:baraka"})
"""Who may approve, by the roles of this world's staff."""
BY_STATEMENT = "not_reversed"
SEND_WITHIN_SECONDS, SPACING_SECONDS, DAY_SECONDS = 10, 30, 86_400
ASKED_MAX = 30
"""Five looks of the schedule, as many that news brought forward, each perhaps twice, and some."""


class RefundWatch:
    """What was sent to M-Pesa, what M-Pesa told, and what people did about it."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._sent: dict[tuple[str, int], str] = {}
        self._told: dict[str, list[tuple[int, str]]] = {}
        self._acts: set[tuple[str, str, str]] = set()
        self._cash: set[str] = set()
        self._done: set[str] = set()
        self._asked: Counter[str] = Counter()

    # What happens

    def acts(self, payment_id: str, who: str, act: str) -> None:
        """A person, signed in, is about to act."""
        self._acts.add((payment_id, who, act))

    def reversal_arrives(self, body: dict[str, Any], sent_at: float) -> None:
        """R1: each attempt reaches Daraja once, after its write, with nothing else under way."""
        payment_id, attempt = _attempt_in(body["ResultURL"])
        payment = self._world.watch.stored_payment(payment_id)
        require(payment is not None, "R1", "a reversal without a payment")
        assert payment is not None
        refund, receipt = payment.get("refund", {}), body["TransactionID"]
        again = (payment_id, attempt) in self._sent
        require(not again, "R1", f"{payment_id}: attempt {attempt} was sent twice")
        self._sent[payment_id, attempt] = receipt
        known = refund.get("attempt") == attempt and "sent_at" in refund
        require(known, "R1", f"{payment_id}: attempt {attempt} was sent before it was written")
        late = sent_at - refund["sent_at"] - SEND_WITHIN_SECONDS
        require(late <= 1.0, "R1", f"{payment_id}: sent {late:.1f} s too late")
        own = (payment.get("receipt_number"), str(payment.get("paid_amount_kes")))
        require((receipt, body["Amount"]) == own, "R4", f"{payment_id}: other money is reversed")
        for ask in self._asks(receipt):
            by_statement = self._was_settled(payment_id)
            open_ended = ask.outcome is None and not by_statement
            require(not open_ended, "R1", f"{receipt}: two reversals are under way")

    def told(self, delivery: CallbackDelivery) -> None:
        """M-Pesa tells a result from a listed address; the posts to the timeout URL say nothing."""
        parts = urlsplit(delivery.url).path.split("/")
        if parts[3] != "reversal" or parts[-1] == "timeout":
            return
        code = _code_of(delivery.body)
        if code is not None:
            payment_id, attempt = _attempt_in(delivery.url)
            self._told.setdefault(payment_id, []).append((attempt, code))

    def status_asked(self, receipt: str) -> None:
        """The schedule asks about a sent refund's receipt: it backs off."""
        self._asked[receipt] += 1

    # What a commit does

    def check_change(self, old: Values, new: Values, actor: Actor | None, view: View) -> None:
        """One payment's refund, before and after one commit; the gate's change comes after it."""
        had, has = old.get("refund", {}), new.get("refund", {})
        payment_id = new["pk"].removeprefix("PAY#")
        if new["status"] == "refunded" and old["status"] != "refunded":
            self._check_returned(payment_id, old, new, actor)
        if had == has:
            return
        owed = old["status"] in ("refund_due", "refunded")
        require(owed, "R2", f"{payment_id}: {old['status']}, and a refund of it changed")
        was, now = had.get("step"), has.get("step")
        if (was, now) == ("requested", "sent"):
            self._check_sent(payment_id, had, has, view)
            return
        counted = has.get("attempt", 0) == had.get("attempt", 0)
        require(counted, "R1", f"{payment_id}: an attempt is counted that was not sent")
        require(now != "sent" or was == "sent", "R3", f"{payment_id}: sent without a request")
        if was == "sent" and now is None and new["status"] == "refund_due":
            self._check_refused(payment_id, had, has, actor)
            self._world.note(f"refund refused: {has.get('refused')}")
        elif was != now:
            self._world.note(f"refund: {was or 'none'} -> {now or 'none'}")

    def _check_sent(self, payment_id: str, had: Values, has: Values, view: View) -> None:
        """R3 and R6: two persons, each signed in, a request that stood, and refunds that run."""
        maker, checker = has.get("asked_by"), has.get("approved_by")
        require(maker != checker, "R3", f"{payment_id}: {maker} approved an own request")
        require(checker in APPROVERS, "R3", f"{payment_id}: {checker} may not approve")
        require(maker == had.get("asked_by"), "R3", f"{payment_id}: another request was sent")
        for who, act in ((maker, "request_refund"), (checker, "approve_refund")):
            acted = (payment_id, str(who), act) in self._acts
            require(acted, "R3", f"{payment_id}: {who} did not {act}")
        gate, now = view.refund_gate, has["sent_at"]
        require("stopped" not in gate, "R6", f"{payment_id}: sent while refunds are stopped")
        spaced = gate.get("next_at", 0) <= now
        require(spaced, "R1", f"{payment_id}: sent less than {SPACING_SECONDS} s after another")
        require(has["attempt"] == had.get("attempt", 0) + 1, "R1", f"{payment_id}: attempt skipped")
        self._world.note("refund: requested -> sent")
        if has["attempt"] > 1:
            self._world.note("refund: sent again")

    def _check_returned(
        self, payment_id: str, old: Values, new: Values, actor: Actor | None
    ) -> None:
        """R2: on M-Pesa's word, which its books bear out, or on a person's."""
        receipt = old.get("receipt_number", "")
        is_back = receipt in self._world.daraja.ledger.reversed_receipts
        if actor is None or actor.authority != "operator":
            require(is_back, "R2", f"{payment_id}: refunded, but {receipt} was never reversed")
            self._world.note(f"refunded by M-Pesa: {actor.function if actor else ''}")
            return
        refund = old.get("refund", {})
        if refund.get("step") == "sent":
            age = self._world.clock.now - refund["sent_at"]
            require(age >= DAY_SECONDS, "R4", f"{payment_id}: marked while its refund is sent")
            self._world.note("refund settled: reversed")
        elif not is_back:
            self._cash.add(payment_id)

    def _check_refused(
        self, payment_id: str, had: Values, has: Values, actor: Actor | None
    ) -> None:
        """R1: an attempt ends by M-Pesa's own refusal of it, or by the statement after a day."""
        code, attempt = has.get("refused"), had["attempt"]
        if code == BY_STATEMENT:
            age = self._world.clock.now - had["sent_at"]
            by_person = actor is not None and actor.authority == "operator"
            require(by_person and age >= DAY_SECONDS, "R1", f"{payment_id}: settled too early")
            self._world.note("refund settled: not reversed")
            return
        if actor is not None and actor.function == "refunds":
            taken = any(_names(ask, payment_id, attempt) for ask in self._all_asks())
            require(not taken, "R1", f"{payment_id}: {code}, though M-Pesa took it")
            return
        told = (attempt, str(code)) in self._told.get(payment_id, ()) and code in REFUSES
        require(told, "R1", f"{payment_id}: attempt {attempt} refused by {code}, never told so")

    def check_gate(self, step: list[tuple[Values | None, Values | None]], view: View) -> None:
        """R6: a refusal of the initiator stops refunds in the same commit."""
        for old, new in step:
            if old is None or new is None or not new["pk"].startswith("PAY#"):
                continue
            had, has = old.get("refund", {}), new.get("refund", {})
            if had.get("step") == "sent" and has.get("step") is None and "refused" in has:
                stops = has["refused"] in STOPS
                runs = "stopped" not in view.refund_gate
                require(not (stops and runs), "R6", f"{new['pk']}: {has['refused']}, nothing stops")

    def check_acknowledged(self, delivery: CallbackDelivery) -> None:
        """R5: what M-Pesa told of a refund, and was acknowledged, is in the table or the queue."""
        parts = urlsplit(delivery.url).path.split("/")
        if parts[3] != "reversal" or parts[-1] == "timeout":
            return
        payment_id, attempt = _attempt_in(delivery.url)
        code, payment = _code_of(delivery.body), self._world.watch.view.payments[payment_id]
        queued = any(payment_id in each["body"] for each in self._world.money_queue.messages)
        refund = payment.get("refund", {})
        is_under_way = refund.get("step") == "sent" and refund.get("attempt") == attempt
        if code == DONE:
            if _is_whole(delivery.body, payment):
                self._done.add(payment_id)
            known = payment["status"] == "refunded" or payment.get("attention") is not None
            raised = self._world.watch.view.attention_was_raised(payment_id)
            require(known or raised or queued, "R5", f"{payment_id}: a result 0 was forgotten")
        elif code in REFUSES:
            require(
                not is_under_way or queued, "R5", f"{payment_id}: a refusal ({code}) was forgotten"
            )

    # At the end

    def audit(self, view: View) -> None:
        """R4 and R5: no shilling goes back twice in silence, and nothing waits in silence."""
        for receipt, debit in self._world.daraja.ledger.debits.items():
            back_kes = reversed_kes(self._world.daraja.world, debit)
            require(back_kes <= debit.amount_kes, "R4", f"{receipt}: KES {back_kes} went back")
        for payment_id, payment in view.payments.items():
            raised = view.attention_was_raised(payment_id)
            if payment.get("refund", {}).get("step") == "sent":
                require(raised, "R5", f"{payment_id}: sent, never answered, and nobody was told")
            is_back = payment["status"] == "refunded" or payment_id not in self._done
            require(is_back, "R5", f"{payment_id}: M-Pesa told that it went back, forgotten")
            told = any(code == DONE for _, code in self._told.get(payment_id, ()))
            if payment_id in self._cash and told:
                require(raised, "R4", f"{payment_id}: went back twice, and nobody was told")
                self._world.note("went back twice, attention raised")
        for receipt, times in self._asked.items():
            # An attempt that was written down and never left is asked about as well.
            attempts = max(1, list(self._sent.values()).count(receipt))
            require(times <= ASKED_MAX * attempts, "R5", f"{receipt}: asked about {times} times")

    def _asks(self, receipt: str) -> list[Ask]:
        """The reversals of a receipt that M-Pesa took on."""
        return [ask for ask in self._all_asks() if ask.order.receipt == receipt]  # type: ignore[union-attr]

    def _all_asks(self) -> list[Ask]:
        return [ask for ask in self._world.daraja.world.initiator.asks if ask.api == "reversal"]

    def _was_settled(self, payment_id: str) -> bool:
        events = self._world.watch.view.events.get(payment_id, [])
        return any(
            each["type"] == "RefundRefused" and each["by"].startswith("staff:") for each in events
        )


def _attempt_in(url: str) -> tuple[str, int]:
    """Which payment's which attempt an address of ours is about."""
    parts = urlsplit(url).path.split("/")
    return parts[4], int(parts[5])


def _code_of(body: bytes) -> str | None:
    """The code of a result about the whole of the money; None where it cannot be read."""
    try:
        return str(json.loads(body)["Result"]["ResultCode"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_whole(body: bytes, payment: Values) -> bool:
    """Whether a result names this payment's receipt and amount."""
    text, amount = body.decode(), float(payment.get("paid_amount_kes") or 0)
    receipt = str(payment.get("receipt_number"))
    return f'"Value":"{receipt}"' in text and f'"Amount","Value":{amount}' in text


def _names(ask: Ask, payment_id: str, attempt: int) -> bool:
    return _attempt_in(ask.order.caller.result_url) == (payment_id, attempt)
