"""The audit at the end: money against our table receipt by receipt, liveness, events, secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulator.core.prompts import Prompt, Stage
from tests.support.aws import C2B_TOKEN, TABLE_NAME

from .durability import facts_of
from .ledger import bound_receipt
from .statement import check_on_file, check_paid_by_hand, check_statement
from .view import MONEY, OPEN, Values, View, ViolationError, holds_number, plain, require

if TYPE_CHECKING:
    from simulator.core.ledger import Debit

    from ..world import SimulatedWorld

FINAL_WITHIN_SECONDS = 900
SPACING_SECONDS = 12
HOUR_SECONDS = 3600
SLACK_SECONDS = 240
FORGED_RECEIPT = "FORGED0001"


def audit(world: SimulatedWorld, *, healed_at: float, bus: list[str]) -> None:
    """Everything that must be true once all has come to rest. Errors: ViolationError."""
    view = world.watch.view
    for payment, prompt in check_money(world, view):
        _check_final(world, payment, prompt, healed_at)
    world.watch.refunds.audit(view)
    _check_events(world, view, bus)
    check_secrets(world)


def check_money(world: SimulatedWorld, view: View) -> list[tuple[Values, Prompt]]:
    """Every shilling against our table, prompt by prompt and receipt by receipt.

    Returns each prompt with its payment. Errors: ViolationError.
    """
    prompted = []
    for prompt in world.daraja.prompts():
        payment_id = urlsplit(prompt.order.callback_url).path.split("/")[-2]
        payment = view.payments.get(payment_id)
        require(payment is not None, "I9", f"{payment_id}: a prompt without a payment")
        assert payment is not None
        _check_debit(world, view, payment_id, payment, prompt)
        prompted.append((payment, prompt))
    _check_receipts(world, view)
    check_statement(world, view)
    return prompted


def _check_debit(
    world: SimulatedWorld, view: View, payment_id: str, payment: Values, prompt: Prompt
) -> None:
    """I2: money taken is recorded once, or a person was told where nobody told us."""
    debit = world.daraja.ledger.by_checkout(prompt.checkout_request_id)
    bound = world.daraja.ledger.debits.get(bound_receipt(payment) or "")
    if bound is not None and not bound.checkout_request_id:
        check_paid_by_hand(world, payment, bound)
        if debit is not None:
            check_on_file(world, debit.receipt, payment_id)
            _check_hinted(world, payment_id, prompt, debit)
        return
    if debit is None:
        believed = payment["status"] in MONEY
        require(not believed, "I2", f"{payment_id}: {payment['status']}, but no money moved")
        return
    if payment["status"] in MONEY:
        _check_amount(world, payment_id, payment, prompt, debit)
        return
    if _was_misled(view, payment, prompt, debit):
        world.note("called unpaid, since M-Pesa named another's receipt: its own waits on a row")
        return
    was_told = prompt.scenario.callback_is_listed and _heard_of_money(world, payment_id)
    require(not was_told, "I2", f"{payment_id}: paid and told, but {payment['status']}")
    is_known = payment.get("checkout_request_id") == prompt.checkout_request_id
    is_honest = prompt.scenario.query_lie_seconds is not None or prompt.scenario.query == "honest"
    asks = is_known and is_honest
    require(not asks, "I2", f"{payment_id}: paid, askable, but {payment['status']}")
    raised = view.attention_was_raised(payment_id)
    require(raised, "I2", f"{payment_id}: paid, {payment['status']}, and nobody was told")
    world.note("paid, no channel told us, attention raised")


def _was_misled(view: View, payment: Values, prompt: Prompt, debit: Debit) -> bool:
    """Whether a person ended a review whose callback named another payment's receipt."""
    lied = "reused_receipt" in prompt.scenario.body_faults
    waits = "payment_id" not in view.rows.get(debit.receipt, {"payment_id": ""})
    return lied and payment.get("proof") == "operator" and waits


def _check_hinted(world: SimulatedWorld, payment_id: str, prompt: Prompt, debit: Debit) -> None:
    """I2: a payment has money by hand, and a hint told of its prompt's: a person looks."""
    view = world.watch.view
    scenario = prompt.scenario
    if scenario.query != "honest" or scenario.body_faults or not _heard_of_money(world, payment_id):
        return
    is_seen = debit.receipt in view.rows or view.attention_was_raised(payment_id)
    require(is_seen, "I2", f"{payment_id}: paid twice, a callback said so, and nobody looks")
    world.note("paid by hand and by prompt, a person looks")


def _heard_of_money(world: SimulatedWorld, payment_id: str) -> bool:
    """Whether one of Daraja's own callbacks of success was acknowledged, listed address or not."""
    bodies = world.watch.acknowledged.get(payment_id, [])
    return any((facts := facts_of(body)) is not None and facts["code"] == "0" for body in bodies)


