"""Who is who in a Result: shortcodes, customers, and the names M-Pesa puts beside them."""

from simulator.core.config import Config, Merchant
from simulator.core.ledger import Debit, Ledger
from simulator.core.phones import is_valid_msisdn

CUSTOMER_NAME = "JUMA OTIENO WANJIRU"


def merchant_of(config: Config, party: str) -> Merchant | None:
    """The merchant with this shortcode or till number."""
    return next((each for each in config.merchants if party in (each.shortcode, each.till)), None)


def debit_of(ledger: Ledger, merchant: Merchant | None, receipt: str) -> Debit | None:
    """The payment behind a receipt, if this merchant was paid; receipts are upper case."""
    debit = ledger.debits.get(receipt.upper())
    is_own = debit is not None and merchant is not None and debit.shortcode == merchant.shortcode
    return debit if is_own else None


def customer(party: str) -> str:
    """A customer as Results show them: number and full name, unmasked."""
    return f"{party} - {CUSTOMER_NAME}" if is_valid_msisdn(party) else f"{party} - AN ORGANISATION"


def organisation(merchant: Merchant) -> str:
    """A shortcode as Results show it."""
    return f"{merchant.shortcode} - {merchant.name}"


def money(amount_kes: int) -> str:
    """An amount as balances show it."""
    return f"{amount_kes}.00"
