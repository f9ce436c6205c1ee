"""The three receivers of docs/webhooks.md, as they are written there, against the local stack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from payments.webhooks.sender import event_body, signed_headers

from local import node
from local.processes import answers
from local.settings import ROOT
from tests.local.runbook import read_blocks, type_block
from tests.local.webhook_stack import SECRET, WebhookStack, wait_until, webhook_stack

PAGE = ROOT / "docs" / "webhooks.md"
BLOCKS = read_blocks(PAGE.read_text(encoding="utf-8"))
LANGUAGES = ("python", "js", "php")
LINES_MAX = 30
OTHER_SECRET = "whsec_" + "b" * 64
TOLERANCE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookStack]:
    with webhook_stack(tmp_path_factory.mktemp("webhooks") / "stack") as made:
        yield made


def code(language: str) -> str:
    """The page's receiver in a language."""
    [block] = [each for each in BLOCKS if each.kind == language]
    return block.commands


@dataclass(frozen=True)
class Receiver:
    """A receiver that runs, and what it printed."""

    url: str
    output: Path

    def handled(self) -> list[str]:
        """The bookings of the events that it acted on, in order."""
        return re.findall(r"Payment\w+ (\S+)", self.output.read_text())

    def post(self, headers: Mapping[str, str], body: str) -> int:
        """Send a request as anybody on the internet can."""
        return requests.post(self.url, data=body.encode(), headers=headers, timeout=20).status_code


@contextmanager
def running(language: str, port: int, folder: Path) -> Iterator[Receiver]:
    """Run the page's receiver on a port."""
    command = prepared(language, port, folder)
    environment = {
        **os.environ,
        "HAKIKA_WEBHOOK_SECRET": SECRET,
        "BOOKINGS": str(folder / "bookings.db"),
        "PORT": str(port),
    }
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
    try:
        wait_until(lambda: answers(port), lambda is_up: is_up or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        yield Receiver(f"http://127.0.0.1:{port}/hakika", output)
    finally:
        process.terminate()
        process.wait()


def prepared(language: str, port: int, folder: Path) -> list[str]:
    """Write the receiver into a folder, and give the command that runs it."""
    match language:
        case "python":
            (folder / "receiver.py").write_text(code(language))
            return [sys.executable, "-m", "flask", "--app", "receiver", "run", f"--port={port}"]
        case "js":
            (folder / "receiver.mjs").write_text(code(language))
            (folder / "node_modules").symlink_to(node.WEB_TESTS / "node_modules")
            return node.command("receiver.mjs")
        case _:
            (folder / "receiver.php").write_text(code(language))
            php = shutil.which("php")
            assert php is not None, "php is missing: python3.13 -m local.prepare_tests"
            return [php, "-S", f"127.0.0.1:{port}", "receiver.php"]


def an_event(webhook_id: str) -> str:
    return event_body({"type": "PaymentCompleted", "booking_id": webhook_id})


def signed(webhook_id: str, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """The headers of an event."""
    signed_at = at or datetime.fromtimestamp(time.time(), UTC)
    return signed_headers(webhook_id, an_event(webhook_id), secrets=[secret], signed_at=signed_at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_acts_on_each_event_once(
    stack: WebhookStack, language: str, tmp_path: Path
) -> None:
    with running(language, stack.port, tmp_path) as receiver:
        payment_id, booking_id = stack.pay()
        [taken] = wait_until(
            lambda: stack.deliveries(payment_id), lambda seen: seen and seen[0].delivered_at
        )
        assert taken.last_answer == "204"
        hakika(stack, f"hakika webhooks resend '{taken.dedupe_id}'", tmp_path)
        wait_until(lambda: stack.deliveries(payment_id), lambda seen: seen[0].tries > taken.tries)
        assert receiver.handled().count(booking_id) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_refuses_what_we_did_not_sign(
    stack: WebhookStack, language: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    body = an_event("forged")
    requests_refused = {
        "another secret": (signed("forged", secret=OTHER_SECRET), body),
        "an old timestamp": (signed("forged", at=now - TOLERANCE - timedelta(minutes=1)), body),
        "a future timestamp": (signed("forged", at=now + TOLERANCE + timedelta(minutes=1)), body),
        "a changed body": (signed("forged"), body.replace("Completed", "Failed")),
        "another id": ({**signed("forged"), "webhook-id": "other"}, body),
        "a newer timestamp": (
            {**signed("forged"), "webhook-timestamp": str(int(now.timestamp()) + 60)},
            body,
        ),
        "no signature": ({**signed("forged"), "webhook-signature": ""}, body),
        "half a signature": ({**signed("forged"), "webhook-signature": "v1"}, body),
        "no headers": ({}, body),
    }
    with running(language, stack.port, tmp_path) as receiver:
        for what, (headers, text) in requests_refused.items():
            assert receiver.post(headers, text) == 400, what
        assert receiver.handled() == []
        both = signed("honest", secret=OTHER_SECRET)["webhook-signature"]
        mine = signed("honest")
        headers = {**mine, "webhook-signature": f"{both} {mine['webhook-signature']}"}
        assert receiver.post(headers, an_event("honest")) == 204, "either secret is enough"
        wait_until(receiver.handled, lambda seen: seen == ["honest"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_is_short(language: str) -> None:
    assert len(code(language).splitlines()) <= LINES_MAX


def test_the_commands_of_the_page_work_as_written(stack: WebhookStack, tmp_path: Path) -> None:
    commands = [each.commands for each in BLOCKS if each.kind == "console"]
    assert len(commands) == 4
    with running("python", stack.port, tmp_path):
        payment_id, _ = stack.pay()
        wait_until(lambda: stack.deliveries(payment_id), lambda seen: seen and seen[0].tries)
        said = [hakika(stack, each, tmp_path, PAYMENT=payment_id) for each in commands]
    assert SECRET in said[0]
    assert "TEST#" in said[1]
    assert payment_id in said[2]
    assert payment_id in said[3]


def hakika(stack: WebhookStack, commands: str, folder: Path, **known: str) -> str:
    """Type commands of the page, as an operator of the stack."""
    return type_block(
        commands,
        environment={
            "HAKIKA_LOCAL_FILE": str(stack.folder / "stack.json"),
            "AWS_REGION": stack.state.region,
            "STACK": "hakika-local",
            **known,
        },
        answers={},
        endpoint_url=stack.state.endpoint_url,
        folder=folder,
    )
