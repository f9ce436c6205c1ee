"""Customers, the booking system, attackers and the operator: who does what, and what follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from payments.ports import Actor as WhoActs
from payments.protocol.evidence import (
    AttentionCleared,
    MoneyReturned,
    Operation,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.usecases.operate import ask_about_payment, operate_on_payment

from simulator.core.chance import unit
from tests.support.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.support.world import CALLBACK, CONSULTATION, OLD_CALLBACK, STATUS, STK_PUSH

from .by_hand import pay_by_hand
from .desk import CARELESS_SHARE, Desk
from .invariants.view import OPEN, Values

if TYPE_CHECKING:
    from .world import SimulatedWorld

ASKS_SHARE = 0.3
MACHINES = frozenset({"callback", "c2b", "pull", "status"})
ASK_SECONDS_MAX = 60.0
POLLS_AT = (4.0, 26.0, 61.0, 121.0, 301.0)
RETRY_SECONDS = (0.2, 3.0, 61.0, 200.0, 301.0)


def registration_event(item: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """The booking system registers a consultation, or changes it."""
    return http_event(
        "PUT",
        CONSULTATION,
        path=f"/api/consultations/{item['booking']}",
        body={"client_id": item["client"], "price_kes": item["price"], "status": item["state"]},
        client_id="booking-system",
        scopes="consultations:write",
        now=now,
    )


def initiation_event(item: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """A customer asks to pay."""
    body = {
        "phone_number": item["phone"],
        "amount": item["amount"],
        "booking_id": item["booking"],
        "account_reference": "CONSULT",
    }
    headers = {"Idempotency-Key": item["key"]} if item["key"] else {}
    return http_event(
        "POST", STK_PUSH, body=body, client_id=item["client"], headers=headers, now=now
    )


def status_event(identifier: str, client_id: str, *, now: float) -> dict[str, Any]:
    """A customer polls."""
    path = f"/api/payment/mpesa/status/{identifier}"
    return http_event("GET", STATUS, path=path, client_id=client_id, now=now)


class People:
    """Carries out a plan's agenda."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._desk = Desk(world)
        self._seen: dict[str, list[str]] = {}

    def do(self, item: dict[str, Any]) -> None:
        """One item of the agenda, now."""
        match item["do"]:
            case "register":
                self._register(item)
            case "initiate":
                self._initiate(item, item["name"], item["retries"])
            case "attack":
                self._attack(item)
            case "operate_everywhere":
                self.operate_everywhere(item["name"])
            case "operate":
                self._operate(item["name"])
            case "poll_first":
                self._poll_first(item)
            case "store_down":
                self._world.store_down_until = self._world.clock.now + item["seconds"]
            case "provider_down":
                self._world.daraja.start_outage(
                    item["how"], item["seconds"], endpoints=item["endpoints"]
                )
            case "refund":
                self._desk.do(item)
            case "pay_by_hand":
                pay_by_hand(self._world, item)
            case "instances_die":
                self._world.forget_instances()
            case other:
                raise AssertionError(other)

    # The booking system

    def _register(self, item: dict[str, Any]) -> None:
        self._world.start_watched(
            item["name"], "consultations", registration_event(item, now=self._world.clock.now)
        )

    # Customers

    def _initiate(self, item: dict[str, Any], name: str, retries: int) -> None:
        event = initiation_event(item, now=self._world.clock.now)

        def finished(answer: Any) -> None:
            self._answered(item, name, retries, answer)

        self._world.start_watched(name, "stk_push", event, finished)

    def _answered(self, item: dict[str, Any], name: str, retries: int, answer: Any) -> None:
        """A customer looks at the answer: polls, or tries once more."""
        status = answer["statusCode"] if answer else None
        if status in (200, 202):
            body = json.loads(answer["body"])
            if body["payment_id"] in self._seen.get(item["client"], []):
                self._world.note("same payment answered again")
            self._seen.setdefault(item["client"], []).append(body["payment_id"])
            for number in range(item["polls"]):
                by_checkout = self._chance(name, "poll id", number) < 0.5
                identifier = body["CheckoutRequestID"] if by_checkout else body["payment_id"]
                jitter = self._chance(name, "poll at", number) * 3
                self._poll(
                    item, f"{name}.poll{number}", identifier, POLLS_AT[number] + jitter, retries
                )
        elif retries > 0:
            self._retry(item, name, retries)

    def _retry(self, item: dict[str, Any], name: str, retries: int) -> None:
        drawn = self._chance(name, "retry")
        after = RETRY_SECONDS[int(drawn * len(RETRY_SECONDS))]
        when = self._world.clock.now + after
        again = f"{name}.r"
        self._world.scheduler.at(when, lambda: self._initiate(item, again, retries - 1))

    def _poll(
        self, item: dict[str, Any], name: str, identifier: str, after: float, retries: int
    ) -> None:
        def poll() -> None:
            event = status_event(identifier, item["client"], now=self._world.clock.now)
            self._world.start_watched(name, "status", event, polled)

        def polled(answer: Any) -> None:
            if not answer or answer["statusCode"] != 200 or not retries:
                return
            body = json.loads(answer["body"])
            if body["status"] in ("failed", "cancelled"):
                fresh = {**item, "key": None}
                self._retry(fresh, name, retries)

        self._world.scheduler.at(self._world.clock.now + after, poll)

    def _poll_first(self, item: dict[str, Any]) -> None:
        """The owner of the first payment polls now."""
        for payment_id, payment in list(self._world.watch.view.payments.items())[:1]:
            event = status_event(payment_id, payment["client_id"], now=self._world.clock.now)
            self._world.start_watched(item["name"], "status", event)

    # Attackers

    def _attack(self, item: dict[str, Any]) -> None:
        """Forge, replay, guess and probe; what is known is what an attacker might know."""
        prompts = self._world.daraja.prompts()
        if not prompts:
            return
        prompt = prompts[item["nth"] % len(prompts)]
        url, checkout_id = prompt.order.callback_url, prompt.checkout_request_id
        success = _success(checkout_id, prompt.order.amount_kes)
        name = item["name"]
        match item["how"]:
            case "wrong_token":
                forged = url[:-8] + "00000000"
                self._post(name, forged, success, LISTED_IP, "none")
            case "old_route":
                event = http_event("POST", OLD_CALLBACK, body=success, source_ip=UNLISTED_IP)
                self._world.start_watched(name, "callback", event, authority="looks")
            case "probe":
                payment_id = url.split("/")[-2]
                event = status_event(payment_id, "nobody", now=self._world.clock.now)
                self._world.start_watched(
                    name, "status", event, self._must_be_absent, authority="none"
                )
            case "replay":
                failure = json.dumps(_callback(checkout_id, 1032, {})).encode()
                self._world.daraja.forge_callback(url, failure, source_ip=UNLISTED_IP)
            case "leaked_token" if prompt.scenario.query == "success_before_pin":
                pass
            case "leaked_token" | "leaked_token_early":
                self._post(name, url, success, UNLISTED_IP, "hint")
            case "wrong_id" if self._knows_its_id(url.split("/")[-2]):
                other = checkout_id[:-13] + "0000" + checkout_id[-9:]
                body = _success(other, prompt.order.amount_kes)
                self._post(name, url, body, LISTED_IP, "hint")
            case "odd_body":
                self._post(name, url, '{"Body": {"stkCallback": NaN}}', LISTED_IP, "full")

    def _knows_its_id(self, payment_id: str) -> bool:
        """Whether another prompt's result can be told from the payment's own by its id."""
        payment = self._world.watch.view.payments.get(payment_id, {})
        return "checkout_request_id" in payment

    def _post(self, name: str, url: str, body: Any, source_ip: str, authority: str) -> None:
        event = http_event(
            "POST", CALLBACK, path=urlsplit(url).path, body=body, source_ip=source_ip
        )
        self._world.start_watched(name, "callback", event, authority=authority)

    def _must_be_absent(self, answer: Any) -> None:
        if answer and answer["statusCode"] not in (404, 503):
            self._world.watch.intruder_answered(answer["statusCode"])

    # The operator

    def operate_everywhere(self, name: str) -> None:
        """Look at every payment and receipt once more, as at the end of a week."""
        self._desk.resume(name)
        self._operate(name, thorough=True)

    def _operate(self, name: str, *, thorough: bool = False) -> None:
        """Look at what needs a person, with M-Pesa's statement at hand."""
        self._desk.look_at_receipts(name, thorough=thorough)
        for number, (payment_id, payment) in enumerate(
            sorted(self._world.watch.view.payments.items())
        ):
            own_name = f"{name}.{number}"
            if not thorough and self._chance(own_name, "ask") < ASKS_SHARE:
                self._desk.at_terminal(own_name, "full", partial(self._ask, payment_id))
                continue
            if self._world.plan.refunds and payment["status"] == "refund_due":
                if thorough:
                    self._desk.tidy(own_name, payment_id, payment, number)
                continue
            operation = self._decision(payment, thorough=thorough)
            if operation is not None:
                shown = int(payment["version"])
                work = partial(self._carry_out, payment_id, shown, operation)
                self._desk.at_terminal(own_name, "operator", work)

    def _ask(self, payment_id: str) -> None:
        deadline = self._world.clock.now + ASK_SECONDS_MAX
        ask_about_payment(
            self._world.new_terminal().services,
            payment_id,
            actor=WhoActs(by="operator:asha", request_id="desk"),
            remaining_seconds=lambda: deadline - self._world.clock.now,
        )
        self._world.note("an operator asked Daraja")

    def _carry_out(self, payment_id: str, shown: int, operation: Operation) -> None:
        if isinstance(operation, ReceiptFound | ReviewResolved) and operation.receipt_number:
            self._world.watch.heard_of(operation.receipt_number, "operator")
        operate_on_payment(
            self._world.new_terminal().services,
            payment_id,
            operation,
            shown_version=shown,
            who="asha",
            why="seen on the statement",
            request_id="desk",
        )

    def _decision(self, payment: Values, *, thorough: bool) -> Operation | None:
        checkout_id = payment.get("checkout_request_id", "")
        debit = self._world.daraja.ledger.by_checkout(checkout_id) or self._by_reference(payment)
        match payment["status"]:
            case "refund_due":
                return MoneyReturned()
            case "review" if debit is None:
                return ReviewResolved(resolution=Resolution.BOGUS)
            case "review" if is_named_by_machine(payment) and self._is_careless(payment):
                return ReviewResolved(resolution=Resolution.BOGUS)  # which must be refused
            case "review":
                assert debit is not None
                named = payment.get("receipt_number") or debit.receipt
                on_file = self._world.daraja.ledger.debits.get(named, debit)
                exact = on_file.amount_kes == payment.get("paid_amount_kes", on_file.amount_kes)
                complete = exact and unit(self._world.plan.seed, "resolve", payment["pk"]) < 0.6
                return ReviewResolved(
                    resolution=Resolution.COMPLETE if complete else Resolution.REFUND_DUE,
                    receipt_number=named,
                    amount_kes=on_file.amount_kes,
                )
            case "unknown" | "pending" | "failed" | "cancelled" if debit is not None:
                return ReceiptFound(receipt_number=debit.receipt, amount_kes=debit.amount_kes)
            case "completed" if debit is not None and "receipt_number" not in payment:
                return ReceiptFound(receipt_number=debit.receipt, amount_kes=debit.amount_kes)
        if payment.get("attention") and (thorough or payment["status"] not in OPEN):
            return AttentionCleared()
        return None

    def _is_careless(self, payment: Values) -> bool:
        return self._chance("careless", payment["pk"], payment["version"]) < CARELESS_SHARE

    def _by_reference(self, payment: Values) -> Any:
        """Money on the statement with this reference and amount that is nobody else's yet."""
        payment_id = payment["pk"].removeprefix("PAY#")
        owners = self._world.watch.view.receipts
        for debit in self._world.daraja.ledger.debits.values():
            is_its = debit.reference.upper() == payment.get("account_reference")
            is_exact = debit.amount_kes == payment["amount_kes"] or debit.checkout_request_id != ""
            if is_its and is_exact and owners.get(debit.receipt) in (None, payment_id):
                return debit
        return None

    # Common

    def _chance(self, *parts: object) -> float:
        return unit(self._world.plan.seed, *parts)


def is_named_by_machine(payment: Values) -> bool:
    """Whether M-Pesa named the receipt: a success without one is a person's to end either way."""
    return payment.get("proof") in MACHINES and "receipt_number" in payment


def _success(checkout_id: str, amount_kes: int) -> dict[str, Any]:
    items = [
        {"Name": "Amount", "Value": float(amount_kes)},
        {"Name": "MpesaReceiptNumber", "Value": "FORGED0001"},
        {"Name": "TransactionDate", "Value": 20260921120000},
    ]
    return _callback(checkout_id, 0, {"CallbackMetadata": {"Item": items}})


def _callback(checkout_id: str, code: int, more: dict[str, Any]) -> dict[str, Any]:
    callback = {
        "MerchantRequestID": "forged-1",
        "CheckoutRequestID": checkout_id,
        "ResultCode": code,
        "ResultDesc": "forged",
        **more,
    }
    return {"Body": {"stkCallback": callback}}
