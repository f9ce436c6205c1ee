"""The staff routes: session and role are read from the table at each request."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from payments.aws.runtime import Runtime
from payments.aws.token_families import staff_accounts, staff_tokens
from payments.errors import InvalidRequestError
from payments.http import api_gateway, desk_answers
from payments.http.authentication import Authenticator, authenticator
from payments.http.desk_receipts import act_on_receipt, no_such_receipt
from payments.http.desk_requests import read_act, read_reason
from payments.http.desk_sessions import Sessions
from payments.http.desk_statement import read_page, statement_answer
from payments.http.messages import language_of
from payments.ports import Actor
from payments.protocol.payment import Payment, RefundStep
from payments.protocol.receipts import RowState
from payments.protocol.staff import Role, Staff
from payments.store.deliveries import DeliveryStore
from payments.store.instructions import Instruction
from payments.store.staff import StaffRegister
from payments.usecases.apply_refund import read_payment
from payments.usecases.compare_statement import compare_statement
from payments.usecases.count_hours import count_hours
from payments.usecases.count_payments import count_payments, parse_days
from payments.usecases.deliver_event import deliveries_of
from payments.usecases.desk_acts import REVEAL, Typed, by_of, carry_out, possible_acts
from payments.usecases.find_payments import find, find_on_day
from payments.usecases.propose_owner import propose_owners
from payments.usecases.read_payments import view_payment
from payments.usecases.staff import StaffDesk, staff_of
from payments.values import normalise_receipt, require_payment_id

WAITING_MAX = 100
SEARCH_CHARACTERS_MAX = 200

type Event = dict[str, Any]
type Seconds = Callable[[], float]


class DeskApi:
    """The staff routes of one deployment."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._family = staff_tokens(os.environ)
        self._tokens: Authenticator = authenticator(runtime, self._family)
        self.accounts = staff_accounts(os.environ)
        self._sessions = Sessions(runtime, self._family, self.accounts)

    def handle(self, event: Event, remaining_seconds: Seconds) -> api_gateway.Response:
        """Answer one request; errors become answers."""
        return api_gateway.answered(event, lambda: self._route(event, remaining_seconds))

    def _route(self, event: Event, remaining_seconds: Seconds) -> api_gateway.Response:
        if api_gateway.route_key(event) == "POST /api/desk/sessions":
            return api_gateway.ok(self._sessions.start(event, self._desk))
        staff = self._staff(event)
        routes: Mapping[str, Callable[[], Mapping[str, Any]]] = {
            "GET /api/desk/me": lambda: desk_answers.staff_answer(staff),
            "GET /api/desk/waiting": self._waiting,
            "GET /api/desk/search": lambda: self._search(event, staff),
            "GET /api/desk/days": lambda: self._days(event),
            "POST /api/desk/statement": lambda: self._statement(event),
            "GET /api/desk/payments/{payment_id}": lambda: self._story(
                self._payment(event), staff, event
            ),
            "POST /api/desk/payments/{payment_id}/acts": lambda: self._act(
                event, staff, remaining_seconds
            ),
            "GET /api/desk/receipts/{receipt}": lambda: self._receipt(_number(event), staff),
            "POST /api/desk/receipts/{receipt}/acts": lambda: self._act_on_receipt(event, staff),
        }
        return api_gateway.ok(routes[api_gateway.route_key(event)]())

    @cached_property
    def _desk(self) -> StaffDesk:
        register = StaffRegister(self._runtime.table)
        return StaffDesk(services=self._runtime.services, register=register)

    def _staff(self, event: Event) -> Staff:
        caller = self._tokens.caller(event)
        return staff_of(self._desk, caller.client_id, issued_at=caller.issued_at)

    def _waiting(self) -> dict[str, Any]:
        payment_ids, receipts = self._runtime.backlog.waiting(WAITING_MAX)
        services = self._runtime.services
        payments = services.store.get_payments(payment_ids)
        rows = services.ledger.get_rows(receipts).values()
        oldest = sorted(payments, key=lambda payment: payment.created_at)
        return {
            "payments": [
                desk_answers.payment_line(payment)
                for payment in oldest
                if desk_answers.why_waiting(payment) is not None
            ],
            "receipts": [
                desk_answers.receipt_answer(row)
                for row in sorted(rows, key=lambda row: row.created_at or 0)
                if row.state is RowState.UNCLAIMED
            ],
            "may_have_more": len(payment_ids) + len(receipts) == WAITING_MAX,
        }

    def _search(self, event: Event, staff: Staff) -> dict[str, Any]:
        text = api_gateway.query_parameter(event, "q") or ""
        if len(text) > SEARCH_CHARACTERS_MAX:
            raise InvalidRequestError("This is too long to search for", code="invalid_q")
        day, runtime = api_gateway.query_parameter(event, "day"), self._runtime
        if day is None:
            found = find(runtime.services, text, of_phone=self._of_phone)
        else:
            [only] = parse_days(day, day)
            found = find_on_day(runtime.services, text, only, read=runtime.history.get_payments)
        is_unheard = found.receipt is None and (found.what == "receipt" or not found.payments)
        is_receipt = is_unheard and normalise_receipt(text) is not None
        return {
            "what": found.what,
            "payments": [desk_answers.payment_line(payment) for payment in found.payments],
            "receipt": desk_answers.receipt_answer(found.receipt) if found.receipt else None,
            "may_have_more": found.has_more,
            "may_ask": self._may_ask(staff) if is_receipt else False,
        }

    def _may_ask(self, staff: Staff) -> bool:
        """Whether the person may ask M-Pesa about a receipt now."""
        gate = self._runtime.services.refunds().gates.read()
        is_possible = gate.credential_at is not None and gate.stopped is None
        return is_possible and staff.may_act_as(Role.CLERK)

    def _of_phone(self, phone_hmac: str) -> list[str]:
        guard = self._runtime.history.get_phone_guard(phone_hmac)
        if guard is None:
            return []
        live = [guard.live_payment_id] if guard.live_payment_id else []
        return [*live, *(each for each in guard.payment_ids if each)]

    def _days(self, event: Event) -> dict[str, Any]:
        first = api_gateway.query_parameter(event, "from")
        days = parse_days(first, api_gateway.query_parameter(event, "to") or first)
        services = self._runtime.services
        hours = count_hours(services, self._runtime.history, days)
        return desk_answers.days_answer(count_payments(services, days), hours)

    def _statement(self, event: Event) -> dict[str, Any]:
        """Compare a page of M-Pesa's statement with the table; nothing is stored."""
        statement, reaches_to = read_page(api_gateway.json_body(event))
        if not statement.lines:
            return statement_answer([], statement)
        matches = compare_statement(self._runtime.history, statement, reaches_to=reaches_to)
        return statement_answer(matches, statement)

    def _payment(self, event: Event) -> Payment:
        payment_id = require_payment_id(api_gateway.path_parameter(event, "payment_id"))
        return read_payment(self._runtime.services, payment_id)

    def _story(self, payment: Payment, staff: Staff, event: Event) -> dict[str, Any]:
        from payments.http.answers import payment_answer

        runtime = self._runtime
        shown = payment_answer(
            view_payment(runtime.services, payment.payment_id),
            runtime.settings,
            language=language_of(api_gateway.header(event, "accept-language")),
            now=runtime.services.now(),
        )
        return desk_answers.story_answer(
            payment,
            runtime.history.get_events(payment.payment_id),
            runtime.services.store.get_consultation(payment.booking_id),
            possible_acts(runtime.services, payment, staff),
            {"status": shown["status"], "message": shown["customer_message"]},
            deliveries_of(DeliveryStore(runtime.table), payment.payment_id),
            instructions=runtime.history.get_instructions(payment.booking_id),
            claims=runtime.claims.of_payment(payment.payment_id),
            balance=self._balance(payment, staff),
        )

    def _balance(self, payment: Payment, staff: Staff) -> dict[str, Any] | None:
        """Return the balance where the person may approve the refund that waits."""
        is_requested = payment.refund is not None and payment.refund.step is RefundStep.REQUESTED
        if not is_requested or not staff.may_act_as(Role.APPROVER):
            return None
        services = self._runtime.services
        gate = services.refunds().gates.read()
        return desk_answers.balance_answer(gate, payment, now=services.now())

    def _act(self, event: Event, staff: Staff, remaining_seconds: Seconds) -> dict[str, Any]:
        payment = self._payment(event)
        body = api_gateway.json_body(event)
        name = str(body.get("act", ""))
        typed = read_act(body)
        after = carry_out(
            self._runtime.services,
            payment.payment_id,
            name,
            typed,
            staff=staff,
            request_id=api_gateway.request_id(event),
            remaining_seconds=remaining_seconds,
        )
        if name != REVEAL:
            return self._story(after, staff, event)
        self._keep_reveal(after, staff, typed, api_gateway.request_id(event))
        return {"phone_number": after.phone_number}

    def _keep_reveal(self, payment: Payment, staff: Staff, typed: Typed, request_id: str) -> None:
        """Store who saw the whole number and why, before it is shown."""
        instruction = Instruction(
            at=self._runtime.services.now(),
            by=by_of(staff),
            reason=typed.reason,
            asked=desk_answers.reveal_of(payment.payment_id),
            request_id=request_id,
        )
        self._runtime.history.store_instruction(payment.booking_id, instruction)

    def _receipt(self, number: str, staff: Staff) -> dict[str, Any]:
        """Return a receipt, and what M-Pesa was asked about it: it may have no row."""
        runtime, services = self._runtime, self._runtime.services
        row, asked = services.ledger.get_row(number), services.refunds().gates.get_ask(number)
        waits = row is not None and row.state is RowState.UNCLAIMED
        if row is None and asked is None:
            raise no_such_receipt()
        proposals = propose_owners(services, row, runtime.claims) if row and waits else []
        shown = desk_answers.receipt_answer(row, proposals) if row else None
        return {
            **(shown or desk_answers.unknown_receipt(number)),
            "asked": desk_answers.asked_answer(asked),
            "may_ask": self._may_ask(staff) if waits or row is None else False,
        }

    def _act_on_receipt(self, event: Event, staff: Staff) -> dict[str, Any]:
        staff.require(Role.CLERK)
        number, body = _number(event), api_gateway.json_body(event)
        actor = Actor(
            by=by_of(staff), request_id=api_gateway.request_id(event), reason=read_reason(body)
        )
        act_on_receipt(self._runtime.services, number, body, actor)
        return self._receipt(number, staff)


def _number(event: Event) -> str:
    number = normalise_receipt(api_gateway.path_parameter(event, "receipt"))
    if number is None:
        raise no_such_receipt()
    return number
