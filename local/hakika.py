"""What bin/hakika runs: the operator's command, and `hakika clock` for the local stack.

With --local the command lives in the local stack's time, which `hakika clock` may have moved.
"""

import sys
from pathlib import Path

from local.moved_clock import clock_file, follow_clock
from local.settings import ROOT


def main(arguments: list[str]) -> int:
    """Run the command with these arguments and this process's terminal."""
    if arguments[:1] == ["clock"]:
        from local import clock  # it needs the stack's clients, which a deployment's operator lacks

        return clock.main(arguments[1:])
    folder = local_folder(arguments)
    if folder is not None:
        follow_clock(str(clock_file(folder)))
    from tools.hakika.__main__ import main as run

    return run()


def local_folder(arguments: list[str]) -> Path | None:
    """The folder of the local stack that the command is about; None for a deployment."""
    for number, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--local-file":
            file = value or "".join(arguments[number + 1 : number + 2])
            return Path(file).resolve().parent
    return ROOT / ".local" if "--local" in arguments else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
