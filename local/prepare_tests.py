"""Makes a machine ready for `make test`: environments, Node, PHP, Chromium and npm's packages.

`python3.13 -m local.prepare_tests` begins with the standard library alone. Its first lines say what
is missing. Debian as root gets it from apt-get. Elsewhere Node comes from PyPI, Chromium from
Playwright, and what nobody here can install is named.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local import environments, node

ROOT = environments.ROOT
# A page in the headless shell costs a third of one in a whole Chromium; any of them will do.
HEADLESS_SHELL = "chromium-headless-shell"
CHROMIUM = (
    HEADLESS_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# Command, and Debian's package of it.
COMMANDS = {"bash": "bash", "curl": "curl", "git": "git"}
# The webhook receiver in PHP, which a test runs.
PHP = ("php-cli", "php-sqlite3")
PLAYWRIGHT = ROOT / ".venv" / "bin" / "playwright"

type Run = Callable[[Sequence[str | Path]], int]
type Find = Callable[[str], str | None]


class MissingToolError(Exception):
    """A tool is missing and cannot be installed here; the message names it and the way out."""


def main() -> int:
    """Prepare the machine; 1 with a sentence where something is missing for good."""
    try:
        wanted = missing_packages(shutil.which, has_php=has_php(shutil.which))
        can_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
        install_packages(wanted, can_install=can_install, run=run)
        environments.prepare(list(environments.ENVIRONMENTS))
        if not has_own_browser(os.environ):
            prepare_browser(shutil.which, can_install=can_install, run=run)
        node.install_packages()
    except (MissingToolError, environments.SetupError, node.NodeError) as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


def missing_packages(find: Find, *, has_php: bool) -> list[str]:
    """Name Debian's packages of what the tests need and this machine lacks."""
    missing = [package for command, package in COMMANDS.items() if find(command) is None]
    if not has_php:
        missing += PHP
    return missing


def has_php(find: Find) -> bool:
    """True where PHP runs here and can open a SQLite database."""
    php = find("php")
    asked = "exit(extension_loaded('pdo_sqlite') ? 0 : 1);"
    return php is not None and run([php, "-r", asked]) == 0


def has_own_browser(environment: Mapping[str, str]) -> bool:
    """True where Playwright has installed its own Chromium for this user."""
    folder = environment.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = (
        [Path(folder)]
        if folder
        else [
            Path.home() / ".cache" / "ms-playwright",
            Path.home() / "Library" / "Caches" / "ms-playwright",
        ]
    )
    return any(found for each in folders for found in each.glob("chromium-*"))


def install_packages(packages: Sequence[str], *, can_install: bool, run: Run) -> None:
    """Install with apt-get. Errors: MissingToolError names what cannot be installed here."""
    if not packages:
        return
    if not can_install:
        raise MissingToolError(
            f"the tests need {', '.join(packages)}; install what is missing and run this again"
        )
    if not _apt_installs(packages, run):
        raise MissingToolError(f"apt-get could not install {', '.join(packages)}")


def prepare_browser(find: Find, *, can_install: bool, run: Run) -> None:
    """Install the headless shell with apt-get, else use the machine's Chromium or Playwright's own.

    Errors: MissingToolError says what to do.
    """
    if find(HEADLESS_SHELL) is not None:
        return
    if can_install and _apt_installs([HEADLESS_SHELL], run):
        return
    if any(map(find, CHROMIUM)):
        return
    print("  · Playwright downloads its Chromium, once ...", flush=True)
    if run((PLAYWRIGHT, "install", "chromium")) != 0:
        raise MissingToolError(
            "Chromium is missing and Playwright could not download one; install Chromium or Chrome"
        )


def _apt_installs(packages: Sequence[str], run: Run) -> bool:
    """Install with apt-get: True where it worked."""
    print(f"  · apt-get installs {', '.join(packages)} ...", flush=True)
    apt = ("apt-get", "-qq")
    # A new machine knows no package before the update; an old one may do without.
    run((*apt, "update"))
    return run((*apt, "install", "--yes", "--no-install-recommends", *packages)) == 0


def run(command: Sequence[str | Path]) -> int:
    """Run a command whose output is only for failures; give its exit code."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=ROOT,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout.rstrip(), file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
