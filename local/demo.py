"""`make demo`: plays payments as customers would, and fails where anything is not as it must be.

One consultation is paid at once. Another is cancelled on the phone and then paid by a second try.
Two paid bookings are cancelled, and two people return the money (demo_refunds.py). Then witnesses
get lost, and people pay by hand (demo_money.py). In the end a review, a refund and unclaimed money
wait at the desk, for whoever watches.
Each step is one line; with VERBOSE=1 its request and answer come above it. It uses the stack that
runs, or starts one and stops it again.
"""

import importlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import credentials
from local.client import Answer, ApiClient, SimulatorClient
from local.console import Console
from local.desk import new_links
from local.errors import LocalStackError
from local.settings import read_settings
from local.stack import running_stack
from local.state import StackState, read_running

PHONE_SECONDS_MAX = 50.0
RESULT_SECONDS_MAX = 180.0
POLL_SECONDS = 0.5
PIN = "1234"
PRICE_KES = 1500


class DemoError(Exception):
    """Something differs from what it should be; the message names both."""


class Demo:
    """A new customer with new phones and bookings, and the booking system beside them.

    `is_verbose`: each request and its answer are printed above the line of their step.
    """

    def __init__(self, console: Console, stack: StackState, *, is_verbose: bool = False) -> None:
        if stack.simulator_url is None:
            raise LocalStackError("the demo answers phones itself, so it needs the simulator")
        self._console = console
        self._stack = stack
        self._is_verbose = is_verbose
        # A new customer each time: one user may start only five prompts in ten minutes.
        self._client_id = f"demo-{secrets.token_hex(4)}"
        secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
        token = credentials.make_token(secret, self._client_id)
        self._customer = ApiClient(stack.api_url, token)
        self._booking_system = ApiClient(stack.api_url, stack.booking_token)
        self._simulator = SimulatorClient(stack.simulator_url)

    def pay_at_once(self) -> None:
        """A consultation goes from Unpaid over Pending to Paid and Confirmed."""
        self._begin("A customer pays a consultation")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        self._pay(booking_id, phone_number)

    def cancel_and_retry(self) -> None:
        """A cancelled prompt leaves the consultation Failed and payable again at once."""
        self._begin("A customer cancels, then pays after all")
        booking_id, phone_number = new_booking(), new_phone()
        self._register(booking_id)
        payment_id = self._initiate(booking_id, phone_number)
        self._answer_phone(phone_number, "cancel")
        cancelled = self._wait_for_result(payment_id)
        expect("the status", cancelled["status"], "failed")
        expect("the result code", cancelled["ResultCode"], "1032")
        expect("can_retry", cancelled["can_retry"], True)
        self._passed(f"not paid: {cancelled['customer_message']}")
        self._expect_consultation(booking_id, "Pending", "Failed")
        self._pay(booking_id, phone_number)

    def _pay(self, booking_id: str, phone_number: str) -> str:
        """Pay to the end; the payment's id."""
        payment_id = self._initiate(booking_id, phone_number)
        self._expect_consultation(booking_id, "Pending", "Pending")
        self._answer_phone(phone_number, "pin")
        paid = self._wait_for_result(payment_id)
        expect("the status", paid["status"], "completed")
        expect("the result code", paid["ResultCode"], "0")
        expect("the amount", paid["amount"], PRICE_KES)
        if not paid["mpesa_receipt_number"]:
            raise DemoError("the paid payment has no receipt number")
        self._passed(f"paid: KES {PRICE_KES:,}, receipt {paid['mpesa_receipt_number']}")
        self._expect_consultation(booking_id, "Confirmed", "Paid")
        return payment_id

    def _register(self, booking_id: str) -> None:
        answer = self._booking_system.register(booking_id, self._client_id, PRICE_KES)
        self._heard("PUT", f"/api/consultations/{booking_id}", answer)
        expect("the HTTP status", answer.status, 200)
        expect("payment_status", answer.body["payment_status"], "Unpaid")
        self._passed(f"the booking system registers {booking_id} for KES {PRICE_KES:,}")

    def _initiate(self, booking_id: str, phone_number: str) -> str:
        payment_id = self._ask(booking_id, phone_number, status=200)
        self._passed(f"M-PESA asks phone {phone_number} for the PIN")
        return payment_id

    def _ask(self, booking_id: str, phone_number: str, *, status: int) -> str:
        """Ask for a payment; its id. The answer is 202 while the outcome is unknown."""
        answer = self._customer.initiate(booking_id, phone_number, PRICE_KES)
        self._heard("POST", "/api/payment/mpesa/stk-push", answer)
        expect("the HTTP status", answer.status, status)
        expect("success", answer.body["success"], True)
        expect("the status", answer.body["status"], "pending")
        return str(answer.body["payment_id"])

    def _answer_phone(self, phone_number: str, action: str) -> None:
        pin = PIN if action == "pin" else None
        answer = retry_until(
            lambda: self._simulator.answer_phone(phone_number, action, pin),
            lambda answer: answer.status == 200,
            PHONE_SECONDS_MAX,
        )
        self._heard("POST", f"/_simulator/phones/{phone_number}/answer", answer)
        expect(f"answering the phone with {action}", answer.status, 200)
        self._passed(f"the customer {'enters the PIN' if action == 'pin' else 'cancels'}")

    def _wait_for_result(self, payment_id: str) -> dict[str, Any]:
        """Wait for the end; a receipt may follow, where the query was quicker than the callback."""

        def is_known(answer: Answer) -> bool:
            if answer.status != 200:
                return True
            is_paid = answer.body["status"] == "completed"
            has_receipt = bool(answer.body["mpesa_receipt_number"])
            return has_receipt if is_paid else answer.body["status"] != "pending"

        answer = retry_until(
            lambda: self._customer.read_status(payment_id), is_known, RESULT_SECONDS_MAX
        )
        self._heard("GET", f"/api/payment/mpesa/status/{payment_id}", answer)
        expect("the HTTP status", answer.status, 200)
        body: dict[str, Any] = answer.body
        return body

    def _expect_consultation(self, booking_id: str, status: str, payment_status: str) -> None:
        answer = self._customer.read_consultation(booking_id)
        self._heard("GET", f"/api/consultations/{booking_id}", answer)
        expect("the consultation's status", answer.body["status"], status)
        expect("the consultation's payment_status", answer.body["payment_status"], payment_status)
        self._passed(f"the booking is {status}, its payment {payment_status}")

    def _begin(self, title: str) -> None:
        self._console.say(self._console.paint(f"\n{title}", "bold"))

    def _passed(self, step: str) -> None:
        self._console.say(f"  {self._console.paint('✓', 'green')} {step}")

    def _heard(self, method: str, path: str, answer: Answer) -> None:
        if not self._is_verbose:
            return
        text = json.dumps(answer.body) if answer.body is not None else answer.text
        self._console.say(self._console.paint(f"    {method} {path}  {answer.status}", "dim"))
        self._console.say(self._console.paint(f"      {text}", "dim"))


