"""Compiles the pinned requirements from the *.in files, or checks that they still agree.

`python -m local.requirements compile` keeps every pin that still fits; `upgrade` takes the newest;
`check` changes nothing and fails where a *.txt is not what its *.in says. No file records the
address of a package index.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"
# In this order: dev is constrained by what the two layers pin.
SOURCES = (
    "shared/requirements.in",
    "layers/cryptography/requirements.in",
    "requirements/uv.in",
    "requirements/dev.in",
    "requirements/build.in",
    "requirements/emulator.in",
    "requirements/node.in",
)
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--universal",
    "--python-version=3.13",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
)


def main(arguments: list[str]) -> int:
    """Compile, upgrade or check every file; 1 where a check fails."""
    action = arguments[0] if arguments else "check"
    if action == "check":
        return _check()
    for name in SOURCES:
        source = ROOT / name
        upgrade = ("--upgrade",) if action == "upgrade" else ()
        _compile(source, source.with_suffix(".txt"), *upgrade)
        print(f"  · {source.with_suffix('.txt').relative_to(ROOT)}")
    return 0


def _check() -> int:
    drifted = [name for name in SOURCES if _has_drifted(ROOT / name)]
    for name in drifted:
        print(f"{Path(name).with_suffix('.txt')} is not what {name} says", file=sys.stderr)
    if drifted:
        print("run `make requirements` and commit the result", file=sys.stderr)
    return 1 if drifted else 0


def _has_drifted(source: Path) -> bool:
    pinned = source.with_suffix(".txt")
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / pinned.name
        shutil.copyfile(pinned, again)
        _compile(source, again)
        return again.read_text() != pinned.read_text()


def _compile(source: Path, target: Path, *options: str) -> None:
    command = [str(UV), "pip", "compile", *OPTIONS, *options, str(source), "-o", str(target)]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
