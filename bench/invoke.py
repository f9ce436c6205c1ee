"""`make invoke FUNCTION=status EVENT=events/...json`: one built function under Lambda's emulator.

Talks to the local stack where one runs (`make run`), with the environment of the function deployed
there; else to an empty table and the simulator, in memory. Needs no Docker.
"""

import json
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench.running import emulated, invoke_emulated, wire
from bench.subjects import Subject, copy_runtime, environment
from bench.wire import SECRETS
from local.build import build_if_changed
from local.console import Console
from local.credentials import read_jwt_secret, with_tokens

STACK = "http://127.0.0.1:4566"
FUNCTIONS = (
    "stk_push",
    "status",
    "callback",
    "paybill",
    "cleanup",
    "consultations",
    "statistics",
)


@dataclass(frozen=True)
class StackFunction(Subject):
    """A function with the environment that the local stack gives it."""

    variables: tuple[tuple[str, str], ...] = ()

    def environment(self) -> dict[str, str]:
        """As deployed, but that the stack is reached from here."""
        path = super().environment()["PYTHONPATH"]
        own = {"PYTHONPATH": path, "PATH": environment()["PATH"]}
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        stack = {"AWS_ENDPOINT_URL": STACK, "AWS_DEFAULT_REGION": "us-east-1"}
        region = {"AWS_REGION": "us-east-1"}
        return {**dict(self.variables), **own, **keys, **stack, **region}


def main(arguments: list[str]) -> int:
    """Invoke once and print the answer; 2 with a sentence where the arguments do not fit."""
    function, event_path = (*arguments, "", "")[:2]
    if function not in FUNCTIONS or not Path(event_path).is_file():
        print(f"make invoke FUNCTION=<{'|'.join(FUNCTIONS)}> EVENT=events/<file>.json")
        print("EVENT must be a JSON file with the event of the function.", file=sys.stderr)
        return 2
    build = build_if_changed(Console()).template.parent
    copy_runtime()
    subject = find(function, build)
    is_on_stack = isinstance(subject, StackFunction)
    print("against the local stack" if is_on_stack else "no local stack: an empty table in memory")
    secret = jwt_secret_of(subject)
    event = json.loads(with_tokens(Path(event_path).read_text(), secret))
    with tempfile.TemporaryDirectory() as folder, nullcontext() if is_on_stack else wire():
        log = Path(folder) / "log"
        with emulated(subject, log):
            answer = invoke_emulated(event)
        print(log.read_text(), file=sys.stderr)
    print(json.dumps(answer, indent=2))
    return 1 if "errorType" in answer else 0


def find(function: str, build: Path) -> Subject:
    """The built function, with the running stack's environment where there is one."""
    folder = "".join(word.capitalize() for word in function.split("_")) + "Function"
    path = (build / folder, build / "PaymentsLayer" / "python")
    variables = deployed_variables(folder)
    if variables is None:
        return Subject("product", function, "app:handler", path)
    return StackFunction("product", function, "app:handler", path, tuple(variables.items()))


def jwt_secret_of(subject: Subject) -> str:
    """The secret that signs tokens: the local stack's, or the wire's own."""
    if not isinstance(subject, StackFunction):
        return SECRETS["jwt"]["JWT_SECRET"]
    arn = dict(subject.variables).get("JWT_SECRET_ARN")
    # A function without a protected route has no event with a token.
    return read_jwt_secret(STACK, {"JwtSecretArn": arn}) if arn else ""


def deployed_variables(folder: str) -> dict[str, str] | None:
    """The environment of the function on the local stack, or None where no stack runs."""
    config = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    client = boto3.client(
        "lambda",
        endpoint_url=STACK,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )
    try:
        found: list[dict[str, Any]] = client.list_functions()["Functions"]
    except (BotoCoreError, ClientError):
        return None
    for each in found:
        if folder in each["FunctionName"]:
            variables: dict[str, str] = each["Environment"]["Variables"]
            return variables
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
