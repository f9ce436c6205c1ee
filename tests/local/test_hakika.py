"""The operator's command against the deployed template: the verbs the runbook does not try."""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.client import SimulatorClient
from local.settings import ROOT
from local.state import StackState, write_state
from tests.local.conftest import Customer
from tests.local.runbook_scene import Scene


@pytest.fixture
def scene(
    stack: StackState, customer: Customer, simulator: SimulatorClient, tmp_path: Path
) -> Scene:
    write_state(tmp_path / "stack.json", stack)
    return Scene(stack=stack, customer=customer, simulator=simulator, folder=tmp_path)


def hakika(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator's script would: nobody is there to be asked."""
    command = [str(ROOT / "bin" / "hakika"), "--local-file", str(scene.folder / "stack.json")]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=90
    )


def answer(scene: Scene, *arguments: str) -> Any:
    done = hakika(scene, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_paid_payment_is_found_by_every_name_it_has(scene: Scene) -> None:
    payment = scene.wait(scene.pay("pays"), "completed")
    for option, value in (
        ("--receipt", payment.receipt_number),
        ("--checkout-id", payment.checkout_request_id),
        ("--phone", payment.phone_number),
        ("--booking", payment.booking_id),
        ("--reference", payment.account_reference),
    ):
        found = answer(scene, "payment", "find", option, str(value))
        assert [each["payment_id"] for each in found] == [payment.payment_id], option
    done = hakika(scene, "payment", "show", payment.payment_id)
    assert "PaymentCompleted" in done.stdout
    assert payment.phone_number not in done.stdout


def test_a_bogus_review_frees_the_consultation(scene: Scene) -> None:
    payment = scene.wait(scene.pay("pays+callback_wrong_amount"), "review")
    account = ("--who", "njeri", "--why", "the statement knows no such receipt")
    refused = hakika(scene, "review", "resolve", payment.payment_id, "bogus", *account)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--yes" in refused.stderr
    resolved = answer(scene, "review", "resolve", payment.payment_id, "bogus", *account, "--yes")
    assert (resolved["status"], resolved["receipt_number"]) == ("failed", None)
    assert scene.consultation(payment.booking_id)["payment_status"] == "Failed"


def test_dead_letters_that_are_none_of_ours_stay(scene: Scene) -> None:
    from local import aws

    scene.empty_dead_letters()
    queue = aws.client("sqs", scene.stack.endpoint_url)
    url = scene.stack.outputs["FallbackDeadLettersUrl"]
    queue.send_message(QueueUrl=url, MessageBody="none of ours")
    assert answer(scene, "callbacks", "replay", "--yes") == {"replayed": 0, "left": 1}
    [left] = answer(scene, "callbacks", "list")
    assert left["is_ours"] is False
    sick = hakika(scene, "doctor")
    assert (sick.returncode, "1 callbacks" in sick.stdout) == (1, True)
    scene.empty_dead_letters()


def test_statistics_come_as_csv_too(scene: Scene) -> None:
    scene.wait(scene.pay("pays"), "completed")
    rows = list(csv.DictReader(io.StringIO(hakika(scene, "stats", "--csv").stdout)))
    completed = [int(row["count"]) for row in rows if row["status"] == "completed"]
    assert sum(completed) >= 1


def test_no_stack_and_no_name_is_bad_usage(tmp_path: Path) -> None:
    command = [str(ROOT / "bin" / "hakika"), "--local-file", str(tmp_path / "none.json")]
    done = subprocess.run([*command, "payment", "list"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--stack" in done.stderr
