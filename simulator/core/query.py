"""stkpushquery: early 400, still processing, then the result as text. Source: docs/daraja.md 4."""

from simulator.core import chance, gateway
from simulator.core.http import HttpAnswer, HttpRequest, json_answer, spike_arrest
from simulator.core.prompts import Prompt, Stage
from simulator.core.push import authenticate
from simulator.core.push_fields import InvalidFieldError, digits
from simulator.core.results import STILL_PROCESSING, SUCCESS, description
from simulator.core.scenario import QueryHonesty
from simulator.core.world import World

_ACCEPTED = "The service request has been accepted successsfully"


def query(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
    """The answer to a status query, and the prompt it was about. Errors: gateway.RefusedError."""
    gateway.check_token(world, request, now, world.config.query_unauthorized_code)
    fields = gateway.json_fields(world, request)
    _pass_gate(world, fields, now)
    try:
        merchant = authenticate(world, fields, now)
        checkout_id = fields.get("CheckoutRequestID")
        prompt = world.prompts.get(checkout_id) if isinstance(checkout_id, str) else None
        if prompt is None or prompt.order.merchant.shortcode != merchant.shortcode:
            raise _unknown(world)
        if now - prompt.accepted_at < world.config.query_visible_seconds:
            raise InvalidFieldError("CheckoutRequestID", "asked too early")
        return _about(world, prompt, now), prompt
    except InvalidFieldError as error:
        raise gateway.invalid(world, error.name, error.why) from error


def _unknown(world: World) -> Exception:
    """Two answers were seen about an id that Daraja does not know."""
    if world.config.query_unknown_id == "does_not_exist":
        return _does_not_exist(world)
    return InvalidFieldError("CheckoutRequestID", "unknown")


def _does_not_exist(world: World) -> gateway.RefusedError:
    return gateway.refused(world, 500, "500.001.1001", "The transaction does not Exist")


def _pass_gate(world: World, fields: dict[str, object], now: float) -> None:
    """Spike arrest, one query each 12 seconds and shortcode. Source: docs/daraja.md 2."""
    per_minute = world.config.query_per_minute
    if not per_minute:
        return
    key = digits(fields.get("BusinessShortCode")) or ""
    if now < world.query_gate_at.get(key, float("-inf")):
        raise gateway.RefusedError(spike_arrest(per_minute), "spike arrest")
    world.query_gate_at[key] = now + 60.0 / per_minute


def _about(world: World, prompt: Prompt, now: float) -> HttpAnswer:
    code = _lie(world, prompt, now)
    if code is None:
        code = prompt.result.code if prompt.result else None
    if code is not None:
        return _verdict(prompt, code)
    if _says_being_processed(world, prompt):
        message = "The transaction is being processed"
        raise gateway.refused(world, 500, "500.001.1001", message)
    return _verdict(prompt, STILL_PROCESSING)


def _verdict(prompt: Prompt, code: str) -> HttpAnswer:
    return json_answer(
        200,
        {
            "ResponseCode": "0",
            "ResponseDescription": _ACCEPTED,
            "MerchantRequestID": prompt.merchant_request_id,
            "CheckoutRequestID": prompt.checkout_request_id,
            "ResultCode": code,
            "ResultDesc": description(code),
        },
    )


def _lie(world: World, prompt: Prompt, now: float) -> str | None:
    """What the query says instead of the truth; None where it is honest."""
    scenario = prompt.scenario
    seconds = scenario.query_lie_seconds
    if seconds is not None and now - prompt.accepted_at >= seconds:
        return None
    match scenario.query:
        case QueryHonesty.HONEST:
            return None
        case QueryHonesty.FALSE_FAILURE:
            return scenario.query_lie_code
        case QueryHonesty.SUCCESS_BEFORE_PIN:
            return None if prompt.stage is Stage.FINISHED else SUCCESS
        case QueryHonesty.NEVER_FINAL:
            return STILL_PROCESSING
        case QueryHonesty.UNKNOWN_ID:
            raise InvalidFieldError("CheckoutRequestID", "the scenario denies it")
        case QueryHonesty.DOES_NOT_EXIST:
            raise _does_not_exist(world)


def _says_being_processed(world: World, prompt: Prompt) -> bool:
    style = world.config.query_pending
    if style != "mixed":
        return style == "being_processed"
    key = (prompt.order.msisdn, prompt.push_number)
    return chance.unit(world.seed, "query_pending", *key) < 0.5
