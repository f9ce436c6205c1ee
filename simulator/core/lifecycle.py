"""What becomes of an accepted push: shown, answered, settled, reported.

Every function takes the moment at which the thing happens, which may lie before the moment it is
looked at: a prompt that ran out at noon ran out at noon, whenever somebody asks.
"""

from typing import assert_never

from simulator.core.answers import CallbackTiming
from simulator.core.ledger import Debit
from simulator.core.limits import money_refusal
from simulator.core.messages import SENDER, failure_text, receipt_text
from simulator.core.phones import Message, Phone
from simulator.core.prompts import Prompt, Result, Stage
from simulator.core.reporting import report
from simulator.core.results import SUCCESS
from simulator.core.scenario import Person
from simulator.core.world import Event, EventKind, World


def advance(world: World, now: float) -> None:
    """Lets everything happen that was due up to now, in the order of its time."""
    while (due := world.take_event(now)) is not None:
        at, event = due
        if isinstance(event, Event):
            _happen(world, event, at)
        else:
            event(at)


def accept(world: World, prompt: Prompt, early_code: str | None, at: float) -> None:
    """Takes a push on: locks the phone and schedules what follows.

    `early_code` is a result that needs no person, such as a rule that was broken.
    """
    phone = world.phone(prompt.order.msisdn)
    world.phone(prompt.order.payer)
    phone.live = prompt
    world.prompts[prompt.checkout_request_id] = prompt
    if prompt.scenario.callback is CallbackTiming.BEFORE_ANSWER:
        _hurry(world, prompt, early_code, at)
    elif early_code is not None:
        _later(world, EventKind.FAIL, prompt, at + world.config.refusal_seconds, early_code)
    elif not phone.is_on or prompt.scenario.prompt_is_lost:
        _later(world, EventKind.FAIL, prompt, at + world.config.unreachable_seconds, "1037")
    else:
        _later(world, EventKind.SHOW, prompt, at + world.config.show_seconds)


def enter_pin(world: World, prompt: Prompt, pin: str, at: float) -> None:
    """The person typed a PIN and pressed Send."""
    phone = world.phone(prompt.order.msisdn)
    _note(world, prompt, "pin", at)
    prompt.stage = Stage.PROCESSING
    wrong = phone.try_pin(pin, world.config.wrong_pins_max)
    if wrong is not None:
        finish(world, prompt, wrong, at)
    else:
        _later(world, EventKind.SETTLE, prompt, at + world.config.settle_seconds)


def cancel(world: World, prompt: Prompt, at: float) -> None:
    """The person pressed Cancel."""
    _note(world, prompt, "cancel", at)
    finish(world, prompt, "1032", at)


def dismiss(world: World, prompt: Prompt, at: float) -> None:
    """The person put the phone away: the prompt runs out unseen."""
    _note(world, prompt, "ignore", at)
    prompt.is_dismissed = True


def finish(world: World, prompt: Prompt, code: str, at: float, debit: Debit | None = None) -> None:
    """The prompt has its result: the phone is free, the customer told, the callback scheduled."""
    phone = world.phone(prompt.order.msisdn)
    receipt, paid_at = (debit.receipt, debit.at) if debit else (None, None)
    prompt.stage = Stage.FINISHED
    prompt.result = Result(code, receipt, paid_at)
    if phone.live is prompt:
        phone.live = None
    world.journal.write(
        at,
        "result",
        checkout_request_id=prompt.checkout_request_id,
        phone=phone.msisdn,
        result_code=code,
        receipt=receipt,
    )
    _send_message(world, prompt, phone, debit, at)
    report(world, prompt, code, at, debit)


def _happen(world: World, event: Event, at: float) -> None:
    prompt = event.prompt
    match event.kind:
        case EventKind.SHOW:
            _show(world, prompt, at)
        case EventKind.ACT:
            if prompt.is_open and not prompt.is_dismissed:
                _act(world, prompt, at)
        case EventKind.EXPIRE:
            _expire(world, prompt, at)
        case EventKind.SETTLE:
            _settle(world, prompt, at)
        case EventKind.FAIL:
            finish(world, prompt, event.code, at)
        case EventKind.LATE_SUCCESS:
            _succeed_late(world, prompt, at)
        case _:
            assert_never(event.kind)


def _expire(world: World, prompt: Prompt, at: float) -> None:
    if prompt.is_open:  # else a person was faster
        _note(world, prompt, "closed", at)
        finish(world, prompt, prompt.scenario.ignored_code, at)


