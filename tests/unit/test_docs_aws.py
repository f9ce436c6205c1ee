"""Every `aws` command of the deployment pages is one that AWS's own description knows."""

import re
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.local.aws_cli import UsageError, _operation, _read_options, _split

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("deploy.md", "first-day-on-aws.md")
WAITERS = {"stack-delete-complete": ("cloudformation", "describe-stacks")}
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
RENAMED = {"--notification-endpoint": "--endpoint"}
"""The CLI's own name where an option of a service hides one of its own."""


def commands(page: str) -> list[str]:
    """The `aws` lines of a page, also those inside $(...)."""
    text = "\n".join(BLOCK.findall((DOCS / page).read_text(encoding="utf-8")))
    lines = text.replace("\\\n", " ").splitlines()
    found = [re.search(r"\baws [a-z].*", line.partition(" #")[0]) for line in lines]
    return [each[0].removesuffix(")") for each in found if each]


def understand(command: str) -> None:
    """Read a command as the CLI would. Errors: UsageError."""
    _, service, operation, *words = shlex.split(command)
    if operation == "wait":
        service, operation = WAITERS[words.pop(0)]
    client: Any = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload, unused-ignore]
    model = _operation(client, operation)
    _, own = _split(words)
    _read_options(model, [RENAMED.get(word, word) for word in own])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_types_only_commands_that_exist(page: str) -> None:
    found = commands(page)
    assert len(found) >= 6
    for command in found:
        understand(command)


@pytest.mark.parametrize(
    "command",
    ["aws sns create-topics --name x", "aws sns create-topic --title x", "aws acm request-cert"],
)
def test_a_command_that_does_not_exist_is_noticed(command: str) -> None:
    with pytest.raises(UsageError):
        understand(command)