def _check_amount(
    world: SimulatedWorld, payment_id: str, payment: Values, prompt: Prompt, debit: Any
) -> None:
    """The record agrees with the ledger, unless the provider's own words did not."""
    view = world.watch.view
    lied = bool(prompt.scenario.body_faults) or view.attention_was_raised(payment_id)
    receipt = payment.get("receipt_number")
    is_vouched_for = prompt.scenario.callback_is_listed and _heard_of_money(world, payment_id)
    if receipt == FORGED_RECEIPT and not is_vouched_for:
        world.note("token leaked and callback lost: a forged receipt stands")
        return
    if receipt is not None and not lied:
        require(receipt == debit.receipt, "I2", f"{payment_id}: {receipt} is not its receipt")
    believed = payment.get("paid_amount_kes", payment["amount_kes"])
    if not lied:
        require(believed == debit.amount_kes, "I2", f"{payment_id}: KES {believed} believed")
    if receipt is None and prompt.scenario.query == "honest" and not prompt.scenario.body_faults:
        row = view.rows.get(debit.receipt, {})
        is_doubted = "amount_kes" not in row and "person" in row
        is_peoples = is_doubted and view.attention_was_raised(payment_id)
        is_peoples |= "set_aside" in row
        is_anothers = view.receipts.get(debit.receipt) not in (None, payment_id)
        told = _heard_of_money(world, payment_id) and not is_peoples and not is_anothers
        require(not told, "I2", f"{payment_id}: a callback named its receipt, and it has none")
    if receipt is None and payment["status"] in ("completed", "refund_due"):
        raised = view.attention_was_raised(payment_id)
        require(raised, "I2", f"{payment_id}: no receipt for a day, and nobody was told")


def _check_final(world: SimulatedWorld, payment: Values, prompt: Prompt, healed_at: float) -> None:
    """I5: final within 15 minutes of the provider's answer, an hour where it had lied."""
    require(
        payment["status"] not in OPEN,
        "I5",
        f"{payment['pk']}: still {payment['status']} at the end",
    )
    if "checkout_request_id" not in payment or prompt.stage is not Stage.FINISHED:
        return
    has_word = prompt.result is not None and prompt.result.code != "31415"
    scenario = prompt.scenario
    if not has_word or scenario.query in ("never_final", "unknown_id"):
        return
    finished_at = world.watch.finished_at.get(prompt.checkout_request_id, 0.0)
    askable_at = world.watch.askable_since.get(payment["pk"], 0.0)
    known_at = max(finished_at, askable_at, payment["created_at"] + 300, healed_at)
    queue = SPACING_SECONDS * len(world.watch.view.payments)
    limit = known_at + FINAL_WITHIN_SECONDS + queue + SLACK_SECONDS
    late = world.watch.settled_at[payment["pk"]] - limit
    require(late <= 0, "I5", f"{payment['pk']}: final {late:.0f} s too late")


def _check_receipts(world: SimulatedWorld, view: View) -> None:
    """I8 once more over everything, and no debit twice."""
    seen: dict[str, str] = {}
    for payment_id, payment in view.payments.items():
        receipt = bound_receipt(payment)
        if receipt is None:
            continue
        require(receipt not in seen, "I8", f"{receipt} stands for two payments")
        seen[receipt] = payment_id
    for receipt, payment_id in view.receipts.items():
        require(payment_id in view.payments, "I8", f"{receipt} is claimed by nobody")


def _check_events(world: SimulatedWorld, view: View, bus: list[str]) -> None:
    """I7: what the bus heard is what happened, each at least once."""
    written = {each["dedupe_id"] for events in view.events.values() for each in events}
    require(set(bus) == written, "I7", f"{len(written - set(bus))} events never reached the bus")


def check_secrets(world: SimulatedWorld) -> None:
    """I12: no phone number, token or secret in any line that was written, nor in any event."""
    text = world.output
    for secret in _secrets(world):
        if secret in text:
            line = next(each for each in text.splitlines() if secret in each)
            raise ViolationError("I12", f"a log line holds a secret: {line[:80]}")
    for each in world.engine.items(TABLE_NAME):
        if each["sk"]["S"].startswith("EVENT#"):
            event = json.dumps(plain(each))
            for phone in world.plan.scenarios:
                is_shown = holds_number(event, phone)
                require(not is_shown, "I12", "an event holds a phone number")


def _secrets(world: SimulatedWorld) -> list[str]:
    found = [value for content in world.secrets.values.values() for value in content.values()]
    found.remove("sandbox-consumer-key")
    found.append(C2B_TOKEN)
    found += [phone[3:] for phone in world.plan.scenarios]
    found += list(world.daraja.world.tokens._live)
    found += [prompt.order.callback_url.split("/")[-1] for prompt in world.daraja.prompts()]
    asks = world.daraja.world.initiator.asks
    found += [ask.order.caller.result_url.split("/")[-1] for ask in asks]
    return [secret for secret in found if secret]  # an initiator that is not set is empty
