"""What the benchmark counts is what happened, and its cost model follows the counts."""

import json
import re
from typing import Any

import pytest

from bench import (
    burst,
    cost,
    first_view,
    flow,
    growth,
    month,
    report,
    search,
    simulator_page,
    waiting,
)
from bench.flow import difference
from tools.template import load_template


def counts(calls: dict[str, int], units: float) -> dict[str, Any]:
    return {"calls": calls, "dynamodb_calls": units, "read_units": units, "write_units": units}


def one_flow(*, polls: int, queries: float) -> dict[str, Any]:
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
    few = cost.usd_per_million("careful", one_flow(polls=3, queries=0))
    many = cost.usd_per_million("careful", one_flow(polls=7, queries=0))
    asking = cost.usd_per_million("careful", one_flow(polls=7, queries=1))
    assert few["total"] < many["total"] < asking["total"]
    assert asking["Lambda"] > many["Lambda"]
    assert asking["DynamoDB"] == many["DynamoDB"]


def test_a_unit_costs_its_list_price() -> None:
    five_calls = cost.usd_per_million("careful", one_flow(polls=2, queries=0))
    unit = cost.PRICES_USD["write unit"] + cost.PRICES_USD["read unit"]
    assert round(five_calls["DynamoDB"], 6) == round(5 * unit * 1e6, 6)


def test_cleanup_and_statistics_read_no_more_from_a_larger_table() -> None:
    found = growth.growth((300, 900))
    for by_size in found.values():
        assert by_size[300]["items_read"] == by_size[900]["items_read"] > 0


def test_more_pollers_cause_no_more_queries() -> None:
    assert growth.queries_with(3) == growth.queries_with(1) > 0


def test_another_alarm_or_secret_costs_more() -> None:
    template = load_template()
    before = month.standing(template)
    template["Resources"]["Another"] = template["Resources"]["JwtSecret"]
    template["Resources"]["Louder"] = template["Resources"]["ReviewAlarm"]
    after = month.standing(template)
    assert round(after["secrets"] - before["secrets"], 2) == month.SECRET
    assert round(after["alarms"] - before["alarms"], 2) == month.ALARM_METRIC


def test_every_table_of_the_page_is_what_the_last_run_measured() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.with_tables(page, json.loads(report.RESULTS.read_text())) == page


def test_a_table_follows_the_results_and_one_without_its_place_is_an_error() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    results = json.loads(report.RESULTS.read_text())
    results["sizes"]["product"]["zip_megabytes"] = 12.5
    assert "12.50 MB" in report.with_tables(page, results)
    assert "10 MB, missed" in report.with_tables(page, results)
    with pytest.raises(ValueError, match="cold paths"):
        report.with_tables(page.replace("bench: cold paths", "bench:"), results)


def test_a_target_that_is_missed_has_its_parts_measured() -> None:
    results = json.loads(report.RESULTS.read_text())
    page = report.PAGE.read_text(encoding="utf-8")
    blocks = re.findall(report.BLOCK.format(name="([a-z0-9 ]+)"), page, re.DOTALL)
    missed = {name for _, name, table, _ in blocks if ", missed |" in table}
    assert missed - {"waiting"} <= report.PARTS.keys()  # of a command of its own
    for name in missed & report.PARTS.keys():
        parts = "\n".join(report.TABLES[report.PARTS[name]](results))
        assert re.search(r"target leaves|above the target", parts), name
        assert parts in page, name


MISSES: dict[str, Any] = {
    "classes_of_a_callback": 200_000_000,
    "warm_callback": {"botocore's two calls": 9.0e6, "everything else": 3.0e6},
    "memory_of_stk_push": {"the interpreter": 9_000, "pydantic": 8_000},
}


