"""Hakika on the local stack, through its public API: `make run`, then the referee.

The booking is the order: it is registered once, and every click asks to pay it.
"""

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local import credentials
from local.client import ApiClient
from local.settings import ROOT
from local.state import StackState, read_running
from simulator.referee.adapter import Adapter, Context, Order

REVIEW = ("review", "refund_due", "refunded")
FAILED = ("failed", "cancelled")
"""Values of `detail`; a frontend sees a payment under review as pending."""


@dataclass
class HakikaBackend:
    """A running stack as a customer's browser sees it."""

    stack: StackState
    payments: dict[str, set[str]] = field(default_factory=dict)
    _registered: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def adapter(self) -> Adapter:
        """This backend for the referee."""
        return Adapter("hakika", self.charge, self.verdict)

    def charge(self, order: Order) -> None:
        """One click on "pay"."""
        with self._lock:
            if order.reference not in self._registered:
                booking = ApiClient(self.stack.api_url, self.stack.booking_token)
                booking.register(order.reference, _customer_id(order), order.amount_kes)
                self._registered.add(order.reference)
        customer = self._customer(order)
        answer = customer.initiate(order.reference, order.phone_number, order.amount_kes)
        if isinstance(answer.body, dict) and answer.body.get("payment_id"):
            self.payments.setdefault(order.reference, set()).add(answer.body["payment_id"])

    def verdict(self, order: Order) -> dict[str, Any]:
        """The booking's word; amount and receipt are those of its completed payment."""
        customer = self._customer(order)
        told = [customer.read_status(each).body for each in self._ids(order)]
        paid = [each for each in told if each["status"] == "completed"]
        if paid:
            receipt = paid[0]["mpesa_receipt_number"]
            return {"status": "paid", "amount": paid[0]["amount"], "receipt": receipt}
        words = [_word(each["detail"]) for each in told]
        ranked = ("review", "pending", "failed")
        return {"status": next((each for each in ranked if each in words), "pending")}

    @cached_property
    def _secret(self) -> str:
        return credentials.read_jwt_secret(self.stack.endpoint_url, self.stack.outputs)

    def _ids(self, order: Order) -> list[str]:
        return sorted(self.payments.get(order.reference, ()))

    def _customer(self, order: Order) -> ApiClient:
        """Each order has a customer of its own: one customer may ask only so often."""
        token = credentials.make_token(self._secret, _customer_id(order))
        return ApiClient(self.stack.api_url, token)


def _word(detail: str) -> str:
    return "review" if detail in REVIEW else "failed" if detail in FAILED else "pending"


def _customer_id(order: Order) -> str:
    return f"referee-{order.reference}"


class Running:
    """The stack that `make run` started, once the referee starts."""

    backend: HakikaBackend

    def start(self, _context: Context) -> None:
        """Finds the stack. Errors: LookupError where none runs."""
        stack = read_running(ROOT / ".local" / "stack.json")
        if stack is None:
            raise LookupError("no local stack is running: make run")
        self.backend = HakikaBackend(stack)

    def charge(self, order: Order) -> None:
        """One click on "pay"."""
        self.backend.charge(order)

    def verdict(self, order: Order) -> dict[str, Any]:
        """The booking's word."""
        return self.backend.verdict(order)


RUNNING = Running()
start, charge, verdict = RUNNING.start, RUNNING.charge, RUNNING.verdict
