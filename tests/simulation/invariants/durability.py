"""I6: whether what a callback said is kept somewhere that survives."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .ledger import bound_receipt
from .view import MONEY, Values, View

EVIDENCE_MAX = 10


def is_durable(
    view: View, payment_id: str, body: bytes, queue: list[dict[str, str]], *, is_authentic: bool
) -> bool:
    """Whether code, amount, receipt and date of this body are in the table or the queue.

    An authentic callback also brings the payment its id, where it has none; a hint cannot.
    """
    text = body.decode(errors="replace")
    if any(json.loads(message["body"])["body"] == text for message in queue):
        return True
    digest = hashlib.sha256(body).hexdigest()
    payment = view.payments.get(payment_id)
    if payment is None:
        return False
    if digest in view.evidence.get(payment_id, set()):
        return True
    if len(payment.get("evidence_heads", b"")) >= 3 * EVIDENCE_MAX:
        return payment.get("attention") is not None or view.attention_was_raised(payment_id)
    facts = facts_of(body)
    if facts is None:
        return False
    if is_authentic and (_is_filed(view, payment, facts) or _is_told(view, payment_id, facts)):
        return True
    return _in_hint(payment.get("hint"), facts) or _in_payment(
        payment, facts, is_authentic=is_authentic
    )


def facts_of(body: bytes) -> Values | None:
    """Code, id, amount, receipt of a callback's body; None where it cannot be read."""
    try:
        callback = json.loads(body)["Body"]["stkCallback"]
    except (ValueError, KeyError, TypeError):
        return None
    items = callback.get("CallbackMetadata", {}).get("Item", [])
    values = {each["Name"]: each.get("Value") for each in items}
    amount = values.get("Amount")
    is_whole = isinstance(amount, int | float) and float(amount).is_integer()
    return {
        "code": str(callback["ResultCode"]),
        "checkout_request_id": callback["CheckoutRequestID"],
        "amount_kes": int(amount) if is_whole and amount is not None else None,
        "receipt_number": values.get("MpesaReceiptNumber"),
    }


def _is_filed(view: View, payment: Values, facts: Values) -> bool:
    """Whether it brought a second receipt, which is on a row of its own with its amount."""
    row = view.rows.get(facts["receipt_number"])
    is_second = payment.get("receipt_number") not in (None, facts["receipt_number"])
    return is_second and row is not None and row.get("amount_kes") == facts["amount_kes"]


def _is_told(view: View, payment_id: str, facts: Values) -> bool:
    """Whether an event keeps this failure, which a later success has replaced on the payment."""
    told = {each["result_code"] for each in view.events.get(payment_id, ())}
    return facts["code"] != "0" and facts["code"] in told


def _in_hint(hint: Any, facts: Values) -> bool:
    if not isinstance(hint, dict):
        return False
    return all(hint.get(name) == facts[name] for name in ("code", "receipt_number", "amount_kes"))


def _in_payment(payment: Values, facts: Values, *, is_authentic: bool) -> bool:
    known = payment.get("checkout_request_id")
    if facts["checkout_request_id"] != known and (known is not None or is_authentic):
        return False
    if facts["code"] != "0":
        return bool(facts["code"] == payment.get("result_code"))
    named = facts["receipt_number"]
    is_held = named == payment.get("receipt_number")
    says_less = named is None and bound_receipt(payment) is not None
    return (
        payment["status"] in MONEY
        and (is_held or says_less)
        and facts["amount_kes"] == payment.get("paid_amount_kes", payment["amount_kes"])
    )
