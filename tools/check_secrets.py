"""Scans every committed file for secrets with detect-secrets.

Product files are scanned with every detector. Tests, which are full of made-up passwords, are
scanned with those that know the shape of a real credential. What looks like a secret and is none
stands in allowed_secrets.txt with its reason, or ends its line with `pragma: allowlist secret`.

Usage: python tools/check_secrets.py [files]
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detect_secrets.core import scan
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
ALLOWED_FILE = Path(__file__).with_name("allowed_secrets.txt")
GUESSING = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector")
"""Detectors that judge by how random a text looks, or by the name before it."""
TEST_FOLDERS = ("tests/", "bench/")
# Hashes of packages are random by nature; pictures are not text.
LEFT_OUT = re.compile(
    r"(^|/)requirements[^/]*/?[^/]*\.txt$|\.(png|jpg|ico|woff2|lock)$|-lock\.json$"
)
# The name of an IAM action and a reference to a secret are not the secret.
NO_SECRET = re.compile(
    r"^(GetSecretValue\b|!GetAtt |!Ref |!Sub |\$\{|\$\(|process\.env|os\.environ)"
)


@dataclass(frozen=True)
class Found:
    """One suspicion; the text itself is not shown, in case it is real."""

    file: str
    line: int
    kind: str


def committed_files() -> Sequence[str]:
    """Returns the files git knows, with those that are about to be committed."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return [name for name in done.stdout.splitlines() if not LEFT_OUT.search(name)]


def allowed(file: Path = ALLOWED_FILE) -> Mapping[str, str]:
    """Returns the reason for each allowed text. Errors: ValueError where a reason is missing."""
    reasons: dict[str, str] = {}
    for line in file.read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        text, _, reason = line.partition("\t")
        if not reason.strip():
            raise ValueError(f"{file.name}: give a reason after a tab for {text[:6]}...")
        reasons[text] = reason
    return reasons


def settings_for(name: str) -> dict[str, Any]:
    """Returns detect-secrets' settings: every detector, or for tests those that do not guess."""
    is_test = name.startswith(TEST_FOLDERS)
    classes: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    kinds = {each.__name__ for each in classes}
    chosen = sorted(kinds - set(GUESSING) if is_test else kinds)
    return {"plugins_used": [{"name": kind} for kind in chosen]}


def scan_file(path: Path, name: str, reasons: Mapping[str, str]) -> Iterator[Found]:
    """Gives each suspicion in the file, without those that are allowed."""
    with transient_settings(settings_for(name)):
        for secret in scan.scan_file(str(path)):
            text = secret.secret_value or ""
            if text not in reasons and not NO_SECRET.match(text):
                yield Found(name, secret.line_number, secret.type)


def main(arguments: Sequence[str]) -> int:
    """Returns 0 where nothing was found, 1 where something was."""
    reasons = allowed()
    names = list(arguments) or committed_files()
    found = [each for name in names for each in scan_file(ROOT / name, name, reasons)]
    for each in found:
        print(f"  ✗ {each.file}:{each.line} looks like a secret ({each.kind})")
    if found:
        print("  A real one: revoke it. None: say why in tools/allowed_secrets.txt.")
    print(f"  {len(names)} files scanned for secrets, {len(found)} suspicions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
