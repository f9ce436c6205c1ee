"""USD a month: what a deployment costs without payments, and what a small clinic pays.

Counted from template.yaml and bench/results.json. The prices are AWS's list prices of eu-west-1 as
the author knew them; check them before you decide anything by them. `python -m bench.month` prints
the table of docs/performance.md.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import cost
from tools.template import load_template

PRICES_AS_OF = "2025-06"
SECRET = 0.40
ALARM_METRIC = 0.10
CUSTOM_METRIC = 0.30
QUEUE_REQUEST = 0.40e-6
SECRET_READ = 0.05 / 10_000
CLEANUP_RUNS = 0.12
"""43,200 runs a month: requests, time, reads and log, measured on the local stack."""
QUEUE_RECEIVES = 650_000
"""Lambda polls a queue with five long polls; estimated."""
GAUGES = 8
"""Metrics that each run of the cleanup sends (tests/functional/test_metrics.py)."""
COUNTERS = 16
"""Metrics that a payment sends, billed for each hour in which one is sent; estimated."""
HOURS = 730
HOURS_OPEN = 300
SECRET_READS = 3.5
"""Per payment where payments are more than five minutes apart: each function reads anew."""
CLINIC_PAYMENTS = 1_000
PEER_SECRETS = 2
"""Daraja's credentials, and the secret of the tokens."""
PEER_METRICS = {"typical": 2, "careful": 2}
"""Metrics that the peers' code counts."""
AUTHORIZER_SECONDS = 0.003
"""A warm authorizer of a peer, once a payment; estimated."""
FREE = {"alarms": 10 * ALARM_METRIC, "gauges": 10 * CUSTOM_METRIC, "queue": 0.40}
"""Allowances that do not end: 10 alarm metrics, 10 custom metrics, a million queue requests."""


def standing(template: Mapping[str, Any]) -> dict[str, float]:
    """Return what each kind costs in a month without any payment."""
    return {
        "secrets": len(deployed(template, "AWS::SecretsManager::Secret")) * SECRET,
        "alarms": alarm_metrics(template) * ALARM_METRIC,
        "gauges": GAUGES * CUSTOM_METRIC,
        "queue": QUEUE_RECEIVES * QUEUE_REQUEST,
        "cleanup": CLEANUP_RUNS,
    }


def alarm_metrics(template: Mapping[str, Any]) -> int:
    """Return how many metrics all alarms read: each is billed."""
    return sum(
        sum("MetricStat" in metric for metric in each["Metrics"]) if "Metrics" in each else 1
        for each in deployed(template, "AWS::CloudWatch::Alarm")
    )


def deployed(template: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Return what every deployment has of a type: without a domain and without webhooks."""
    return [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == kind and "Condition" not in each
    ]


def clinic(usd_per_million: float, payments: int = CLINIC_PAYMENTS) -> dict[str, float]:
    """Return what the payments of a small clinic add in a month."""
    return {
        "payments": payments * usd_per_million / 1e6,
        "secret reads": payments * SECRET_READS * SECRET_READ,
        "counters": COUNTERS * CUSTOM_METRIC * HOURS_OPEN / HOURS,
    }


def rows(template: Mapping[str, Any], usd_per_million: float) -> list[str]:
    """Return the table of docs/performance.md, line by line."""
    idle, busy = standing(template), clinic(usd_per_million)
    after_free = {kind: max(0.0, usd - FREE.get(kind, 0.0)) for kind, usd in idle.items()}
    lines = [f"| {kind} | {idle[kind]:.2f} | {after_free[kind]:.2f} |" for kind in idle]
    without = (sum(idle.values()), sum(after_free.values()))
    lines.append("| **without a payment** | **{:.1f}** | **{:.1f}** |".format(*without))
    lines += [f"| {kind} | {usd:.2f} | {usd:.2f} |" for kind, usd in busy.items()]
    total = [each + sum(busy.values()) for each in without]
    lines.append("| **with 1,000 payments** | **{:.1f}** | **{:.1f}** |".format(*total))
    return lines


def with_a_million(team: str, usd_per_million: Mapping[str, float]) -> dict[str, float]:
    """Return what a month with a million payments costs a team, by kind; `total` is their sum.

    The parts that do not grow with the payments are the product's alarms, gauges, queue and
    cleanup (`idle`), secrets, and metrics. A peer has no alarm, and an authorizer for each payment.
    """
    parts = {kind: usd for kind, usd in usd_per_million.items() if kind != "total"}
    if team == "product":
        idle = standing(load_template())
        parts["secrets"] = idle.pop("secrets")
        parts["custom metrics"] = COUNTERS * CUSTOM_METRIC + idle.pop("gauges")
        parts["idle"] = sum(idle.values())
    else:
        parts["secrets"] = PEER_SECRETS * SECRET
        parts["custom metrics"] = PEER_METRICS[team] * CUSTOM_METRIC
        parts["idle"] = 0.0
        seconds = AUTHORIZER_SECONDS * cost.MEMORY_GB
        usd = cost.PRICES_USD["Lambda request"]
        usd += seconds * cost.PRICES_USD["Lambda GB second (arm64)"]
        parts["Lambda"] += usd * 1e6
    return {**parts, "total": sum(parts.values())}


def measured() -> float:
    """Return the product's USD per million payments of the last `make bench`."""
    results = json.loads(Path(__file__).with_name("results.json").read_text(encoding="utf-8"))
    total: float = results["usd_per_million"]["product"]["total"]
    return total


if __name__ == "__main__":
    print("\n".join(rows(load_template(), measured())))
