"""GET /api/payment/mpesa/statistics: counts and KES totals per EAT day and status."""

from typing import Any

from payments import http_api
from payments.answers import statistics_answer, statistics_csv
from payments.runtime import prepare
from payments.service.statistics import count_payments
from payments.statistics import parse_days

READ_SCOPE = "payments:read"

runtime = prepare()


def handler(event: dict[str, Any], context: Any) -> http_api.Response:
    """Answer as JSON, or as CSV where that is what the caller accepts."""
    return http_api.answered(event, lambda: _count(event))


def _count(event: dict[str, Any]) -> http_api.Response:
    http_api.principal(event, now=runtime.clock()).require(READ_SCOPE)
    days = parse_days(
        http_api.query_parameter(event, "from"), http_api.query_parameter(event, "to")
    )
    statistics = count_payments(runtime.parts, days)
    if "text/csv" in (http_api.header(event, "accept") or ""):
        return http_api.csv(statistics_csv(statistics))
    return http_api.ok(statistics_answer(statistics))
