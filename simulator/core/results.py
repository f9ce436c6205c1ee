"""The result codes of an STK push and the words Daraja uses. Source: docs/daraja.md 7."""

SUCCESS = "0"
STILL_PROCESSING = "4999"

RESULTS: dict[str, str] = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "2": "The amount is less than the minimum allowed for a transaction.",
    "3": "The amount is more than the maximum allowed for a transaction.",
    "4": "The amount would exceed the daily transfer limit.",
    "8": "The payee's balance would exceed its maximum.",
    "11": "The debit party is in an invalid state.",
    "15": "Duplicate detected: the OriginatorConversationID has been used.",
    "17": "Rule limited: the same amount was sent to the same customer within two minutes.",
    "20": "Unable to complete the transaction: initiator problem.",
    "21": "The initiator is not allowed to make this request.",
    "22": "The initiator could not be identified.",
    "23": "The initiator's state does not allow this request.",
    "24": "A parameter of the request is missing.",
    "25": "A parameter of the request is not valid.",
    "26": "The system is busy. Please try again in a few minutes.",
    "1001": "Unable to lock subscriber, a transaction is already in process for the subscriber.",
    "1019": "Transaction has expired.",
    "1025": "An error occurred while sending a push request.",
    "1031": "Request cancelled by user.",
    "1032": "Request cancelled by user.",
    "1036": "SMSC ACK timeout.",
    "1037": "DS timeout user cannot be reached.",
    "1101": "The prompt's prefix is not valid.",
    "1102": "The prompt's message is too long.",
    "2001": "The initiator information is invalid.",
    "2002": "Agent number and Store number do not match.",
    "2006": "The account status does not allow this transaction.",
    "2008": "Authentication failed.",
    "2026": "The session has expired.",
    "2028": "The request is not permitted according to product assignment.",
    "2029": "The till number was sent as a paybill, or the paybill as a till number.",
    "8006": "The security credential is locked. Please contact customer care on 100 or 200.",
    "9999": "An error occurred while sending a push request.",
    "100000100": "Request failed: storage failure.",
    "SFC_IC0003": "The operator does not exist.",
}
"""Code -> ResultDesc. 1050 (Ratiba) and TP40153 (B2C and others) never end an STK push."""


def description(code: str) -> str:
    """What Daraja says about a code; an unlisted one still has words."""
    if code == STILL_PROCESSING:
        return "The transaction is still under processing"
    return RESULTS.get(code, "Request failed.")


def callback_description(code: str, *, is_older: bool) -> str:
    """What the callback says; the query has another sentence for 1037."""
    if code == "1037" and not is_older:
        return "No response from user."
    return description(code)
