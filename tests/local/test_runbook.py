"""The runbook is followed as it is written: each block is typed at a terminal, in its situation."""

import re
from contextlib import closing

import pytest

from local.settings import ROOT
from tests.local.aws_cli import BAD_USAGE, REFUSED
from tests.local.operator_desk import scene
from tests.local.runbook import (
    KIND,
    RUNBOOK,
    Block,
    CommandFailedError,
    anchors,
    read_blocks,
    type_block,
)
from tests.local.runbook_scene import Scene
from tests.local.runbook_situations import SITUATIONS, Story
from tools.hakika.app import VERBS

__all__ = ["scene"]

TEXT = RUNBOOK.read_text(encoding="utf-8")
BLOCKS = read_blocks(TEXT)
SECTIONS = list(dict.fromkeys(block.section for block in BLOCKS))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_procedure_works_as_written(section: str, scene: Scene) -> None:
    story = SITUATIONS[section](scene)
    follow(story, [block for block in BLOCKS if block.section == section], scene)


def follow(story: Story, blocks: list[Block], scene: Scene) -> None:
    """Type each block of a section; the story yields once for each, and then ends."""
    known, said = at_the_desk(scene), None
    with closing(story):
        for block in blocks:
            known |= story.send(said) if said is not None else next(story)
            said = type_block(
                block.commands,
                environment=known,
                answers=answers(scene),
                endpoint_url=scene.stack.endpoint_url,
                folder=scene.folder,
            )
        with pytest.raises(StopIteration):
            story.send(said or "")


def at_the_desk(scene: Scene) -> dict[str, str]:
    """What the page's first block would have set for this stack."""
    return {
        "HAKIKA_LOCAL_FILE": str(scene.folder / "stack.json"),
        "AWS_REGION": scene.stack.region,
        "ENV": "local",
        "STACK": scene.stack_name,
    }


def answers(scene: Scene) -> dict[str, str]:
    """What the person on duty replies to each question."""
    daraja = scene.secret("DarajaSecretArn")
    return {
        "Who are you?": "",
        "Go on?": "y",
        "Phone number": scene.customer.phone_number,
        "Consumer key": daraja["SAFARICOM_CONSUMER_KEY"],
        "Consumer secret": daraja["SAFARICOM_CONSUMER_SECRET"],
        "Passkey": daraja["SAFARICOM_PASSKEY"],
    }


def test_every_block_is_typed() -> None:
    assert {block.kind for block in BLOCKS} == {KIND}
    assert len(BLOCKS) == TEXT.count("```") / 2
    assert set(SITUATIONS) == set(SECTIONS)


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ("hakika payment lst", 2),
        ("hakika payment list --statuses failed", 2),
        ("hakika payment list --status paid\ntrue", 2),
        ('hakika payment show "$NOBODY_SET_THIS"', 1),
        ("hakika doctor-of-philosophy | tail -1", 2),
        ("hakka payment list", 127),
        ("aws dynamodb describe-tables", BAD_USAGE),
        ("aws sqs receive-message --queue https://x", BAD_USAGE),
        ("aws sqs receive-message --queue-url http://127.0.0.1:1/no", REFUSED),
        ("aws scheduler get-schedule --name no-such-schedule", REFUSED),
        ("make secretz", 2),
    ],
)
def test_a_command_that_is_wrong_fails_its_procedure(
    commands: str, code: int, scene: Scene
) -> None:
    with pytest.raises(CommandFailedError) as failed:
        type_block(
            commands,
            environment={"HAKIKA_LOCAL_FILE": str(scene.folder / "stack.json")},
            answers={},
            endpoint_url=scene.stack.endpoint_url,
            folder=scene.folder,
        )
    assert failed.value.code == code, failed.value


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_story_with_another_number_of_blocks_is_noticed(blocks: int, scene: Scene) -> None:
    def story() -> Story:
        yield {}
        yield {}

    with pytest.raises((StopIteration, pytest.fail.Exception)):
        follow(story(), [Block("", KIND, "true")] * blocks, scene)


def test_every_alarm_of_the_template_finds_its_section() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    named = re.findall(r"AlarmDescription: .*docs/runbook\.md#([a-z-]+)", template)
    assert len(named) == template.count("Type: AWS::CloudWatch::Alarm") > 0
    assert set(named) <= set(anchors(TEXT))


def test_every_link_within_the_page_leads_somewhere() -> None:
    found = anchors(TEXT)
    assert len(found) == len(set(found))
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= set(found)


def test_every_command_in_the_text_is_a_verb_of_hakika() -> None:
    used = set(re.findall(r"hakika ([a-z][a-z-]*)", TEXT)) - {"is", "talks"}
    assert used <= set(VERBS)
