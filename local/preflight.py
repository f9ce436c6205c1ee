"""What can keep `make run` from starting, found before anything is installed.

`python3.13 -m local.preflight` needs nothing but the standard library, and takes the arguments and
variables of `python -m local.stack`.
"""

import os
import sys

from local.errors import LocalStackError
from local.processes import answers
from local.settings import LocalSettings, read_settings
from local.state import read_running


def main(arguments: list[str]) -> int:
    """Pass only where a stack can start; 1 with a sentence elsewhere."""
    try:
        settings = read_settings(arguments, os.environ)
        check_not_running(settings)
        check_ports(settings)
    except LocalStackError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


def check_not_running(settings: LocalSettings) -> None:
    """Pass only where no stack runs from this folder. Errors: LocalStackError says where it is."""
    other = read_running(settings.state_file)
    if other is not None:
        raise LocalStackError(
            f"a stack is running already at {other.api_url} (process {other.pid}). Use it, stop it "
            "with Ctrl-C, or give this one its own files and ports: python -m local.stack --help"
        )


def check_ports(settings: LocalSettings) -> None:
    """Pass only where every port is free.

    Errors: LocalStackError names every taken port and a way out.
    """
    wanted = {
        "HAKIKA_PORT": (settings.gateway_port, "the demo window and the API"),
        "HAKIKA_EMULATOR_PORT": (settings.emulator_port, "the AWS emulator"),
        "HAKIKA_SIMULATOR_PORT": (settings.simulator_port, "the Daraja simulator"),
    }
    taken = {name: wanted[name] for name in wanted if answers(wanted[name][0])}
    if not taken:
        return
    named = [f"port {port} ({use}) is taken" for port, use in taken.values()]
    others = " ".join(f"{name}={port + 1}" for name, (port, _) in taken.items())
    raise LocalStackError(
        f"{', '.join(named)}. Is a stack running already? Stop it, or choose others: "
        f"{others} make run"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
