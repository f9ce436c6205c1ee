"""Runs a module that cannot outlive its parent: `python -m local.tether <module> [arguments]`.

The parent holds the other end of this process's standard input. When that end closes, because the
parent stopped or was killed, this process stops too, so no crash leaves a server behind.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Run the module named on the command line as if it had been started itself."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _stop_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
