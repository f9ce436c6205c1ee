"""People move the local stack's time from outside; nothing else moves the product's."""

import ast
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import jwt

from local.credentials import make_token
from local.emulator.clock_patches import CLOCK_FILE, starter
from local.moved_clock import clock_file, read_ahead_seconds, stack_clock, write_ahead_seconds
from local.settings import ROOT
from tools.hakika.app import run

HOUR = 3600
PRODUCT = [*(ROOT / "shared" / "payments").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
MODULES = {"time", "datetime", "date"}
PRESENT = {"time", "time_ns", "now", "utcnow", "today", "clock_gettime", "localtime", "gmtime"}


def process_hours_ahead(script: str, environment: dict[str, str] | None = None) -> list[int]:
    """What a process prints, one moment a line, in whole hours ahead of this one."""
    environ = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT / "shared")}
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, env=environ, capture_output=True, text=True, check=True)
    return [round((float(line) - time.time()) / HOUR) for line in done.stdout.split()]


def test_a_function_follows_the_clock_file_while_it_runs(tmp_path: Path) -> None:
    file = clock_file(tmp_path)
    product = f"""
import time
from pathlib import Path
from payments.aws.adapters import Adapters
print(Adapters().clock())
Path({str(file)!r}).write_text("21600")
print(Adapters().clock())
print(time.time_ns() / 1e9)
Path({str(file)!r}).unlink()
print(Adapters().clock())
"""
    assert process_hours_ahead(starter(file) + product) == [0, 6, 6, 0]
    write_ahead_seconds(file, 2 * HOUR)
    assert process_hours_ahead(starter(file) + product)[0] == 2
    assert read_ahead_seconds(clock_file(tmp_path / "none")) == 0.0


def test_no_variable_moves_the_products_clock(tmp_path: Path) -> None:
    file = clock_file(tmp_path)
    write_ahead_seconds(file, 6 * HOUR)
    names = {CLOCK_FILE, "CLOCK", "CLOCK_OFFSET", "FAKETIME", "SOURCE_DATE_EPOCH", "NOW"}
    names |= {
        each.value
        for path in PRODUCT
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isupper()
    }
    script = "from payments.aws.adapters import Adapters\nprint(Adapters().clock())"
    for value in (str(file), "21600"):
        variables = {name: value for name in names if name.replace("_", "").isalnum()}
        assert process_hours_ahead(script, variables) == [0]


def test_the_product_has_one_source_of_time_and_nobody_replaces_it() -> None:
    """So neither a header nor an item of the table can move it: no code reads one for that."""
    found, replaced = set(), []
    for path in PRODUCT:
        name = path.relative_to(ROOT).as_posix()
        for each in ast.walk(ast.parse(path.read_text())):
            if not isinstance(each, ast.Attribute | ast.Call):
                continue
            if isinstance(each, ast.Call):
                replaced += [name] if ast.unparse(each.func) == "ADAPTERS.set" else []
            elif each.attr in PRESENT and ast.unparse(each.value).split(".")[-1] in MODULES:
                found.add((name, ast.unparse(each)))
                replaced += [] if isinstance(each.ctx, ast.Load) else [name]
    assert found == {("shared/payments/aws/adapters.py", "time.time")}
    assert replaced == []


def test_what_is_deployed_knows_nothing_of_the_moved_clock() -> None:
    for path in [*PRODUCT, ROOT / "template.yaml"]:
        text = path.read_text()
        assert not any(each in text for each in (CLOCK_FILE, "moved_clock", "follow_clock")), path


def hakika(*words: str) -> tuple[int, str]:
    """Exit code and output of the operator's command."""
    out = io.StringIO()
    return run(words, out=out, err=out), out.getvalue()


def test_without_a_local_stack_nothing_moves(tmp_path: Path) -> None:
    file = str(tmp_path / "stack.json")
    for words in (("advance", "6h"), ("to", "2030-01-01 08:00"), ("show",)):
        for stack in ((), ("--stack", "hakika-production")):
            code, told = hakika("--local-file", file, *stack, "clock", *words)
            assert (code, "make run" in told) == (2, True), words
    assert list(tmp_path.iterdir()) == []


def test_a_span_that_cannot_be_read_is_bad_usage() -> None:
    for span in ("6", "-6h", "6 h", "tomorrow"):
        assert hakika("clock", "advance", "--", span)[0] == 2


def test_the_operator_and_new_tokens_live_in_the_stacks_time(tmp_path: Path) -> None:
    write_ahead_seconds(clock_file(tmp_path), 6 * HOUR)
    clock = stack_clock(tmp_path)
    token = jwt.decode(make_token("s" * 32, "x", clock=clock), options={"verify_signature": False})
    assert round((clock() - time.time()) / HOUR) == round((token["iat"] - time.time()) / HOUR) == 6
