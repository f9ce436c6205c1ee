"""Account Balance: every account of a shortcode in one text. Source: docs/daraja.md 9.4."""

from simulator.core.accounts import AccountKind
from simulator.core.identifiers import timestamp
from simulator.core.initiator.asks import Ask, Outcome
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.parties import merchant_of, money
from simulator.core.world import World

_ACCOUNTS = (
    ("Working Account", AccountKind.WORKING),
    ("Float Account", None),
    ("Utility Account", AccountKind.UTILITY),
    ("Merchant Account", AccountKind.MERCHANT),
    ("Charges Paid Account", AccountKind.CHARGES),
    ("Organization Settlement Account", None),
)


def execute(world: World, ask: Ask, at: float) -> Outcome:
    """The balances as they are now. Units: KES with two decimals."""
    merchant = merchant_of(world.config, ask.order.caller.shortcode)
    if merchant is None:
        return Outcome("11")
    if ask.day.settled_to_bank:
        world.ledger.settle(merchant.shortcode, at)
    rows = []
    for name, kind in _ACCOUNTS:
        kes = world.ledger.account_kes(kind, merchant.shortcode) if kind else 0
        rows.append(f"{name}|KES|{money(kes)}|{money(kes)}|0.00|0.00")
    return Outcome(
        SUCCESS,
        world.ledger.printer.next(at),
        (("AccountBalance", "&".join(rows)), ("BOCompletedTime", int(timestamp(at)))),
    )
