"""Reads docs/runbook.md and types its commands at a terminal, answering what it asks."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import aws
from local.settings import ROOT

RUNBOOK = ROOT / "docs" / "runbook.md"
BLOCK_SECONDS_MAX = 300.0
PRELUDE = f"""
set -euo pipefail
aws() {{ PYTHONPATH="{ROOT}" "{sys.executable}" -m tests.local.aws_cli "$@"; }}
make() {{ command make --no-print-directory -C "{ROOT}" "$@"; }}
"""
"""The first command that fails ends a block, in a pipe too. `aws` is tests/local/aws_cli.py, and
`make` finds the repository's root although the block is typed in a folder of its own."""
_FENCE = re.compile(r"^\s*```\s*(.*?)\s*$")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
KIND = "console"


@dataclass(frozen=True)
class Block:
    """One fenced block: under which heading, of what kind, and its commands."""

    section: str
    kind: str
    commands: str


class CommandFailedError(AssertionError):
    """A command of a block ended with another code than 0."""

    def __init__(self, commands: str, code: int, output: str) -> None:
        super().__init__(f"exit code {code} from\n{commands}\n\n{output}")
        self.code = code


def read_blocks(text: str) -> list[Block]:
    """Give every fenced block with the anchor of the heading it stands under."""
    blocks: list[Block] = []
    section, kind, lines = "", None, list[str]()
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if kind is None and line.startswith("#"):
            section = anchor(line)
        elif kind is None and fence:
            kind, lines = fence[1], []
        elif kind is not None and fence:
            assert not fence[1], f"a block of {section} opens another"
            blocks.append(Block(section, kind, "\n".join(lines)))
            kind = None
        elif kind is not None:
            lines.append(line)
    assert kind is None, "a block is never closed"
    return blocks


def anchors(text: str) -> list[str]:
    """Give the anchors of all headings, as GitHub makes them."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [anchor(line) for line in outside.splitlines() if line.startswith("#")]


def anchor(heading: str) -> str:
    """Give a heading's anchor: lower case, punctuation dropped, hyphens for spaces."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")


def type_block(
    commands: str,
    *,
    environment: Mapping[str, str],
    answers: Mapping[str, str],
    endpoint_url: str,
    folder: Path,
) -> str:
    """Run a block in bash at a terminal, and give what it said. Errors: CommandFailedError."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-c", PRELUDE + commands],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**_environment(endpoint_url), **environment},
        cwd=folder,
        start_new_session=True,
    )
    os.close(slave)
    try:
        output = _converse(master, process, answers)
    finally:
        if process.poll() is None:
            process.kill()
        os.close(master)
    code = process.wait()
    if code != 0:
        raise CommandFailedError(commands, code, output)
    return output


def _converse(master: int, process: subprocess.Popen[bytes], answers: Mapping[str, str]) -> str:
    """Read until the end, answering each question once it is asked."""
    output, answered = b"", 0
    give_up_at = time.monotonic() + BLOCK_SECONDS_MAX
    while time.monotonic() < give_up_at:
        ready, _, _ = select.select([master], [], [], 0.5)
        if ready:
            try:
                output += os.read(master, 65_536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
        unanswered = output[answered:].decode(errors="replace")
        asked = [question for question in answers if question in unanswered]
        # The space comes once the terminal waits: what is typed before is thrown away.
        if asked and unanswered.endswith(": "):
            os.write(master, f"{answers[asked[-1]]}\n".encode())
            answered = len(output)
    else:
        raise AssertionError(f"no end after {BLOCK_SECONDS_MAX:.0f} s: {output.decode()[-2000:]}")
    return _COLOUR.sub("", output.decode(errors="replace").replace("\r\n", "\n"))


def _environment(endpoint_url: str) -> dict[str, str]:
    return {
        **aws.environment(os.environ, endpoint_url),
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
        "TERM": "xterm-256color",
        "COLUMNS": "120",
        "USER": "njeri",
    }