def test_the_parts_of_a_miss_stand_beside_what_the_target_leaves() -> None:
    results = json.loads(report.RESULTS.read_text()) | {"misses": MISSES}
    results["start_of_a_callback"] = {"the interpreter": 900_000_000, "the product": 300_000_000}
    paths = results["cold_path_instructions"]["callback"]
    paths["typical"] = {"function": 2_000_000_000}
    results["flow"]["typical"]["warm_callback_instructions"] = 24.0e6
    results["flow"]["typical"]["first_kilobytes"]["stk_push"] = 20_000
    told = report.with_tables(report.PAGE.read_text(encoding="utf-8"), results)
    for line in (
        "| of it, defining its data classes | 200 M | 17% |",
        "| the target leaves for the product | 20 M | |",
        "| botocore's two calls | 9.0 M | 75% |",
        "| the target leaves for everything else | 1.8 M | |",
        "| pydantic | 8.0 MB | 47% |",
        "| above the target | 6.0 MB | 35% |",
    ):
        assert line in told, line


def test_the_cold_path_is_the_authorizer_and_the_function_of_one_request() -> None:
    paths = {
        route: {
            "product": {"function": 480_000_000},
            "typical": {"authorizer": 400_000_000, "function": 600_000_000},
            "careful": {"authorizer": 100_000_000, "function": 500_000_000},
        }
        for route in report.COLD_TARGETS
    }
    page = report.PAGE.read_text(encoding="utf-8")
    results = json.loads(report.RESULTS.read_text()) | {"cold_path_instructions": paths}
    told = report.with_tables(page, results)
    assert "| stk_push | 480 M | 1,000 M | 600 M | **0.48** | 0.48, met | 0.80 |" in told
    assert "| status | 480 M | 1,000 M | 600 M | **0.48** | 0.42, missed | 0.80 |" in told


def test_polls_of_the_bench_follow_the_products_schedule() -> None:
    assert [flow.polls_within(seconds) for seconds in (3, 4, 8, 10, 15)] == [0, 1, 2, 3, 5]


def test_the_wait_of_95_in_100_is_the_longest_of_them() -> None:
    waits = [
        waiting.Wait(seconds=float(number), polls=number, payment_seconds=number + 20.0)
        for number in range(1, 41)
    ]
    assert waiting.summary(waits) == {
        "payments": 40,
        "median_seconds": 20.5,
        "seconds_95_in_100": 38.0,
        "longest_seconds": 40.0,
        "polls_max": 40,
        "polls_max_of_30_seconds": 10,
    }
    results = json.loads(report.RESULTS.read_text())
    results["waiting"] |= waiting.summary(waits)
    told = report.with_tables(report.PAGE.read_text(encoding="utf-8"), results)
    assert "| most polls of a payment of at most 30 s | 10 | 16, met |" in told
    assert waiting.summary(waits[:1])["seconds_95_in_100"] == 1.0


def test_the_first_view_is_under_a_second_only_where_the_longest_visit_is() -> None:
    found = first_view.summary([(0.4, 0.2), (1.2, 0.3), (0.5, 1.0)])
    assert found["by_link"] == {"median_seconds": 0.5, "longest_seconds": 1.2}
    page = report.PAGE.read_text(encoding="utf-8")
    results = json.loads(report.RESULTS.read_text()) | {"first_view": found}
    told = report.with_tables(page, results)
    assert "| by a fresh link | 0.50 | 1.20 | 1, missed |" in told
    assert "| signed in, page loaded again | 0.30 | 1.00 | 1, met |" in told


WHOLE = {
    "payments": 5,
    "callbacks": 20,
    "duplicates": 15,
    "answers": {"200": 19, "503": 1},
    "completed_at_once": 4,
    "left_seconds": 3.2,
    "completed_by": {"callback": 4, "pull": 1},
    "debits": 5,
    "completed": 5,
    "lost": 0,
    "doubled": 0,
    "findings": 0,
    "callbacks_per_second": 7.0,
    "commit": "abc",
}


@pytest.mark.parametrize(
    "fault", [{"lost": 1}, {"doubled": 1}, {"findings": 1}, {"completed": 4}, {"debits": 6}]
)
def test_a_burst_that_lost_or_doubled_anything_is_not_whole(fault: dict[str, Any]) -> None:
    assert burst.is_whole(WHOLE)
    assert not burst.is_whole(WHOLE | fault)


def item(kind: str, **values: str) -> dict[str, Any]:
    named = {name: {"S": value} for name, value in values.items()}
    return {"sk": {"S": kind}, "paid_amount_kes": {"N": "100"}, **named}


