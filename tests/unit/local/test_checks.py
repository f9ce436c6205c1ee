"""`make check` fails on what is wrong, and never shows a check that could not look as passed."""

import re
import subprocess
from pathlib import Path

import pytest

from local import checks
from local.checks import ROOT, SECRETS, WEAKNESSES, Check, Verdict, committed_files, judge

REAL_SECRETS, OF_TESTS = SECRETS
# Put together here, so that the scan does not find this file.
AWS_KEY = "AKIA" + "Q3EGRIXV" + "7Z5LYT2M"
PASSKEY = "".join(["7f3d0c", "91be42", "a8d6f1", "0e95c7", "b2638d", "4fa11c"])
TOKEN = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJjbGllbnQtMSJ9", "c2lnbmF0dXJlLW9mLXRva2Vu"])
PLANTED = (
    f'KEY = "{AWS_KEY}"',
    "-----BEGIN " + "RSA PRIVATE KEY-----",
    f'"{TOKEN}"',
    "https://user:" + "hunter2hunter@pay.example",
    f'X = "{PASSKEY}"',
    f'passkey_secret = "{PASSKEY[:20]}"',
)
EXACT = {"AWS Access Key", "Private Key", "JSON Web Token", "Basic Auth Credentials"}
GUESSED = {"Hex High Entropy String", "Secret Keyword"}


def scan(check: Check, *files: str) -> tuple[int, str]:
    done = subprocess.run(
        [*check.command, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("check", "kinds"), [(REAL_SECRETS, EXACT | GUESSED), (OF_TESTS, EXACT)], ids=lambda each: ""
)
def test_a_planted_secret_is_found_and_not_repeated(
    tmp_path: Path, check: Check, kinds: set[str]
) -> None:
    planted = tmp_path / "settings.toml"
    planted.write_text("\n".join(PLANTED))
    code, output = scan(check, str(planted))
    assert code == 1
    assert set(re.findall(r"Secret Type: (.+)", output)) == kinds
    assert AWS_KEY not in output


def test_every_text_file_is_scanned_by_one_of_the_two() -> None:
    names = [name for check in SECRETS for name in committed_files(check.files)]
    assert len(names) == len(set(names))
    assert {"template.yaml", "samconfig.toml", "tests/conftest.py", "bench/cost.py"} <= set(names)
    left_out = set(committed_files((".",))) - set(names)
    known = re.compile(r"requirements|-lock\.json$|\.png$")
    assert [name for name in left_out if not known.search(name)] == []


@pytest.mark.parametrize(
    ("exit_code", "output", "verdict"),
    [
        (0, "No known vulnerabilities found", Verdict.PASSED),
        (
            1,
            "ERROR:pip_audit._cli:cffi: Dependency not found on PyPI and could not be audited",
            None,
        ),
        (1, "requests.exceptions.ConnectionError: HTTPSConnectionPool(...)", None),
        (1, "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed", None),
        (1, "Found 1 known vulnerability in 1 package\nName ...", Verdict.FAILED),
        (1, "Found 2 known vulnerabilities in 1 package\nConnectionError-lib 1.0", Verdict.FAILED),
        (1, "ERROR:pip_audit._cli:requirement a==1 does not contain a hash", Verdict.FAILED),
        (2, "pip-audit: error: unrecognized arguments: --strikt", Verdict.FAILED),
    ],
)
def test_an_audit_without_an_answer_is_neither_passed_nor_failed(
    exit_code: int, output: str, verdict: Verdict | None
) -> None:
    assert judge(WEAKNESSES[0], exit_code, output) is (verdict or Verdict.COULD_NOT_LOOK)


def test_any_other_failing_check_has_failed() -> None:
    plain = next(check for check in checks.CHECKS if check.silence is None)
    assert judge(plain, 1, "ConnectionError: timed out") is Verdict.FAILED


def test_what_is_pinned_is_audited_and_pinned_with_hashes() -> None:
    audited = {word for check in WEAKNESSES for word in check.command if word.endswith(".txt")}
    pinned = set(committed_files(("requirements/*.txt",)))
    assert audited == pinned
    dev = (ROOT / "requirements/dev.txt").read_text()
    for name in committed_files(("*requirements.txt",)):
        entries = re.findall(r"(?m)^[^\s#].*$", (ROOT / name).read_text())
        assert not [each for each in entries if each.rstrip(" \\") not in dev], name
    for name in (*pinned, *committed_files(("*requirements.txt",))):
        for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text().replace("\\\n", "")):
            assert not entry or entry.startswith("#") or re.match(r"[\w.\[\]-]+==.*sha256:", entry)
