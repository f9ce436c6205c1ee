"""Makes the project's Python environments from their hash-pinned requirements, once for each hash.

`python3.13 -m local.environments dev build emulator` needs nothing but the standard library.
"""

import hashlib
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = (3, 13)
MARK = ".requirements.sha256"


@dataclass(frozen=True)
class Environment:
    """One environment: its folder and its requirements."""

    name: str
    folder: Path
    requirements: Path


ENVIRONMENTS = {
    each.name: each
    for each in (
        Environment("dev", ROOT / ".venv", ROOT / "requirements" / "dev.txt"),
        Environment("build", ROOT / ".venvs" / "build", ROOT / "requirements" / "build.txt"),
        Environment(
            "emulator", ROOT / ".venvs" / "emulator", ROOT / "requirements" / "emulator.txt"
        ),
        Environment("node", ROOT / ".venvs" / "node", ROOT / "requirements" / "node.txt"),
    )
}


class SetupError(Exception):
    """An environment cannot be made; the message says what to do."""


def main(names: list[str]) -> int:
    """Make the named environments; 1 with a sentence where one cannot be made."""
    try:
        prepare(names or list(ENVIRONMENTS))
    except SetupError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


def prepare(names: list[str]) -> None:
    """Make the named environments. Errors: SetupError says what to do."""
    check_python()
    for name in names:
        ensure(ENVIRONMENTS[name])


def check_python() -> None:
    """Pass only under the Python of the Lambda runtime."""
    if sys.version_info[:2] != VERSION:
        found = ".".join(str(part) for part in sys.version_info[:2])
        raise SetupError(
            f"Python 3.13 is needed, this is {found}. Install it (for example with pyenv, uv or "
            "your system's packages) and run: make PYTHON=/path/to/python3.13 ..."
        )


def ensure(environment: Environment) -> bool:
    """Install exactly the pinned requirements; False where they already were.

    Idempotent: the digest of the requirements file is kept in the environment.
    """
    wanted = digest(environment.requirements)
    mark = environment.folder / MARK
    if mark.exists() and mark.read_text() == wanted and _python_of(environment).exists():
        return False
    name = environment.requirements.relative_to(ROOT)
    print(f"  · Python packages of {name}, once while it stays the same ...", flush=True)
    started = time.monotonic()
    if not _python_of(environment).exists():
        _create(environment.folder)
    if environment.name == "dev":
        _run_pip(environment, ROOT / "requirements" / "uv.txt")
    _install(environment)
    mark.write_text(wanted)
    print(f"    installed in {time.monotonic() - started:.0f} s", flush=True)
    return True


def digest(requirements: Path) -> str:
    """Digest the requirements, the interpreter's version and how they are installed."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return hashlib.sha256(f"{version} compiled".encode() + requirements.read_bytes()).hexdigest()


def _create(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError(
            "this Python cannot make an environment with pip. On Debian and Ubuntu install "
            "python3.13-venv"
        ) from error


def _install(environment: Environment) -> None:
    """uv is many times faster; pip is what every Python has, and knows every configuration."""
    uv = find_uv()
    python = str(_python_of(environment))
    requirements = ["--require-hashes", "-r", str(environment.requirements)]
    if uv is not None:
        command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        command += requirements
        if subprocess.run(command, check=False, cwd=ROOT).returncode == 0:  # noqa: S603
            return
        print("    uv could not install them; trying pip", flush=True)
    _run_pip(environment, environment.requirements)


def _run_pip(environment: Environment, requirements: Path) -> None:
    command = [str(_python_of(environment)), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", str(requirements)]
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:  # noqa: S603
        raise SetupError(
            f"installing {requirements.name} failed; pip's words stand above. "
            "Is the package index reachable?"
        )


def find_uv() -> str | None:
    """The uv of the dev environment, else one of the system."""
    own = ROOT / ".venv" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv")


def _python_of(environment: Environment) -> Path:
    return environment.folder / "bin" / "python"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
