"""`.local/stack.json`: how to reach the stack that is running, for `make demo`, tests and tools."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from local.processes import answers, is_alive

SCHEMA = 1


@dataclass(frozen=True)
class StackState:
    """One running stack. Shape: addresses without a slash at the end; ids of its processes.

    `paybill` is the shortcode that takes money by hand, None where there is none.
    """

    api_url: str
    demo_url: str
    simulator_url: str | None
    endpoint_url: str
    region: str
    daraja: str
    callback_url_base: str
    outputs: dict[str, str]
    table_name: str
    customer_id: str
    customer_token: str
    booking_token: str
    build_digest: str
    pid: int
    pids: dict[str, int]
    paybill: str | None = None
    schema: int = SCHEMA

    @property
    def is_running(self) -> bool:
        """True while the stack's own process lives and its gateway answers."""
        port = int(self.api_url.rpartition(":")[2])
        return is_alive(self.pid) and answers(port)


def write_state(file: Path, state: StackState) -> None:
    """Write the file whole, readable by its owner only: it holds tokens."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    with open(draft, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        json.dump(asdict(state), output, indent=2)
    draft.replace(file)


def read_running(file: Path) -> StackState | None:
    """Give the stack that the file describes, or None where none runs."""
    try:
        document = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if document.get("schema") != SCHEMA:
        return None
    state = StackState(**document)
    return state if state.is_running else None


def forget(file: Path, pid: int) -> None:
    """Remove the file where it describes this process's stack; another's stays."""
    try:
        described = json.loads(file.read_text()).get("pid")
    except (FileNotFoundError, ValueError):
        return
    if described == pid:
        file.unlink(missing_ok=True)
