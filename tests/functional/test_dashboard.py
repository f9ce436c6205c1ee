"""The dashboard is what CloudWatch accepts, and shows only metrics that are really emitted."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.functional import test_alarms, test_metrics
from tests.functional.emf import Datum, listen_to
from tests.functional.scene import Scene
from tests.functional.test_alarms import ALARMS, NAMESPACE, TEMPLATE, Town
from tests.support.aws import REPOSITORY

COLUMNS = 24
VIEWS = {"timeSeries", "singleValue"}
PROPERTIES = {
    "text": {"markdown"},
    "alarm": {"title", "alarms"},
    "metric": {"title", "region", "view", "stat", "period", "metrics"},
}
OPTIONAL = {"metric": {"yAxis", "stacked", "setPeriodToTimeRange"}}
SERIES_OPTIONS = {"label", "color", "stat", "id", "visible", "yAxis", "expression"}
GAUGES = set(test_metrics.NOTHING_STANDS)
PERCENTILE = re.compile(r"p\d{2}")
PLACEHOLDER = re.compile(r"\$\{([\w:.]+)\}")


type Situation = Callable[..., object]


@dataclass(frozen=True)
class Series:
    """One line of one graph, its shorthand written out."""

    widget: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str
    options: dict[str, Any]


def body() -> str:
    """The dashboard of a deployment that sends webhooks."""
    text: str
    text, given = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    [(name, choice)] = given.items()
    condition, chosen, _ = choice["Fn::If"]
    assert condition == "SendsWebhooks"
    return text.replace(f"${{{name}}}", chosen["Fn::Sub"])


def widgets(kind: str | None = None) -> list[dict[str, Any]]:
    """The dashboard's widgets, with its placeholders still in them."""
    found = json.loads(body())["widgets"]
    return [each for each in found if kind in (None, each["type"])]


def all_series() -> Iterator[Series]:
    """Every metric on the dashboard: "." repeats a part, "..." all parts of the one before."""
    for widget in widgets("metric"):
        properties = widget["properties"]
        before: list[str] = []
        for row in properties["metrics"]:
            options = row[-1] if isinstance(row[-1], dict) else {}
            parts = [part for part in row if not isinstance(part, dict)]
            if not parts:
                continue
            if parts[0] == "...":
                parts = before[: len(before) - len(parts) + 1] + parts[1:]
            before = [old if new == "." else new for new, old in _beside(parts, before)]
            namespace, name, *rest = before
            yield Series(
                widget=properties["title"],
                namespace=namespace,
                name=name,
                dimensions=tuple(itertools.batched(rest, 2, strict=True)),
                stat=options.get("stat", properties["stat"]),
                options=options,
            )


def _beside(parts: list[str], before: list[str]) -> Iterator[tuple[str, str]]:
    return itertools.zip_longest(parts, before[: len(parts)], fillvalue="")


def expressions() -> list[dict[str, Any]]:
    """The options of every line that is computed."""
    rows = [row for widget in widgets("metric") for row in widget["properties"]["metrics"]]
    return [row[0] for row in rows if isinstance(row[0], dict)]


@cache
def emitted() -> frozenset[tuple[str, str, tuple[str, ...]]]:
    """Name, unit and dimension names of all that the handlers print in all our situations."""
    of_scene: tuple[Situation, ...] = (*test_metrics.SITUATIONS, test_metrics.two_throttled_queries)
    of_town: tuple[Situation, ...] = (
        test_alarms.the_table_refuses_a_callback,
        test_alarms.table_and_queue_refuse_a_callback,
        test_alarms.the_booking_system_is_down,
        lambda town: test_alarms.the_booking_system_is_down(town, answer=200),
    )
    data: list[Datum] = []
    for situation in (*of_scene, *of_town):
        scene = Scene()
        metrics = listen_to(scene)
        situation(Town(scene, metrics, set(), set()) if situation in of_town else scene)
        scene.close()
        data += metrics.data
    return frozenset((each.name, each.unit, tuple(sorted(each.dimensions))) for each in data)


def test_every_metric_on_the_dashboard_is_emitted() -> None:
    names = {name for name, _, dimensions in emitted() if dimensions == ("service",)}
    for series in all_series():
        assert series.namespace == NAMESPACE, series
        assert series.dimensions == (("service", "${AWS::StackName}"),), series
        assert series.name in names, f"{series.widget}: nothing emits {series.name}"


