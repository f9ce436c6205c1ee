"""`aws`, as far as the runbook types it: the services' own models say what a command may be.

A stand-in for the AWS CLI, which is not among this repository's pinned tools. Names of services,
operations and options are those of botocore's models, as they are for the real one; `--query`,
`--output`, `--max-items` and `wait` are done here. Where to is botocore's own affair
(AWS_ENDPOINT_URL); without one it refuses, so that a test never reaches an account.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped, unused-ignore]
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from botocore.model import OperationModel, Shape

BAD_USAGE = 252
REFUSED = 254
WAITERS = {"table-exists": "describe-table", "stack-delete-complete": "describe-stacks"}
"""What a waiter asks until its answer is as wanted."""
SHARED = ("--query", "--output", "--max-items")
RENAMED = {"Subscribe": {"notification-endpoint": "Endpoint"}}
"""Options that the AWS CLI calls otherwise than the API."""


class UsageError(Exception):
    """No such service, operation or option."""


def main(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code, as the AWS CLI would."""
    if "AWS_ENDPOINT_URL" not in os.environ:
        raise SystemExit("AWS_ENDPOINT_URL must name an emulator")
    try:
        answer = _carry_out(*arguments)
    except (UsageError, BotoCoreError, WaiterError) as error:
        print(f"aws: {error}", file=sys.stderr)
        return BAD_USAGE
    except ClientError as error:
        print(f"aws: {error}", file=sys.stderr)
        return REFUSED
    if answer is not None:
        print(answer)
    return 0


def _carry_out(service: str, operation: str, *words: str) -> str | None:
    if service not in boto3.Session().get_available_services():
        raise UsageError(f"no service {service}")
    endpoint_url = os.environ["AWS_ENDPOINT_URL"]
    client: Any = boto3.client(service, endpoint_url=endpoint_url)  # type: ignore[call-overload, unused-ignore]
    if operation == "wait":
        given = _read_options(_operation(client, WAITERS[words[0]]), words[1:])
        client.get_waiter(words[0].replace("-", "_")).wait(**given)
        return None
    model = _operation(client, operation)
    shared, own = _split(words)
    answer = getattr(client, xform_name(model.name))(**_read_options(model, own))
    answer.pop("ResponseMetadata", None)
    return _shown(answer, shared)


def _operation(client: Any, name: str) -> OperationModel:
    service = client.meta.service_model
    for each in service.operation_names:
        if xform_name(each, "-") == name:
            found: OperationModel = service.operation_model(each)
            return found
    raise UsageError(f"no operation {name} of {service.service_name}")


def _split(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    shared: dict[str, str] = {}
    own: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word in SHARED:
            shared[word] = waiting.pop(0)
        else:
            own.append(word)
    return shared, own


def _read_options(model: OperationModel, words: Sequence[str]) -> dict[str, Any]:
    """Turn --some-option VALUE into SomeOption, as its shape in the model wants it."""
    shapes = model.input_shape.members if model.input_shape is not None else {}
    members = {xform_name(name, "-"): name for name in shapes} | RENAMED.get(model.name, {})
    given: dict[str, Any] = {}
    waiting = list(words)
    while waiting:
        option = waiting.pop(0)
        name = option.removeprefix("--")
        positive = name.removeprefix("no-")
        if not option.startswith("--") or positive not in members:
            raise UsageError(f"{model.name} has no option {option}")
        shape = shapes[members[positive]]
        if shape.type_name == "boolean":
            given[members[positive]] = name == positive
        elif not waiting:
            raise UsageError(f"{option} lacks its value")
        else:
            given[members[positive]] = _read_value(waiting.pop(0), shape)
    return given


def _read_value(text: str, shape: Shape) -> Any:
    """Read a value: plain, or in the shorthand Key=value,Key=value."""
    match shape.type_name:
        case "integer" | "long":
            return int(text)
        case "boolean":
            return {"true": True, "false": False}[text]
        case "list":
            return [_read_value(text, shape.member)]  # type: ignore[attr-defined]
        case "structure":
            parts = [part.partition("=") for part in text.split(",")]
            members = shape.members  # type: ignore[attr-defined]
            unknown = [key for key, _, _ in parts if key not in members]
            if unknown:
                raise UsageError(f"{shape.name} has no {', '.join(unknown)}")
            return {key: _read_value(value, members[key]) for key, _, value in parts}
        case _:
            return text


def _shown(answer: dict[str, Any], shared: dict[str, str]) -> str:
    found = jmespath.search(shared["--query"], answer) if "--query" in shared else answer
    if shared.get("--output") == "text":
        return "\t".join(map(str, found)) if isinstance(found, list) else str(found)
    return json.dumps(found, indent=4, default=str)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
