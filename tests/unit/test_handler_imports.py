"""What each handler loads when it starts: a customer waits for every package."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

from tests.support.aws import REPOSITORY
from tests.support.lambdas import ENVIRONMENT

HEAVY = ("boto3", "cryptography", "jwt", "pydantic", "requests", "s3transfer")
LOADS = {
    "callback": set(),
    "cleanup": {"requests"},
    "consultations": {"jwt"},
    "desk": {"jwt"},
    "paybill": set(),
    "refunds": {"requests"},
    "statistics": {"jwt"},
    "status": {"jwt"},
    "stk_push": {"jwt", "pydantic", "requests"},
    "webhooks": {"requests"},
}
"""Of the heavy packages, those that a handler needs for each of its requests."""
MODULES_MAX = {"callback": 405, "paybill": 430, "status": 430, "stk_push": 600}
"""Modules of the functions that a customer or Safaricom waits for, with some room to grow."""
OF_OTHERS = {
    f"payments.{name}"
    for name in (
        *("protocol.pull", "protocol.provider_calls", "protocol.opening", "protocol.refund"),
        *("protocol.refund_evidence", "store.reservation", "store.instructions", "daraja.client"),
    )
}
"""What other functions need; a callback starts without it. Each class of theirs costs 3 M
instructions at start."""
JWKS = {"JWKS_URL": "https://id.example/keys", "JWT_ISSUER": "i", "JWT_AUDIENCE": "hakika"}
IMPORT = """
import json, sys
if sys.argv[2] == "no":
    sys.modules["cryptography"] = None  # as in a deployment without its layer
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import app
print(json.dumps([name for name in sys.modules if name not in before]))
"""


@cache
def start(function: str, *, has_cryptography: bool = False, jwks: bool = False) -> tuple[int, str]:
    """Import a handler as Lambda would: its exit code, and what it printed."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", IMPORT, str(REPOSITORY / "functions" / function)),
            "yes" if has_cryptography else "no",
        ],
        cwd=REPOSITORY,
        env={
            **ENVIRONMENT,
            **(JWKS if jwks else {}),
            "PYTHONPATH": "shared",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr


def loaded(function: str, **options: bool) -> list[str]:
    code, output = start(function, **options)
    assert code == 0, output[-2000:]
    modules: list[str] = json.loads(output.splitlines()[-1])
    return modules


def heavy(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} & set(HEAVY)


def test_every_function_has_its_row() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "functions").glob("*/app.py")}
    assert set(LOADS) == folders


@pytest.mark.parametrize("function", LOADS)
def test_a_handler_loads_the_heavy_packages_that_it_needs_and_no_other(function: str) -> None:
    assert heavy(loaded(function)) == LOADS[function]


@pytest.mark.parametrize("function", MODULES_MAX)
def test_a_handler_that_somebody_waits_for_loads_few_modules(function: str) -> None:
    assert len(loaded(function)) <= MODULES_MAX[function]


def test_a_callback_starts_without_what_only_others_need() -> None:
    assert OF_OTHERS & set(loaded("callback")) == set()
    assert set(loaded("refunds")) >= {"payments.protocol.refund_evidence", "payments.daraja.client"}
    for name in OF_OTHERS:
        assert (REPOSITORY / "shared" / f"{name.replace('.', '/')}.py").exists(), name


def test_published_keys_load_cryptography_and_without_its_layer_nobody_is_let_in() -> None:
    assert heavy(loaded("status", has_cryptography=True, jwks=True)) == {"jwt", "cryptography"}
    code, error = start("status", has_cryptography=False, jwks=True)
    assert code != 0
    assert "JWKS_URL needs the layer with the package cryptography" in error
