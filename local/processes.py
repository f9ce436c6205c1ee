"""Starts the servers of the local stack, waits until they answer, and stops every one of them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalStackError

STOP_SECONDS = 5.0
KILL_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05
LOG_LINES_SHOWN = 15
_METRIC_OR_EVENT = re.compile(r"\s*\{.*\}\s*")
_ERROR = re.compile(
    r"Traceback \(most recent call last\)|\b(ERROR|CRITICAL|FATAL)\b|\w(Error|Exception)\b"
)


@dataclass(frozen=True)
class Child:
    """One running server and where it logs."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check_alive(self) -> None:
        """Raise with its last error where the server has stopped."""
        code = self.process.poll()
        if code is not None:
            raise LocalStackError(
                f"{self.name} stopped ({describe_exit(code)}). Its last error in {self.log}:\n"
                f"{read_last_error(self.log)}"
            )


class Children:
    """Every server that this process started; `stop` leaves none."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._scratch: list[Path] = []

    def empty_folder(self, folder: Path) -> Path:
        """Give an empty folder for a server's temporary files; `stop` removes it."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._scratch.append(folder)
        return folder

    def start(
        self,
        name: str,
        python: Path,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str],
        folder: Path,
    ) -> Child:
        """Start a module as a server that stops when this process does."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [str(python), "-m", "local.tether", module, *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this process only, which then stops the servers in order.
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check_alive(self) -> None:
        """Raise where any server has stopped."""
        for child in self._children:
            child.check_alive()

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {child.name: child.process.pid for child in self._children}

    def stop(self) -> None:
        """Stop every server, the last one first; kill what does not go in time.

        Then remove their temporary files.
        """
        for child in reversed(self._children):
            _signal_group(child.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child.process, signal.SIGKILL)
                child.process.wait()
            # Whatever it started itself goes with it, and is gone before this returns.
            _signal_group(child.process, signal.SIGKILL)
            _wait_for_group(child.process.pid)
        self._children.clear()
        for folder in self._scratch:
            shutil.rmtree(folder, ignore_errors=True)


def wait_until(
    is_ready: Callable[[], bool], child: Child, *, timeout_seconds: float, what: str
) -> None:
    """Wait until the server is ready; raise where it stops or takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while not is_ready():
        child.check_alive()
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"{what} did not answer in {timeout_seconds:.0f} s; see {child.log}"
            )
        time.sleep(POLL_SECONDS)


def answers(port: int) -> bool:
    """True where something accepts connections on this port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find_free_ports(count: int) -> list[int]:
    """Find ports of this machine that nobody listens on just now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def is_alive(pid: int) -> bool:
    """True where a process with this id runs; one that has ended but was not reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _has_ended(pid)


def describe_exit(code: int) -> str:
    """Say how a process ended, in words for a signal."""
    if code >= 0:
        return f"exit {code}"
    name = signal.Signals(-code).name
    return f"{name}, as when memory runs out" if name == "SIGKILL" else name


def read_last_error(log: Path) -> str:
    """Give the last error of a log with what follows it, indented; else its last lines.

    Lines that are JSON are left out: those are metrics and events of the functions.
    """
    lines = log.read_text(errors="replace").splitlines()
    lines = [line for line in lines if line.strip() and not _METRIC_OR_EVENT.fullmatch(line)]
    errors = [number for number, line in enumerate(lines) if _ERROR.search(line)]
    tracebacks = [number for number in errors if lines[number].startswith("Traceback")]
    start = tracebacks[-1] if tracebacks else errors[-1] if errors else 0
    return "\n".join(f"    {line}" for line in lines[start:][-LOG_LINES_SHOWN:])


def _wait_for_group(group: int) -> None:
    """Wait until nothing of a killed group runs any more: a kill takes effect a moment later."""
    deadline = time.monotonic() + KILL_SECONDS_MAX
    while any(map(is_alive, _members(group))) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _members(group: int) -> list[int]:
    """Return the processes of a group; without /proc, only the group's own id."""
    if not Path("/proc/self/stat").exists():
        return [-group]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(folder.name)) == group:
                found.append(int(folder.name))
    return found


def _has_ended(pid: int) -> bool:
    """True for a zombie: an orphan may stay one for long where nobody reaps orphans."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