def test_the_search_finds_the_failures_by_code() -> None:
    [search] = [each["expression"] for each in expressions() if "SEARCH" in each["expression"]]
    found = re.search(r"\{Hakika,([\w,]+)\} MetricName=\"(\w+)\"", search)
    assert found is not None
    dimensions = tuple(sorted(found[1].split(",")))
    assert (found[2], "Count", dimensions) in emitted()


def test_every_metric_an_alarm_reads_is_emitted() -> None:
    names = {name for name, _, dimensions in emitted() if dimensions == ("service",)}
    read = {
        metric["MetricName"]
        for _, metric in test_alarms.read_by_alarms()
        if metric["Namespace"] == NAMESPACE
    }
    assert read <= names


def test_the_guide_lists_exactly_the_metrics_that_are_emitted() -> None:
    guide = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    _, _, rest = guide.partition("## Metrics")
    table, _, _ = rest.partition("## Alarms")
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    listed = {
        name for row in rows[1:] for name in re.findall(r"[A-Z][A-Za-z0-9]+", row.split("|")[1])
    }
    assert listed == {name for name, _, _ in emitted()}


def test_the_guide_has_a_row_for_every_alarm_and_every_graph() -> None:
    guide = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    first = [line.split("|")[1].strip() for line in guide.splitlines() if line.startswith("| ")]
    rows = set(first) | {name for cell in first for name in cell.split(", ")}
    assert {name.removesuffix("Alarm") for name in ALARMS} <= rows
    assert {each["properties"]["title"] for each in widgets("metric")} <= rows


@pytest.mark.parametrize("series", list(all_series()), ids=lambda each: f"{each.name}-{each.stat}")
def test_a_line_shows_its_metric_by_a_fitting_statistic(series: Series) -> None:
    units = {unit for name, unit, _ in emitted() if name == series.name}
    if series.name in GAUGES:
        assert series.stat == "Maximum", "a gauge is measured every minute: a sum says nothing"
    elif units <= {"Count", "None"}:
        assert series.stat == "Sum"
    else:
        assert PERCENTILE.fullmatch(series.stat)
    for unit in units & {"Seconds", "Milliseconds"}:
        assert unit.lower() in series.widget, "the title names the unit"


def test_widgets_hold_what_cloudwatch_knows() -> None:
    document = json.loads(body())
    assert set(document) == {"start", "periodOverride", "widgets"}
    assert document["periodOverride"] == "inherit", "titles name periods, so zooming keeps them"
    for widget in document["widgets"]:
        assert set(widget) == {"type", "x", "y", "width", "height", "properties"}
        properties, kind = set(widget["properties"]), widget["type"]
        assert PROPERTIES[kind] <= properties <= PROPERTIES[kind] | OPTIONAL.get(kind, set())
    for widget in widgets("metric"):
        properties = widget["properties"]
        assert properties["region"] == "${AWS::Region}"
        assert properties["view"] in VIEWS
        assert properties["period"] in {60, 300, 3600}
        for row in properties["metrics"]:
            options = row[-1] if isinstance(row[-1], dict) else {}
            assert set(options) <= SERIES_OPTIONS
            assert "label" in options or options.get("visible") is False


def test_widgets_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets():
        x, y, width, height = (widget[name] for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + width <= COLUMNS
        cells = set(itertools.product(range(x, x + width), range(y, y + height)))
        assert not cells & taken, widget["properties"]
        taken |= cells
    rows = {y for _, y in taken}
    assert taken == set(itertools.product(range(COLUMNS), range(max(rows) + 1))), "a hole"
    titles = [each["properties"]["title"] for each in widgets() if each["type"] != "text"]
    assert len(set(titles)) == len(titles)


def test_the_alarms_come_first_and_are_all_there() -> None:
    [widget] = widgets("alarm")
    shown = widget["properties"]["alarms"]
    assert sorted(shown) == sorted(f"${{{name}.Arn}}" for name in ALARMS)
    assert all(widget["y"] < each["y"] for each in widgets("metric"))


def test_placeholders_and_ids_name_what_there_is() -> None:
    known = {*TEMPLATE["Parameters"], *TEMPLATE["Resources"], "AWS::StackName", "AWS::Region"}
    for name in PLACEHOLDER.findall(body()):
        assert name.removesuffix(".Arn") in known, name
    for widget in widgets("metric"):
        rows = widget["properties"]["metrics"]
        options = [row[-1] for row in rows if isinstance(row[-1], dict)]
        ids = [each["id"] for each in options if "id" in each]
        assert len(set(ids)) == len(ids)
        for each in options:
            text = re.sub(r"'[^']*'|\$\{\w+\}", "", each.get("expression", ""))
            assert set(re.findall(r"\b[a-z]\w*", text)) <= set(ids), each
