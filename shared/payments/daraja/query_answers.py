"""What an answer to an STK query means: paid, refused, still waiting, or no answer."""

from payments.daraja.wire import Answer, clean_description, result_code
from payments.protocol.evidence import QueryAnswer, Verdict
from payments.protocol.result_codes import SUCCESS, final_refusal

STILL_PROCESSING = "4999"
"""Observed in the sandbox on 2026-06-20: "The transaction is still under processing"."""
WAITING_WORDS = ("being processed", "transaction does not exist")
"""Of 500.001.1001: observed in the sandbox. "Merchant does not exist" says nothing of a prompt."""


def read_query_answer(checkout_request_id: str, answer: Answer) -> QueryAnswer | None:
    """Classify an answer; None where it is not about this prompt.

    Source: docs/daraja.md 4. Unlisted codes mean "still waiting"; the code is stored.
    """
    if answer.status == 200:
        return _read_result(checkout_request_id, answer)
    message = answer.message.lower()
    is_processing = answer.error_code == "500.001.1001" and any(
        words in message for words in WAITING_WORDS
    )
    is_not_known_yet = answer.error_code == "400.002.02"
    if is_processing or is_not_known_yet:
        return QueryAnswer(checkout_request_id=checkout_request_id, verdict=Verdict.WAITING)
    return None


def _read_result(checkout_request_id: str, answer: Answer) -> QueryAnswer | None:
    code = result_code(answer.body.get("ResultCode"))
    named = answer.body.get("CheckoutRequestID", checkout_request_id)
    if code is None or named != checkout_request_id:
        return None
    if code == STILL_PROCESSING:
        return QueryAnswer(checkout_request_id=checkout_request_id, verdict=Verdict.WAITING)
    verdict = Verdict.WAITING
    if code == SUCCESS:
        verdict = Verdict.PAID
    elif final_refusal(code) is not None:
        verdict = Verdict.REFUSED
    return QueryAnswer(
        checkout_request_id=checkout_request_id,
        verdict=verdict,
        code=code,
        description=clean_description(answer.body.get("ResultDesc")),
    )
