"""The three receivers of docs/webhooks.md, as they are written there, against the local stack."""

from __future__ import annotations

import os
import re
import shutil
import signal
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
PAGES_PORT = "5000"
IMPORTED = {
    "python": r"^(?:import|from) (\w+)",
    "js": r"""from "([^"]+)\"""",
    "php": r"new (PDO)\(",
}
OF_PACKAGES = {"php": {"PDO": "php-sqlite3"}}
ASKED = {"python": r'environ\["(\w+)"\]', "js": r"process\.env\.(\w+)", "php": r"getenv\('(\w+)'\)"}
TOLERANCE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookStack]:
    with webhook_stack(tmp_path_factory.mktemp("webhooks") / "stack") as made:
        yield made


def code(language: str) -> str:
    """The page's receiver in a language."""
    [block] = [each for each in BLOCKS if each.kind == language]
    return block.commands


def instructions(language: str) -> tuple[str, str]:
    """What the page tells to type for a receiver: the line that installs, and the one that runs."""
    section = {"python": "python", "js": "javascript", "php": "php"}[language]
    [block] = [each for each in BLOCKS if (each.section, each.kind) == (section, "sh")]
    install, run = block.commands.splitlines()
    return install, run


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
        return requests.post(self.url, data=body.encode(), headers=headers, timeout=60).status_code


@contextmanager
def running(language: str, port: int, folder: Path) -> Iterator[Receiver]:
    """Run the page's receiver on a port."""
    prepare(language, folder)
    _, run = instructions(language)
    assert PAGES_PORT in run
    own = {"HAKIKA_WEBHOOK_SECRET": SECRET, "BOOKINGS": "bookings.db"}
    tools = [str(Path(sys.executable).parent), str(node.folder() / "bin"), os.environ["PATH"]]
    output = folder / "output"
    with output.open("wb") as file:
        # As it is written on the page, but for the port.
        process = subprocess.Popen(
            ["bash", "-c", run.replace(PAGES_PORT, str(port))],
            cwd=folder,
            env={**os.environ, **own, "PATH": os.pathsep.join(tools)},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        wait_until(lambda: answers(port), lambda is_up: is_up or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        yield Receiver(f"http://127.0.0.1:{port}/hakika", output)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def prepare(language: str, folder: Path) -> None:
    """Write the receiver into a folder under the page's name, with the packages beside it."""
    name = {"python": "receiver.py", "js": "receiver.mjs", "php": "receiver.php"}[language]
    assert f"Save it as **{name}**." in PAGE.read_text(encoding="utf-8")
    (folder / name).write_text(code(language))
    if language == "js":
        (folder / "node_modules").symlink_to(node.WEB_TESTS / "node_modules")
    if language == "php":
        assert shutil.which("php"), "php is missing: python3.13 -m local.prepare_tests"


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
    with running(language, stack.port, tmp_path) as receiver:
        # Signed once it runs: a minute later the future timestamp would be a good one.
        for what, (headers, text) in requests_refused(datetime.now(UTC)).items():
            assert receiver.post(headers, text) == 400, what
        assert receiver.handled() == []
        both = signed("honest", secret=OTHER_SECRET)["webhook-signature"]
        mine = signed("honest")
        headers = {**mine, "webhook-signature": f"{both} {mine['webhook-signature']}"}
        assert receiver.post(headers, an_event("honest")) == 204, "either secret is enough"
        wait_until(receiver.handled, lambda seen: seen == ["honest"])


def requests_refused(now: datetime) -> dict[str, tuple[dict[str, str], str]]:
    """Headers and body of what a receiver must not believe."""
    body = an_event("forged")
    return {
        "another secret": (signed("forged", secret=OTHER_SECRET), body),
        "an old timestamp": (signed("forged", at=now - TOLERANCE - timedelta(minutes=1)), body),
        "a future timestamp": (signed("forged", at=now + TOLERANCE + timedelta(minutes=2)), body),
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_instructions_install_what_is_imported_and_set_what_is_asked(language: str) -> None:
    install, run = instructions(language)
    found = re.findall(IMPORTED[language], code(language), re.MULTILINE)
    names = {OF_PACKAGES.get(language, {}).get(each, each) for each in found}
    foreign = {each for each in names - sys.stdlib_module_names if not each.startswith("node:")}
    assert foreign == set(install.partition("install ")[2].split()) - {"php-cli"}
    [exported] = [each.commands for each in BLOCKS if each.commands.startswith("export ")]
    asked = set(re.findall(ASKED[language], code(language)))
    assert asked == set(re.findall(r"(\w+)=", f"{exported} {run}"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_is_short(language: str) -> None:
    assert len(code(language).splitlines()) <= LINES_MAX


def test_the_commands_of_the_page_work_as_written(stack: WebhookStack, tmp_path: Path) -> None:
    commands = [each.commands for each in BLOCKS if each.kind == "console"]
    assert len(commands) == 4
    with running("python", stack.port, tmp_path):
        payment_id, _ = stack.pay()
        wait_until(lambda: stack.deliveries(payment_id), lambda seen: seen and seen[0].delivered_at)
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
