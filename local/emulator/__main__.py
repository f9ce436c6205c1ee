"""Serves the patched emulator: `python -m local.emulator` in its own environment.

It listens on BIND_HOST:GATEWAY_PORT; every other setting of ministack comes from the environment
too.
"""

import sys

from local.emulator import patches


def main() -> None:
    """Patch ministack and serve until a signal comes."""
    # Imported here, because only the emulator's own environment has it.
    from ministack import app

    patches.apply_all()
    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