def _show(world: World, prompt: Prompt, at: float) -> None:
    phone = world.phone(prompt.order.msisdn)
    if not phone.is_on:
        remaining = max(0.0, world.config.unreachable_seconds - world.config.show_seconds)
        _later(world, EventKind.FAIL, prompt, at + remaining, "1037")
        return
    prompt.stage, prompt.shown_at = Stage.SHOWN, at
    prompt.expires_at = at + world.config.prompt_seconds
    _note(world, prompt, "shown", at)
    _later(world, EventKind.EXPIRE, prompt, prompt.expires_at)
    if prompt.scenario.person not in (Person.WAITS, Person.IGNORES):
        _later(world, EventKind.ACT, prompt, at + _person_seconds(world, prompt))


def _act(world: World, prompt: Prompt, at: float) -> None:
    pin = world.phone(prompt.order.msisdn).pin
    match prompt.scenario.person:
        case Person.PAYS:
            enter_pin(world, prompt, pin, at)
        case Person.WRONG_PIN:
            enter_pin(world, prompt, f"{(int(pin) + 1) % 10_000:04d}", at)
        case Person.CANCELS:
            cancel(world, prompt, at)
        case Person.WAITS | Person.IGNORES:
            pass


def _hurry(world: World, prompt: Prompt, early_code: str | None, at: float) -> None:
    """Everything at once, so that the callback is due before the push is answered."""
    phone = world.phone(prompt.order.msisdn)
    prompt.stage, prompt.shown_at, prompt.expires_at = Stage.SHOWN, at, at
    if early_code is not None:
        finish(world, prompt, early_code, at)
    elif not phone.is_on or prompt.scenario.person is Person.IGNORES:
        finish(world, prompt, prompt.scenario.ignored_code, at)
    else:
        _act(world, prompt, at)
        if prompt.stage is Stage.SHOWN:
            enter_pin(world, prompt, phone.pin, at)
        if prompt.stage is Stage.PROCESSING:
            _settle(world, prompt, at)


def _settle(world: World, prompt: Prompt, at: float) -> None:
    if prompt.stage is not Stage.PROCESSING:
        return  # settled in a hurry before
    forced = prompt.scenario.result_code
    code = forced if forced not in (None, SUCCESS) else _refusal(world, prompt, at)
    if code is not None:
        finish(world, prompt, code, at)
    elif prompt.scenario.reversed_after_seconds is not None:
        finish(world, prompt, prompt.scenario.reversed_code, at)
        moment = at + prompt.scenario.reversed_after_seconds
        _later(world, EventKind.LATE_SUCCESS, prompt, moment)
    else:
        finish(world, prompt, SUCCESS, at, _debit(world, prompt, at))


def _succeed_late(world: World, prompt: Prompt, at: float) -> None:
    if _refusal(world, prompt, at) is None:
        finish(world, prompt, SUCCESS, at, _debit(world, prompt, at))


def _refusal(world: World, prompt: Prompt, at: float) -> str | None:
    """Why the money cannot move; None when it can."""
    order = prompt.order
    return money_refusal(world, order.payer, order.merchant, order.amount_kes, at)


def _debit(world: World, prompt: Prompt, at: float) -> Debit:
    order = prompt.order
    debit = world.ledger.debit(
        at=at,
        phone=order.payer,
        shortcode=order.merchant.shortcode,
        amount_kes=order.amount_kes,
        reference=order.reference,
        checkout_request_id=prompt.checkout_request_id,
        merchant_request_id=prompt.merchant_request_id,
        account=order.merchant.account,
    )
    world.journal.write(
        at,
        "money",
        checkout_request_id=prompt.checkout_request_id,
        phone=order.payer,
        shortcode=order.merchant.shortcode,
        amount_kes=order.amount_kes,
        receipt=debit.receipt,
        reference=order.reference,
    )
    return debit


def _send_message(
    world: World, prompt: Prompt, phone: Phone, debit: Debit | None, at: float
) -> None:
    order = prompt.order
    result = prompt.result
    balance = world.ledger.wallet_kes(order.payer)
    if debit is not None:
        text: str | None = receipt_text(debit, order.merchant, balance, phone.language)
    else:
        text = failure_text(result.code if result else "", order, balance, phone.language)
    if text is not None:
        phone.receive(Message(at, SENDER, text))
        world.journal.write(at, "sms", phone=phone.msisdn, text=text)


def _person_seconds(world: World, prompt: Prompt) -> float:
    given = prompt.scenario.person_seconds
    return world.config.person_seconds if given is None else given


def _note(world: World, prompt: Prompt, what: str, at: float) -> None:
    world.journal.write(
        at,
        "prompt",
        what=what,
        checkout_request_id=prompt.checkout_request_id,
        phone=prompt.order.msisdn,
    )


def _later(world: World, kind: EventKind, prompt: Prompt, at: float, code: str = "") -> None:
    world.schedule(at, Event(kind, prompt, code))
