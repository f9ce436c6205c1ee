"""The refund stories of `make demo`: two persons, one reversal, also where its answer is lost."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.client import Answer
from local.console import Console
from local.demo import PRICE_KES, Demo, expect, new_booking, new_phone, retry_until
from local.desk import DeskPerson, sign_in
from local.state import StackState

RETURNED_SECONDS_MAX = 180.0
SPACING_SECONDS_MAX = 150.0
PASSING = ("refund_spacing", "changed_meanwhile")
"""The codes of refusals after which an approver looks again."""
# Somebody of the demo's own: a fresh link ends the person's earlier session.
CHECKER = DeskPerson(sub="baraka", name="Baraka", role="approver")


class RefundDemo(Demo):
    """A clinic that must cancel, its booking system, and an approver at the desk."""

    def __init__(
        self,
        console: Console,
        stack: StackState,
        state_file: Path,
        *,
        is_verbose: bool = False,
    ) -> None:
        super().__init__(console, stack, is_verbose=is_verbose)
        self._state_file = state_file

    def refund_by_two(self) -> None:
        """Requested by the booking system, approved by a person, returned by M-Pesa."""
        self._begin("The clinic cancels a paid booking, and two people return the money")
        self._refund(lambda: None)

    def refund_with_a_lost_answer(self) -> None:
        """M-Pesa's acknowledgement never comes; the money goes back exactly once."""
        self._begin("A refund whose acknowledgement gets lost is sent once, and returns once")

        def lose_the_answer() -> None:
            body = {"scenario": "ack_reset", "api": "reversal"}
            expect("the scenario", self._simulator.call("POST", "/next", body).status, 200)

        self._refund(lose_the_answer)

    def leave_a_request(self) -> None:
        """A refund is requested; approving it stays for whoever watches the demo."""
        self._begin("The clinic cancels, and nobody has approved the refund yet")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        payment_id = self._pay(booking_id, phone_number)
        self._cancel(booking_id)
        self._request(payment_id)

    def _refund(self, before_the_send: Callable[[], None]) -> None:
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        payment_id = self._pay(booking_id, phone_number)
        self._cancel(booking_id)
        self._request(payment_id)
        before_the_send()
        self._approve(payment_id)
        returned = self._wait_until_returned(payment_id)
        receipt = returned["refund"]["receipt_number"]
        told = self._messages(phone_number, "was reversed")
        expect("the number of reversals that the phone was told of", len(told), 1)
        self._passed(f"KES {PRICE_KES:,} are back, once; receipt {receipt or 'on the phone'}")

    def _cancel(self, booking_id: str) -> None:
        body = {"client_id": self._client_id, "price_kes": PRICE_KES, "status": "Cancelled"}
        answer = self._booking_system.call("PUT", f"/api/consultations/{booking_id}", body)
        self._heard("PUT", f"/api/consultations/{booking_id}", answer)
        expect("the HTTP status", answer.status, 200)
        self._passed("the booking system cancels the booking: the money is owed back")

    def _request(self, payment_id: str) -> None:
        path = f"/api/payments/{payment_id}/refunds"
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        body = {"reason": "The doctor is ill"}
        answer = self._booking_system.call("POST", path, body, headers=headers)
        self._heard("POST", path, answer)
        expect("the HTTP status", answer.status, 200)
        expect("the refund's state", answer.body["state"], "requested")
        self._passed("the booking system requests the refund")

    def _approve(self, payment_id: str) -> None:
        """Approve as another person: refunds keep 30 seconds between them, and M-Pesa's list may
        move the payment between the look and the act."""
        desk = sign_in(self._state_file, self._stack.api_url, CHECKER)
        path = f"/api/desk/payments/{payment_id}"

        def look_and_approve() -> Answer:
            act = {
                "act": "approve_refund",
                "version": desk.call("GET", path).body["version"],
                "reason": "the doctor is ill",
            }
            return desk.call("POST", f"{path}/acts", act)

        def is_final(answer: Answer) -> bool:
            return answer.status != 409 or answer.body["code"] not in PASSING

        answer = retry_until(look_and_approve, is_final, SPACING_SECONDS_MAX)
        self._heard("POST", f"{path}/acts", answer)
        expect("the HTTP status", answer.status, 200)
        expect("the refund's step", answer.body["refund"]["step"], "sent")
        self._passed(f"{CHECKER.name} approves at the desk, and the refund is sent once")

    def _wait_until_returned(self, payment_id: str) -> dict[str, Any]:
        def is_returned(answer: Answer) -> bool:
            refund = answer.body.get("refund") if answer.status == 200 else None
            return refund is not None and refund["state"] == "returned"

        answer = retry_until(
            lambda: self._customer.read_status(payment_id), is_returned, RETURNED_SECONDS_MAX
        )
        self._heard("GET", f"/api/payment/mpesa/status/{payment_id}", answer)
        expect("the refund's state", answer.body["refund"]["state"], "returned")
        self._passed(f"the customer reads: {answer.body['customer_message']}")
        body: dict[str, Any] = answer.body
        return body

    def _messages(self, phone_number: str, words: str) -> list[str]:
        answer = self._simulator.call("GET", f"/phones/{phone_number}")
        texts = [str(each["text"]) for each in answer.body["messages"]]
        return [text for text in texts if words in text]
