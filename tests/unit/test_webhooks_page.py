"""docs/webhooks.md has a row for every event of the schema, and the waits of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from payments.protocol.change import EventType
from payments.protocol.delivery import RETRY_SECONDS, TEST_TYPE

from tests.functional.test_event_schema import SITUATIONS, details
from tests.support.world import World
from tests.unit.test_docs import ROOT

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs/schemas/payment-event-v1.json").read_text(encoding="utf-8"))
UNITS = {"s": 1, "min": 60, "h": 3600}


def section(heading: str) -> str:
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def rows() -> Iterator[tuple[str, str, str]]:
    """Type, status and what to do, of each row of the table."""
    for line in section("What to do with each event").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] not in ("type", "any other"):
            for name in cells[0].split(", "):
                yield name.strip("`"), cells[1], cells[2]


def test_every_type_of_the_schema_has_its_row_and_no_other_type() -> None:
    types = [name for name, _, _ in rows()]
    assert len(types) == len(set(types))
    assert set(types) == {*map(str, EventType), TEST_TYPE}
    assert set(SCHEMA["properties"]["type"]["enum"]) <= set(types)


def test_a_row_names_the_status_of_the_event_and_only_fields_that_it_has() -> None:
    stated = {name: status for name, status, _ in rows()}
    for situation in SITUATIONS:
        world = World()
        world.register()
        situation(world)
        for event in details(world):
            assert stated[event["type"]] in ("any", event["status"])
        world.close()
    known = {*SCHEMA["properties"], *stated}
    for name, status, text in rows():
        assert status in (*SCHEMA["properties"]["status"]["enum"], "any", "none"), name
        assert set(re.findall(r"`(\w+)`", text)) <= known, name


def test_the_waits_are_those_of_the_code() -> None:
    text = re.sub(r"\s+", " ", section("When the booking system does not answer"))
    found = re.search(r"sent again after (.*?), then every (\d+) hours: (\d+) tries", text)
    assert found is not None
    first = [int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+) (\w+)", found[1])]
    rest = [int(found[2]) * 3600] * (len(RETRY_SECONDS) - len(first))
    assert tuple(first + rest) == RETRY_SECONDS
    assert int(found[3]) == len(RETRY_SECONDS) + 1
