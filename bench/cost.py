"""USD per million payments, from measured units and list prices.

Source: AWS price pages of DynamoDB, Lambda, API Gateway, CloudWatch, EventBridge and X-Ray for
us-east-1, as the author knew them; check them before you decide anything by them. Kept out:
storage, data transfer, free tiers, and what a small deployment pays most for: alarms, custom
metrics and secrets (bench/month.py).
"""

from typing import Any

PRICES_AS_OF = "2025-06"
PRICES_USD = {
    "write unit": 0.625e-6,
    "read unit": 0.125e-6,
    "Lambda request": 0.20e-6,
    "Lambda GB second (arm64)": 13.3334e-6,
    "HTTP API request": 1.00e-6,
    "log GB": 0.50,
    "pipe request": 0.40e-6,
    "bus event": 1.00e-6,
    "trace": 5.00e-6,
}
MEMORY_GB = 0.5
CPU_SHARE = 512 / 1769  # of a core: Lambda gives one at 1,769 MB
DYNAMODB_SECONDS = 0.005
DARAJA_PUSH_SECONDS = 1.0
DARAJA_QUERY_SECONDS = 0.5
TRACED_SHARE = 0.05  # X-Ray's default sampling rule
LOG_BYTES_OF_LAMBDA = 300  # START, END and REPORT
EVENTS_ON_THE_BUS = 1  # of the product, per payment; the pipe reads the stream in as many requests


def usd_per_million(team: str, flow: dict[str, Any]) -> dict[str, float]:
    """What a million payments cost a team, by kind; `total` is their sum."""
    polls = {"status pending": flow["polls_while_pending"], "status final": 1}
    times = {"stk_push": 1, "callback": 1, **polls}
    parts = dict.fromkeys(("DynamoDB", "Lambda", "HTTP API", "logs", "events", "traces"), 0.0)
    for call, number in times.items():
        for kind, usd in _call(team, call, flow).items():
            parts[kind] += usd * number
    if team == "product":
        parts["events"] = EVENTS_ON_THE_BUS * (PRICES_USD["pipe request"] + PRICES_USD["bus event"])
    million = {kind: usd * 1e6 for kind, usd in parts.items()}
    return {**million, "total": sum(million.values())}


def _call(team: str, call: str, flow: dict[str, Any]) -> dict[str, float]:
    units, cpu_ms = flow["per_call"][call], flow["cpu_ms"][call]
    seconds = cpu_ms / 1e3 / CPU_SHARE + units["dynamodb_calls"] * DYNAMODB_SECONDS
    seconds += units["daraja_pushes"] * DARAJA_PUSH_SECONDS
    seconds += units["daraja_queries"] * DARAJA_QUERY_SECONDS
    logged = flow["log_bytes"][call.partition(" ")[0]] + LOG_BYTES_OF_LAMBDA
    return {
        "DynamoDB": units["write_units"] * PRICES_USD["write unit"]
        + units["read_units"] * PRICES_USD["read unit"],
        "Lambda": PRICES_USD["Lambda request"]
        + seconds * MEMORY_GB * PRICES_USD["Lambda GB second (arm64)"],
        "HTTP API": PRICES_USD["HTTP API request"],
        "logs": logged / 1e9 * PRICES_USD["log GB"],
        "traces": TRACED_SHARE * PRICES_USD["trace"] if team == "typical" else 0.0,
    }
