"""No server outlives the process that started it, however that process ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.processes import (
    Child,
    Children,
    answers,
    find_free_ports,
    is_alive,
    read_last_error,
    wait_until,
)

ROOT = Path(__file__).resolve().parents[3]
SECONDS_MAX = 120.0
# A parent that starts one server and then waits for ever.
PARENT = """
import sys, time
from pathlib import Path
from local.processes import Children
children = Children(Path(sys.argv[1]))
child = children.start("server", Path(sys.executable), "http.server",
    [sys.argv[2], "--bind", "127.0.0.1"], environment={"PATH": ""}, folder=Path(sys.argv[3]))
print(child.process.pid, flush=True)
time.sleep(1000)
"""

# A server that starts workers, which do not go when they are asked to.
WORKERS = 12
SERVER_WITH_WORKERS = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range({WORKERS}):
    print(subprocess.Popen(["/bin/sleep", "1000"]).pid, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
time.sleep(1000)
"""


@pytest.fixture
def children(tmp_path: Path) -> Children:
    return Children(tmp_path)


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def start(children: Children, module: str, *arguments: str, **environment: str) -> Child:
    program = Path(sys.executable)
    return children.start(
        "server", program, module, arguments, environment=environment, folder=ROOT
    )


def start_server(children: Children) -> tuple[int, int]:
    """The port and the process of a server that answers."""
    [port] = find_free_ports(1)
    child = start(children, "http.server", str(port), "--bind", "127.0.0.1", PATH="")
    wait_until(lambda: answers(port), child, timeout_seconds=SECONDS_MAX, what="the server")
    (pid,) = children.pids().values()
    return port, pid


def test_stop_leaves_no_server(children: Children) -> None:
    port, pid = start_server(children)
    children.stop()
    assert not is_alive(pid)
    assert not answers(port)


def test_stop_waits_until_the_workers_of_a_server_are_gone_too(
    tmp_path: Path, children: Children
) -> None:
    (tmp_path / "server_with_workers.py").write_text(SERVER_WITH_WORKERS)
    child = start(children, "server_with_workers", PYTHONPATH=str(tmp_path))

    def pids() -> list[int]:
        return [int(line) for line in child.log.read_text().split()]

    wait_until(lambda: len(pids()) == WORKERS, child, timeout_seconds=SECONDS_MAX, what="a worker")
    workers = pids()
    children.stop()
    assert not [pid for pid in workers if is_alive(pid)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_takes_its_servers_along(tmp_path: Path, number: signal.Signals) -> None:
    arguments = [str(tmp_path), *map(str, find_free_ports(1)), str(ROOT)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(number)
    wait_for_end(pid)


def test_a_server_that_does_not_start_is_reported_with_the_end_of_its_log(
    children: Children,
) -> None:
    child = start(children, "no_such_module", PATH="")
    with pytest.raises(LocalStackError, match="No module named no_such_module"):
        wait_until(lambda: False, child, timeout_seconds=SECONDS_MAX, what="it")
    children.stop()


METRIC = '{"_aws": {"Timestamp": 1}, "PushFailed": 1, "note": "Exception"}\n'
FAILURE = """Traceback (most recent call last):
  File "app.py", line 1, in <module>
OSError: [Errno 28] No space left on device
"""


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("started\n" + FAILURE + METRIC * 30, FAILURE),
        (FAILURE.replace("28", "1") + "again\n" + FAILURE + METRIC, FAILURE),
        ("a\n" * 30 + "ERROR port taken\n" + METRIC * 30, "ERROR port taken\n"),
        ("a\n" * 30 + METRIC * 30, "a\n" * 15),
    ],
)
def test_what_is_shown_of_a_dead_server_is_its_last_error(
    tmp_path: Path, log: str, shown: str
) -> None:
    file = tmp_path / "server.log"
    file.write_text(log)
    lines = [line.removeprefix("    ") for line in read_last_error(file).splitlines()]
    assert lines == shown.splitlines()


def test_a_killed_server_is_reported_by_the_name_of_the_signal(children: Children) -> None:
    _, pid = start_server(children)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(LocalStackError, match=r"server stopped \(SIGKILL, as when memory runs out"):
        children.check_alive()
    children.stop()


def test_stop_removes_the_temporary_files_of_the_servers(
    tmp_path: Path, children: Children
) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "left by a run that was killed").touch()
    assert list(children.empty_folder(folder).iterdir()) == []
    (folder / "code").touch()
    children.stop()
    assert not folder.exists()
