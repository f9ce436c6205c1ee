"""Every `aws` command of the deployment pages is one that AWS's own description knows."""

import re
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.local.aws_cli import WAITERS, UsageError, _operation, _read_options, _split

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("deploy.md", "first-day-on-aws.md")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
RENAMED = {"--notification-endpoint": "--endpoint"}
"""The CLI's own name where an option of a service hides one of its own."""


TYPED = {
    "test_the_commands_of_the_page_work_as_written": (
        *("export AWS_PROFILE=", "aws sts get-caller-identity", "PYTHONPATH=shared:. .venv/"),
        *("aws acm ", "aws sns "),
    ),
    "test_each_command_of_make_deploy_is_typed": ("make deploy ENV=",),
    "test_production_refuses_to_be_deleted_as_a_stack_and_as_a_table": (
        "aws cloudformation update-termination-protection ",
        "aws cloudformation delete-stack ",
        "aws cloudformation wait ",
        "aws dynamodb update-table ",
    ),
    "test_without_a_domain_money_by_hand_comes_to_the_paybills_own_url": (
        "bin/hakika --stack hakika-sandbox paybill register ",
    ),
    "test_a_shilling_proves_the_whole_way": ("bin/hakika --stack hakika-sandbox doctor --push ",),
    "test_a_procedure_works_as_written": ("make secrets ENV=",),
}
"""The test that types a command of the page, or what the command runs."""
NOT_TYPED = "°"
"""The mark of what the emulator does not know, in the paragraph above the commands."""


def commands(page: str) -> list[str]:
    """The `aws` lines of a page, also those inside $(...)."""
    text = "\n".join(BLOCK.findall((DOCS / page).read_text(encoding="utf-8")))
    lines = text.replace("\\\n", " ").splitlines()
    found = [re.search(r"\baws [a-z].*", line.partition(" #")[0]) for line in lines]
    return [each[0].removesuffix(")") for each in found if each]


def lines_to_type() -> list[str]:
    """The lines of the commands of the first page, those whose paragraph has a mark left out."""
    text = (DOCS / "deploy.md").read_text(encoding="utf-8")
    lines: list[str] = []
    for block in BLOCK.finditer(text):
        above = text[: block.start()].rstrip().rpartition("\n\n")[2]
        if NOT_TYPED not in above:
            lines += block[1].replace("\\\n", " ").splitlines()
    return lines


def understand(command: str) -> None:
    """Read a command as the CLI would. Errors: UsageError."""
    _, service, operation, *words = shlex.split(command)
    if operation == "wait":
        operation = WAITERS[words.pop(0)]
    client: Any = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload, unused-ignore]
    model = _operation(client, operation)
    _, own = _split(words)
    _read_options(model, [RENAMED.get(word, word) for word in own])


def test_every_command_of_the_deployment_is_typed_by_a_test_or_marked() -> None:
    tests = "".join(each.read_text(encoding="utf-8") for each in DOCS.parent.glob("tests/**/*.py"))
    assert [name for name in TYPED if f"def {name}(" not in tests] == []
    known = tuple(start for starts in TYPED.values() for start in starts)
    assert [line for line in lines_to_type() if not line.startswith(known)] == []


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
