"""The SMS a customer gets about a reversal or a payout, in English and Swahili."""

from simulator.core.accounts import Movement
from simulator.core.ledger import Debit


def reversal_text(
    receipt: str, debit: Debit, amount_kes: int, balance_kes: int, language: str
) -> str:
    """What the customer reads about a payment that went back."""
    amount, balance = f"Ksh{amount_kes:,}.00", f"Ksh{balance_kes:,}.00"
    if language == "sw":
        return (
            f"{receipt} Imethibitishwa. Muamala {debit.receipt} umerudishwa. {amount} imewekwa "
            f"kwenye akaunti yako ya M-PESA. Salio lako jipya la M-PESA ni {balance}."
        )
    return (
        f"{receipt} Confirmed. Transaction {debit.receipt} was reversed. {amount} is credited to "
        f"your M-PESA account. New M-PESA account balance is {balance}."
    )


def payout_text(movement: Movement, payer: str, balance_kes: int, language: str) -> str:
    """What the customer reads about money from a shortcode."""
    amount, balance = f"Ksh{movement.amount_kes:,}.00", f"Ksh{balance_kes:,}.00"
    if language == "sw":
        return (
            f"{movement.receipt} Imethibitishwa. Umepokea {amount} kutoka kwa {payer}. "
            f"Salio lako jipya la M-PESA ni {balance}."
        )
    return (
        f"{movement.receipt} Confirmed. You have received {amount} from {payer}. "
        f"New M-PESA balance is {balance}."
    )
