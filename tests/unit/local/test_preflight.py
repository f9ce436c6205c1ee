"""`make run` finds out what keeps it from starting before it installs anything."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from local.processes import find_free_ports
from local.settings import ROOT, port_arguments

FAKE_PYTHON = """#!/bin/sh
echo "$@" >> "{calls}"
case "$*" in *preflight*) exit 1 ;; esac
"""


def preflight(ports: list[int], folder: Path) -> subprocess.CompletedProcess[str]:
    """As `make run` calls it: with the standard library alone (-S hides every package).

    In a folder of its own: a stack of this repository may be running beside the tests.
    """
    arguments = ["--folder", str(folder), *port_arguments(ports)]
    return subprocess.run(
        [sys.executable, "-S", "-m", "local.preflight", *arguments],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_taken_port_is_named_at_once_with_a_command_that_avoids_it(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.socket()) for _ in range(2)]
        for server in servers:
            server.bind(("127.0.0.1", 0))
            server.listen()
        gateway, simulator = (server.getsockname()[1] for server in servers)
        [free] = find_free_ports(1)
        done = preflight([gateway, free, simulator], tmp_path)
    assert done.returncode == 1
    assert f"port {gateway} (the demo window and the API) is taken" in done.stderr
    assert f"port {simulator} (the Daraja simulator) is taken" in done.stderr
    assert f"HAKIKA_PORT={gateway + 1} HAKIKA_SIMULATOR_PORT={simulator + 1}" in done.stderr
    assert str(free) not in done.stderr


def test_free_ports_pass_without_a_word(tmp_path: Path) -> None:
    done = preflight(find_free_ports(3), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_make_run_installs_nothing_where_it_cannot_start(tmp_path: Path) -> None:
    python, calls = tmp_path / "python", tmp_path / "calls"
    python.write_text(FAKE_PYTHON.format(calls=calls))
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "run", f"PYTHON={python}", f"PY={python}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert calls.read_text().splitlines()[-1] == "-m local.preflight"
    assert "local.environments" not in calls.read_text()
