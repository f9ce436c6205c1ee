"""Why M-Pesa refuses to move money, whoever asked for it: a prompt or a person by hand."""

from simulator.core.config import Merchant
from simulator.core.world import World

NO_MONEY, TOO_MUCH, DAILY_LIMIT, PAYEE_FULL = "1", "3", "4", "8"


def money_refusal(
    world: World, payer: str, merchant: Merchant, amount_kes: int, at: float
) -> str | None:
    """The result code of a payment that cannot be made; None where the money can move."""
    ledger = world.ledger
    if ledger.wallet_kes(payer) < amount_kes:
        return NO_MONEY
    if ledger.spent_today_kes(payer, at) + amount_kes > world.config.daily_max_kes:
        return DAILY_LIMIT
    most = merchant.balance_max_kes
    if most is not None and ledger.held_kes(merchant.shortcode) + amount_kes > most:
        return PAYEE_FULL
    return None
