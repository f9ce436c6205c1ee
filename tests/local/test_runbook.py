"""The runbook is followed as it is written: each block is typed at a terminal, in its situation."""

import re
import subprocess
from pathlib import Path

import pytest

from local.client import SimulatorClient
from local.settings import ROOT
from local.state import StackState, write_state
from tests.local.conftest import Customer
from tests.local.runbook import RUNBOOK, Block, anchors, read_blocks, type_block
from tests.local.runbook_scene import Scene
from tests.local.runbook_situations import SITUATIONS
from tools.hakika.app import VERBS

TEXT = RUNBOOK.read_text(encoding="utf-8")
BLOCKS = read_blocks(TEXT)
LOCAL = [block for block in BLOCKS if block.audience == "local"]
SECTIONS = list(dict.fromkeys(block.section for block in LOCAL))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_procedure_works_as_written(
    section: str,
    stack: StackState,
    customer: Customer,
    simulator: SimulatorClient,
    tmp_path: Path,
) -> None:
    write_state(tmp_path / "stack.json", stack)
    scene = Scene(stack=stack, customer=customer, simulator=simulator, folder=tmp_path)
    story = SITUATIONS[section](scene)
    known = {"HAKIKA_LOCAL_FILE": str(tmp_path / "stack.json")}
    for block in [block for block in LOCAL if block.section == section]:
        known |= next(story, {})
        typed = type_block(block.commands, environment=known, folder=tmp_path)
        assert typed.code == 0, f"{block.commands}\n\n{typed.output}"
    assert next(story, None) in (None, {}), "the situation waits for a block that is not there"


def test_every_block_says_for_whom_it_is() -> None:
    assert {(block.kind, block.audience) for block in BLOCKS} == {
        ("console", "local"),
        ("console", "aws"),
    }


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.section}-{block.audience}")
def test_every_block_is_bash(block: Block) -> None:
    checked = subprocess.run(["bash", "-n", "-c", block.commands], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_situation_belongs_to_a_section_with_commands() -> None:
    assert set(SITUATIONS) == set(SECTIONS)


def test_every_alarm_of_the_template_finds_its_section() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    named = re.findall(r"AlarmDescription: .*docs/runbook\.md#([a-z-]+)", template)
    assert len(named) == len(re.findall(r"Type: AWS::CloudWatch::Alarm", template)) == 16
    assert set(named) <= set(anchors(TEXT))


def test_every_link_within_the_page_leads_somewhere() -> None:
    found = anchors(TEXT)
    assert len(found) == len(set(found))
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= set(found)


def test_every_command_in_the_text_is_a_verb_of_hakika() -> None:
    used = set(re.findall(r"hakika ([a-z][a-z-]*)", TEXT)) - {"is", "talks"}
    assert used <= set(VERBS)
