"""A burst makes a bounded number of function processes, and leaves no file behind."""

import io
import json
import os
import secrets
import signal
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import aws
from local.emulator.function_patches import PROCESSES_PER_CORE, QUEUE_SECONDS
from local.processes import POLL_SECONDS, Children, find_free_ports
from local.settings import LocalSettings, port_arguments, read_settings
from local.stack import start_emulator

PLACES = PROCESSES_PER_CORE * (os.cpu_count() or 1)
REQUESTS = 5 * PLACES
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}
PACKAGE_BYTES = 1_000_000
CODE = """
import os
from pathlib import Path

def handler(event, context):
    if event.get("gate"):
        Path(event["here"], str(os.getpid())).touch()
        with open(event["gate"]):  # until the test opens the other end
            pass
    return {"pid": os.getpid()}
"""


class Functions:
    """An emulator of the test's own with one function."""

    def __init__(self, settings: LocalSettings, children: Children) -> None:
        self.name = f"burst-{secrets.token_hex(4)}"
        self.folder = settings.folder / "functions"
        self.children = children
        self._endpoint_url = settings.emulator_url
        role = aws.client("iam", self._endpoint_url).create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        self._client().create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=role["Role"]["Arn"],
            Handler="app.handler",
            Code={"ZipFile": package()},
            Timeout=300,  # of the function itself; by default it is 3 s
        )

    def call(self, **event: str) -> dict[str, Any]:
        """Invoke the function and wait for its answer."""
        answer = self._client().invoke(FunctionName=self.name, Payload=json.dumps(event))
        document: dict[str, Any] = json.load(answer["Payload"])
        return document

    def _client(self) -> Any:
        return aws.client("lambda", self._endpoint_url)


def package() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", CODE)
        archive.writestr("library.bin", bytes(PACKAGE_BYTES))
    return file.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    arguments = ["--folder", str(tmp_path), *port_arguments(find_free_ports(3))]
    return read_settings(arguments, {}, env_file=tmp_path / "none")


@pytest.fixture
def functions(settings: LocalSettings, request: pytest.FixtureRequest) -> Iterator[Functions]:
    children = Children(settings.folder / "logs")
    try:
        patience = {QUEUE_SECONDS: "300"}
        start_emulator(settings, children, **getattr(request, "param", patience))
        yield Functions(settings, children)
    finally:
        children.stop()


def test_a_burst_waits_in_a_queue_and_leaves_nothing_on_the_disk(functions: Functions) -> None:
    with ThreadPoolExecutor(REQUESTS) as pool:
        answers = list(pool.map(lambda _: functions.call(), range(REQUESTS)))
    pids = {answer["pid"] for answer in answers}
    assert 1 <= len(pids) <= PLACES
    elsewhere = Path(tempfile.gettempdir()).glob(f"*{functions.name}*")
    assert list(elsewhere) == []
    files = [file for file in functions.folder.rglob("*") if not file.is_symlink()]
    stored = sum(file.stat().st_size for file in files if file.is_file())
    assert PACKAGE_BYTES < stored < 2 * PACKAGE_BYTES, "a package is unpacked once"
    functions.children.stop()
    assert not functions.folder.exists()


def test_a_function_whose_process_was_killed_starts_again(functions: Functions) -> None:
    killed = functions.call()["pid"]
    os.kill(killed, signal.SIGKILL)
    answers = [functions.call() for _ in range(3)]
    assert all(answer.get("pid") not in (None, killed) for answer in answers[1:]), answers


@pytest.mark.parametrize("functions", [{QUEUE_SECONDS: "0.2"}], indirect=True)
def test_who_waits_too_long_is_throttled(functions: Functions, tmp_path: Path) -> None:
    gate, here = tmp_path / "gate", tmp_path / "here"
    os.mkfifo(gate)
    here.mkdir()
    with ThreadPoolExecutor(PLACES + 1) as pool:
        event = {"gate": str(gate), "here": str(here)}
        inside = [pool.submit(functions.call, **event) for _ in range(PLACES)]
        while len(list(here.iterdir())) < PLACES:
            assert wait(inside, timeout=POLL_SECONDS).done == set()
        with pytest.raises(ClientError) as refused:
            functions.call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        with gate.open("w"):
            assert len({each.result()["pid"] for each in inside}) == PLACES
