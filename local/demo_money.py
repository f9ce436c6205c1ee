"""The money stories of `make demo`: witnesses get lost, and people pay the paybill by hand."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.client import Answer
from local.clock import move_clock
from local.console import Console
from local.demo import (
    PRICE_KES,
    Demo,
    DemoError,
    expect,
    new_booking,
    new_phone,
    retry_until,
)
from local.desk import DeskPerson, sign_in
from local.errors import LocalStackError
from local.state import StackState
from local.timeline import read_events

WITNESS_SECONDS_MAX = 180.0
PULL_SECONDS_MAX = 240.0
MOVED_SECONDS = 80
"""Longer than a prompt, and than the time between two runs of Pull on the local stack."""
WRONG_ACCOUNT = "RENT7"
WITNESSES = {"c2b": "the C2B confirmation", "cleanup": "Pull, quicker than the confirmation,"}
# Somebody of the demo's own: a fresh link ends the person's earlier session.
CLERK = DeskPerson(sub="joseph", name="Joseph", role="clerk")


class MoneyDemo(Demo):
    """Customers whose money is known although callback, query or prompt say nothing.

    A wait of more than a minute passes at once for the whole stack.
    Errors: LocalStackError where the stack takes no money by hand.
    """

    def __init__(
        self,
        console: Console,
        stack: StackState,
        state_file: Path,
        *,
        is_verbose: bool = False,
    ) -> None:
        super().__init__(console, stack, is_verbose=is_verbose)
        if stack.paybill is None:
            raise LocalStackError("the demo pays by hand, so it needs a paybill, not a till")
        self._paybill = stack.paybill
        self._state_file = state_file

    def lose_the_callback(self) -> None:
        """The C2B confirmation, or Pull before it, names the payment by its reference."""
        self._begin("The callback gets lost and no query knows the result")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        self._set_next("callback_lost+query_never_final", phone_number)
        payment_id = self._initiate(booking_id, phone_number)
        self._answer_phone(phone_number, "pin")
        receipt = self._wait_until_paid(payment_id, WITNESS_SECONDS_MAX)
        witness = WITNESSES[self._witness(payment_id)]
        self._passed(f"{witness} names the payment: paid, receipt {receipt}")
        self._expect_consultation(booking_id, "Confirmed", "Paid")

    def lose_everything(self) -> None:
        """Pull lists what the paybill was paid; so it is booked within its next run."""
        self._begin("The push's answer, the callback and the confirmation get lost")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        self._set_next("push_reset+callback_lost+twin_lost", phone_number)
        payment_id = self._ask(booking_id, phone_number, status=202)
        self._passed("the outcome is unknown: the push is not sent again")
        self._answer_phone(phone_number, "pin")
        self._pass_time()
        receipt = self._wait_until_paid(payment_id, PULL_SECONDS_MAX)
        expect("who completed the payment", self._witness(payment_id), "cleanup")
        self._passed(f"Pull lists the money, the account names the payment: receipt {receipt}")
        self._expect_consultation(booking_id, "Confirmed", "Paid")

    def pay_by_hand_after_a_failed_prompt(self) -> None:
        """The page offers the paybill with the payment's own reference, once no prompt is open."""
        self._begin("The phone is off, and the customer pays by hand as the page offers")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        self._switch(phone_number, is_on=False)
        payment_id = self._initiate(booking_id, phone_number)
        failed = self._wait_for_result(payment_id)
        expect("the result code", failed["ResultCode"], "1037")
        self._passed(f"not paid: {failed['customer_message']}")
        self._switch(phone_number, is_on=True)
        self._pass_time()
        offer = self._wait_for_offer(payment_id)
        account, number = offer["account_reference"], offer["number"]
        self._passed(f"the page offers Lipa na M-PESA: paybill {number}, account {account}")
        receipt = self._pay_by_hand(phone_number, account)
        paid_with = self._wait_until_paid(payment_id, WITNESS_SECONDS_MAX)
        expect("the receipt", paid_with, receipt)
        self._passed("the same payment is paid, and the page shows it by itself")
        self._expect_consultation(booking_id, "Confirmed", "Paid")

    def pay_by_hand_with_the_booking_number(self) -> None:
        """A booking number that was typed as the account is enough, where the amount is exact."""
        self._begin("A customer pays by hand with the booking number, without the checkout")
        booking_id = f"D{secrets.token_hex(4).upper()}"  # short: it is typed on a phone
        self._register(booking_id)
        receipt = self._pay_by_hand(new_phone(), booking_id)
        self._wait_until_booked(booking_id, receipt)

    def pay_into_a_wrong_account(self) -> None:
        """Nothing is guessed: the money waits until a person attaches it at the desk."""
        self._begin("A customer types a wrong account, and a person attaches the money")
        booking_id = new_booking()
        self._register(booking_id)
        receipt = self._pay_by_hand(new_phone(), WRONG_ACCOUNT)
        desk = sign_in(self._state_file, self._stack.api_url, CLERK)
        path = f"/api/desk/receipts/{receipt}"
        row = self._look(lambda: desk.call("GET", path), lambda body: body["state"] == "unclaimed")
        expect("the typed account", row["typed_account"], WRONG_ACCOUNT)
        self._passed(f"receipt {receipt} is unclaimed: no payment and no booking is named")
        self._expect_consultation(booking_id, "Pending", "Unpaid")
        act = {
            "act": "attach",
            "booking_id": booking_id,
            "shown_amount_kes": row["amount_kes"],
            "reason": "the customer read the receipt out",
        }
        answer = desk.call("POST", f"{path}/acts", act)
        self._heard("POST", f"{path}/acts", answer)
        expect("the HTTP status", answer.status, 200)
        expect("the receipt's state", answer.body["state"], "bound")
        self._passed(f"{CLERK.name} attaches it to the booking at the desk")
        self._wait_until_booked(booking_id, receipt)

    def leave_a_review(self) -> None:
        """M-Pesa names another amount than was asked: it stays for whoever watches the demo."""
        self._begin("M-PESA names another amount, and a person must decide")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        self._set_next("callback_wrong_amount+query_never_final+twin_off+pull_never", phone_number)
        payment_id = self._initiate(booking_id, phone_number)
        self._answer_phone(phone_number, "pin")
        shown = self._look(
            lambda: self._customer.read_status(payment_id),
            lambda body: body["detail"] == "review",
        )
        expect("the detail", shown["detail"], "review")
        self._passed(f"the customer reads: {shown['customer_message']}")

    def leave_unclaimed_money(self) -> None:
        """Money with a wrong account stays for whoever watches the demo."""
        self._begin("Another customer types a wrong account, and nobody has looked yet")
        receipt = self._pay_by_hand(new_phone(), WRONG_ACCOUNT)
        desk = sign_in(self._state_file, self._stack.api_url, CLERK)
        found = self._look(
            lambda: desk.call("GET", "/api/desk/waiting"),
            lambda body: receipt in {row["receipt_number"] for row in body["receipts"]},
        )
        waiting = [row["receipt_number"] for row in found["receipts"]]
        expect("the receipt among what waits", receipt in waiting, True)
        self._passed(f"receipt {receipt} waits at the desk")

    def _set_next(self, scenario: str, phone_number: str) -> None:
        expect("the scenario", self._simulator.set_next(scenario, phone_number).status, 200)

    def _switch(self, phone_number: str, *, is_on: bool) -> None:
        answer = self._simulator.call("PATCH", f"/phones/{phone_number}", {"is_on": is_on})
        expect("switching the phone", answer.status, 200)
        self._passed(f"phone {phone_number} is {'on again' if is_on else 'off'}")

    def _pass_time(self) -> None:
        """Let a prompt end and Pull become due."""
        move_clock(self._state_file.parent, self._stack, MOVED_SECONDS)
        self._passed(f"{MOVED_SECONDS} seconds pass: the stack's clock is advanced")

    def _pay_by_hand(self, phone_number: str, account: str) -> str:
        """Pay the paybill on the phone; the receipt."""
        order = {"number": self._paybill, "account": account, "amount_kes": PRICE_KES}
        answer = self._simulator.call("POST", f"/phones/{phone_number}/pay", order)
        self._heard("POST", f"/_simulator/phones/{phone_number}/pay", answer)
        expect("paying by hand", (answer.status, answer.body["state"]), (200, "completed"))
        receipt = str(answer.body["receipt"])
        self._passed(f"the customer pays account {account} by hand: receipt {receipt}")
        return receipt

    def _look(
        self,
        read: Callable[[], Answer],
        is_enough: Callable[[dict[str, Any]], bool],
        seconds_max: float = WITNESS_SECONDS_MAX,
    ) -> dict[str, Any]:
        """Read until the body is enough; the last body, which may not be."""
        answer = retry_until(
            read, lambda answer: answer.status == 200 and is_enough(answer.body), seconds_max
        )
        self._heard("GET", "(the last look)", answer)
        expect("the HTTP status", answer.status, 200)
        body: dict[str, Any] = answer.body
        return body

    def _wait_until_paid(self, payment_id: str, seconds_max: float) -> str:
        """Wait until the payment is completed; its receipt."""
        paid = self._look(
            lambda: self._customer.read_status(payment_id),
            lambda body: body["status"] == "completed",
            seconds_max,
        )
        expect("the status", paid["status"], "completed")
        return str(paid["mpesa_receipt_number"])

    def _wait_for_offer(self, payment_id: str) -> dict[str, Any]:
        shown = self._look(
            lambda: self._customer.read_status(payment_id),
            lambda body: body["manual_payment_details"] is not None,
        )
        offer: dict[str, Any] | None = shown["manual_payment_details"]
        if offer is None:
            raise DemoError("the page offers no payment by hand")
        expect("the amount of the offer", offer["amount"], PRICE_KES)
        return offer

    def _wait_until_booked(self, booking_id: str, receipt: str) -> None:
        booked = self._look(
            lambda: self._customer.read_consultation(booking_id),
            lambda body: body["status"] == "Confirmed",
        )
        expect("the consultation's status", booked["status"], "Confirmed")
        paid = self._customer.read_status(booked["paid_payment_id"]).body
        expect("the receipt", paid["mpesa_receipt_number"], receipt)
        self._passed(f"the booking is Confirmed, its payment Paid with receipt {receipt}")

    def _witness(self, payment_id: str) -> str:
        """Name the part whose evidence completed the payment, once."""
        events = read_events(self._stack.endpoint_url, self._stack.table_name, payment_id)
        completed = [str(each["by"]) for each in events if each["type"] == "PaymentCompleted"]
        expect("the number of times that the payment was completed", len(completed), 1)
        return completed[0]
