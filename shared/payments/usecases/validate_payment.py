"""Judges a payment by hand before the money moves (C2B validation)."""

from payments.protocol.evidence import MoneySeen
from payments.usecases.receive_confirmation import Paybill
from payments.usecases.services import Services

ACCEPTED = "0"
WRONG_ACCOUNT = "C2B00012"
WRONG_AMOUNT = "C2B00013"


def validate_payment(services: Services, paybill: Paybill, money: MoneySeen) -> str:
    """Return what M-Pesa is answered."""
    return ACCEPTED
