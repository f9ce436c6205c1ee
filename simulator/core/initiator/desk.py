"""The initiator APIs' front: checks a call, acknowledges it, has it executed, posts its Result.

Source: docs/daraja.md 9.1. Only shapes are checked before the acknowledgement. The initiator, the
credential and the money are checked at the execution, and the Result tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from simulator.core import chance, gateway
from simulator.core.answers import NEVER_REACHES_MPESA, CallbackTiming
from simulator.core.callback_board import CallbackDelivery
from simulator.core.http import HttpAnswer, HttpRequest, json_answer
from simulator.core.initiator import balance, fields, payout, reversal, status
from simulator.core.initiator.asks import Ask, Order, Outcome
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.operators import Role
from simulator.core.initiator.result_body import BALANCE, result_body, timeout_body
from simulator.core.prompts import Prompt
from simulator.core.push_fields import Fields, InvalidFieldError
from simulator.core.scenario import SCENARIO_HEADER, Scenario, scenario_from
from simulator.core.world import World

_ACCEPTED = "Accept the service request successfully."
Answered = tuple[HttpAnswer, Prompt | None]


@dataclass(frozen=True, slots=True)
class Api:
    """One initiator API.

    Shape: `read` makes an order of the fields; `execute` does it and says the outcome; `phone`
    is whose scenario applies, if any.
    """

    name: str
    role: Role
    token_code: str
    read: Callable[[World, Fields], Order]
    execute: Callable[[World, Ask, float], Outcome]
    phone: Callable[[World, Order], str | None]


REVERSAL = Api(
    name="reversal",
    role=Role.REVERSAL,
    token_code="404.001.03",
    read=lambda world, given: fields.reversal_order(given, world.config),
    execute=reversal.execute,
    phone=reversal.payer,
)
STATUS = Api(
    name="status",
    role=Role.STATUS,
    token_code="400.003.01",
    read=lambda world, given: fields.status_order(given, world.config),
    execute=status.execute,
    phone=status.payer,
)
BALANCES = Api(
    name=BALANCE,
    role=Role.BALANCE,
    token_code="401.002.01",
    read=lambda world, given: fields.balance_order(given, world.config),
    execute=balance.execute,
    phone=lambda world, order: None,
)
B2C = Api(
    name="b2c",
    role=Role.B2C,
    token_code="404.001.03",
    read=payout.read,
    execute=payout.execute,
    phone=payout.payee,
)
B2C_V1 = replace(B2C, read=payout.read_v1)


def handler(api: Api) -> Callable[[World, HttpRequest, float], Answered]:
    """What answers this API's path. Errors: gateway.RefusedError, with nothing done."""

    def answer(world: World, request: HttpRequest, now: float) -> Answered:
        gateway.check_token(world, request, now, invalid_code=api.token_code)
        given = gateway.json_fields(world, request)
        try:
            order = api.read(world, given)
        except InvalidFieldError as error:
            raise gateway.invalid(world, error.name, error.why) from error
        day = _scenario(world, api, order, request.header(SCENARIO_HEADER)).initiator
        originator_id, conversation_id = world.initiator.new_ids(world.seed, now)
        own_id = order.originator_id if isinstance(order, fields.PayoutOrder) else ""
        ask = Ask(api.name, order, day, now, own_id or originator_id, conversation_id)
        if day.ack not in NEVER_REACHES_MPESA and day.ack_reaches_mpesa:
            _take_on(world, api, ask, now)
        return _acknowledgement(world, ask), None

    return answer


def _scenario(world: World, api: Api, order: Order, named: str | None) -> Scenario:
    """Header, then what was asked for the API's next call, the phone's own, seeded chance."""
    phone = api.phone(world, order)
    own = world.default_scenario
    is_own = phone is not None and world.phone(phone).scenario != "normal"
    if phone is not None and is_own:
        own = scenario_from(world.phone(phone).scenario, own)
    if named is not None:
        return scenario_from(named, own)
    wishes = world.initiator.next_scenarios.get(api.name)
    if wishes:
        return scenario_from(wishes.pop(0), own)
    return own if is_own else _drawn(world, api, phone or order.caller.shortcode) or own


