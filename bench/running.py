"""Runs a function in a process of its own: plainly, under valgrind, or under Lambda's emulator."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.subjects import BASE, PORT, PYTHON, ROOT, Subject

DRIVER = ROOT / "bench" / "driver.py"
CANNED = ROOT / "bench" / "canned.py"
RIE_GLOB = ".venvs/build/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"
RIE_PORT = 9660
STARTS = 7
WAIT_SECONDS = 20.0
WITHOUT_SITE = "-S"
"""Lambda's interpreter has no .pth files; those of this machine would be counted in every start."""
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@contextmanager
def wire() -> Iterator[None]:
    """The other end of every wire, in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "bench.wire", str(PORT)], cwd=ROOT)
    try:
        _wait(lambda: order("counts"))
        yield
    finally:
        process.terminate()
        process.wait()


def order(name: str, **body: object) -> Any:
    """Tell the wire to do something; answers its counts, or the callbacks of `settle`."""
    request = urllib.request.Request(f"{BASE}/bench/{name}", data=json.dumps(body).encode())
    return json.loads(urllib.request.urlopen(request, timeout=120).read())


def invoke(
    subject: Subject,
    events: list[dict[str, Any]],
    *,
    offset: float = 0.0,
    advance: float = 0.0,
    prefix: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Invoke one instance once per event; answers, CPU seconds, memory and bytes logged."""
    return finish(start(subject, events, offset=offset, advance=advance, prefix=prefix))


def invoke_both(
    subject: Subject,
    parts: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    *,
    offset: float,
    calls: tuple[str, list[Path]] | None = None,
    prefix: tuple[str, ...] = VALGRIND,
) -> list[dict[str, Any]]:
    """Invoke two instances at the same time, each with its own events."""
    given = [(calls[0], file) for file in calls[1]] if calls else [None, None]
    started = [
        start(subject, part, offset=offset, prefix=prefix, calls=each)
        for part, each in zip(parts, given, strict=True)
    ]
    return [finish(each) for each in started]


def start(
    subject: Subject,
    events: list[dict[str, Any]],
    *,
    offset: float = 0.0,
    advance: float = 0.0,
    prefix: tuple[str, ...] = (),
    calls: tuple[str, Path] | None = None,
) -> tuple[subprocess.Popen[str], Path]:
    """Start what `invoke` waits for. Shape: `calls` is what canned.py does with AWS's answers."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    script = {"offset": offset, "events": [{"event": e, "advance": advance} for e in events]}
    (folder / "events.json").write_text(json.dumps(script))
    driver = DRIVER if calls is None else CANNED
    command = [*prefix, str(PYTHON), WITHOUT_SITE, str(driver), subject.handler]
    command += [str(folder / "events.json"), str(folder / "answers.json"), *map(str, calls or ())]
    process = subprocess.Popen(
        command,
        env=subject.environment(),
        stdout=(folder / "log").open("w"),
        stderr=(folder / "errors").open("w"),
        text=True,
    )
    return process, folder


def finish(started: tuple[subprocess.Popen[str], Path]) -> dict[str, Any]:
    """Wait for an instance and read its report."""
    process, folder = started
    errors = folder / "errors"
    if process.wait(timeout=900):
        raise RuntimeError(errors.read_text()[-3000:])
    report: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    report["instructions"] = _instructions(errors.read_text())
    report["log_bytes"] = (folder / "log").stat().st_size
    return report


def count_code(subject: Subject, code: str) -> int:
    """Return the instructions of a few statements in a function's environment."""
    return _instructions(_run_code(subject, code, VALGRIND).stderr)


def kilobytes_of_code(subject: Subject, code: str) -> int:
    """Return the most memory that a process with a few statements ever held."""
    told = f"{code}; print(open('/proc/self/status').read())"
    [most] = re.findall(r"VmHWM:\s+(\d+) kB", _run_code(subject, told).stdout)
    return int(most)


def _run_code(
    subject: Subject, code: str, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [*prefix, str(PYTHON), WITHOUT_SITE, "-c", code]
    done = subprocess.run(
        command, env=subject.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done


def _instructions(errors: str) -> int:
    counted = re.search(r"I\s+refs:\s+([\d,]+)", errors)
    return int(counted[1].replace(",", "")) if counted else 0


def first_durations(cases: list[tuple[Subject, dict[str, Any]]]) -> list[float]:
    """Median milliseconds of the first invocation, init included; starts are interleaved."""
    rounds: list[list[float]] = [[] for _ in cases]
    for _ in range(STARTS):
        for number, (subject, event) in enumerate(cases):
            rounds[number].append(_first_duration(subject, event))
    return [statistics.median(each) for each in rounds]


@contextmanager
def emulated(subject: Subject, log: Path) -> Iterator[None]:
    """A function behind Lambda's Runtime Interface Emulator on RIE_PORT."""
    [emulator] = ROOT.glob(RIE_GLOB)
    module, _, name = subject.handler.partition(":")
    command = [str(emulator), "--log-level", "info"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{RIE_PORT}"]
    command += ["--runtime-api-address", f"127.0.0.1:{RIE_PORT + 1}"]
    command += [str(PYTHON), WITHOUT_SITE, "-m", "awslambdaric", f"{module}.{name}"]
    environment = subject.environment() | {
        "LAMBDA_TASK_ROOT": str(subject.path[0]),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    }
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def invoke_emulated(event: dict[str, Any]) -> Any:
    """Invoke the emulated function once; waits until the emulator listens."""
    url = f"http://127.0.0.1:{RIE_PORT}/2015-03-31/functions/function/invocations"
    request = urllib.request.Request(url, data=json.dumps(event).encode())
    return _wait(lambda: json.loads(urllib.request.urlopen(request, timeout=60).read()))


def _first_duration(subject: Subject, event: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with emulated(subject, log):
            answer = invoke_emulated(event)
            if answer.get("statusCode") not in (200, 202):
                raise RuntimeError(f"{subject}: {answer}\n{log.read_text()[-2000:]}")
        return _wait(lambda: _duration_of(log))


def _duration_of(log: Path) -> float:
    """The first report's Duration; not the Init Duration, which the emulator makes up."""
    found = re.search(r"\tDuration: ([\d.]+) ms", log.read_text())
    if found is None:
        raise urllib.error.URLError("no report yet")
    return float(found[1])


def _wait[T](attempt: Callable[[], T]) -> T:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return attempt()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
