"""The second notice of one payment: a C2B confirmation, where such URLs are registered.

A merchant who counts it beside the STK callback books the payment twice. Source: docs/daraja.md 5,
"a second message", and 9.6 (amounts are text, the number is masked, no second try).
"""

import json

from simulator.core.callback_board import CallbackDelivery
from simulator.core.callback_body import masked
from simulator.core.config import Config
from simulator.core.identifiers import timestamp
from simulator.core.ledger import Debit


def confirmation(
    debit: Debit, config: Config, *, is_till: bool, source_ip: str
) -> CallbackDelivery:
    """The post about a debit. TransID is the receipt, BillRefNumber the AccountReference."""
    body = {
        "TransactionType": "Buy Goods" if is_till else "Pay Bill",
        "TransID": debit.receipt,
        "TransTime": timestamp(debit.at),
        "TransAmount": f"{debit.amount_kes}.00",
        "BusinessShortCode": debit.shortcode,
        "BillRefNumber": "" if is_till else debit.reference,
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": masked(debit.phone),
        "FirstName": "JUMA",
    }
    return CallbackDelivery(
        id=f"{debit.checkout_request_id}.c2b.1",
        checkout_request_id=debit.checkout_request_id,
        url=config.c2b_confirmation_url,
        body=json.dumps(body, separators=(",", ":")).encode(),
        source_ip=source_ip,
        at=debit.at + config.callback_seconds_min,
        timeout_seconds=config.callback_timeout_seconds,
    )
