"""Checks the types of the JavaScript client and runs its tests, with the project's own Node."""

import subprocess
import sys

from local import node


def main() -> int:
    """Run both; 1 where either fails, with a sentence where Node or a package is missing."""
    try:
        node.install_packages()
        commands = [node.npm("run", "--silent", script) for script in ("types", "test")]
        environment = node.environment()
    except node.NodeError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    codes = [
        subprocess.run(  # noqa: S603 - our own commands
            command, cwd=node.WEB_TESTS, env=environment, check=False
        ).returncode
        for command in commands
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
