"""The rules by name: where docs/protocol.md has each, and a world that needs it."""

from __future__ import annotations

from typing import Any, NamedTuple

from .invariants import Money
from .money_world import Hand
from .refund_world import RefundWorld
from .search import World
from .state import OVER


class Rule(NamedTuple):
    """One rule that can be taken out."""

    name: str
    section: str
    world: str


RULES = tuple(
    Rule(*row)
    for row in (
        ("write ahead", "4.1", "sends"),
        ("one send of a push", "4.1", "sends"),
        ("one prompt per booking", "3", "two prompts of a booking"),
        ("one prompt per phone", "3", "two bookings, one phone"),
        ("unclear is unknown", "4.3", "two prompts of a booking"),
        ("locks last", "4.4", "two prompts of a booking"),
        ("only the active releases", "4.6", "a late write"),
        ("a query's success waits", "4.7", "sends"),
        ("a query's failure waits", "4.7", "messages"),
        ("a hint is not believed", "5.3", "messages"),
        ("failed is asked again", "4.8", "late"),
        ("late money counts", "3", "late"),
        ("giving up sets attention", "3", "late"),
        ("a missing receipt sets attention", "4.7", "late"),
        ("version", "3", "messages"),
        ("decide again", "4.10", "messages"),
        ("the exact amount", "3", "amounts"),
        ("the amount is named", "3", "amounts"),
        ("payable in the write", "3", "the booking changes"),
        ("price in the write", "3", "the booking changes"),
        ("client in the write", "3", "the booking changes"),
        ("owed only if unpayable", "3", "the booking changes"),
        ("cancelled is owed back", "3", "the booking changes"),
        ("review locks", "2", "reviews beside a second payment"),
        ("a hint binds nothing", "10.1", "messages"),
        ("hand money frees no phone", "10.2", "two bookings, one phone"),
        ("a second receipt is filed", "10.2", "a reference by hand"),
        ("other amounts are filed", "10.2", "a reference and another amount"),
        ("two amounts set attention", "10.3", "amounts"),
        ("a claim has its amount", "10.3", "amounts at a till"),
        ("two amounts are no amount", "10.3", "amounts at a till"),
        ("file only a free receipt", "10.3", "amounts at a till"),
        ("a bound row stays", "10.3", "people"),
        ("set aside stays", "10.3", "set aside at a till"),
        ("Safaricom's money stays", "3", "reviews"),
        ("a typed booking at its price", "10.4", "a booking and another amount"),
        ("rung 3 needs proof", "10.4", "a till"),
        ("rung 3 is unique", "10.4", "a till and two prompts"),
        ("open ones count", "10.4", "a till and two prompts"),
        ("no rival receipt", "10.4", "a till"),
        ("Pull has covered the time", "10.4", "a till"),
        ("the time fits", "10.4", "a till, later"),
        ("a prompt's money is not given away", "10.5", "people"),
        ("a hint keeps its receipt", "10.5", "people and a hint"),
        ("a hint's receipt elsewhere sets attention", "5.3", "people and a hint"),
        ("a hint's receipt is not forgotten", "4.7", "a reference and a hint"),
        ("Pull's windows overlap", "5.9", "sends"),
        ("two persons", "11.1", "refund: answers"),
        ("write before sending", "11.2", "refund: answers"),
        ("one send of an attempt", "11.2", "refund: answers"),
        ("unclear stays sent", "11.3", "refund: answers"),
        ("an unlisted code waits", "11.3", "refund: answers"),
        ("a refusal of its own attempt", "11.3", "refund: answers"),
        ("a success of any attempt", "11.1", "refund: contradictions"),
        ("already reversed is no refusal", "11.3", "refund: other ways"),
        ("Completed says nothing", "11.4", "refund: answers"),
        ("one way back", "3", "refund: other ways"),
        ("back twice sets attention", "11.1", "refund: contradictions"),
        ("the statement after a day", "11.1", "refund: answers"),
        ("a day sets attention", "11.1", "refund: answers"),
        ("stopped refunds", "11.5", "refund: answers"),
    )
)


def worlds(without: str = "") -> dict[str, World[Any]]:
    """Each bounded world, by name, with a rule taken out."""
    refunds = {
        "refund: answers": _refund(
            without,
            *("acknowledgement lost", "crash", "refused", "result lost", "unlisted"),
            *("1", "stops", "doubled"),
        ),
        "refund: other ways": _refund(
            without, "cash", "portal", "1", "doubled", "crash", "result lost"
        ),
        "refund: contradictions": _refund(without, "cash", "contradicted", sends=1),
    }
    return {**_money_in(without), **_ledger(without), **refunds}


def _refund(without: str, *may: str, sends: int = 2) -> RefundWorld:
    return RefundWorld(may=frozenset(may), sends=sends, without=without)


def _money_in(without: str) -> dict[str, World[Any]]:
    def world(*may: str, **more: Any) -> Money:
        return Money(may=frozenset(may), without=without, **more)

    two: dict[str, Any] = {"bookings": (0, 0), "phones": (0, 1), "last_age": OVER}
    return {
        "messages": world("callback lost", "callback doubled", "unlisted", "1037", "query lies"),
        "sends": world(
            *("unclear", "crash", "refused", "message lost", "paid too early"), faults=2
        ),
        "late": world("query lies", "crash", "all lost", faults=2, postpones=False, pulls=False),
        "two prompts of a booking": world("1037", "unclear", postpones=False, **two),
        "a late write": world(**two, faults=0),
        "two bookings, one phone": world(
            bookings=(0, 1), phones=(0, 0), hands=(Hand("p"),), postpones=False, last_age=OVER
        ),
        "the booking changes": world(
            "cancelled", "same_price", "same_client", "callback lost", faults=2
        ),
        "amounts": world("amount", "twin"),
        "reviews": world(
            *("bogus", "record a receipt", "set aside", "complete", "owe the review back"),
            *("amount", "same_price", "twin"),
            postpones=False,
        ),
        "reviews beside a second payment": world("amount", postpones=False, **two),
    }


def _ledger(without: str) -> dict[str, World[Any]]:
    def world(*may: str, **more: Any) -> Money:
        return Money(may=frozenset(may), without=without, **more)

    till: dict[str, Any] = {"is_till": True, "postpones": False}
    return {
        "a reference by hand": world("all lost", "twin", hands=(Hand("p"),), postpones=False),
        "a reference and another amount": world(
            "twin", hands=(Hand("p", "other"),), postpones=False
        ),
        "a booking by hand": world("cancelled", "callback lost", hands=(Hand("b"),)),
        "a booking and another amount": world(hands=(Hand("b", "other"),), postpones=False),
        "set aside at a till": world("twin", "set aside", **till),
        "amounts at a till": world("twin", "twin amount", is_till=True),
        "a till": world("callback lost", "all lost", hands=(Hand(),), **till),
        "a till, later": world("false 0", hands=(Hand("", while_prompted=False),), **till),
        "a till and two prompts": world(
            *("all lost", "false 0"), bookings=(0, 1), phones=(0, 1), faults=2, **till
        ),
        "people": world(
            *("attach", "attach to a booking", "owe back", "callback lost", "query lies"),
            hands=(Hand(),),
            **till,
        ),
        "a reference and a hint": world("unlisted", hands=(Hand("p"),), postpones=False),
        "people and a hint": world("owe back", "unlisted", "1037", is_late=True, **till),
    }
