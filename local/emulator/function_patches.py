"""Patches of how functions run; each says which gap of ministack it closes."""

import hashlib
import os
import secrets
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FIRST_LOG_LINE_SECONDS = 0.002
PROCESSES_PER_CORE = 2
QUEUE_SECONDS = "HAKIKA_QUEUE_SECONDS"
QUEUE_SECONDS_DEFAULT = 25.0
"""Below the 30 s after which API Gateway itself gives up."""


def name_function_urls_in_hex() -> None:
    """Not a gap: as on AWS, one name of a Function URL in 500 spells a word Safaricom refuses.

    Hex spells none, so whether a test passes is not drawn by lot.
    """
    from ministack.services import lambda_svc

    lambda_svc._new_function_url_id = lambda: secrets.token_hex(16)


def wait_less_for_log_lines() -> None:
    """Gap: an invocation that logs nothing is held for 50 ms, in case a line still comes."""
    from ministack.core import lambda_runtime

    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_soon(self: Any, *_: Any, **named: Any) -> Any:
        named["first_line_wait"] = FIRST_LOG_LINE_SECONDS
        return drain(self, **named)

    lambda_runtime.Worker._drain_stderr_bounded = drain_soon


def run_functions_on_the_bare_interpreter() -> None:
    """Gap: functions see the emulator's own packages, which hides what the layer forgot."""
    from ministack.core import lambda_runtime

    detect = lambda_runtime._detect_runtime_binary
    bare_interpreter = getattr(sys, "_base_executable", sys.executable)

    def detect_bare(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (bare_interpreter if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect_bare


def bound_the_processes() -> None:
    """Gap: 200 requests at once become 200 Python processes, and the machine stops answering.

    Each function runs PROCESSES_PER_CORE invocations per core at a time. Others wait in a queue;
    who waits too long gets 429, as from API Gateway's throttle. The bound is for each function, so
    that pushes that wait for Daraja never hold up its callbacks.
    """
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function_warm
    places_max = PROCESSES_PER_CORE * (os.cpu_count() or 1)
    seconds_max = float(os.environ.get(QUEUE_SECONDS, QUEUE_SECONDS_DEFAULT))
    places: dict[str, threading.BoundedSemaphore] = {}

    def execute_in_turn(function: Any, event: Any, request_id: str) -> Any:
        name = (function.get("config") or function).get("FunctionName", "")
        place = places.setdefault(name, threading.BoundedSemaphore(places_max))
        if not place.acquire(timeout=seconds_max):
            return lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded",
                f"Rate Exceeded: {name} is at {places_max} processes",
            )
        try:
            return execute(function, event, request_id)
        finally:
            place.release()

    lambda_svc._execute_function_warm = execute_in_turn


def unpack_each_package_once() -> None:
    """Gap: every process of a function unpacks the layer again, 36 to 59 MB and a second of work.

    Packages are unpacked once into the temporary folder, by digest; a process gets links to them.
    """
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=_SharedPackage,
        BadZipFile=zipfile.BadZipFile,
        LargeFileError=zipfile.LargeZipFile,  # ministack names it wrongly
    )


class _SharedPackage(zipfile.ZipFile):
    _unpacking = threading.Lock()

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        package = Path(str(self.filename))
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        unpacked = Path(tempfile.gettempdir()) / "packages" / digest[:32]
        with self._unpacking:
            if not unpacked.exists():
                draft = unpacked.with_suffix(".draft")
                super().extractall(draft)
                draft.rename(unpacked)
        for entry in unpacked.iterdir():
            link = Path(path) / entry.name
            if not link.is_symlink():  # a process that was killed left its links
                link.symlink_to(entry)
        # Nobody reads it again: a respawn writes it anew.
        package.unlink()
