"""The SMS a customer gets afterwards, in English and Swahili, shaped like the real ones."""

from simulator.core.config import Merchant
from simulator.core.identifiers import eat
from simulator.core.ledger import Debit
from simulator.core.prompts import PushOrder

SENDER = "MPESA"

_FAILURES = {
    "en": {
        "1": "Failed. You do not have enough money in your M-PESA account to pay Ksh{amount}.00 "
        "to {name}. Your M-PESA balance is Ksh{balance}.00.",
        "2001": "Failed. You have entered the wrong PIN. Please try again.",
        "4": "Failed. Ksh{amount}.00 would take you over your daily M-PESA limit.",
        "8006": "Failed. Your M-PESA PIN is locked. Call 100 or 200 for help.",
    },
    "sw": {
        "1": "Imefeli. Huna pesa za kutosha kwenye akaunti yako ya M-PESA kulipa Ksh{amount}.00 "
        "kwa {name}. Salio lako la M-PESA ni Ksh{balance}.00.",
        "2001": "Imefeli. Umeweka PIN isiyo sahihi. Tafadhali jaribu tena.",
        "4": "Imefeli. Ksh{amount}.00 itazidi kiwango chako cha M-PESA cha siku.",
        "8006": "Imefeli. PIN yako ya M-PESA imefungwa. Piga 100 au 200 upate usaidizi.",
    },
}


def receipt_text(debit: Debit, merchant: Merchant, balance_kes: int, language: str) -> str:
    """The confirmation with the receipt number."""
    moment = eat(debit.at)
    day = f"{moment.day}/{moment.month}/{moment:%y}"
    hour = f"{moment.hour % 12 or 12}:{moment:%M} {moment:%p}"
    amount, balance = f"Ksh{debit.amount_kes:,}.00", f"Ksh{balance_kes:,}.00"
    name, account = merchant.name, debit.reference
    if language == "sw":
        whom = name if merchant.till else f"{name} kwa akaunti {account}"
        return (
            f"{debit.receipt} Imethibitishwa. {amount} imetumwa kwa {whom} tarehe {day} "
            f"saa {hour}. Salio lako jipya la M-PESA ni {balance}. Gharama ya kutuma, Ksh0.00."
        )
    whom = f"paid to {name}" if merchant.till else f"sent to {name} for account {account}"
    return (
        f"{debit.receipt} Confirmed. {amount} {whom} on {day} at {hour}. "
        f"New M-PESA balance is {balance}. Transaction cost, Ksh0.00."
    )


def failure_text(code: str, order: PushOrder, balance_kes: int, language: str) -> str | None:
    """The SMS about a failure; None where M-Pesa sends none."""
    words = _FAILURES["sw" if language == "sw" else "en"].get(code)
    if words is None:
        return None
    return words.format(
        amount=f"{order.amount_kes:,}", name=order.merchant.name, balance=f"{balance_kes:,}"
    )


_HAND_FAILURES = {
    "en": {
        "1": "Failed. You do not have enough money in your M-PESA account to pay Ksh{amount}.00. "
        "Your M-PESA balance is Ksh{balance}.00.",
        "2001": "Failed. You have entered the wrong PIN. Please try again.",
        "3": "Failed. Ksh{amount}.00 is more than one M-PESA payment may be.",
        "4": "Failed. Ksh{amount}.00 would take you over your daily M-PESA limit.",
        "8": "Failed. The business cannot receive Ksh{amount}.00 at the moment.",
        "8006": "Failed. Your M-PESA PIN is locked. Call 100 or 200 for help.",
        "business": "Failed. There is no business with this number. Please check it and try again.",
        "account": "Failed. The account number is missing or longer than 20 characters.",
        "not_accepted": "Failed. The business did not accept this payment. Your M-PESA balance is "
        "Ksh{balance}.00.",
    },
    "sw": {
        "1": "Imefeli. Huna pesa za kutosha kwenye akaunti yako ya M-PESA kulipa Ksh{amount}.00. "
        "Salio lako la M-PESA ni Ksh{balance}.00.",
        "2001": "Imefeli. Umeweka PIN isiyo sahihi. Tafadhali jaribu tena.",
        "3": "Imefeli. Ksh{amount}.00 inazidi kiwango cha malipo moja ya M-PESA.",
        "4": "Imefeli. Ksh{amount}.00 itazidi kiwango chako cha M-PESA cha siku.",
        "8": "Imefeli. Biashara haiwezi kupokea Ksh{amount}.00 kwa sasa.",
        "8006": "Imefeli. PIN yako ya M-PESA imefungwa. Piga 100 au 200 upate usaidizi.",
        "business": "Imefeli. Hakuna biashara yenye nambari hii. Tafadhali angalia ujaribu tena.",
        "account": "Imefeli. Nambari ya akaunti haipo au inazidi herufi 20.",
        "not_accepted": "Imefeli. Biashara haikukubali malipo haya. Salio lako la M-PESA ni "
        "Ksh{balance}.00.",
    },
}


def hand_failure_text(code: str, amount_kes: int, balance_kes: int, language: str) -> str:
    """What the customer reads about a payment by hand that failed."""
    words = _HAND_FAILURES["sw" if language == "sw" else "en"][code]
    return words.format(amount=f"{amount_kes:,}", balance=f"{balance_kes:,}")
