"""The secret scan finds what it must, and shows none of it."""

from pathlib import Path

import pytest

from tools import check_secrets

# Put together here, so that the scan does not find this file.
AWS_KEY = "AKIA" + "Q3EGRIXV" + "7Z5LYT2M"
PRIVATE_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----"
TOKEN = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJjbGllbnQtMSJ9", "c2lnbmF0dXJlLW9mLXRva2Vu"])
PASSKEY = "".join(["7f3d0c", "91be42", "a8d6f1", "0e95c7", "b2638d", "4fa11c"])


def scan(folder: Path, name: str, line: str) -> list[str]:
    path = folder / Path(name).name
    path.write_text(line + "\n")
    return [each.kind for each in check_secrets.scan_file(path, name, {})]


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("shared/payments/a.py", f'KEY = "{AWS_KEY}"', "AWS Access Key"),
        ("tests/unit/a.py", f'KEY = "{AWS_KEY}"', "AWS Access Key"),
        ("tests/payloads/a.json", PRIVATE_KEY, "Private Key"),
        ("tests/unit/a.py", f'"{TOKEN}"', "JSON Web Token"),
        ("shared/payments/a.py", f'X = "{PASSKEY}"', "Hex High Entropy String"),
        ("samconfig.toml", f'passkey_secret = "{PASSKEY}"', "Secret Keyword"),
        ("docs/a.md", f"password: '{PASSKEY[:20]}'", "Secret Keyword"),
        (
            "local/.env.example",
            "https://user:" + "hunter2hunter@pay.example",
            "Basic Auth Credentials",
        ),
    ],
)
def test_a_planted_secret_is_found(tmp_path: Path, name: str, line: str, kind: str) -> None:
    assert kind in scan(tmp_path, name, line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tests/unit/a.py", 'SECRET = "a-made-up-secret-of-a-test-0123456789"'),
        ("shared/payments/a.py", f'X = "{PASSKEY}"  # pragma: allowlist secret'),
        ("template.yaml", "Action: secretsmanager:GetSecretValue"),
    ],
)
def test_what_is_no_secret_passes(tmp_path: Path, name: str, line: str) -> None:
    assert scan(tmp_path, name, line) == []


def test_a_finding_does_not_repeat_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'KEY = "{AWS_KEY}"\n')
    assert check_secrets.main([str(path)]) == 1
    assert AWS_KEY not in capsys.readouterr().out


def test_an_allowed_text_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "allowed.txt"
    path.write_text("# comment\n\nabc\ta reason\n")
    assert check_secrets.allowed(path) == {"abc": "a reason"}
    path.write_text("abc\n")
    with pytest.raises(ValueError, match="give a reason"):
        check_secrets.allowed(path)


def test_the_committed_files_hold_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_secrets.main([]) == 0, capsys.readouterr().out


def test_code_and_templates_are_among_the_files_scanned() -> None:
    names = check_secrets.committed_files()
    assert {"template.yaml", "samconfig.toml", "functions/authorizer/app.py"} <= set(names)
    assert "requirements/dev.txt" not in names
