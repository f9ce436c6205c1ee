"""GET /api/payment/mpesa/statistics: counts and KES totals per EAT day and status."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import statistics_answer, statistics_csv
from payments.http.authentication import customers
from payments.usecases.count_payments import count_payments, parse_days

READ_SCOPE = "payments:read"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer as JSON, or as CSV where the caller accepts it."""
    return api_gateway.answered(event, lambda: _count(event))


def _count(event: dict[str, Any]) -> api_gateway.Response:
    authenticator.caller(event).require(READ_SCOPE)
    days = parse_days(
        api_gateway.query_parameter(event, "from"), api_gateway.query_parameter(event, "to")
    )
    statistics = count_payments(runtime.services, days)
    if "text/csv" in (api_gateway.header(event, "accept") or ""):
        return api_gateway.csv(statistics_csv(statistics))
    return api_gateway.ok(statistics_answer(statistics))
