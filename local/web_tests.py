"""Checks the types of the JavaScript client and runs its tests, with Node."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "web"

# npm writes it when an installation is complete.
MARK = FOLDER / "node_modules" / ".package-lock.json"


def main() -> int:
    """Run the tests; 1 with a sentence where Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("Node.js with npm is missing; it runs the tests of web/.", file=sys.stderr)
        return 1
    if not is_installed():
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(install, cwd=FOLDER, check=False).returncode != 0:  # noqa: S603
            return 1
    for script in ("types", "test"):
        command = [npm, "run", "--silent", script]
        if subprocess.run(command, cwd=FOLDER, check=False).returncode != 0:  # noqa: S603
            return 1
    return 0


def is_installed() -> bool:
    """True where the packages were installed whole, and after package.json was last changed."""
    return MARK.exists() and MARK.stat().st_mtime >= (FOLDER / "package.json").stat().st_mtime


if __name__ == "__main__":
    sys.exit(main())