def _drawn(world: World, api: Api, key: str) -> Scenario | None:
    number = world.initiator.counts.get((api.name, key), 0) + 1
    world.initiator.counts[api.name, key] = number
    drawn = chance.unit(world.seed, "scenario", api.name, key, number)
    for each in world.chances:
        if drawn < each.probability:
            return each.scenario
        drawn -= each.probability
    return None


def _acknowledgement(world: World, ask: Ask) -> HttpAnswer:
    honest = json_answer(
        200,
        {
            "OriginatorConversationID": ask.originator_id,
            "ConversationID": ask.conversation_id,
            "ResponseCode": "0",
            "ResponseDescription": _ACCEPTED,
        },
    )
    answer = gateway.faulty_answer(world, ask.day.ack, honest)
    is_first = ask.day.outcome is CallbackTiming.BEFORE_ANSWER
    return replace(answer, delay_seconds=ask.day.ack_delay_seconds, callbacks_first=is_first)


def _take_on(world: World, api: Api, ask: Ask, now: float) -> None:
    world.initiator.add(ask)
    if ask.day.outcome is CallbackTiming.BEFORE_ANSWER:
        _execute(world, api, ask, now)
        return
    if ask.day.queue_timeout:
        at = now + world.config.queue_timeout_seconds
        _post(world, ask, ask.order.caller.timeout_url, timeout_body(ask), at, "timeout")
    at = now + world.config.initiator_seconds
    world.schedule(at, lambda moment: _execute(world, api, ask, moment))


def _execute(world: World, api: Api, ask: Ask, at: float) -> None:
    day, caller = ask.day, ask.order.caller
    code = world.initiator.operators.refusal(
        caller.initiator, caller.credential, api.role, at, world.config.credential_rules
    )
    done = None
    if code is not None:
        done = Outcome(code)
    elif day.outcome_code is None or day.outcome_is_executed:
        done = api.execute(world, ask, at)
    told = done
    if code is None and day.outcome_code is not None:
        told = Outcome(day.outcome_code, words=day.outcome_words or "")
    assert told is not None
    ask.outcome = done or told
    world.journal.write(
        at,
        "outcome",
        api=api.name,
        originator_id=ask.originator_id,
        result_code=ask.outcome.code,
        told_code=told.code,
        receipt=ask.outcome.receipt or None,
    )
    if day.outcome is not CallbackTiming.NEVER:
        _report(world, ask, told, at)


def _report(world: World, ask: Ask, told: Outcome, at: float) -> None:
    day, url = ask.day, ask.order.caller.result_url
    post_at = at + _outcome_seconds(world, ask)
    if day.queue_timeout:
        post_at = max(post_at, ask.accepted_at + world.config.queue_timeout_seconds + 1)
    body = result_body(ask, told, at)
    for copy in range(day.outcome_copies):
        _post(world, ask, url, body, post_at, f"result.{copy + 1}")
    if day.second_code is not None:
        second = Outcome(day.second_code)
        if day.second_code == SUCCESS and ask.outcome is not None:
            second = ask.outcome
        body = result_body(ask, second, at)
        _post(world, ask, url, body, post_at + day.second_seconds, "result.second")


def _outcome_seconds(world: World, ask: Ask) -> float:
    if ask.day.outcome is CallbackTiming.BEFORE_ANSWER:
        return 0.0
    if ask.day.outcome_seconds is not None:
        return ask.day.outcome_seconds
    low, high = world.config.callback_seconds_min, world.config.callback_seconds_max
    return chance.between(low, high, world.seed, "outcome_seconds", ask.conversation_id)


def _post(world: World, ask: Ask, url: str, body: bytes, at: float, what: str) -> None:
    listed = world.config.callback_sources
    source = world.config.unlisted_source
    if ask.day.outcome_is_listed and listed:
        drawn = chance.unit(world.seed, "source", ask.conversation_id, what)
        source = listed[int(drawn * len(listed))]
    world.board.schedule(
        CallbackDelivery(
            id=f"{ask.conversation_id}.{what}.1",
            checkout_request_id="",
            url=url,
            body=body,
            source_ip=source,
            at=at,
            timeout_seconds=world.config.callback_timeout_seconds,
        )
    )
