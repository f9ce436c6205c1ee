"""How a result becomes callbacks: how many, when, from where, saying what."""

from simulator.core import c2b_posts, chance
from simulator.core.answers import CallbackTiming, TwinTiming
from simulator.core.c2b_notice import NoticeFaults
from simulator.core.callback_board import CallbackDelivery, callback_headers
from simulator.core.callback_body import Outcome, callback_body
from simulator.core.ledger import Debit
from simulator.core.prompts import Prompt
from simulator.core.results import SUCCESS
from simulator.core.world import World


def report(world: World, prompt: Prompt, code: str, at: float, debit: Debit | None) -> None:
    """Schedules the callback, as often and as late as the scenario says."""
    scenario, config = prompt.scenario, world.config
    if debit is not None:
        _confirm_by_c2b(world, prompt, debit, at)
    if scenario.callback is CallbackTiming.NEVER:
        return
    outcome = _outcome(world, prompt, code, debit)
    body = callback_body(prompt, outcome, world.seed, is_older=config.older_shapes)
    key = (prompt.order.msisdn, prompt.push_number, code)
    attempts = scenario.callback_attempts or config.callback_attempts
    for copy in range(scenario.callback_copies):
        world.board.schedule(
            CallbackDelivery(
                id=f"{prompt.checkout_request_id}.{code}.{copy + 1}.1",
                checkout_request_id=prompt.checkout_request_id,
                phone=prompt.order.msisdn,
                url=prompt.order.callback_url,
                headers=callback_headers(prompt.order.merchant.shortcode),
                body=body,
                source_ip=_source(world, prompt, key),
                at=at + _callback_seconds(world, prompt, key),
                attempts_max=attempts,
                slow_seconds=scenario.callback_slow_seconds,
                timeout_seconds=config.callback_timeout_seconds,
            )
        )


def _confirm_by_c2b(world: World, prompt: Prompt, debit: Debit, at: float) -> None:
    """The payment's twin: the second notice, where C2B addresses are registered too.

    "after" is after a callback that is neither late nor lost.
    """
    scenario = prompt.scenario
    timing = scenario.twin or TwinTiming(world.config.c2b_twin)
    key = (prompt.order.msisdn, prompt.push_number, SUCCESS)
    match timing:
        case TwinTiming.OFF:
            return
        case TwinTiming.LOST:
            c2b_posts.lose(world, debit, at)
            return
        case TwinTiming.AFTER:
            at += _drawn_seconds(world, key) + world.config.c2b_seconds
        case TwinTiming.BEFORE:
            pass
    c2b_posts.confirm(
        world,
        debit,
        at,
        copies=scenario.twin_copies,
        is_listed=scenario.twin_is_listed,
        faults=NoticeFaults(scenario.twin_is_other_amount, scenario.twin_is_wrong_shortcode),
    )


def _outcome(world: World, prompt: Prompt, code: str, debit: Debit | None) -> Outcome:
    if debit is None:
        return Outcome(code)
    return Outcome(
        code,
        receipt=debit.receipt,
        paid_at=debit.at,
        balance_kes=world.ledger.wallet_kes(debit.phone),
        earlier_receipt=world.ledger.previous_receipt(debit.shortcode, debit.receipt),
    )


def _callback_seconds(world: World, prompt: Prompt, key: tuple[object, ...]) -> float:
    if prompt.scenario.callback is CallbackTiming.BEFORE_ANSWER:
        return 0.0
    if prompt.scenario.callback_seconds is not None:
        return prompt.scenario.callback_seconds
    return _drawn_seconds(world, key)


def _drawn_seconds(world: World, key: tuple[object, ...]) -> float:
    low, high = world.config.callback_seconds_min, world.config.callback_seconds_max
    return chance.between(low, high, world.seed, "callback_seconds", *key)


def _source(world: World, prompt: Prompt, key: tuple[object, ...]) -> str:
    listed = world.config.callback_sources
    if not prompt.scenario.callback_is_listed or not listed:
        return world.config.unlisted_source
    return listed[int(chance.unit(world.seed, "source", *key) * len(listed))]
