"""What the operator's command refuses before the deployed template, and how it says so."""

import json
import subprocess
from pathlib import Path

import pytest

from local.settings import ROOT
from tests.local.operator_desk import ACCOUNT, hakika, in_review, scene
from tests.local.runbook_scene import Scene

__all__ = ["scene"]


def failed(scene: Scene) -> str:
    payment_id = scene.pay("cancels")
    scene.wait(payment_id, "failed")
    return payment_id


def owed(scene: Scene) -> str:
    payment_id = in_review(scene)
    assert hakika(scene, "review", "resolve", payment_id, "refund-due", *ACCOUNT).returncode == 0
    return payment_id


@pytest.mark.parametrize(
    "line",
    [
        ("review", "resolve", "PAYMENT", "refund-due"),
        ("record-receipt", "PAYMENT", "--receipt", "SKI7ABC123", "--amount", "1000"),
        ("refund", "mark", "PAYMENT"),
        ("consultation", "set", "BOOKING", "--status", "Cancelled"),
    ],
    ids=lambda line: " ".join(line[:2]),
)
def test_nothing_changes_without_who_why_and_consent(scene: Scene, line: tuple[str, ...]) -> None:
    payment_id = {"record-receipt": failed, "refund": owed}.get(line[0], in_review)(scene)
    before = scene.payment(payment_id)
    names = {"PAYMENT": payment_id, "BOOKING": before.booking_id}
    typed = [names.get(word, word) for word in line]
    for given, lacking in (
        (("--who", "njeri", "--why", "x"), "--yes"),
        (("--who", "njeri", "--yes"), "--why"),
        (("--why", "called from 0712 345 678", "--who", "njeri", "--yes"), "phone number"),
    ):
        refused = hakika(scene, *typed, *given, "--json")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert lacking in json.loads(refused.stderr)["error"]
    assert scene.payment(payment_id) == before


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("payment", "show", "0" * 32), 1),
        (("payment", "show", "nonsense!"), 2),
        (("payment", "find"), 2),
        (("payment", "list", "--status", "paid"), 2),
        (("consultation", "show", "no-such-booking"), 1),
        (("consultation", "set", "new", "--why", "x", "--who", "y", "--yes"), 2),
        (("stats", "--from", "yesterday"), 2),
        (("export", "--csv", "/nonexistent/money.csv"), 2),
        (("reconcile", "now", "0" * 32), 1),
        (("review", "resolve", "0" * 32, "perhaps", *ACCOUNT), 2),
        (("record-receipt", "0" * 32, "--receipt", "?", "--amount", "1", *ACCOUNT), 2),
        (("refund", "mark", "0" * 32, *ACCOUNT), 1),
        (("attention", "clear", "0" * 32, *ACCOUNT), 1),
        (("callbacks", "replay", "--everything"), 2),
        (("doctor", "--push", "12", "--yes"), 2),
        (("reconcile-statement", "/nonexistent.csv"), 2),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_bad_input_is_answered_with_a_sentence(
    scene: Scene, line: tuple[str, ...], code: int
) -> None:
    done = hakika(scene, *line, "--json")
    assert done.returncode == code
    document = json.loads(done.stderr.splitlines()[-1])
    assert (document["success"], bool(document["error"])) == (False, True)


def test_no_stack_and_no_name_is_bad_usage(tmp_path: Path) -> None:
    command = [str(ROOT / "bin" / "hakika"), "--local-file", str(tmp_path / "none.json")]
    done = subprocess.run([*command, "payment", "list"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--stack" in done.stderr
