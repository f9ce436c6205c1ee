"""The staff: requests and approvals, receipts that wait, and questions to M-Pesa."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from payments.errors import PaymentError
from payments.store.attributes import to_item
from payments.store.instructions import Instruction
from payments.usecases.refunds import resume_refunds

from simulator.core.chance import unit
from simulator.core.errors import SettingError, UnknownPaymentError
from simulator.core.initiator.certificate import CERTIFICATE_FILE
from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tests.support.aws import INITIATOR_SECRET_ARN, STAFF_SECRET, TABLE_NAME
from tests.support.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.support.tokens import token_of
from tests.support.world import RESULT
from tools.credential import encrypt, read_certificate

from .invariants.ledger import bound_receipt
from .invariants.statement import names
from .invariants.view import Values, ViolationError
from .scheduler import Actor

if TYPE_CHECKING:
    from simulator.core.ledger import Debit

    from .world import SimulatedWorld

ROLES = {"amina": "approver", "baraka": "approver", "chebet": "clerk", "dalmas": "viewer"}
BOOKING_SYSTEM = "booking-system"
INITIATOR, PASSWORD = DEFAULT_INITIATORS[0].name, DEFAULT_INITIATORS[0].password
WRONG_PASSWORD = "Mistyped#2026"
ACT_ON_PAYMENT = "/api/desk/payments/{payment_id}/acts"
ACT_ON_RECEIPT = "/api/desk/receipts/{receipt}/acts"
REQUEST = "/api/payments/{payment_id}/refunds"
DAY_SECONDS = 86_400
LOOKS_SHARE, REOPENS_SHARE, ASIDE_SHARE = 0.7, 0.3, 0.12
CARELESS_SHARE = 0.1
"""Now and then somebody owes money back, or pays a booking, and does not look whose it is."""
SPREAD_SECONDS = 40.0
"""At a week's end one approval follows another after this: M-Pesa is sent one in 30 s."""
ACTS = {
    "request": "request_refund",
    "approve": "approve_refund",
    "reject": "reject_refund",
    "withdraw": "withdraw_refund",
    "mark": "mark_refunded",
}


@cache
def credential(password: str) -> str:
    """A password encrypted with the simulator's certificate."""
    return encrypt(password, read_certificate(Path(CERTIFICATE_FILE)))


