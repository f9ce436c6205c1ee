"""Which answers to a push prove that no prompt exists: docs/protocol.md, section 4.3.

Daraja has no idempotency key, so an answer that might hide an accepted prompt is never taken
for a refusal. `500.001.1001` is one code with several meanings, told apart by its message.
"""

from dataclasses import dataclass

from payments.daraja.wire import Answer, merchant_request_id
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear
from payments.protocol.result_codes import PUSH_REFUSAL_CAUSES
from payments.values import CHECKOUT_REQUEST_ID


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer that proves a refusal; empty fields match anything."""

    status: int | None
    error_code: str
    says: str
    reason: str
    source: str


REFUSALS = (
    Refusal(400, "400.002.02", "phonenumber", "Phone number refused", "documented, observed"),
    Refusal(400, "400.002.02", "", "Request refused", "documented, MpesaExpressSimulate"),
    Refusal(None, "500.003.02", "", "M-Pesa busy", "documented, MpesaExpressSimulate"),
    Refusal(None, "500.003.03", "", "M-Pesa quota reached", "documented, MpesaExpressSimulate"),
    Refusal(429, "", "", "M-Pesa busy", "observed in sandbox 2026-06-20"),
    Refusal(
        500, "500.001.1001", "unable to lock subscriber", "Another prompt is open", "documented"
    ),
    Refusal(500, "500.001.1001", "merchant does not exist", "Shortcode not live", "documented"),
    Refusal(500, "500.001.1001", "wrong credentials", "Passkey refused", "documented, observed"),
)
INVALID_TOKEN_CODES = frozenset({"404.001.03", "400.003.01", "401.003.01", "401.002.01", "401.001"})
"""Refused before M-Pesa saw the call, so one more try is safe: docs/daraja.md, section 1."""
WRONG_ADDRESS_CODES = frozenset({"404.001.01", "405.001"})
"""No such path or method: SAFARICOM_BASE is wrong. For the money the outcome stays unknown."""
BUSY_CODES = frozenset({"500.003.02", "500.003.03"})


def is_invalid_token(answer: Answer) -> bool:
    """Whether Daraja refused the OAuth token."""
    return answer.status == 401 or answer.error_code in INVALID_TOKEN_CODES


def is_outage(answer: Answer) -> bool:
    """Whether Daraja is busy or out of order; HTTP 500 is also how it refuses a single push."""
    is_busy = answer.status == 429 or answer.error_code in BUSY_CODES
    return is_busy or isinstance(push_outcome(answer), PushUnclear)


def is_misconfigured(answer: Answer) -> bool:
    """Whether our own settings spoil this push and every next one: URL, product, credentials."""
    if answer.error_code in WRONG_ADDRESS_CODES or is_invalid_token(answer):
        return True
    outcome = push_outcome(answer)
    cause = PUSH_REFUSAL_CAUSES.get(outcome.reason) if isinstance(outcome, PushRefused) else None
    return cause == "merchant"


def push_outcome(answer: Answer) -> PushAccepted | PushRefused | PushUnclear:
    """Classify Daraja's answer to a push."""
    accepted = _accepted(answer)
    if accepted is not None:
        return accepted
    for row in REFUSALS:
        if _matches(row, answer):
            return PushRefused(
                code=answer.error_code or str(answer.status),
                description=answer.message,
                reason=row.reason,
            )
    if is_invalid_token(answer):
        return PushRefused(
            code=answer.error_code or "401",
            description=answer.message,
            reason="Access token refused twice",
        )
    return PushUnclear(description=f"HTTP {answer.status} {answer.error_code}".strip())


def _accepted(answer: Answer) -> PushAccepted | None:
    checkout_request_id = answer.body.get("CheckoutRequestID")
    is_success = answer.status == 200 and str(answer.body.get("ResponseCode")) == "0"
    if not is_success or not isinstance(checkout_request_id, str):
        return None
    if CHECKOUT_REQUEST_ID.match(checkout_request_id) is None:
        return None
    merchant_id = merchant_request_id(answer.body.get("MerchantRequestID"))
    return PushAccepted(
        checkout_request_id=checkout_request_id, merchant_request_id=merchant_id or ""
    )


def _matches(row: Refusal, answer: Answer) -> bool:
    is_status = row.status is None or row.status == answer.status
    is_code = not row.error_code or row.error_code == answer.error_code
    return is_status and is_code and row.says in answer.message.lower()
