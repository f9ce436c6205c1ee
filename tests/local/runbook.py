"""Reads docs/runbook.md and types its commands at a terminal, answering what it asks."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.settings import ROOT

RUNBOOK = ROOT / "docs" / "runbook.md"
BLOCK_SECONDS_MAX = 300.0
ANSWERS = (("Who are you?", b"\n"), ("Go on?", b"y\n"))
_FENCE = re.compile(r"^```(\w*) ?(\w*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block: under which heading, for whom, and its commands."""

    section: str
    kind: str
    audience: str
    commands: str


@dataclass(frozen=True)
class Typed:
    """What a block said, and how it ended."""

    code: int
    output: str


def read_blocks(text: str) -> list[Block]:
    """Give every fenced block with the anchor of the heading it stands under."""
    blocks: list[Block] = []
    section, opened, lines = "", None, list[str]()
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if opened is None and line.startswith("#"):
            section = anchor(line)
        elif opened is None and fence:
            opened, lines = fence, []
        elif opened is not None and line == "```":
            blocks.append(Block(section, opened[1], opened[2], "\n".join(lines)))
            opened = None
        elif opened is not None:
            lines.append(line)
    assert opened is None, "a block is never closed"
    return blocks


def anchors(text: str) -> list[str]:
    """Give the anchors of all headings, as GitHub makes them."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [anchor(line) for line in outside.splitlines() if line.startswith("#")]


def anchor(heading: str) -> str:
    """Give a heading's anchor: lower case, punctuation dropped, hyphens for spaces."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")


def type_block(commands: str, *, environment: Mapping[str, str], folder: Path) -> Typed:
    """Run a block in bash, at a terminal; the first command that fails ends it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-c", f"set -eu\n{commands}"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=_environment(environment),
        cwd=folder,
        start_new_session=True,
    )
    os.close(slave)
    try:
        output = _converse(master, process)
    finally:
        if process.poll() is None:
            process.kill()
        os.close(master)
    return Typed(code=process.wait(), output=output)


def _converse(master: int, process: subprocess.Popen[bytes]) -> str:
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
        for question, reply in ANSWERS:
            if question in unanswered and unanswered.rstrip().endswith(("]:", "]")):
                os.write(master, reply)
                answered = len(output)
                break
    else:
        raise AssertionError(f"no end after {BLOCK_SECONDS_MAX:.0f} s: {output.decode()[-2000:]}")
    return output.decode(errors="replace").replace("\r\n", "\n")


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{ROOT / 'bin'}:{os.environ['PATH']}"
    return {
        **plain,
        "PATH": path,
        "TERM": "xterm-256color",
        "COLUMNS": "120",
        "USER": "njeri",
        **more,
    }
