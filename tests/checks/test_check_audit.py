"""The audit of dependencies: what it can know offline, and that silence is never a clean bill."""

import json
from collections.abc import Sequence

import pytest

from tools import check_audit
from tools.check_audit import Findings

HASH = "--hash=sha256:" + "0" * 64
GOOD = (
    f"requests==2.34.2 \\\n    {HASH}\nboto3[crt]==1.44.5 ; python_version < '4' \\\n    {HASH}\n"
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("requests>=2\n", "is not pinned with ==: requests>=2"),
        ("requests\n", "is not pinned with ==: requests"),
        ("requests==2.34.2\n", "has no hash: requests"),
        ("-r other.txt\n", "is not pinned with ==: -r"),
        ("--index-url elsewhere\n", "names an index: --index-url"),
        ("--extra-index-url elsewhere\n", "names an index: --extra-index-url"),
        ("-e .\n", "is not pinned with ==: -e"),
        ("git+https://example.org/a.git\n", "is not pinned with ==: git+https://example.org/a.git"),
    ],
)
def test_an_unsafe_requirement_is_a_fault(text: str, fault: str) -> None:
    assert check_audit.pins(GOOD + text)[1] == [fault]


def test_pins_with_hashes_are_read() -> None:
    versions, faults = check_audit.pins(f"# made by a tool\n{GOOD}    # via boto3\n")
    assert versions == {"requests": "2.34.2", "boto3": "1.44.5"}
    assert faults == []


def test_tests_must_run_the_versions_that_aws_runs() -> None:
    files = {
        "shared/requirements.txt": {"boto3": "1.44.5", "six": "1.17.0"},
        "requirements/dev.txt": {"boto3": "1.44.4", "pytest": "9.2.0"},
    }
    assert check_audit.disagreements(files) == [
        "boto3 is 1.44.5 in shared/requirements.txt but 1.44.4 in requirements/dev.txt"
    ]


def test_a_report_tells_asked_vulnerable_and_unanswered_apart() -> None:
    weakness = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
    report = {
        "dependencies": [
            {"name": "a", "version": "1.0", "vulns": []},
            {"name": "b", "version": "1.0", "vulns": [weakness]},
            {"name": "c", "skip_reason": "Dependency not found on PyPI"},
        ],
        "fixes": [],
    }
    assert check_audit.read_report(json.dumps(report)) == Findings(
        audited=2, vulnerable=["b 1.0: PYSEC-1 (fixed in 2.0)"], unanswered=["c"]
    )


@pytest.mark.parametrize(
    ("findings", "arguments", "code", "says"),
    [
        (Findings(audited=3), [], 0, "3 asked about"),
        (Findings(unanswered=["a"]), [], 0, "could NOT be checked"),
        (Findings(unanswered=["a"]), ["--strict"], 1, "could NOT be checked"),
        (Findings(audited=3, vulnerable=["b 1.0: PYSEC-1"]), [], 1, "PYSEC-1"),
    ],
)
def test_silence_is_said_and_a_weakness_fails(
    findings: Findings,
    arguments: Sequence[str],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check_audit.main(arguments, lambda _: findings) == code
    assert says in capsys.readouterr().out


def test_every_committed_requirement_file_is_pinned_with_hashes() -> None:
    files = check_audit.requirement_files()
    names = {str(path.relative_to(check_audit.ROOT)) for path in files}
    assert {"shared/requirements.txt", "functions/authorizer/requirements.txt"} <= names
    assert {"requirements/dev.txt", "requirements/emulator.txt"} <= names
    for path in files:
        assert check_audit.pins(path.read_text())[1] == []