class Desk:
    """Whoever signs in at the desk, or sits at the terminal."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._known: set[str] = set()

    def do(self, item: dict[str, Any]) -> None:
        """One item of the agenda, now."""
        name, who = item["name"], item["who"]
        match item["act"]:
            case "renew":
                self._renew(name, PASSWORD if who == "right" else WRONG_PASSWORD)
            case "lock":
                self._world.daraja.set_initiator(INITIATOR, is_locked=True)
            case "portal":
                self._reverse_on_portal(item["nth"])
            case "forge":
                self._forge(name, item["nth"])
            case "ask":
                self._ask(name, item["nth"])
            case "settle":
                for number, (payment_id, payment) in enumerate(self._payments()):
                    self._settle(f"{name}.{number}", who, payment_id, payment)
            case act:
                for number, (payment_id, payment) in enumerate(self._payments()):
                    if _fits(act, payment):
                        self._act(f"{name}.{number}", who, payment_id, payment, ACTS[act])

    def tidy(self, name: str, payment_id: str, payment: Values, number: int) -> None:
        """A week's end: every refund goes one step on, by the statement where it must."""
        refund, after = payment.get("refund", {}), number * SPREAD_SECONDS
        match payment["status"], refund.get("step"):
            case "refund_due", "sent":
                self._settle(name, "baraka", payment_id, payment)
            case "refund_due", "requested":
                checker = "amina" if refund["asked_by"] == "staff:baraka" else "baraka"
                self._act(name, checker, payment_id, payment, "approve_refund", after=after)
            case "refund_due", None:
                by_hand = self._is_reversed(payment) or self._chance(name, "mark") < 0.4
                act = "mark_refunded" if by_hand else "request_refund"
                self._act(name, "amina", payment_id, payment, act, after=after)

    def resume(self, name: str) -> None:
        """A week's end: refunds that stopped run again, with a new credential."""
        if "stopped" in self._world.watch.view.refund_gate:
            self._renew(f"{name}.renew", PASSWORD)

    # Receipts that wait

    def look_at_receipts(self, name: str, *, thorough: bool) -> None:
        """Whatever waits for a person is attached, owed back or set aside, by the statement."""
        for number, (receipt, row) in enumerate(sorted(self._world.watch.view.rows.items())):
            own_name = f"{name}.row{number}"
            if thorough or self._chance(own_name, "looks") < LOOKS_SHARE:
                self._look_at_receipt(own_name, receipt, row)

    def _look_at_receipt(self, name: str, receipt: str, row: Values) -> None:
        if "payment_id" in row:
            return
        if "set_aside" in row:
            if self._chance(name, "reopen") < REOPENS_SHARE:
                self._act_on(name, receipt, {"act": "reopen"})
            return
        amount_kes = row.get("amount_kes")
        debit = self._world.daraja.ledger.debits.get(receipt)
        if debit is None or amount_kes is None or self._chance(name, "aside") < ASIDE_SHARE:
            aside = "sweep" if debit is None else "handled_elsewhere"
            self._act_on(name, receipt, {"act": "set_aside", "set_aside": aside})
            return
        target = self._owner_of(name, debit)
        act = {"act": "attach", **target} if target else {"act": "owe_back"}
        self._act_on(name, receipt, {**act, "shown_amount_kes": amount_kes})

    def _owner_of(self, name: str, debit: Debit) -> dict[str, Any]:
        """Which payment or booking a person attaches the money to, by what the customer says."""
        view, prompts = self._world.watch.view, self._world.daraja.world.prompts
        careless = self._chance(name, "careless")
        if careless < CARELESS_SHARE / 2:
            return {}
        if careless < CARELESS_SHARE:
            return self._booking_of(name, debit, guesses=True)
        prompt = prompts.get(debit.checkout_request_id)
        for payment_id, payment in view.payments.items():
            url = prompt.order.callback_url if prompt else ""
            is_its = payment_id in url if prompt else names(debit.reference, payment)
            if is_its and payment["amount_kes"] == debit.amount_kes and not bound_receipt(payment):
                return {"payment_id": payment_id, "version": int(payment["version"])}
        if prompt is not None:
            return {}
        return self._booking_of(name, debit, guesses=False)

    def _booking_of(self, name: str, debit: Debit, *, guesses: bool) -> dict[str, Any]:
        view, typed = self._world.watch.view, debit.reference.strip()
        asks_for_it = guesses or self._chance(name, "books") < 0.4
        for booking, consultation in view.consultations.items():
            is_its = typed == booking or asks_for_it
            is_open = consultation["status"] == "Pending" or self._chance(name, "blind") < 0.1
            if is_its and is_open and consultation["price_kes"] == debit.amount_kes:
                return {"booking_id": booking}
        return {}

    def _act_on(self, name: str, receipt: str, body: dict[str, Any]) -> None:
        who = ("amina", "chebet")[int(self._chance(name, "who") * 2)]
        self._world.watch.heard_of(receipt, "operator")
        path = ACT_ON_RECEIPT.replace("{receipt}", receipt)
        self._post(name, who, path, {"reason": "the customer called", **body})
        self._world.note(f"receipt: {body['act']}")

    # Refunds

    def _act(
        self,
        name: str,
        who: str,
        payment_id: str,
        payment: Values,
        act: str,
        *,
        after: float = 0.0,
        **more: Any,
    ) -> None:
        world = self._world
        if who == BOOKING_SYSTEM:
            self._request(name, payment_id)
            return
        body = {"act": act, "reason": "seen", "version": int(payment["version"]), **more}
        world.watch.refunds.acts(payment_id, f"staff:{who}", act)
        self._post(name, who, ACT_ON_PAYMENT.replace("{payment_id}", payment_id), body, after)

    def _post(
        self, name: str, who: str, path: str, body: dict[str, Any], after: float = 0.0
    ) -> None:
        """One act at the desk, with the person's own session."""
        route = ACT_ON_RECEIPT if "/receipts/" in path else ACT_ON_PAYMENT
        event = http_event(
            "POST", route, path=path, body=body, headers={"Authorization": self._token(who)}
        )
        self._world.start_watched(name, "desk", event, authority="operator", after=after)

    def _request(self, name: str, payment_id: str) -> None:
        """The booking system may request, never approve."""
        event = http_event(
            "POST",
            REQUEST,
            path=REQUEST.replace("{payment_id}", payment_id),
            body={"reason": "cancelled"},
            client_id=BOOKING_SYSTEM,
            scopes="refunds:request",
            headers={"Idempotency-Key": payment_id[:8]},
            now=self._world.clock.now,
        )
        self._world.watch.refunds.acts(payment_id, f"client:{BOOKING_SYSTEM}", "request_refund")
        self._world.start_watched(name, "consultations", event)

    def _settle(self, name: str, who: str, payment_id: str, payment: Values) -> None:
        """By the statement, whether it is a day old or not: too early must be refused."""
        if payment.get("refund", {}).get("step") == "sent":
            word = "refund_reversed" if self._is_reversed(payment) else "refund_not_reversed"
            self._act(name, who, payment_id, payment, word)

    def _renew(self, name: str, password: str) -> None:
        """`hakika initiator set`, then `hakika refund resume`."""
        world = self._world
        values = {"INITIATOR_NAME": INITIATOR, "SECURITY_CREDENTIAL": credential(password)}
        world.secrets.put_secret_value(
            SecretId=INITIATOR_SECRET_ARN, SecretString=json.dumps(values)
        )
        if password == PASSWORD:
            world.daraja.set_initiator(INITIATOR, password=PASSWORD)

        def run() -> None:
            runtime = world.new_terminal()
            now = int(world.clock.now)
            note = Instruction(at=now, by="operator:me", reason="new", asked="set", request_id=name)
            op_id = runtime.services.ids.hex(32)
            runtime.refunds.gates.note_credential(now, note, op_id=op_id)
            resume_refunds(runtime.services, by="operator:me", why="new", request_id=name)
            world.note("refunds resumed")

        self.at_terminal(name, "operator", run)

    def _reverse_on_portal(self, nth: int) -> None:
        """A person returns money on M-Pesa's own page, and tells nobody."""
        if self._world.plan.daraja.get("reversal_repeats"):
            return
        owed = [p for _, p in self._payments() if p["status"] in ("refund_due", "completed")]
        receipts = [p["receipt_number"] for p in owed if "receipt_number" in p]
        if not receipts:
            return
        try:
            self._world.daraja.reverse_on_portal(receipts[nth % len(receipts)])
        except (UnknownPaymentError, SettingError):
            return
        self._world.note("reversed on the portal")

    def _forge(self, name: str, nth: int) -> None:
        """Whoever found an address of ours in a log posts to it; whoever has none guesses."""
        asks = self._world.daraja.world.initiator.asks
        if not asks:
            return
        ask = asks[nth % len(asks)]
        url, receipt = ask.order.caller.result_url, getattr(ask.order, "receipt", "")
        path = urlsplit(url).path
        source_ip, authority = UNLISTED_IP, "looks" if "/reversal/" in path else "none"
        if nth % 2:
            path, source_ip, authority = path[:-8] + "00000000", LISTED_IP, "none"
        result = {
            "ResultCode": 0,
            "TransactionID": "FORGED0001",
            "ResultParameters": {
                "ResultParameter": [
                    {"Key": "OriginalTransactionID", "Value": receipt},
                    {"Key": "TransactionStatus", "Value": "Reversed"},
                ]
            },
        }
        event = http_event("POST", RESULT, path=path, body={"Result": result}, source_ip=source_ip)
        self._world.start_watched(name, "paybill", event, authority=authority)
        self._world.note("result forged")

    # Transaction Status

    def _ask(self, name: str, nth: int) -> None:
        """The customer shows the text message of a payment: `hakika money ask`."""
        heard = self._world.watch.heard
        receipts = [*self._world.daraja.ledger.debits]
        receipts = [each for each in receipts if not heard.get(each)] or receipts
        if not receipts:
            return
        receipt = receipts[nth % len(receipts)]

        def run() -> None:
            function = self._world.new_terminal().refunds.function
            function.ask_receipt(receipt, by="operator:me")
            self._world.note("M-Pesa asked about a receipt")

        self.at_terminal(name, "full", run)

    # Common

    def at_terminal(self, name: str, authority: str, work: Callable[[], None]) -> None:
        """Start one of the operator's commands; what it refuses is only told."""

        def run() -> None:
            try:
                work()
            except PaymentError as error:
                self._world.note(f"operator told: {error.code}")
            except Exception as error:  # a command that ends in a traceback
                raise ViolationError("bug", f"{name}: {error!r}") from error

        actor = Actor(
            name=name, function="operator", run=run, finished=lambda _: None, authority=authority
        )
        self._world.scheduler.spawn(actor)

    def _token(self, who: str) -> str:
        """The person's session, as a link gave it this morning."""
        now = int(self._world.clock.now)
        if who not in self._known:
            self._known.add(who)
            row: dict[str, Any] = {"pk": f"STAFF#{who}", "sk": "STATE", "name": who}
            row |= {"role": ROLES[who], "is_active": True, "tokens_from": now - DAY_SECONDS}
            item = to_item(row)
            self._world.engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": item})
        claims = {"sub": who, "iss": "hakika-desk", "aud": "hakika-desk"}
        return f"Bearer {token_of({**claims, 'iat': now, 'exp': now + 3600}, STAFF_SECRET)}"

    def _payments(self) -> list[tuple[str, Values]]:
        return sorted(self._world.watch.view.payments.items())

    def _is_reversed(self, payment: Values) -> bool:
        """What M-Pesa's statement says."""
        receipts = self._world.daraja.ledger.reversed_receipts
        return payment.get("receipt_number") in receipts

    def _chance(self, *parts: object) -> float:
        return unit(self._world.plan.seed, *parts)


def _fits(act: str, payment: Values) -> bool:
    """Whether a person would try it, shown this payment; some of what is tried is not allowed."""
    step = payment.get("refund", {}).get("step")
    owed = payment["status"] == "refund_due"
    tries = {
        "request": step is None and (owed or payment["status"] == "completed"),
        "mark": owed,
        "approve": owed and "refund" in payment and step != "sent",
    }
    return bool(tries.get(act, owed and step == "requested"))
