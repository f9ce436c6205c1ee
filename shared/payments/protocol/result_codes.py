"""What Daraja's STK result codes mean: one row per code, with its source.

A code that is not in the table means "still waiting": it is kept, and nothing is concluded from it.
`closes_session` says that an authentic callback with this code proves that no prompt is open any
more. `may_retry` says whether a new prompt may be offered to the customer, never sent by itself.
Sources are sections of Safaricom's portal pages as collected on 2026-11-23: "documented" means
documented there, "observed" seen by named third parties, "claimed" not confirmed.
"""

from dataclasses import dataclass

SUCCESS = "0"


@dataclass(frozen=True, slots=True)
class ResultCode:
    """One final refusal."""

    code: str
    meaning: str
    message: str
    closes_session: bool
    may_retry: bool
    source: str


_ROWS = (
    ResultCode("1", "Insufficient balance", "no_money", True, True, "documented, observed"),
    ResultCode("2", "Below the minimum amount", "limit", True, False, "documented"),
    ResultCode("3", "Above the maximum amount", "limit", True, False, "documented"),
    ResultCode("4", "Would exceed the daily limit", "limit", True, False, "documented"),
    ResultCode("8", "Receiver's balance limit", "merchant", True, False, "documented"),
    ResultCode("11", "Debit party state", "account", True, False, "claimed"),
    ResultCode("15", "Duplicate request", "merchant", True, False, "claimed"),
    ResultCode("17", "Same amount within two minutes", "too_soon", True, True, "documented"),
    ResultCode("20", "Request parameters", "merchant", True, False, "claimed"),
    ResultCode("21", "Initiator not allowed", "merchant", True, False, "observed"),
    ResultCode("22", "Request parameters", "merchant", True, False, "claimed"),
    ResultCode("23", "Request parameters", "merchant", True, False, "claimed"),
    ResultCode("24", "Request parameters", "merchant", True, False, "claimed"),
    ResultCode("25", "Request parameters", "merchant", True, False, "observed"),
    ResultCode("26", "M-Pesa busy", "busy", False, True, "claimed"),
    ResultCode("1001", "Subscriber locked by another session", "busy", False, True, "documented"),
    ResultCode("1019", "Transaction expired", "expired", True, True, "documented, observed"),
    ResultCode("1025", "Prompt could not be sent", "not_sent", True, True, "documented"),
    ResultCode("1031", "Cancelled by user", "cancelled", True, True, "claimed"),
    ResultCode("1032", "Cancelled by user", "cancelled", True, True, "documented, observed"),
    ResultCode("1036", "No answer from the phone", "unreachable", False, True, "observed"),
    ResultCode("1037", "Phone cannot be reached", "unreachable", False, True, "documented"),
    ResultCode("1101", "Prompt text length", "merchant", True, False, "claimed"),
    ResultCode("1102", "Prompt text length", "merchant", True, False, "claimed"),
    ResultCode("2001", "Wrong PIN", "wrong_pin", True, True, "documented"),
    ResultCode("2006", "Account status", "account", True, False, "documented"),
    ResultCode("2028", "Wrong transaction type", "merchant", True, False, "documented"),
    ResultCode("2029", "Till and paybill confused", "merchant", True, False, "claimed"),
    ResultCode("8006", "PIN locked", "pin_locked", True, False, "documented"),
    ResultCode("9999", "Prompt could not be sent", "not_sent", False, True, "claimed"),
    ResultCode("SFC_IC0003", "Unknown operator", "merchant", True, False, "documented, observed"),
)
FINAL_REFUSALS = {row.code: row for row in _ROWS}


def final_refusal(code: str | None) -> ResultCode | None:
    """Return the row of a final refusal, or None where the code concludes nothing."""
    return FINAL_REFUSALS.get(code) if code is not None else None
