"""The core's things as JSON documents of the control API."""

from simulator.core import Audit, Daraja, Debit
from simulator.core.audit import statement
from simulator.core.known_phones import KNOWN_PHONES
from simulator.core.phones import Phone
from simulator.core.prompts import Prompt
from simulator.core.results import description

_SAYS = {each.msisdn: each.says for each in KNOWN_PHONES}
Document = dict[str, object]


def prompt_document(prompt: Prompt) -> Document:
    """One prompt. Units: KES, UTC epoch seconds."""
    order, result = prompt.order, prompt.result
    return {
        "checkout_request_id": prompt.checkout_request_id,
        "merchant_request_id": prompt.merchant_request_id,
        "stage": str(prompt.stage),
        "phone_number": order.msisdn,
        "merchant": order.merchant.name,
        "shortcode": order.merchant.shortcode,
        "till": order.merchant.till,
        "amount_kes": order.amount_kes,
        "reference": order.reference,
        "description": order.description,
        "text": {"en": prompt.text("en"), "sw": prompt.text("sw")},
        "scenario": prompt.scenario.name,
        "scenario_fields": prompt.scenario.facts(),
        "accepted_at": prompt.accepted_at,
        "shown_at": prompt.shown_at,
        "expires_at": prompt.expires_at,
        "is_dismissed": prompt.is_dismissed,
        "result_code": result.code if result else None,
        "result_desc": description(result.code) if result else None,
        "receipt": result.receipt if result else None,
    }


def phone_document(daraja: Daraja, phone: Phone) -> Document:
    """One phone with what is on its screen and in its inbox."""
    live = phone.live
    is_seen = live is not None and live.is_open and not live.is_dismissed
    return {
        "phone_number": phone.msisdn,
        "says": _SAYS.get(phone.msisdn),
        "scenario": phone.scenario,
        "balance_kes": daraja.ledger.wallet_kes(phone.msisdn),
        "pin": phone.pin,
        "language": phone.language,
        "is_on": phone.is_on,
        "is_locked": phone.is_locked,
        "is_safaricom": phone.is_safaricom,
        "pushes": phone.pushes,
        "is_busy": live is not None,
        "prompt": prompt_document(live) if live is not None and is_seen else None,
        "messages": [
            {"at": each.at, "sender": each.sender, "text": each.text} for each in phone.messages
        ],
        "now": daraja.advance(),
    }


def debit_document(debit: Debit) -> Document:
    """One debit. Units: KES, UTC epoch seconds."""
    return {
        "receipt": debit.receipt,
        "at": debit.at,
        "phone": debit.phone,
        "shortcode": debit.shortcode,
        "amount": debit.amount_kes,
        "reference": debit.reference,
        "checkout_request_id": debit.checkout_request_id,
    }


def ledger_document(daraja: Daraja) -> Document:
    """Every wallet and every debit."""
    ledger = daraja.ledger
    return {
        "wallets": ledger.wallets,
        "merchants": ledger.merchants,
        "debits": [debit_document(each) for each in ledger.debits.values()],
        "accounts": {str(each): kes for each, kes in ledger.books.accounts()},
        "is_balanced": ledger.is_balanced,
    }


def whole_audit_document(daraja: Daraja) -> Document:
    """The money of all, and the merchant's last beliefs about it. Units: KES."""
    audit = daraja.last_audit()
    is_clean = audit is None or audit.is_clean
    return {
        **statement(daraja.ledger),
        "is_clean": daraja.ledger.is_balanced and is_clean,
        "merchant": None if audit is None else audit_document(audit),
    }


def audit_document(audit: Audit) -> Document:
    """The outcome of an audit."""
    return {
        "is_clean": audit.is_clean,
        "debits": audit.debits,
        "debited_kes": audit.debited_kes,
        "believed": audit.believed,
        "believed_kes": audit.believed_kes,
        "findings": [
            {
                "kind": each.kind,
                "sentence": each.sentence,
                "receipt": each.receipt,
                "checkout_request_id": each.checkout_request_id,
            }
            for each in audit.findings
        ],
    }
