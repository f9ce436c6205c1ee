"""What the benchmark counts is what happened, and its cost model follows the counts."""

from pathlib import Path
from typing import Any

from bench import cost, growth, month
from bench.flow import difference
from tools.template import load_template


def counts(calls: dict[str, int], units: float) -> dict[str, Any]:
    return {"calls": calls, "dynamodb_calls": units, "read_units": units, "write_units": units}


def flow(*, polls: int, queries: float) -> dict[str, Any]:
    units = {
        "dynamodb_calls": 1.0,
        "read_units": 1.0,
        "write_units": 1.0,
        "daraja_pushes": 0.0,
        "daraja_queries": 0.0,
    }
    calls = ("stk_push", "callback", "status pending", "status final")
    per_call = {call: dict(units) for call in calls}
    per_call["status pending"]["daraja_queries"] = queries
    return {
        "per_call": per_call,
        "cpu_ms": dict.fromkeys(calls, 1.0),
        "log_bytes": dict.fromkeys(("stk_push", "callback", "status"), 100.0),
        "polls_while_pending": polls,
    }


def test_what_one_call_caused_is_the_difference_among_the_calls() -> None:
    before = counts({"daraja query": 2}, 10)
    after = counts({"daraja query": 6, "daraja processrequest": 4}, 18)
    caused = difference(before, after, 4)
    assert caused["daraja_queries"] == 1
    assert caused["daraja_pushes"] == 1
    assert caused["write_units"] == 2


def test_more_polls_and_more_queries_cost_more() -> None:
    few = cost.usd_per_million("careful", flow(polls=3, queries=0))
    many = cost.usd_per_million("careful", flow(polls=7, queries=0))
    asking = cost.usd_per_million("careful", flow(polls=7, queries=1))
    assert few["total"] < many["total"] < asking["total"]
    assert asking["Lambda"] > many["Lambda"]
    assert asking["DynamoDB"] == many["DynamoDB"]


def test_a_unit_costs_its_list_price() -> None:
    five_calls = cost.usd_per_million("careful", flow(polls=2, queries=0))
    unit = cost.PRICES_USD["write unit"] + cost.PRICES_USD["read unit"]
    assert round(five_calls["DynamoDB"], 6) == round(5 * unit * 1e6, 6)


def test_cleanup_and_statistics_read_no_more_from_a_larger_table() -> None:
    found = growth.growth((300, 900))
    for by_size in found.values():
        assert by_size[300]["items_read"] == by_size[900]["items_read"] > 0


def test_more_pollers_cause_no_more_queries() -> None:
    assert growth.queries_with(3) == growth.queries_with(1) > 0


def test_the_month_of_a_small_clinic_is_told_as_it_is_counted() -> None:
    page = (Path(__file__).parents[3] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert "\n".join(month.rows(load_template(), month.measured())) in page


def test_another_alarm_or_secret_costs_more() -> None:
    template = load_template()
    before = month.standing(template)
    template["Resources"]["Another"] = template["Resources"]["JwtSecret"]
    template["Resources"]["Louder"] = template["Resources"]["ReviewAlarm"]
    after = month.standing(template)
    assert round(after["secrets"] - before["secrets"], 2) == month.SECRET
    assert round(after["alarms"] - before["alarms"], 2) == month.ALARM_METRIC
