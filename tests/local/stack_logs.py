"""What the deployed functions of a stack logged, and what of it must not be there."""

import json
import re
from collections.abc import Iterable, Iterator

from tests.local.api_client import Api
from tests.support.log_scan import leaks_in_log

STACK = "hakika-local-"
CRASHES = re.compile(r"Traceback|\[ERROR\]|\"level\": ?\"CRITICAL\"|A token caused")


def functions_of(api: Api) -> list[str]:
    """Return the functions of the stack, by what comes behind its name."""
    pages = api.aws("lambda").get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    return sorted(name.removeprefix(STACK) for name in names if name.startswith(STACK))


def log_lines(api: Api, function: str) -> Iterator[str]:
    """Give every line that a function logged since its stack started."""
    group = f"/aws/lambda/{STACK}{function}"
    pages = api.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    for page in pages:
        for event in page["events"]:
            yield event["message"]


def secrets_of(api: Api) -> list[str]:
    """Give every secret of this stack, the Daraja credentials and tokens included."""
    manager = api.aws("secretsmanager")
    found = [api.stack.customer_token, api.stack.booking_token]
    for name in secret_outputs(api.stack.outputs):
        text = manager.get_secret_value(SecretId=api.stack.outputs[name])["SecretString"]
        found += [value for value in json.loads(text).values() if value]
    return found


def secret_outputs(outputs: Iterable[str]) -> list[str]:
    """Give the outputs that say where a secret is."""
    return [name for name in outputs if name.endswith("SecretArn")]


def faults_in_line(line: str, secrets: list[str]) -> list[str]:
    """Name each leak in a log line, and a crash."""
    kinds = [*leaks_in_log(line), *("a secret of the stack" for each in secrets if each in line)]
    return [*kinds, "a crash"] if CRASHES.search(line) else kinds


def faults_in_logs(api: Api) -> list[str]:
    """Name each leak and each crash in everything that the stack's functions logged."""
    secrets = secrets_of(api)
    return [
        f"{fault} in {function}: {line}"
        for function in functions_of(api)
        for line in log_lines(api, function)
        for fault in faults_in_line(line, secrets)
    ]
