"""Which path is which API: one row for each endpoint that is imitated, and those that are not."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.core import gateway, pull, qr
from simulator.core.c2b_urls import C2bApi
from simulator.core.http import HttpAnswer, HttpRequest
from simulator.core.initiator import desk
from simulator.core.prompts import Prompt
from simulator.core.push import push
from simulator.core.query import query
from simulator.core.world import World

Handler = Callable[[World, HttpRequest, float], tuple[HttpAnswer, Prompt | None]]
"""Gives the answer and the prompt it is about, if any. Errors: gateway.RefusedError."""

OAUTH_PATH = "/oauth/v1/generate"
PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
QUERY_PATH = "/mpesa/stkpushquery/v1/query"


NOT_IMITATED = {
    "/mpesa/b2b/v1/paymentrequest": "B2B",
    "/mpesa/b2b/v1/remittax": "tax remittance",
    "/v1/ussdpush/": "B2B Express",
    "/standingorder/": "Ratiba",
    "/v1/billmanager-invoice/": "Bill Manager",
    "/imsi/": "SIM swap",
    "/sfcverify/": "organisation names",
    "/mpesa/b2c/hakikisha/": "Hakikisha",
}
"""The beginning of a path of Daraja's, and what it would be."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API. Shape: `name` is what outages call it."""

    name: str
    method: str
    handler: Handler


def _generate(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, None]:
    return world.tokens.generate(request, now, world.config, world.request_id()), None


ENDPOINTS = {
    OAUTH_PATH: Endpoint("oauth", "GET", _generate),
    PUSH_PATH: Endpoint("push", "POST", push),
    QUERY_PATH: Endpoint("query", "POST", query),
    "/pulltransactions/v1/register": Endpoint("pull", "POST", pull.register),
    "/pulltransactions/v1/query": Endpoint("pull", "POST", pull.query),
    **{
        f"/mpesa/c2b/{api.version}/{path}": Endpoint("c2b", "POST", handler)
        for api in (C2bApi("v1"), C2bApi("v2"))
        for path, handler in (("registerurl", api.register), ("simulate", api.simulate))
    },
    "/mpesa/reversal/v1/request": Endpoint("reversal", "POST", desk.handler(desk.REVERSAL)),
    "/mpesa/transactionstatus/v1/query": Endpoint("status", "POST", desk.handler(desk.STATUS)),
    "/mpesa/accountbalance/v1/query": Endpoint("balance", "POST", desk.handler(desk.BALANCES)),
    "/mpesa/b2c/v3/paymentrequest": Endpoint("b2c", "POST", desk.handler(desk.B2C)),
    "/mpesa/b2c/v1/paymentrequest": Endpoint("b2c", "POST", desk.handler(desk.B2C_V1)),
    "/mpesa/qrcode/v1/generate": Endpoint("qr", "POST", qr.generate),
}


def not_imitated(world: World, path: str) -> gateway.RefusedError:
    """The 404 of a path without an API here; the journal tells a gap from a mistyped path."""
    api = next((name for begin, name in NOT_IMITATED.items() if path.startswith(begin)), None)
    if api is None:
        return gateway.not_found(world, "no API has this path")
    code, message = world.config.not_found_code, f"The simulator does not imitate {api}"
    return gateway.refused(world, 404, code, message, f"not imitated: {api}")
