"""What every API call meets before its own rules: outages, tokens, the body."""

import json
from dataclasses import dataclass, replace

from simulator.core.answers import PushAnswer
from simulator.core.http import (
    HttpAnswer,
    HttpRequest,
    Transport,
    daraja_error,
    firewall_page,
    json_answer,
)
from simulator.core.oauth import TokenState
from simulator.core.world import World

UNREADABLE = HttpAnswer(502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")


@dataclass(frozen=True, slots=True)
class RefusedError(Exception):
    """The call ends here, with this answer and, for the journal, the reason."""

    answer: HttpAnswer
    why: str = ""


def refused(world: World, status: int, code: str, message: str, why: str = "") -> RefusedError:
    """A refusal in Daraja's error envelope."""
    return RefusedError(daraja_error(status, code, message, world.request_id()), why)


def invalid(world: World, field: str, why: str = "") -> RefusedError:
    """`400.002.02 Bad Request - Invalid <Field>`."""
    return refused(world, 400, "400.002.02", f"Bad Request - Invalid {field}", why)


def not_found(world: World, why: str = "") -> RefusedError:
    """What a path that is no API gets."""
    return refused(world, 404, world.config.not_found_code, "Resource not found", why)


def check_token(
    world: World, request: HttpRequest, now: float, invalid_code: str = "404.001.03"
) -> None:
    """Raises RefusedError unless the bearer token opens the API. Source: docs/daraja.md 1.

    `invalid_code` is what this API answers a token that is wrong or expired.
    """
    match world.tokens.state(request, now):
        case TokenState.GOOD:
            return
        case TokenState.NO_HEADER:
            raise refused(world, 404, "404.001.04", "Invalid Authentication Header")
        case TokenState.INVALID:
            raise refused(world, int(invalid_code[:3]), invalid_code, "Invalid Access Token")
        case TokenState.NO_PRODUCT:
            message = "Invalid API call as no apiproduct match found"
            fault = {"faultstring": message, "detail": {"errorcode": "keymanagement.service"}}
            raise RefusedError(json_answer(401, {"fault": fault}), "the app lacks the STK product")


def json_fields(world: World, request: HttpRequest) -> dict[str, object]:
    """The body's fields. Errors: RefusedError; anything but JSON looks like a missing shortcode."""
    content_type = request.header("Content-Type")
    if content_type is not None and "json" not in content_type.lower():
        raise invalid(world, "BusinessShortCode", "the body is not JSON")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise refused(world, 400, "400.002.05", "Invalid Request Payload")
    return fields


def faulty_answer(world: World, fault: PushAnswer, honest: HttpAnswer) -> HttpAnswer:
    """The honest answer, distorted as the fault says."""
    match fault:
        case PushAnswer.NORMAL:
            return honest
        case PushAnswer.HANG:
            return replace(honest, transport=Transport.HANG)
        case PushAnswer.RESET:
            return replace(honest, transport=Transport.RESET)
        case PushAnswer.HTML:
            return firewall_page(403, world.request_id())
        case PushAnswer.HTML_503:
            return firewall_page(503, world.request_id())
        case PushAnswer.BAD_GATEWAY:
            return UNREADABLE
        case PushAnswer.INTERNAL_ERROR:
            return _error(world, "500.003.1001", "Internal Server Error")
        case PushAnswer.BUSY:
            return _error(world, "500.003.02", "System is busy. Please try again in few minutes.")
        case PushAnswer.SPIKE_ARREST:
            return _error(world, "500.003.02", "Error Occurred: Spike Arrest Violation")
        case PushAnswer.QUOTA:
            return _error(world, "500.003.03", "Error Occurred: Quota Violation")
        case PushAnswer.REFUSED:
            return json_answer(200, {**honest.json(), **_REFUSED})


def down(world: World, endpoint: str, now: float) -> HttpAnswer | None:
    """The answer of an endpoint that is down; None where it is up."""
    outage = world.outage(endpoint, now)
    if outage is None:
        return None
    return faulty_answer(world, PushAnswer(outage.kind), json_answer(503, {}))


_REFUSED = {
    "ResponseCode": "1",
    "ResponseDescription": "The push request could not be queued",
    "CustomerMessage": "Unable to process the request. Please try again later.",
}


def _error(world: World, code: str, message: str) -> HttpAnswer:
    return daraja_error(500, code, message, world.request_id())
