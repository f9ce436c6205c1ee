"""`make curl`: addresses, tokens and a payment by hand, as a script that runs as printed.

`make -s curl | sh` plays it. Everything that is no command is a comment.
"""

import os
import sys

from local import screen
from local.console import Console
from local.errors import LocalStackError
from local.settings import ROOT, LocalSettings, read_settings
from local.state import StackState, read_running


def main(arguments: list[str] | None = None) -> int:
    """Print the script for the stack that runs; 1 with a sentence where none does."""
    console = Console()
    try:
        settings = read_settings(sys.argv[1:] if arguments is None else arguments, os.environ)
        state = read_running(settings.state_file)
        if state is None:
            raise LocalStackError("no local stack is running; start one with: make run")
    except LocalStackError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    show(console, settings, state)
    return 0


def show(console: Console, settings: LocalSettings, state: StackState) -> None:
    """Print the comments and the commands."""
    shell_file = settings.folder / screen.SHELL_FILE
    name = shell_file.relative_to(ROOT) if shell_file.is_relative_to(ROOT) else shell_file
    for line in _facts(state):
        console.say(console.paint(f"# {line}", "dim"))
    for comment, command in screen.commands(str(name), has_simulator=bool(state.simulator_url)):
        console.say()
        console.say(console.paint(f"# {comment}", "dim"))
        console.say(command)


def _facts(state: StackState) -> list[str]:
    daraja = state.simulator_url or f"Safaricom's sandbox; it calls {state.callback_url_base} back"
    return [
        f"API     {state.api_url}/api",
        f"Daraja  {daraja}",
        f"AWS     {state.endpoint_url}, table {state.table_name}",
        f"token of {state.customer_id}, for a day: {state.customer_token}",
        "Run these in one shell, at the root of the repository. Or all at once: make -s curl | sh",
    ]


if __name__ == "__main__":
    sys.exit(main())
