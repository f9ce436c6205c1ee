"""What Daraja's STK result codes mean: one row per code, with its source.

A code that is not in the table means "still waiting": it is kept, and nothing is concluded from it.
`closes_session` says that an authentic callback with this code proves that no prompt is open any
more. `again_after_seconds` says how long after the reservation Daraja refuses the same push again.
`message` is the row of http/sentences.py that the customer reads.
Sources are sections of Safaricom's portal pages as collected on 2026-11-23: "documented" means
documented there, "observed" seen by named third parties, "claimed" not confirmed.
"""

from dataclasses import dataclass

from payments.protocol.policy import SAME_PAYMENT_SECONDS

SUCCESS = "0"


@dataclass(frozen=True, slots=True)
class ResultCode:
    """One final refusal."""

    code: str
    meaning: str
    message: str
    closes_session: bool
    source: str
    again_after_seconds: int = 0


_ROWS = (
    ResultCode("1", "Insufficient balance", "no_money", True, "documented, observed"),
    ResultCode("2", "Below the minimum amount", "limit", True, "documented"),
    ResultCode("3", "Above the maximum amount", "limit", True, "documented"),
    ResultCode("4", "Would exceed the daily limit", "limit", True, "documented"),
    ResultCode("8", "Receiver's balance limit", "merchant", True, "documented"),
    ResultCode("11", "Debit party state", "account", True, "claimed"),
    ResultCode("15", "Duplicate request", "merchant", True, "claimed"),
    ResultCode(
        "17",
        "Same amount within two minutes",
        "too_soon",
        True,
        "documented",
        again_after_seconds=SAME_PAYMENT_SECONDS,
    ),
    ResultCode("20", "Request parameters", "merchant", True, "claimed"),
    ResultCode("21", "Initiator not allowed", "merchant", True, "observed"),
    ResultCode("22", "Request parameters", "merchant", True, "claimed"),
    ResultCode("23", "Request parameters", "merchant", True, "claimed"),
    ResultCode("24", "Request parameters", "merchant", True, "claimed"),
    ResultCode("25", "Request parameters", "merchant", True, "observed"),
    ResultCode("26", "M-Pesa busy", "busy", False, "claimed"),
    ResultCode("1001", "Subscriber locked by another session", "busy", False, "documented"),
    ResultCode("1019", "Transaction expired", "expired", True, "documented, observed"),
    ResultCode("1025", "Prompt could not be sent", "not_sent", True, "documented"),
    ResultCode("1031", "Cancelled by user", "cancelled", True, "claimed"),
    ResultCode("1032", "Cancelled by user", "cancelled", True, "documented, observed"),
    ResultCode("1036", "No answer from the phone", "unreachable", False, "observed"),
    ResultCode("1037", "Phone cannot be reached", "unreachable", False, "documented"),
    ResultCode("1101", "Prompt text length", "merchant", True, "claimed"),
    ResultCode("1102", "Prompt text length", "merchant", True, "claimed"),
    ResultCode("2001", "Wrong PIN", "wrong_pin", True, "documented"),
    ResultCode("2002", "Till and store number differ", "merchant", False, "claimed"),
    ResultCode("2006", "Account status", "account", True, "documented"),
    ResultCode("2028", "Wrong transaction type", "merchant", True, "documented"),
    ResultCode("2029", "Till and paybill confused", "merchant", True, "claimed"),
    ResultCode("8006", "PIN locked", "pin_locked", True, "documented"),
    ResultCode("9999", "Prompt could not be sent", "not_sent", False, "claimed"),
    ResultCode("SFC_IC0003", "Unknown operator", "merchant", True, "documented, observed"),
)
FINAL_REFUSALS = {row.code: row for row in _ROWS}


PUSH_REFUSAL_CAUSES = {
    "Phone number refused": "phone_refused",
    "Request refused": "merchant",
    "Shortcode not live": "merchant",
    "Passkey refused": "merchant",
    "Access token refused twice": "merchant",
    "M-Pesa busy": "busy",
    "M-Pesa quota reached": "busy",
    "Another prompt is open": "busy",
    "M-Pesa could not be reached": "busy",
    "Too late to send": "busy",
    "provider_unavailable": "busy",
}
"""Why a push was refused (the reasons of daraja/push_outcomes.py) -> the sentence's row."""


def final_refusal(code: str | None) -> ResultCode | None:
    """Return the row of a final refusal, or None where the code concludes nothing."""
    return FINAL_REFUSALS.get(code) if code is not None else None
