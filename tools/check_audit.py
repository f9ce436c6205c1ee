"""Audits the pinned dependencies: offline for what can be known here, then for known weaknesses.

Offline, every requirement must be pinned to one version with hashes, name no index, and agree with
the other files. Then pip-audit asks PyPI for advisories. Where it gets no answer this says so in
plain words: no answer is never shown as a clean one. `--strict` (CI) makes that a failure too.

Usage: python tools/check_audit.py [--strict]
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_MAX = 180
RED, YELLOW = "31", "33"
# Separate environments may pin different versions; what runs in Lambda and its tests may not.
SAME_ENVIRONMENT = ("shared/requirements.txt", "functions/authorizer/requirements.txt")
DEVELOPMENT = "requirements/dev.txt"

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_INDEX = re.compile(r"^\s*(--(extra-)?index-url|-i\s|--find-links|--trusted-host)")


@dataclass
class Findings:
    """What one requirement file's audit found."""

    audited: int = 0
    vulnerable: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


def requirement_entries(text: str) -> Iterable[str]:
    """Gives each requirement with its continuation lines joined."""
    for entry in text.replace("\\\n", " ").splitlines():
        stripped = entry.split(" #")[0].strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def pins(text: str) -> tuple[Mapping[str, str], Sequence[str]]:
    """Returns the versions by name, and a sentence for each entry that is not a safe pin."""
    versions: dict[str, str] = {}
    faults: list[str] = []
    for entry in requirement_entries(text):
        match = _PIN.match(entry)
        if _INDEX.match(entry):
            faults.append(f"names an index: {entry.split()[0]}")
        elif match is None:
            faults.append(f"is not pinned with ==: {entry.split()[0]}")
        elif "--hash=sha256:" not in entry:
            faults.append(f"has no hash: {match['name']}")
        else:
            versions[match["name"].lower().replace("_", "-")] = match["version"]
    return versions, faults


def disagreements(files: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """Returns a sentence for each package that the tests would run in another version than AWS."""
    development = files.get(DEVELOPMENT, {})
    return [
        f"{name} is {version} in {file} but {development[name]} in {DEVELOPMENT}"
        for file in SAME_ENVIRONMENT
        for name, version in files.get(file, {}).items()
        if development.get(name, version) != version
    ]


def read_report(report: str) -> Findings:
    """Reads pip-audit's JSON. A dependency it could not ask about counts as unanswered."""
    findings = Findings()
    for dependency in json.loads(report)["dependencies"]:
        if "skip_reason" in dependency:
            findings.unanswered.append(dependency["name"])
            continue
        findings.audited += 1
        for weakness in dependency["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
            name = f"{dependency['name']} {dependency['version']}"
            findings.vulnerable.append(f"{name}: {weakness['id']} (fixed in {fixed})")
    return findings


def ask(file: Path) -> Findings:
    """Asks for advisories about every pin of the file; never fails because nobody answered."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--disable-pip"]
    command += ["--require-hashes", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command and our own file names
            command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        return read_report(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        versions, _ = pins(file.read_text())
        return Findings(unanswered=list(versions))


def say(text: str, colour: str = "") -> None:
    """Prints a line, coloured only on a terminal."""
    is_plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or not colour
    print(text if is_plain else f"\x1b[{colour}m{text}\x1b[0m", flush=True)


def requirement_files() -> Sequence[Path]:
    """Returns every compiled requirement file of the repository."""
    folders = [ROOT / "shared", *sorted((ROOT / "functions").iterdir())]
    beside_code = [folder / "requirements.txt" for folder in folders]
    found = [path for path in beside_code if path.is_file()]
    return [*found, *sorted((ROOT / "requirements").glob("*.txt"))]


def main(arguments: Sequence[str], ask: Callable[[Path], Findings] = ask) -> int:
    """Returns 0 where nothing bad was found, 1 where something was."""
    is_strict = "--strict" in arguments
    versions: dict[str, Mapping[str, str]] = {}
    bad: list[str] = []
    unanswered = 0
    is_silent = False
    for path in requirement_files():
        name = str(path.relative_to(ROOT))
        versions[name], faults = pins(path.read_text())
        # Where nobody answers about the first file, nobody will about the next.
        findings = Findings(unanswered=list(versions[name])) if is_silent else ask(path)
        is_silent = findings.audited == 0
        bad += [f"{name} {fault}" for fault in [*faults, *findings.vulnerable]]
        unanswered += len(findings.unanswered)
        say(f"  {name}: {len(versions[name])} pins with hashes, {findings.audited} asked about")
    bad += disagreements(versions)
    for sentence in bad:
        say(f"  \u2717 {sentence}", RED)
    if unanswered:
        say(
            f"  ! {unanswered} pins could NOT be checked for known weaknesses: the advisories",
            YELLOW,
        )
        say("    of PyPI did not answer. Run it again where there is internet.", YELLOW)
    return 1 if bad or (unanswered and is_strict) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
