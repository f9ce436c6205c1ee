"""An AWS emulator of a test module's own: an empty account, for as long as the tests need it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EMULATOR_PYTHON = ROOT / ".venvs" / "emulator" / "bin" / "python"
SECONDS_MAX = 120.0
POLL_SECONDS = 0.05


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Give the endpoint of an emulator on a free port of 127.0.0.1; it stops at the end."""
    port = _free_port()
    assert EMULATOR_PYTHON.exists(), f"{EMULATOR_PYTHON} is missing: run `make environments` first"
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    log_file = folder / "emulator.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [EMULATOR_PYTHON, "-m", "ministack"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for_port(process, port, log_file)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=SECONDS_MAX)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the emulator stopped:\n{log.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"the emulator did not start:\n{log.read_text()}")


def _free_port() -> int:
    """A port that nobody listens on, so that two runs at once never share an emulator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
