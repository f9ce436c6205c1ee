"""`python -m tools.hakika`, which bin/hakika runs."""

import sys
from pathlib import Path

# The payment layer lies in shared/; everything that needs it is imported after this line.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared"))


def main() -> int:
    """Run the command with this process's arguments and terminal."""
    from tools.hakika.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
