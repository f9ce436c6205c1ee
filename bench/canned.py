"""driver.py with AWS's answers kept in a file, or given from it without a call.

    python canned.py app:handler events.json answers.json keep|give calls

Given answers leave of an invocation what is not the AWS client: reading the request, deciding,
logging. Both runs have the same events in the same order.
"""

import pickle
import sys
from pathlib import Path
from typing import Any

import driver  # type: ignore[import-not-found]
from botocore.client import BaseClient


def keep(answers: list[Any]) -> None:
    """Let each call go on, and keep its answer."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def kept(self: Any, name: str, parameters: Any) -> Any:
        answers.append(call(self, name, parameters))
        return answers[-1]

    BaseClient._make_api_call = kept  # type: ignore[attr-defined]


def give(answers: list[Any]) -> None:
    """Answer each call from the list; nothing is signed, sent or read."""
    following = iter(answers)
    BaseClient._make_api_call = lambda *_: next(following)  # type: ignore[attr-defined]


def main() -> None:
    """Invoke as driver.py does."""
    file, mode = Path(sys.argv.pop()), sys.argv.pop()
    answers: list[Any] = [] if mode == "keep" else pickle.loads(file.read_bytes())
    (keep if mode == "keep" else give)(answers)
    driver.main()
    if mode == "keep":
        file.write_bytes(pickle.dumps(answers))


if __name__ == "__main__":
    main()
