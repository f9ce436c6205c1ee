"""What M-Pesa posts about a payment to a shortcode: the validation and the confirmation.

Both have one shape; only the confirmation knows the new balance. Source: the C2B page of the
portal; a production database for the types and the shapes of a number.
"""

import json
from dataclasses import dataclass, replace
from hashlib import sha256

from simulator.core.accounts import AccountKind
from simulator.core.config import Config
from simulator.core.identifiers import timestamp
from simulator.core.ledger import Debit

REFERENCE_CHARACTERS_MAX = 20
TRUNCATED_CHARACTERS = 10
PAY_BILL = "Pay Bill"
BUY_GOODS = "Customer Merchant Payment"
FROM_ORGANISATION = "Organization To Organization Transfer"
FIRST_NAME = "JUMA"


@dataclass(frozen=True, slots=True)
class NoticeFaults:
    """What is wrong with one confirmation beside the settings."""

    is_other_amount: bool = False
    is_wrong_shortcode: bool = False


def notice_body(
    debit: Debit,
    config: Config,
    *,
    version: str,
    is_validation: bool = False,
    third_party_id: str = "",
    faults: NoticeFaults | None = None,
) -> bytes:
    """The bytes of a validation or a confirmation. Shape: `version` is v1 or v2."""
    faults = faults or NoticeFaults()
    if faults.is_other_amount:
        debit = replace(debit, amount_kes=debit.amount_kes + 1)
    wants_id = config.c2b_third_party_id == "merchant_request_id"
    balance = "" if is_validation or not config.c2b_balance else f"{debit.balance_after_kes}.00"
    body = {
        "TransactionType": transaction_type(debit, config),
        "TransID": debit.receipt,
        "TransTime": timestamp(debit.at),
        "TransAmount": _amount(debit, config),
        "BusinessShortCode": "600000" if faults.is_wrong_shortcode else _number(debit, config),
        "BillRefNumber": _reference(debit, config),
        "InvoiceNumber": "",
        "OrgAccountBalance": balance,
        "ThirdPartyTransID": third_party_id or (debit.merchant_request_id if wants_id else ""),
        "MSISDN": payer(debit, config.c2b_msisdn, version),
        "FirstName": FIRST_NAME if is_person(debit.phone) else "",
        "MiddleName": "",
        "LastName": "",
    }
    return json.dumps(body, separators=(",", ":")).encode()


def transaction_type(debit: Debit, config: Config) -> str:
    """As seen in production: a till's is never "Buy Goods"."""
    if config.c2b_type != "as_paid":
        return "" if config.c2b_type == "blank" else config.c2b_type
    if debit.kind is not None:
        return debit.kind
    if not is_person(debit.phone):
        return FROM_ORGANISATION
    return BUY_GOODS if debit.account is AccountKind.MERCHANT else PAY_BILL


def payer(debit: Debit, form: str, version: str) -> str:
    """The payer's number in one of its shapes; v1 tells a hash, v2 a mask."""
    if not is_person(debit.phone):
        return "" if form == "blank" else debit.phone
    if form == "by_version":
        form = "hash" if version == "v1" else "mask"
    hashed = sha256(debit.phone.encode()).hexdigest()
    shapes = {
        "hash": hashed,
        "masked_hash": f"{hashed[:34]} ***** {hashed[-25:]}",
        "mask": f"{debit.phone[:4]} ***** {debit.phone[-3:]}",
        "full": debit.phone,
        "blank": "",
        "shortcode": debit.shortcode,
    }
    return shapes[form]


def is_person(payer_number: str) -> bool:
    """Whether a phone paid, and not an organisation's shortcode."""
    return len(payer_number) == 12


def _number(debit: Debit, config: Config) -> str:
    """The number that was paid. Which of a till's two numbers M-Pesa sends is not known."""
    merchant = config.merchant(debit.shortcode)
    if merchant is None or config.c2b_shortcode == "store":
        return debit.shortcode
    return merchant.party_b


def _amount(debit: Debit, config: Config) -> str | int:
    if config.c2b_amount == "whole":
        return debit.amount_kes
    return f"{debit.amount_kes}.{'50' if config.c2b_amount == 'cents' else '00'}"


def _reference(debit: Debit, config: Config) -> str:
    """A till's payer types no account."""
    if config.c2b_reference == "blank" or debit.account is AccountKind.MERCHANT:
        return ""
    reference = debit.reference[:REFERENCE_CHARACTERS_MAX]
    is_cut = config.c2b_reference == "truncated"
    return reference[:TRUNCATED_CHARACTERS] if is_cut else reference
