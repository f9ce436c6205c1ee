"""Patches of how functions run; each says which gap of ministack it closes."""

import sys
from typing import Any

FIRST_LOG_LINE_SECONDS = 0.002


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