def expect(what: str, found: object, wanted: object) -> None:
    """Pass only where both are the same."""
    if found != wanted:
        raise DemoError(f"{what} is {found!r}, it should be {wanted!r}")


def retry_until(
    attempt: Callable[[], Answer], is_enough: Callable[[Answer], bool], seconds_max: float
) -> Answer:
    """Repeat a call until its answer is enough or time is up, and give the last answer."""
    deadline = time.monotonic() + seconds_max
    answer = attempt()
    while not is_enough(answer) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        answer = attempt()
    return answer


def new_phone() -> str:
    """Make up a number that no run used before, outside the simulator's test numbers."""
    return f"25471{secrets.randbelow(10_000_000):07d}"


def new_booking() -> str:
    """Make up a booking id that no run used before."""
    return f"demo-{secrets.token_hex(6)}"


@contextmanager
def some_stack(console: Console, arguments: list[str]) -> Iterator[tuple[StackState, Path]]:
    """Give the stack that runs already, or one that lives as long as the demo, and its file."""
    settings = read_settings(arguments, os.environ)
    running = read_running(settings.state_file)
    if running is not None:
        console.say(f"Using the stack that runs at {running.api_url}")
        yield running, settings.state_file
        return
    console.say("No stack is running, so the demo starts one:")
    with running_stack(console, settings) as (stack, _):
        yield stack, settings.state_file


def play_everything(
    console: Console,
    stack: StackState,
    state_file: Path,
    *,
    is_verbose: bool = False,
) -> None:
    """Play every story. Errors: DemoError names what differs.

    Minutes of waiting pass at once: the whole stack's clock is moved.
    """
    from local.demo_money import MoneyDemo  # both build on this module
    from local.demo_refunds import RefundDemo

    refunds = RefundDemo(console, stack, state_file, is_verbose=is_verbose)
    refunds.pay_at_once()
    refunds.refund_by_two()
    refunds.cancel_and_retry()
    refunds.refund_with_a_lost_answer()
    # A customer of its own: one user may start only five prompts in ten minutes.
    money = MoneyDemo(console, stack, state_file, is_verbose=is_verbose)
    money.lose_the_callback()
    money.lose_everything()
    money.pay_by_hand_after_a_failed_prompt()
    money.pay_by_hand_with_the_booking_number()
    money.pay_into_a_wrong_account()
    money.leave_a_review()
    RefundDemo(console, stack, state_file, is_verbose=is_verbose).leave_a_request()
    money.leave_unclaimed_money()


def lead_to_the_desk(console: Console, state_file: Path) -> None:
    """Print where a person finishes what the demo left."""
    from local.demo_refunds import CHECKER

    [link] = new_links(state_file, [CHECKER])
    console.say(
        "\nA review, a refund and unclaimed money wait for a person. Decide them at the desk:"
    )
    console.say(f"  {console.paint(link.address, 'cyan')} {link.name}, {link.role}")


def main(arguments: list[str] | None = None) -> int:
    """Play everything; 1 where anything differs from what it should be."""
    console = Console()
    try:
        given = sys.argv[1:] if arguments is None else arguments
        with some_stack(console, given) as (stack, state_file):
            is_verbose = os.environ.get("VERBOSE", "0") not in ("", "0")
            play_everything(console, stack, state_file, is_verbose=is_verbose)
            if stack.pid != os.getpid():  # a stack that ends with the demo has nobody at its desk
                lead_to_the_desk(console, state_file)
    except (DemoError, LocalStackError) as error:
        console.say(f"\n{console.paint('The demo failed:', 'red')} {error}")
        return 1
    except KeyboardInterrupt:
        console.say("\nStopped.")
        return 130
    console.say(f"\n{console.paint('Everything was as it should be.', 'green')}")
    return 0


if __name__ == "__main__":
    # The stories import this module by its name: only that copy's main catches their DemoError.
    sys.exit(importlib.import_module("local.demo").main())
