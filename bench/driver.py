"""Stands in the place of Lambda's runtime loop: loads one handler and invokes it event by event.

    python driver.py app:handler events.json answers.json

Runs on the plain interpreter of the runtime with only the function, its layer and awslambdaric on
the path. `advance` in an event's entry lets the function's clock run ahead (and the wire's).
"""

import importlib
import json
import os
import site  # noqa: F401 -- what a start with it loads; its .pth files are not read
import sys
import time
import urllib.request
from pathlib import Path

import awslambdaric.bootstrap  # noqa: F401 -- part of every cold start

offset = 0.0
_real_time = time.time
time.time = lambda: _real_time() + offset


class Context:
    """What handlers read of Lambda's context."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:bench"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Plenty."""
        return 29_000


def advance(seconds: float) -> None:
    """Let the clocks on both ends of the wire run ahead."""
    global offset
    offset += seconds
    body = json.dumps({"seconds": seconds}).encode()
    url = f"{os.environ['AWS_ENDPOINT_URL']}/bench/advance"
    urllib.request.urlopen(urllib.request.Request(url, data=body)).read()


def peak_kilobytes() -> int:
    """The most memory this process ever held; unlike ru_maxrss it forgets the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Load, invoke, report."""
    global offset
    module, _, name = sys.argv[1].partition(":")
    handler = getattr(importlib.import_module(module), name)
    if len(sys.argv) < 3:
        return
    script = json.loads(Path(sys.argv[2]).read_text())
    offset = script.get("offset", 0.0)
    answers, first_kilobytes, first_seconds = [], 0, 0.0
    started = time.process_time()
    for entry in script["events"]:
        if entry.get("advance"):
            advance(entry["advance"])
        answers.append(handler(entry["event"], Context()))
        first_kilobytes = first_kilobytes or peak_kilobytes()
        first_seconds = first_seconds or time.process_time() - started
    seconds = time.process_time() - started
    report = {
        "answers": answers,
        "cpu_seconds": seconds,
        "first_cpu_seconds": first_seconds,
        "first_kilobytes": first_kilobytes,
    }
    Path(sys.argv[3]).write_text(json.dumps(report))


if __name__ == "__main__":
    main()
