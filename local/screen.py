"""The short screen at the end of `make run`, and the commands that `make curl` prints."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from local.console import Console
from local.desk import Link
from local.state import StackState

# The shell makes a fresh booking of its clock's seconds, so the steps can be repeated; and a fresh
# phone, but only where the simulator rings. Safaricom's sandbox gets its own test number.
FRESH_BOOKING = "export BOOKING=$(date +%s)"
FRESH_PHONE = "export PHONE=2547${BOOKING#??}"
SHELL_FILE = "env.sh"
SANDBOX_PHONE = "export PHONE=${PHONE:-254708374149}"


def write_shell_file(file: Path, state: StackState) -> None:
    """Write the variables that the printed commands use; readable by its owner only."""
    file.touch(mode=0o600)
    values = {
        "API": state.api_url,
        "TOKEN": state.customer_token,
        "BOOKING_TOKEN": state.booking_token,
        "SIMULATOR": state.simulator_url or "",
    }
    lines = (f"export {name}={shlex.quote(value)}" for name, value in values.items())
    phone = FRESH_PHONE if state.simulator_url else SANDBOX_PHONE
    file.write_text("\n".join([*lines, FRESH_BOOKING, phone]) + "\n")


def show(console: Console, state: StackState, seconds: float, links: Sequence[Link]) -> None:
    """Print what to open, what to try next, and how to stop. `make curl` has everything else."""
    console.say()
    console.say(console.paint(f"Hakika is running ({seconds:.0f} s). Open:", "bold"))
    for address, what in addresses(state):
        console.say(f"  {console.paint(f'{address:<34}', 'cyan')} {what}")
    for link in links:
        told = f"the desk, as {link.name} ({link.role})"
        console.say(f"  {console.paint(link.address, 'cyan')} {told}")
    console.say()
    console.say("In a second terminal:")
    for command, what in next_commands(state):
        console.say(f"  {console.paint(f'{command:<34}', 'cyan')} {what}")
    console.say()
    console.say(console.paint("Ctrl-C stops everything.", "bold"))


def addresses(state: StackState) -> list[tuple[str, str]]:
    """Give the pages of a running stack, each with what it is."""
    demo = (state.demo_url, "the demo: a checkout, a phone, and every step between them")
    api = (f"{state.api_url}/docs", "the API, to try in the browser")
    if state.simulator_url is None:
        return [(demo[0], "a checkout; Safaricom's sandbox prompts the phone"), api]
    return [
        demo,
        api,
        (f"{state.api_url}/phones", "phones side by side"),
        (f"{state.api_url}/_simulator", "the simulated Daraja: what it does, how it may misbehave"),
    ]


def next_commands(state: StackState) -> list[tuple[str, str]]:
    """Give what can be done with a running stack, besides opening its pages."""
    curl = ("make curl", "addresses, tokens, and a payment with curl, step by step")
    desk = ("make desk", "fresh links to the desk: each works once, within 15 minutes")
    if state.simulator_url is None:
        return [curl, desk]
    return [
        ("make demo", "payments, lost messages, money by hand, refunds: one line a step"),
        curl,
        desk,
    ]


def commands(shell_file: str, *, has_simulator: bool) -> list[tuple[str, str]]:
    """Give each step's comment and command; together they run as printed in one shell."""
    json_type = "-H 'Content-Type: application/json'"
    customer = '-H "Authorization: Bearer $TOKEN"'
    register = """'{"client_id":"demo-user","price_kes":1500,"status":"Pending"}'"""
    initiate = """'{"phone_number":"'$PHONE'","amount":1500,"booking_id":"'$BOOKING'"}'"""
    find_id = """sed -n 's/.*"payment_id": *"\\([0-9a-f]*\\)".*/\\1/p'"""
    steps = [
        ("tokens and addresses, a fresh booking, and a phone", f". {shell_file}"),
        (
            "the booking system registers a consultation of KES 1,500",
            f"curl -sS -X PUT $API/api/consultations/$BOOKING {json_type} "
            f'-H "Authorization: Bearer $BOOKING_TOKEN" -d {register}; echo',
        ),
        (
            "the customer pays: the phone is asked for the PIN, for 60 seconds",
            f"ANSWER=$(curl -sS -X POST $API/api/payment/mpesa/stk-push {json_type} {customer} "
            f'-d {initiate}); echo "$ANSWER"; PAYMENT=$(echo "$ANSWER" | {find_id})',
        ),
    ]
    if has_simulator:
        answer = """'{"action":"pin","pin":"1234"}'"""
        steps.append(
            (
                "the customer enters the PIN",
                f"sleep 2; curl -sS -X POST $SIMULATOR/_simulator/phones/$PHONE/answer "
                f"{json_type} -d {answer}; echo",
            )
        )
    return [
        *steps,
        (
            "the payment, once Safaricom has called back",
            f"until curl -sS $API/api/payment/mpesa/status/$PAYMENT {customer} "
            "| grep -v '\"pending\"'; do sleep 1; done",
        ),
        (
            "the consultation is Confirmed",
            f"curl -sS $API/api/consultations/$BOOKING {customer}; echo",
        ),
    ]
