"""`hakika refund`, `initiator` and `money ask`: an operator requests, and never approves."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from simulator.core.initiator.certificate import CERTIFICATE_FILE
from tests.functional.operator_desk import ACCOUNT, OPERATOR_ARN, Desk
from tests.functional.refunding import CHECKER, PASSWORD, Refunding
from tests.support.aws import INITIATOR_SECRET_ARN
from tools.hakika import app

IDENTITY = f"operator:{OPERATOR_ARN}"
WHY = ("--who", "njeri", "--why", "new password", "--yes")


@pytest.fixture
def scene() -> Refunding:
    return Refunding()


@pytest.fixture
def desk(scene: Refunding) -> Desk:
    return Desk(scene)


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def certificate(private_key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    """A certificate that is not the simulator's, as a portal gives it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "M-Pesa")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(private_key, hashes.SHA256())
    )
    file = tmp_path / "production.cer"
    file.write_bytes(made.public_bytes(serialization.Encoding.DER))
    return file


def test_a_password_is_typed_unseen_and_only_its_ciphertext_is_stored(
    desk: Desk, scene: Refunding, certificate: Path, private_key: rsa.RSAPrivateKey
) -> None:
    scene.pass_time(60)
    line = ("initiator", "set", "--certificate", str(certificate), "--name", "apiop37", *WHY)
    answer = desk(*line, says=[PASSWORD])
    assert answer.code == 0, answer.err
    stored = scene.secrets.values[INITIATOR_SECRET_ARN]
    assert PASSWORD not in json.dumps(stored) + answer.out + answer.err
    ciphertext = base64.b64decode(stored["SECURITY_CREDENTIAL"])
    assert private_key.decrypt(ciphertext, padding.PKCS1v15()).decode() == PASSWORD
    assert stored["INITIATOR_NAME"] == "apiop37"
    shown = desk.json("initiator", "show")
    assert (shown["age_days"], shown["stopped"]) == (0, None)
    assert shown["instructions"][-1]["by"] == IDENTITY
    assert "new password (typed: njeri)" in shown["instructions"][-1]["reason"]


@pytest.mark.parametrize(
    ("password", "file", "said"),
    [
        (PASSWORD, Path(CERTIFICATE_FILE), "simulator's certificate"),
        ("short#1", None, "would lock"),
        ("Has.a.dot#2026", None, "would lock"),
        ("Has@sign#2026", None, "would lock"),
        (PASSWORD, Path(app.__file__), "no X.509"),
        (PASSWORD, Path("/nowhere.cer"), "cannot be read"),
    ],
)
def test_what_mpesa_would_not_take_is_not_stored(
    desk: Desk, scene: Refunding, certificate: Path, password: str, file: Path | None, said: str
) -> None:
    before = dict(scene.secrets.values[INITIATOR_SECRET_ARN])
    gate = scene.gates.read()
    scene.pass_time(60)
    chosen = str(file or certificate)
    line = ("initiator", "set", "--certificate", chosen, "--name", "apiop37", *WHY)
    answer = desk(*line, says=[password])
    assert answer.code == 1
    assert said in answer.err
    assert (scene.secrets.values[INITIATOR_SECRET_ARN], scene.gates.read()) == (before, gate)


def test_a_script_cannot_type_the_password(desk: Desk, certificate: Path) -> None:
    line = ("initiator", "set", "--certificate", str(certificate), "--name", "apiop37", *WHY)
    assert desk(*line).code == 2


def test_an_operator_requests_and_withdraws_by_the_aws_identity(
    desk: Desk, scene: Refunding
) -> None:
    payment_id = scene.owed()
    assert desk("refund", "request", payment_id, *ACCOUNT).code == 0
    shown = desk.json("refund", "show", payment_id)
    assert (shown["state"], shown["requested_by"]) == ("requested", IDENTITY)
    assert scene.approve(payment_id, by=IDENTITY) == "same_person"
    assert desk("refund", "withdraw", payment_id, *ACCOUNT).code == 0
    assert desk.json("refund", "show", payment_id)["state"] == "owed"
    assert desk("refund", "request", payment_id, *ACCOUNT).code == 0
    assert scene.approve(payment_id, by=CHECKER) == ""
    scene.pass_time(10)
    shown = desk.json("refund", "show", payment_id)
    assert (shown["state"], shown["approved_by"]) == ("returned", CHECKER)


def test_no_verb_of_the_command_approves() -> None:
    from tools.hakika import refunds

    names = {each.callback.__name__ for each in refunds.app.registered_commands if each.callback}
    assert names == {"request", "withdraw", "settle", "resume", "show", "mark"}


def test_a_refund_without_an_answer_is_settled_by_the_statement(
    desk: Desk, scene: Refunding
) -> None:
    payment_id = scene.owed()
    scene.daraja.set_next("ack_hang_lost", api="reversal")
    scene.send(payment_id)
    early = desk("refund", "settle", payment_id, "not-reversed", *ACCOUNT)
    assert (early.code, "24 hours" in early.err) == (1, True)
    scene.pass_time(86_400)
    scene.clean_up()
    assert desk("attention", "clear", payment_id, *ACCOUNT).code == 1
    line = ("refund", "settle", payment_id, "reversed", "--receipt", "refund0009", *ACCOUNT)
    assert desk(*line).code == 0
    shown = desk.json("refund", "show", payment_id)
    assert (shown["state"], shown["receipt_number"]) == ("returned", "REFUND0009")


def test_stopped_refunds_are_resumed_after_a_new_credential(desk: Desk, scene: Refunding) -> None:
    scene.gates.stop("8006", now=int(scene.clock()))
    assert desk.json("refund", "show")["stopped"] == "8006"
    assert desk("refund", "resume", *ACCOUNT).code == 1
    scene.pass_time(60)
    scene.set_credential(PASSWORD)
    scene.pass_time(60)
    assert desk("refund", "resume", *ACCOUNT).code == 0
    assert desk.json("refund", "show")["stopped"] is None
    assert desk.json("initiator", "show")["instructions"][-1]["asked"].endswith("by 8006")


def test_without_an_initiator_every_refund_verb_says_that_it_is_manual() -> None:
    scene = Refunding(has_initiator=False)
    desk = Desk(scene)
    payment_id = scene.owed()
    for line in (("refund", "request", payment_id, *ACCOUNT), ("money", "ask", "RKT12345")):
        answer = desk(*line)
        assert answer.code == 1
        assert "No initiator is configured" in answer.err
    assert desk.json("refund", "show")["configured"] is False
    assert desk("refund", "mark", payment_id, *ACCOUNT).code == 0


def test_a_receipt_is_asked_about_twenty_times_an_hour(desk: Desk, scene: Refunding) -> None:
    payment_id = scene.owed()
    receipt = scene.payment(payment_id).receipt_number
    assert receipt is not None
    for _ in range(20):
        scene.services.refunds().function.ask_receipt(receipt, by=CHECKER)
    scene.pass_time(5)
    asked = scene.gates.get_ask(receipt)
    assert asked is not None
    assert asked.answer == "Completed, KES 1,000, to 174379"
    answer = desk("money", "ask", receipt)
    assert (answer.code, "twenty times" in answer.err) == (1, True)
    scene.pass_time(3600)
    assert desk.json("money", "ask", receipt)["asked_by"] == IDENTITY