def test_what_the_table_believes_is_each_completed_payment_and_each_announcement() -> None:
    paid = {"receipt_number": "R1", "checkout_request_id": "ws_1"}
    event = {"type": "PaymentCompleted", "payment_id": "p1"}
    items = [
        item("STATE", status="completed", proof="pull", **paid),
        item("STATE", status="completed", proof="query", checkout_request_id="ws_3"),
        item("STATE", status="pending", checkout_request_id="ws_2"),
        item("STATE"),
        item("EVENT#1", **event),
        item("EVENT#2", **event),
    ]
    belief = {"receipt": "R1", "amount": 100, "checkout_request_id": "ws_1"}
    assert burst.beliefs_of(items) == [belief]
    assert burst.witnesses_of(items) == {"pull": 1}
    assert burst.completions_of(items) == {"p1": 2}


def test_what_was_measured_apart_stays_and_has_its_table() -> None:
    results = json.loads(report.RESULTS.read_text()) | {"burst_on_stack": WHOLE}
    of_the_run = {name: each for name, each in results.items() if name not in report.APART}
    assert report.measured_apart(of_the_run) == {}
    assert report.measured_apart(of_the_run | {"burst_on_stack": WHOLE}) == {
        "burst_on_stack": WHOLE
    }
    told = report.with_tables(report.PAGE.read_text(encoding="utf-8"), results)
    assert "| callbacks, of them duplicates | 20, 15 |" in told
    assert "| answered | 19 with 200, 1 with 503 |" in told
    assert "| completed by | callback: 4, pull: 1 |" in told


def test_each_further_table_shows_its_figures() -> None:
    units = {"dynamodb_calls": 2.0, "write_units": 6.0, "read_units": 1.5, "instructions": 9.04e6}
    rates = {"product": 100.0, "typical": 40.0, "careful": 125.0}
    calls = {"read_units": 3.5, "queries": 1, "gets": 3, "scans": 0}
    results = json.loads(report.RESULTS.read_text()) | {
        "throughput": {team: {"callbacks_per_cpu_second": rate} for team, rate in rates.items()},
        "ledger": {"refund requested": units},
        "search": {"payments": 200_000, "searches": {"a receipt": calls}},
        "versions": {"boto3": "1.2.3"},
        "start_of_a_callback": {"the interpreter": 100_000_000, "the product": 600_000_000},
        "cold_path_instructions": {
            route: {team: {"function": 1_000_000_000} for team in report.TEAMS}
            for route in report.COLD_TARGETS
        },
    }
    told = report.with_tables(report.PAGE.read_text(encoding="utf-8"), results)
    for line in (
        "| callbacks per CPU second | 100 | 40 | 125 | **2.50** | 0.80 |",
        "| refund requested | 2 | 6 | 1.5 | 9.0 |",
        "| a receipt | 3.5 | 1 | 3 | 0 |",
        "With 200,000 payments in the table:",
        "Packages of all three: boto3 1.2.3.",
        "| the product | 600 M | 86% |",
        "| the interpreter | 100 M | 14% |",
    ):
        assert line in told, line


def test_the_search_reads_as_much_in_a_larger_table_and_never_scans() -> None:
    small, large = search.measure(200), search.measure(400)
    assert small["searches"] == large["searches"]
    assert {each["scans"] for each in large["searches"].values()} == {0}
    assert len(large["searches"]) == 7


def test_the_simulators_page_is_what_was_measured() -> None:
    text = simulator_page.DOCUMENT.read_text(encoding="utf-8")
    assert simulator_page.with_figures(text, simulator_page.read_figures()) == text
    load = {
        "seconds": 30,
        "pushes_per_second": 200.2,
        "pushes": 6000,
        "refused": 0,
        "median_ms": 0.71,
        "p99_ms": 1.34,
        "debits": 6000,
        "callbacks": 6000,
        "findings": 0,
    }
    day = {
        "operations": {"push": 6, "pull": 4},
        "payments": 3,
        "reversals": 2,
        "payouts": 1,
        "is_equal": False,
        "is_balanced": True,
    }
    told = simulator_page.with_figures(text, {"load": load, "day": day})
    assert "| pushes a second, for 30 s | 200 |" in told
    assert "| operations of the mixed day | 10: 4 pull, 6 push |" in told
    assert "| played again with the same seed | **different** |" in told
