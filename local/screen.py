"""The short screen at the end of `make run`: what to open first, and commands to copy."""

import shlex
from pathlib import Path

from local.console import Console
from local.settings import ROOT
from local.state import StackState

# The shell makes a fresh booking of its clock's seconds, so the steps can be repeated; and a fresh
# phone, but only where the simulator rings. Safaricom's sandbox gets its own test number.
FRESH_BOOKING = "export BOOKING=$(date +%s)"
FRESH_PHONE = "export PHONE=2547${BOOKING#??}"
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


def show(console: Console, state: StackState, shell_file: Path, seconds: float) -> None:
    """Print the screen."""
    say = console.say

    def bold(text: str) -> str:
        return console.paint(text, "bold")

    name = shell_file.relative_to(ROOT) if shell_file.is_relative_to(ROOT) else shell_file
    say()
    say(bold(f"Hakika is running ({seconds:.0f} s). Open this first:"))
    say(f"  {console.paint(state.demo_url, 'cyan')}   a clinic's checkout, and the phone beside it")
    say()
    say(f"  API         {state.api_url}/api")
    if state.simulator_url:
        say(f"  phones      {state.api_url}/phones")
        say(f"  Daraja      {state.api_url}/_simulator   (simulated; how it may misbehave)")
    else:
        say(f"  Daraja      Safaricom's sandbox, which calls {state.callback_url_base} back")
    say(f"  AWS         {state.endpoint_url}   table {state.table_name}")
    say(f"  token of {state.customer_id}, for a day:")
    say(f"  {state.customer_token}")
    say()
    say(bold("The same by hand, in a second terminal at the root of the repository:"))
    for comment, command in commands(str(name), has_simulator=state.simulator_url is not None):
        say(f"  {console.paint('# ' + comment, 'dim')}")
        say(f"  {command}")
    say()
    say("  `make demo` plays this and a cancelled payment. Cleanup runs every minute.")
    say(f"  {bold('Ctrl-C stops everything.')}")


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
            f"sleep 3; curl -sS $API/api/payment/mpesa/status/$PAYMENT {customer}; echo",
        ),
        (
            "the consultation is Confirmed",
            f"curl -sS $API/api/consultations/$BOOKING {customer}; echo",
        ),
    ]
