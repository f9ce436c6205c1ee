"""Money that no prompt asked for: who pays by hand, what they type, and how M-Pesa tells of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import SimulatedWorld

SHORTCODE = "174379"
TILL, TILLS_STORE = "5123456", "7654321"
TILL_SHARE = 0.25
"""So many of the deployments that hear of money are tills: nobody types an account there."""
HEARS_SHARE = 0.7
TWICE_SHARE = 0.1
"""So many of the paybills that hear of money have a customer who pays by prompt and by hand."""
PULLS_SHARE = 0.7
AT_A_TILL = {
    "SAFARICOM_SHORTCODE": TILLS_STORE,
    "SAFARICOM_PARTY_B": TILL,
    "SAFARICOM_TRANSACTION_TYPE": "CustomerBuyGoodsOnline",
}
TYPED = (
    "reference",
    "reference",
    "lower",
    "letter",
    "booking",
    "booking",
    "blank",
    "wrong",
    "phone",
)
"""What a person types as the account: `letter` is a reference with O for 0."""
AFTER_DEBIT_SECONDS = (3.0, 5.0, 8.0, 12.0, 20.0, 120.0)
AFTER_PROMPT_SECONDS = (0.5, 3.0, 8.0, 30.0, 120.0, 310.0, 2000.0)


def draw_money(
    seed: int, agenda: list[dict[str, Any]], scenarios: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """Add hand payments to the agenda and twins to the days; the plan's other fields about money.

    It draws from a chance of its own, so the rest of the plan is the seed's whatever it draws.
    """
    chance = random.Random(f"money {seed}")
    if chance.random() >= HEARS_SHARE:
        return {}
    for days in scenarios.values():
        for day in days:
            _twin(chance, day)
    for number in range(chance.choice((0, 1, 1, 2, 3))):
        agenda.append(_hand_payment(chance, agenda, list(scenarios), number))
    is_till = chance.random() < TILL_SHARE
    environment = {
        "PAYBILL_ACCOUNT": chance.choice(("off", "booking_id")),
        "SWEEP_PAYERS": chance.choice(("", TILLS_STORE if is_till else SHORTCODE)),
        **(AT_A_TILL if is_till else {}),
    }
    daraja = {
        "c2b_twin": chance.choice(("off", "before", "after", "after")),
        "c2b_seconds": chance.choice((0.1, 0.5, 3.0, 30.0, 400.0)),
        "c2b_loss": chance.choice((0.0, 0.0, 0.1)),
        "c2b_attempts": chance.choice((1, 1, 3)),
        "c2b_msisdn": chance.choice(("by_version", "hash", "masked_hash", "mask", "full", "blank")),
        "c2b_amount": chance.choice(("two_decimals", "two_decimals", "whole")),
        "c2b_reference": chance.choice(("as_paid", "as_paid", "as_paid", "blank", "truncated")),
    }
    if chance.random() < PULLS_SHARE:
        environment["PULL_TRANSACTIONS"] = "true"
        daraja |= draw_pull(chance)
    if not is_till and chance.random() < TWICE_SHARE:
        _pay_twice(chance, agenda, scenarios)
        environment.pop("PULL_TRANSACTIONS", None)
    return {"hears_c2b": True, "environment": environment, "daraja": daraja}


def draw_pull(chance: random.Random) -> dict[str, Any]:
    """How this world's Pull answers."""
    return {
        "pull_rows": chance.choice((1, 2, 10, 10)),
        "pull_offset": chance.choice(("rows", "pages")),
        "pull_empty": chance.choice(("1001", "bare", "http_500", "nested", "text")),
        "pull_clock": chance.choice(("eat", "utc", "offset")),
        "pull_delay_seconds_max": chance.choice((0.0, 20.0, 300.0)),
        "pull_keys": chance.choice(("portal", "live")),
        "pull_msisdn": chance.choice(("mask", "hash", "masked_hash", "full", "blank")),
        "pull_amount": chance.choice(("one_decimal", "two_decimals", "whole")),
    }


def _twin(chance: random.Random, day: dict[str, Any]) -> None:
    drawn = chance.random()
    if drawn < 0.1:
        day["twin"] = "before"
    elif drawn < 0.15:
        day["twin"] = "lost"
    if chance.random() < 0.15:
        day["twin_copies"] = chance.randint(2, 3)
    if chance.random() < 0.1:
        day["twin_is_listed"] = False
    if chance.random() < 0.03:
        day["twin_is_wrong_shortcode"] = True
    elif chance.random() < 0.03:
        day["twin_is_other_amount"] = True


def _pay_twice(
    chance: random.Random, agenda: list[dict[str, Any]], scenarios: dict[str, list[dict[str, Any]]]
) -> None:
    """Somebody pays the first prompt and by hand too; only a hint names the prompt's receipt."""
    asked = [item for item in agenda if item["do"] == "initiate" and item["phone"] in scenarios]
    prompt = min(asked, key=lambda item: item["at"])
    scenarios[prompt["phone"]][0] = {
        "person": "pays",
        "person_seconds": 0.5,
        "callback_is_listed": False,
        "twin": "lost",
    }
    item = _hand_payment(chance, [prompt], list(scenarios), 9)
    at = round(prompt["at"] + chance.choice(AFTER_DEBIT_SECONDS), 3)
    agenda.append({**item, "at": at, "types": "reference", "nth": 0, "amount_off": 0})


def _hand_payment(
    chance: random.Random, agenda: list[dict[str, Any]], phones: list[str], number: int
) -> dict[str, Any]:
    """Somebody pays soon after a prompt was asked for, or much later."""
    prompt = chance.choice([item for item in agenda if item["do"] == "initiate"])
    after = chance.choice(AFTER_PROMPT_SECONDS) * (0.5 + chance.random())
    return {
        "at": round(prompt["at"] + after, 3),
        "name": f"by-hand-{number}",
        "do": "pay_by_hand",
        "phone": chance.choice((prompt["phone"], *phones)),
        "booking": prompt["booking"],
        "types": chance.choice(TYPED),
        "nth": chance.randint(0, 2),
        "amount_off": chance.choice((0, 0, 0, 1)),
    }


def pay_by_hand(world: SimulatedWorld, item: dict[str, Any]) -> None:
    """Carry out one item of the agenda: the money moves, unless M-Pesa itself refuses."""
    view = world.watch.view
    consultation = view.consultations.get(item["booking"])
    prompted = [each for each in view.payments.values() if "account_reference" in each]
    payment = prompted[item["nth"] % len(prompted)] if prompted else None
    amount_kes = consultation["price_kes"] if consultation else 1
    account = {"booking": item["booking"], "blank": " ", "phone": item["phone"]}.get(
        item["types"], "RENT7"
    )
    if payment is not None and item["types"] in ("reference", "lower", "letter"):
        amount_kes, account = payment["amount_kes"], payment["account_reference"]
        if item["types"] == "lower":
            account = account.lower()
        elif item["types"] == "letter":
            account = account.replace("0", "O")
    is_till = world.plan.shortcode == TILLS_STORE
    paid = world.daraja.pay_by_hand(
        item["phone"],
        number=TILL if is_till else SHORTCODE,
        is_till=is_till,
        amount_kes=amount_kes + item["amount_off"],
        account="" if is_till else account,
    )
    world.note(f"by hand: {item['types']}" if paid.state == "completed" else "by hand: refused")
