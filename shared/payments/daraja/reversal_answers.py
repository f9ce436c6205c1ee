"""Which answers to a Reversal prove that M-Pesa never took it: docs/protocol.md, section 11.3.

Daraja has no idempotency key for a Reversal, so an answer that might hide an accepted one is never
taken for a refusal. The list is closed: everything else leaves the refund `sent`.
"""

from payments.daraja.push_outcomes import BUSY_CODES
from payments.daraja.wire import Answer
from payments.protocol.provider_calls import ReversalRefusal

FIELD_CODES = frozenset({"400.002.02", "400.002.05"})
WRONG_ADDRESS_CODES = frozenset({"404.001.01", "405.001"})
NOT_SENT = "not_sent"
"""The refusal of a Reversal of which no byte left us."""


def is_token_refused(answer: Answer) -> bool:
    """Whether the gateway refused the OAuth token or the app: one more try is safe."""
    is_refused_code = answer.error_code.startswith(("401.00", "403.00"))
    return answer.status == 401 or is_refused_code or answer.error_code == "404.001.03"


def reversal_refusal(answer: Answer) -> ReversalRefusal | None:
    """Return the refusal that the answer proves; None where the Reversal may have been taken."""
    code = answer.error_code
    if code in FIELD_CODES | WRONG_ADDRESS_CODES or is_token_refused(answer):
        return ReversalRefusal(code=code or str(answer.status), is_ours=True)
    if answer.status == 429 or code in BUSY_CODES:
        return ReversalRefusal(code=code or str(answer.status), is_ours=False)
    return None
