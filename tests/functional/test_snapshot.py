"""Instances restored from one snapshot (Lambda SnapStart) share nothing that must be their own.

A snapshot is a copy of a process's memory after its init phase: so is a fork.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.lambdas import ENVIRONMENT

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = ("callback", "stk_push", "status")
DAY = 86_400

RESTORED = """
import json, os, random, sys
from dataclasses import replace
from payments.aws.adapters import RandomIds
from payments.protocol.payment import Payment

from tests.support.world import START, World

world = World()
world.adapters = replace(world.adapters, ids=RandomIds(), jitter=random.SystemRandom())
world.register("1")
world.secrets.read_arns.clear()
world.function("stk_push")  # the init phase ends here: what follows is a snapshot, restored
done = []
for instance in range(2):
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        world.clock.now += (instance + 1) * 86_400
        answer = world.initiate("1", key=None)
        items = list(world.engine.items("payments-under-test"))
        [payment] = [each for each in items if "token_sha256" in each]
        [token] = [each for each in items if "access_token" in each]
        facts = {
            "status": answer.status,
            "payment_id": answer.body["payment_id"],
            "token_sha256": str(payment["token_sha256"]),
            "account_reference": payment["account_reference"]["S"],
            "op_ids": str(payment["op_ids"]),
            "created_at": int(payment["created_at"]["N"]) - START,
            "token_lives": int(token["expires_at"]["N"]) - world.clock.now,
            "secret_reads": world.secrets.reads,
        }
        os.write(write_end, json.dumps(facts).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        done.append(json.load(pipe))
print("\\n" + json.dumps(done))
"""

INIT_PHASE = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"{event}{arguments} in the init phase")
sys.addaudithook(refuse)
sys.path.insert(0, sys.argv[1])
import app
"""


def run(script: str, *arguments: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        env={"PYTHONPATH": "shared:.", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def instances() -> list[dict[str, Any]]:
    """What two instances of one snapshot did for the same request, a day apart."""
    found: list[dict[str, Any]] = json.loads(run(RESTORED, environment={})[-1])
    return found


@pytest.mark.parametrize("name", ["payment_id", "token_sha256", "account_reference", "op_ids"])
def test_no_identifier_is_frozen(instances: list[dict[str, Any]], name: str) -> None:
    first, second = instances
    assert first["status"] == second["status"] == 200
    assert first[name] != second[name]


def test_no_clock_is_frozen(instances: list[dict[str, Any]]) -> None:
    assert [each["created_at"] for each in instances] == [DAY, 2 * DAY]


def test_no_token_and_no_secret_is_frozen(instances: list[dict[str, Any]]) -> None:
    for each in instances:
        assert 0 < each["token_lives"] <= 3600
        assert each["secret_reads"] == 3  # token, Daraja and pepper, after the restore


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_connection_is_made_before_a_snapshot(function: str) -> None:
    environment = {
        **ENVIRONMENT,
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    run(INIT_PHASE, str(REPOSITORY / "functions" / function), environment=environment)
