"""Builds the unmodified template for this machine, and only where something changed."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.console import Console
from local.errors import LocalStackError
from local.settings import ROOT

ARCHITECTURE = "x86_64"
# `sam build` empties its folder first, so the mark of what was built stands beside it.
BUILD = ROOT / ".local" / "build"
MARK = ROOT / ".local" / "build.sha256"
LOCK = ROOT / ".local" / "build.lock"
INPUTS = (
    "template.yaml",
    "shared",
    "functions",
    "tools/slim_layer.py",
    "tools/trim_descriptions.py",
    "tools/layer_services.txt",
)
SAM = (str(ROOT / ".venvs" / "build" / "bin" / "sam"),)
PARAMETERS = ("--parameter-overrides", f"Arch={ARCHITECTURE}")
OUTPUT_LINES_SHOWN = 20


def build_if_changed(console: Console) -> str:
    """Make the build folder match the sources, and give the digest of what was built.

    Two stacks share the folder, so only one of them builds at a time.
    """
    BUILD.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build_if_changed(console)


def _build_if_changed(console: Console) -> str:
    wanted = digest_inputs(ROOT)
    if MARK.exists() and MARK.read_text() == wanted and (BUILD / "template.yaml").exists():
        console.say(f"  {console.paint('·', 'cyan')} build unchanged")
        return wanted
    MARK.unlink(missing_ok=True)
    with console.step("sam build, then slim the layer"):
        run([*SAM, "build", "--parallel", "--build-dir", str(BUILD), *PARAMETERS])
        run([sys.executable, "-m", "tools.slim_layer", str(BUILD)])
    MARK.write_text(wanted)
    return wanted


def digest_inputs(root: Path) -> str:
    """Digest every file that the build reads, with its name."""
    digest = hashlib.sha256(ARCHITECTURE.encode())
    for path in _walk_inputs(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run(command: list[str], *, environment: dict[str, str] | None = None) -> str:
    """Run a command from the root of the repository and give its output.

    Errors: LocalStackError with the end of the output where it fails.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    base = environment if environment is not None else dict(os.environ)
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=ROOT,
        env={**base, "SAM_CLI_TELEMETRY": "0", "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        end = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-OUTPUT_LINES_SHOWN:])
        raise LocalStackError(f"{' '.join(command[:2])} failed:\n{end}")
    return done.stdout


def _walk_inputs(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        start = root / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
