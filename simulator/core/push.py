"""processrequest: the checks in Daraja's order, then a prompt. Source: docs/daraja.md 3."""

from dataclasses import replace

from simulator.core import chance, gateway, lifecycle, push_fields
from simulator.core.answers import NEVER_REACHES_MPESA, CallbackTiming
from simulator.core.config import Merchant
from simulator.core.http import HttpAnswer, HttpRequest, json_answer
from simulator.core.identifiers import merchant_request_id, older_merchant_request_id
from simulator.core.phones import Phone
from simulator.core.prompts import Prompt, PushOrder, prompt_text
from simulator.core.push_fields import Fields, InvalidFieldError
from simulator.core.scenario import SCENARIO_HEADER, Scenario, scenario_from
from simulator.core.world import World

_ACCEPTED = "Success. Request accepted for processing"


def push(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
    """The answer to a push, and the prompt that now exists because of it, if any.

    Errors: gateway.RefusedError, with nothing queued.
    """
    gateway.check_token(world, request, now)
    fields = gateway.json_fields(world, request)
    try:
        order = _order(world, fields, now)
    except InvalidFieldError as error:
        raise gateway.invalid(world, error.name, error.why) from error
    phone = world.phone(order.msisdn)
    phone.pushes += 1
    scenario = _scenario(world, request, phone)
    _check_phone(world, phone)
    prompt = _prompt(world, order, scenario, phone, now)
    if scenario.push_answer in NEVER_REACHES_MPESA or not scenario.push_reaches_mpesa:
        return _answer(world, prompt), None
    early_code = _early_code(world, order, now)
    world.pushed[order.msisdn, order.merchant.shortcode, order.amount_kes] = now
    lifecycle.accept(world, prompt, early_code, now)
    return _answer(world, prompt), prompt


def authenticate(world: World, fields: Fields, now: float) -> Merchant:
    """The merchant whose password this is; shared with the query.

    Errors: InvalidFieldError for a bad shape, gateway.RefusedError for wrong credentials.
    """
    shortcode = push_fields.shortcode(fields)
    password = push_fields.password(fields)
    stamp = push_fields.timestamp(fields, now, world.config)
    merchant = world.config.merchant(shortcode)
    if merchant is None:
        raise gateway.refused(world, 500, "500.001.1001", "Merchant does not exist")
    if not push_fields.is_right_password(password, merchant, stamp):
        older = "[MerchantValidate] - " if world.config.older_shapes else ""
        raise gateway.refused(world, 500, "500.001.1001", f"{older}Wrong credentials")
    return merchant


def _order(world: World, fields: Fields, now: float) -> PushOrder:
    merchant = authenticate(world, fields, now)
    order = push_fields.order_from(fields, merchant, world.config)
    if not merchant.may_push:
        message = f"Merchant not allowed to carry out transaction type {order.transaction_type}"
        raise gateway.refused(world, 500, "500.001.1001", message)
    return order


def _check_phone(world: World, phone: Phone) -> None:
    if not phone.is_safaricom:
        raise gateway.refused(world, 500, "500.001.1001", "Missing ICCID value")
    if phone.live is not None:
        message = (
            "Unable to lock subscriber, a transaction is already in process "
            "for the current subscriber"
        )
        raise gateway.refused(world, 500, "500.001.1001", message)


def _scenario(world: World, request: HttpRequest, phone: Phone) -> Scenario:
    """Header, then what was asked for the next push, then the phone's own, then seeded chance."""
    named = request.header(SCENARIO_HEADER)
    is_own = phone.scenario != "normal"
    own = world.default_scenario
    if is_own:
        own = scenario_from(phone.scenario, own)
    if named is not None:
        return scenario_from(named, own)
    if phone.next_scenarios:
        return scenario_from(phone.next_scenarios.pop(0), own)
    if world.next_scenarios:
        return scenario_from(world.next_scenarios.pop(0), own)
    return own if is_own else _drawn(world, phone) or own


def _drawn(world: World, phone: Phone) -> Scenario | None:
    if not world.chances:
        return None
    drawn = chance.unit(world.seed, "scenario", phone.msisdn, phone.pushes)
    for each in world.chances:
        if drawn < each.probability:
            return each.scenario
        drawn -= each.probability
    return None


def _prompt(world: World, order: PushOrder, scenario: Scenario, phone: Phone, now: float) -> Prompt:
    is_long = len(order.reference) > push_fields.REFERENCE_CHARACTERS_MAX
    if is_long and not world.config.long_reference_is_prompted:
        scenario = replace(scenario, prompt_is_lost=True)
    checkout_id = world.new_checkout_id(now, order.msisdn)
    shape = older_merchant_request_id if world.config.older_shapes else merchant_request_id
    return Prompt(
        checkout_request_id=checkout_id,
        merchant_request_id=shape(world.seed, checkout_id),
        order=order,
        scenario=scenario,
        accepted_at=now,
        push_number=phone.pushes,
    )


def _early_code(world: World, order: PushOrder, now: float) -> str | None:
    """The result of a push that breaks a rule of the core system; it never shows a prompt."""
    return (
        _product_code(world, order)
        or ("1025" if len(prompt_text(order)) > world.config.prompt_characters_max else None)
        or ("3" if order.amount_kes > world.config.amount_max_kes else None)
        or ("17" if _is_too_soon(world, order, now) else None)
    )


def _product_code(world: World, order: PushOrder) -> str | None:
    """A paybill needs the paybill type, a till the till type. Source: docs/daraja.md 7, 2028."""
    merchant = order.merchant
    is_right_type = order.transaction_type == merchant.transaction_type
    if is_right_type and order.party_b == merchant.party_b:
        return None
    if not is_right_type and order.party_b == merchant.party_b:
        return "2028"
    others = {each.party_b for each in world.config.merchants}
    return "2029" if order.party_b in others else "SFC_IC0003"


def _is_too_soon(world: World, order: PushOrder, now: float) -> bool:
    shortcode, amount = order.merchant.shortcode, order.amount_kes
    if world.config.same_amount_is_strict:
        latest = world.pushed.get((order.msisdn, shortcode, amount))
    else:
        latest = world.ledger.latest_debit_at(order.payer, shortcode, amount)
    return latest is not None and now - latest < world.config.same_amount_seconds


def _answer(world: World, prompt: Prompt) -> HttpAnswer:
    scenario = prompt.scenario
    honest = json_answer(
        200,
        {
            "MerchantRequestID": prompt.merchant_request_id,
            "CheckoutRequestID": prompt.checkout_request_id,
            "ResponseCode": "0",
            "ResponseDescription": _ACCEPTED,
            "CustomerMessage": _ACCEPTED,
        },
    )
    answer = gateway.faulty_answer(world, scenario.push_answer, honest)
    is_first = scenario.callback is CallbackTiming.BEFORE_ANSWER
    if not is_first and not scenario.push_delay_seconds:
        return answer
    return replace(answer, delay_seconds=scenario.push_delay_seconds, callbacks_first=is_first)
