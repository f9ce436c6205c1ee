"""Which path is which API: one row for each endpoint that is imitated, and those that are not."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.core import pull
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
}
