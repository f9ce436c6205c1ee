"""Judges a payment by hand before the money moves (C2B validation); writes nothing."""

from payments.protocol.evidence import MoneySeen
from payments.protocol.matching import attribute
from payments.protocol.payment import Payment
from payments.usecases.gather_facts import gather_facts
from payments.usecases.receive_confirmation import Paybill
from payments.usecases.services import Services

ACCEPTED = "0"
WRONG_ACCOUNT = "C2B00012"
WRONG_AMOUNT = "C2B00013"


def validate_payment(services: Services, paybill: Paybill, money: MoneySeen) -> str:
    """Return the code that M-Pesa is answered: accepted, wrong account, or wrong amount.

    Doubt accepts: another shortcode, an amount that cannot be read, and a till's payment, which
    names no account.
    Errors: StoreUnavailableError, which accepts too.
    """
    is_ours = money.shortcode in paybill.shortcodes
    if not is_ours or money.reference is None or money.amount_kes is None:
        return ACCEPTED
    facts = gather_facts(services, money, is_look=False)
    match attribute(money, None, facts):
        case Payment() as payment:
            return ACCEPTED if payment.amount_kes == money.amount_kes else WRONG_AMOUNT
        case None:
            is_payable = any(each.is_payable for each in facts.consultations)
            return WRONG_AMOUNT if is_payable else WRONG_ACCOUNT
        case _:
            return ACCEPTED
