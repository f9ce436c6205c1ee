"""The rules by name, and the worlds that need them."""

from __future__ import annotations

from typing import Any, NamedTuple

from .invariants import Money
from .money_world import Hand
from .state import OVER


class Rule(NamedTuple):
    """One rule that can be taken out: where docs/protocol.md has it, and a world that needs it."""

    section: str
    world: str


def money_worlds(without: str = "") -> dict[str, Money]:
    """Each bounded world of money in, by name."""

    def world(*may: str, **more: Any) -> Money:
        return Money(may=frozenset(may), without=without, **more)

    return {
        "messages": world("callback lost", "callback doubled", "unlisted", "1037", "query lies"),
        "sends": world("unclear", "crash", "refused", "message lost", "paid too early", faults=2),
        "two prompts of a booking": world(
            "1037", "unclear", bookings=(0, 0), phones=(0, 1), postpones=False, last_age=OVER
        ),
        "two bookings, one phone": world(
            bookings=(0, 1),
            phones=(0, 0),
            postpones=False,
            last_age=OVER,
            hands=(Hand("p"),),
        ),
        "the booking changes": world("cancelled", "same_price", "same_client", "callback lost"),
        "amounts": world("amount", "twin"),
        "late": world("query lies", "callback lost", "all lost", faults=2, postpones=False),
        "a reference by hand": world("all lost", "twin", hands=(Hand("p"),), postpones=False),
        "a reference and another amount": world("twin", hands=(Hand("p", "other"),)),
        "a booking by hand": world("cancelled", "callback lost", hands=(Hand("b"),)),
        "a booking and another amount": world(hands=(Hand("b", "other"),), postpones=False),
        "a till": world(
            "callback lost", "all lost", is_till=True, hands=(Hand(),), postpones=False
        ),
        "a till, later": world(
            "callback lost",
            "all lost",
            is_till=True,
            hands=(Hand("", while_prompted=False),),
            postpones=False,
        ),
        "people": world(
            "attach",
            "attach to a booking",
            "owe back",
            "callback lost",
            "query lies",
            is_till=True,
            hands=(Hand(),),
            postpones=False,
        ),
        "reviews": world(
            "bogus",
            "record a receipt",
            "set aside",
            "complete",
            "owe the review back",
            "amount",
            "same_price",
            "twin",
            postpones=False,
        ),
    }
