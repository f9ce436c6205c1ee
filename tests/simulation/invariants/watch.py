"""Watches every commit, every push and every answer, and says at once what is not as it must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulator.core.prompts import Prompt, Stage
from tests.model.trace import Trace
from tests.support.aws import TABLE_NAME
from tests.support.dynamodb.errors import (
    ConditionFailedError,
    DynamoDBError,
    TransactionCanceledError,
)

from .durability import facts_of, is_durable
from .ledger import cannot_write, check_bound, check_row, debit_of, is_earlier, what_became_of
from .outcomes import askable_id, outcomes_of
from .refunds import RefundWatch
from .transitions import (
    check_change,
    check_consultation,
    check_creation,
    check_payable,
    check_state,
    check_terms,
)
from .view import MONEY, OPEN, Values, View, ViolationError, plain, require

if TYPE_CHECKING:
    from simulator.core import CallbackDelivery, HttpAnswer

    from ..scheduler import Actor
    from ..world import SimulatedWorld

SEND_WITHIN_SECONDS = 10
PROMPT_ENDS_SECONDS = 300
OPEN_ENDED_CODES = frozenset({"1037", "1036", "9999", "1001"})
NEVER_BY_WEAK = frozenset({"CONSULT", "RCPT", "PHONE", "REFUNDS", "ASK"})
WEAK = {"none": NEVER_BY_WEAK | {"PAY"}, "looks": NEVER_BY_WEAK, "hint": NEVER_BY_WEAK}
"""What input without authority never writes; of a payment it may change the time of a look."""
BUGS = frozenset({"IdempotentParameterMismatchException", "ValidationException"})


class Watch:
    """The eyes of one history. Errors: ViolationError from `after_step`, the first there was."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self.view = View()
        self.refunds = RefundWatch(world)
        self.model = Trace()
        self.violation: ViolationError | None = None
        self.pushes: dict[str, int] = {}
        self.answered: set[tuple[str, str]] = set()
        self.finished_at: dict[str, float] = {}
        self.askable_since: dict[str, float] = {}
        self.settled_at: dict[str, float] = {}
        self.acknowledged: dict[str, list[bytes]] = {}
        self.heard: dict[str, list[str]] = {}
        self.attached: set[str] = set()
        self.claimed_blindly: set[str] = set()
        self.filed_at: dict[str, float] = {}
        self._promised_money: list[str] = []
        self._promised: list[tuple[str, bytes, bool]] = []
        self._promised_results: list[CallbackDelivery] = []
        self._seen = 0

    # Commits

    def after_step(self, actor: Actor | None) -> None:
        """Look at what the last step committed. Errors: ViolationError."""
        changes = self._world.engine.changes(TABLE_NAME)
        if len(changes) > self._seen:
            new = changes[self._seen :]
            self._seen = len(changes)
            self._commit([change for change in new if not change.by_ttl], actor)
        while self._promised:
            payment_id, body, is_listed = self._promised.pop()
            queue = self._world.queue.messages
            durable = is_durable(self.view, payment_id, body, queue, is_authentic=is_listed)
            require(durable, "I6", f"{payment_id}: acknowledged, but not durable")
        while self._promised_money:
            receipt = self._promised_money.pop()
            queued = any(receipt in each["body"] for each in self._world.money_queue.messages)
            durable = queued or receipt in self.view.rows
            require(durable, "I14", f"{receipt}: confirmed, acknowledged, and on no row")
        while self._promised_results:
            self.refunds.check_acknowledged(self._promised_results.pop())
        if self.violation is not None:
            raise self.violation

    def _commit(self, changes: list[Any], actor: Actor | None) -> None:
        """Judge the changes of one step; two transactions of one step are judged as one each."""
        read = [
            (plain(each.old) if each.old else None, plain(each.new) if each.new else None)
            for each in changes
        ]
        events = [n for _, n in read if n is not None and n["sk"].startswith("EVENT#")]
        touched_consultations, touched_payments = set(), set()
        for old, new in read:
            values = new or old
            assert values is not None
            kind, _, name = values["pk"].partition("#")
            refused = WEAK.get(actor.authority, frozenset()) if actor is not None else frozenset()
            require(kind not in refused, "I11", f"an intruder wrote {values['pk']}")
            if kind == "PAY" and values["sk"] == "STATE":
                touched_payments.add(name)
                touched_consultations.add(values["booking_id"])
                self._payment(old, new, read, actor, events)
            elif kind == "RCPT" and values["sk"] == "STATE":
                self._row(name, old, new, actor)
            elif kind == "CONSULT":
                touched_consultations.add(name)
            elif values["sk"].startswith("EVENT#"):
                require(old is None, "I7", f"{values['sk']} was written twice")
            self.view.take(kind, name, values["sk"], new)
        self.refunds.check_gate(read, self.view)
        check_bound(self.view, self.claimed_blindly)
        for name in touched_payments:
            check_state(self.view, self.view.payments[name])
        for old, new in read:
            if old is not None and new is not None and old.get("status") != new.get("status"):
                self._check_terms(old, new, read)
        for name in touched_consultations:
            if name in self.view.consultations:
                consultation = self.view.consultations[name]
                check_consultation(self.view, name, consultation)
                self._check_paid_payment(consultation)
        self._check_model(read, actor)

    def _check_model(
        self, step: list[tuple[Values | None, Values | None]], actor: Actor | None
    ) -> None:
        """M1: tests/model knows this transition; it does not know what 0.1.1 writes."""
        if self._world.plan.rollout:
            return
        unknown = self.model.judge(
            step,
            function=actor.function if actor is not None else "",
            by_person=actor is not None and actor.authority == "operator",
            now=self._world.clock.now,
        )
        require(unknown is None, "M1", unknown or "")

    def _row(self, name: str, old: Values | None, new: Values | None, actor: Actor | None) -> None:
        check_row(old, new, actor)
        if actor is not None and is_earlier(actor):
            self.claimed_blindly.add(name)
        self.filed_at.setdefault(name, self._world.clock.now)
        if actor is not None and actor.authority == "operator" and new is not None:
            self.attached.add(name)
        self._world.note(what_became_of(old, new, actor))

    def _payment(
        self,
        old: Values | None,
        new: Values | None,
        step: list[tuple[Values | None, Values | None]],
        actor: Actor | None,
        events: list[Values],
    ) -> None:
        require(new is not None, "I2", "a payment was deleted")
        assert new is not None
        if old is None:
            require("status" in new, "I2", f"{new['pk']}: a ghost")
            before = _consultation_before(new, step)
            check_creation(new, self.view.payments, before, actor)
            if new.get("origin") == "paybill":
                self._check_money_is_real({"status": None}, new, actor)
                self._world.note("opened by a hand payment")
            else:
                self._world.note("reserved")
            return
        check_change(old, new, actor, events)
        self.refunds.check_change(old, new, actor, self.view)
        if old["status"] in OPEN and new["status"] not in OPEN:
            self.settled_at[new["pk"]] = self._world.clock.now
        if new["status"] != old["status"]:
            self._check_money_is_real(old, new, actor)
            self._check_was_asked(old, new, actor)
        if askable_id(new) is not None and askable_id(old) is None:
            self.askable_since[new["pk"]] = self._world.clock.now
        for outcome in outcomes_of(old, new):
            self._world.note(outcome)

    def _check_terms(
        self, old: Values, new: Values, step: list[tuple[Values | None, Values | None]]
    ) -> None:
        if new["pk"].startswith("PAY#"):
            consultation = self.view.consultations.get(new["booking_id"])
            check_terms(old, new, consultation, self._world.clock.now)
            if new["status"] == "completed":
                check_payable(new, _consultation_before(new, step))

    def _check_paid_payment(self, consultation: Values) -> None:
        """The payment that a consultation was paid by is completed, or was and is owed back."""
        paid = consultation.get("paid_payment_id")
        if paid is not None:
            check_state(self.view, self.view.payments[paid])

    def _check_money_is_real(self, old: Values, new: Values, actor: Actor | None) -> None:
        """I2, the other way round: nothing is believed paid that was not."""
        if new["status"] not in MONEY or old["status"] in MONEY:
            return
        if actor is not None and actor.authority == "operator":
            return
        debit = debit_of(self._world.daraja.ledger, new)
        require(debit is not None, "I2", f"{new['pk']}: {new['status']}, but no money moved")
        assert debit is not None
        by_hand = new.get("proof") in ("c2b", "pull", "status") and not debit.checkout_request_id
        if new["status"] == "completed" or by_hand:
            exact = debit.amount_kes == new["amount_kes"]
            require(exact, "I3", f"{new['pk']}: {new['status']} with KES {debit.amount_kes}")

    def _check_was_asked(self, old: Values, new: Values, actor: Actor | None) -> None:
        """Waiting ends by our decision only after a fresh answer, or where nobody can answer."""
        if new["status"] != "cancelled" or actor is None:
            return
        checkout_id = new.get("checkout_request_id")
        age = self._world.clock.now - new["created_at"]
        if checkout_id is None:
            require(age >= 172_800, "I2", f"{new['pk']}: given up after {age:.0f} s")
            return
        asked = (actor.name, checkout_id) in self.answered
        require(asked, "I2", f"{new['pk']}: cancelled without asking the provider")
        require(age >= 86_400, "I2", f"{new['pk']}: cancelled after {age:.0f} s")

    # Pushes

    def push_arrives(self, body: dict[str, Any], sent_at: float) -> None:
        """I1 and I9: one prompt at a time, each sent once, in time, after a durable intent."""
        try:
            self._check_push(body, sent_at)
        except ViolationError as violation:
            self._fail(violation)

    def reversal_arrives(self, body: dict[str, Any], sent_at: float) -> None:
        """R1: one reversal at a time, each sent once, in time, after a durable intent."""
        try:
            self.refunds.reversal_arrives(body, sent_at)
        except ViolationError as violation:
            self._fail(violation)

    def _check_push(self, body: dict[str, Any], sent_at: float) -> None:
        url = body["CallBackURL"]
        payment_id = urlsplit(url).path.split("/")[-2]
        payment = self.stored_payment(payment_id)
        require(payment is not None, "I9", "a push without a durable intent")
        assert payment is not None
        self.pushes[payment_id] = self.pushes.get(payment_id, 0) + 1
        require(self.pushes[payment_id] == 1, "I9", f"{payment_id} was pushed twice")
        late = sent_at - payment["created_at"] - SEND_WITHIN_SECONDS
        require(late <= 1.0, "I9", f"{payment_id} was sent {late:.1f} s too late")
        same = (body["Amount"], str(body["PhoneNumber"]))
        require(same == (payment["amount_kes"], payment["phone_number"]), "I9", "another push")
        for prompt in self._world.daraja.prompts():
            self._check_alone(prompt, payment)

    def _check_alone(self, prompt: Prompt, payment: Values) -> None:
        if not self._is_live(prompt):
            return
        other_id = urlsplit(prompt.order.callback_url).path.split("/")[-2]
        other = self.view.payments.get(other_id)
        if other is None or other["pk"] == payment["pk"]:
            return
        require(
            prompt.order.msisdn != payment["phone_number"], "I1", "two prompts open on one phone"
        )
        require(
            other["booking_id"] != payment["booking_id"], "I1", "two prompts open for one booking"
        )

    def _is_live(self, prompt: Prompt) -> bool:
        """Whether the person may still pay by it; a 1037 does not prove that it is closed."""
        if prompt.stage is not Stage.FINISHED:
            return True
        scenario = prompt.scenario
        is_open_ended = scenario.reversed_after_seconds is not None or scenario.name == "open"
        age = self._world.clock.now - prompt.accepted_at
        unpaid = self._world.daraja.ledger.by_checkout(prompt.checkout_request_id) is None
        code = prompt.result.code if prompt.result else ""
        within = age < PROMPT_ENDS_SECONDS - 2 * SEND_WITHIN_SECONDS - 28
        return is_open_ended and unpaid and within and code in OPEN_ENDED_CODES

    def stored_payment(self, payment_id: str) -> Values | None:
        """A payment as the table holds it at this moment, its commit judged or not."""
        stored = self._world.engine.item(TABLE_NAME, f"PAY#{payment_id}", "STATE")
        return plain(stored) if stored else None

    # What the provider and the store say

    def provider_result(self, at: float, facts: dict[str, Any]) -> None:
        """The provider knows how a prompt ended."""
        self.finished_at[facts["checkout_request_id"]] = at

    def query_answered(self, actor: Actor | None, checkout_id: str, answer: HttpAnswer) -> None:
        """An answer to a query is on its way to who asked."""
        if actor is None or answer.status == 429:
            return
        words = (b"ResultCode", b"400.002.02", b"500.001.1001")
        is_answer = any(word in answer.body for word in words)
        if is_answer:
            self.answered.add((actor.name, checkout_id))
        debit = self._world.daraja.ledger.by_checkout(checkout_id)
        is_paid = is_answer and json.loads(answer.body).get("ResultCode") == "0"
        if debit is not None and is_paid and "query" not in self.heard.get(debit.receipt, []):
            self.heard_of(debit.receipt, "query")

    def store_refused(self, operation: str, request: dict[str, Any], error: DynamoDBError) -> None:
        """DynamoDB refused: a condition, or a defect of ours."""
        actor = self._world.scheduler.current
        if actor is not None and cannot_write(actor, request):
            actor.notes["is_excused"] = True
            self._world.note("0.1.1 cannot change a payment without a prompt")
            return
        if error.code in BUGS:
            self._fail(ViolationError("bug", f"{operation}: {error}"))
        if isinstance(error, TransactionCanceledError):
            codes = {reason["Code"] for reason in error.reasons}
            if "ValidationError" in codes:
                self._fail(ViolationError("bug", f"{operation}: {error}"))
            item = error.reasons[0].get("Item")
        else:
            item = error.item if isinstance(error, ConditionFailedError) else None
        if item and "op_ids" in item:
            last = item["op_ids"]["L"][-1]["B"]
            if last in json.dumps(request):
                self._world.note("own win recognised")

    def request_unsupported(self, operation: str, error: BaseException) -> None:
        """The product sent a form that the engine does not know."""
        self._fail(ViolationError("bug", f"{operation}: {error}"))

    def handler_raised(self, actor: Actor, error: Exception) -> None:
        """A handler let an exception out: API Gateway would answer 500."""
        if "is_excused" in actor.notes:
            return
        if self._world.store_is_down and type(error).__name__ == "StoreUnavailableError":
            return
        if actor.function == "cleanup" and type(error).__name__ == "StoreUnavailableError":
            return
        kind = type(error).__name__
        self._fail(ViolationError("bug", f"{actor.function} raised {kind}: {error}"))

    # Answers

    def answered_to(self, function: str, answer: Any) -> None:
        """Somebody got an answer, or none."""
        if not answer or "statusCode" not in answer:
            return
        status = answer["statusCode"]
        code = json.loads(answer["body"]).get("code")
        self._world.note(f"answer {function} {status}" + (f" {code}" if code else ""))
        actor = self._world.scheduler.current
        if status == 500 and not (actor is not None and "is_excused" in actor.notes):
            self._fail(ViolationError("bug", f"{function} answered 500"))

    def intruder_answered(self, status: int) -> None:
        """Another user's payment was not answered as if it were absent."""
        self._fail(ViolationError("I11", f"a stranger's question was answered {status}"))

    def cleanup_answered(self, actor: Actor, answer: dict[str, int]) -> None:
        """A run of the schedule that met no fault has nothing to skip."""
        if is_earlier(actor) and self.view.has_unclaimed_row:
            return  # 0.1.1 leaves a receipt that is on a row to 0.2.0
        if answer["poisoned"] and not actor.faults and not self._world.met_trouble:
            self._fail(ViolationError("bug", "the schedule skipped a payment for no reason"))

    def post_answered(self, kind: str, delivery: CallbackDelivery, answer: Any) -> None:
        """One of Daraja's posts was acknowledged, or not."""
        if not answer or not 200 <= answer["statusCode"] < 300:
            return
        match kind:
            case "confirmation":
                self._confirmation_acknowledged(delivery)
            case "result" if delivery.source_ip in self._world.daraja.config.callback_sources:
                self._promised_results.append(delivery)
                self._status_told(delivery)
            case "callback":
                self._callback_acknowledged(delivery)

    def _status_told(self, delivery: CallbackDelivery) -> None:
        """Transaction Status named a receipt that was paid to us."""
        parts = urlsplit(delivery.url).path.split("/")
        receipt = bytes.fromhex(parts[4]).decode() if parts[3] == "status" else ""
        own = self._world.plan.shortcode.encode()
        is_named = f'"ReceiptNo","Value":"{receipt}"'.encode() in delivery.body
        is_witness = is_named and b'"Completed"' in delivery.body and own in delivery.body
        if is_witness and "status" not in self.heard.get(receipt, []):
            self.heard_of(receipt, "status")

    def _callback_acknowledged(self, delivery: CallbackDelivery) -> None:
        """I6: whatever was acknowledged is durable."""
        payment_id = urlsplit(delivery.url).path.split("/")[-2]
        if not delivery.id.startswith("extra"):
            self.acknowledged.setdefault(payment_id, []).append(delivery.body)
        is_listed = delivery.source_ip in self._world.daraja.config.callback_sources
        facts = facts_of(delivery.body)
        if is_listed and facts is not None and facts["receipt_number"]:
            self.heard_of(facts["receipt_number"], "callback")
        self._promised.append((payment_id, delivery.body, is_listed))

    def _confirmation_acknowledged(self, delivery: CallbackDelivery) -> None:
        """I14: money that M-Pesa itself told of, and that was acknowledged, is on a row."""
        is_listed = delivery.source_ip in self._world.daraja.config.callback_sources
        if not is_listed:
            self._world.note("confirmation from an unlisted address")
        notice = json.loads(delivery.body)
        if is_listed and notice["BusinessShortCode"] == self._world.plan.shortcode:
            self.heard_of(notice["TransID"], "c2b")
            self._promised_money.append(notice["TransID"])

    def pull_answered(self, answer: HttpAnswer) -> None:
        """Pull lists a page of receipts."""
        try:
            pages = json.loads(answer.body).get("Response", [])
        except ValueError:
            return
        for page in pages if isinstance(pages, list) else []:
            for row in page:
                if "pull" not in self.heard.get(row["transactionId"], []):
                    self.heard_of(row["transactionId"], "pull")

    def heard_of(self, receipt: str, source: str) -> None:
        """A witness named a receipt: note which others had before."""
        before = self.heard.setdefault(receipt, [])
        for earlier in dict.fromkeys(before):
            self._world.note(f"witness {earlier}, then {source}")
        before.append(source)

    def _fail(self, violation: ViolationError) -> None:
        self.violation = self.violation or violation


def _consultation_before(
    payment: Values, step: list[tuple[Values | None, Values | None]]
) -> Values | None:
    """The payment's consultation as it was before this commit changed it."""
    key = f"CONSULT#{payment['booking_id']}"
    return next((old for old, _ in step if old is not None and old["pk"] == key), None)
