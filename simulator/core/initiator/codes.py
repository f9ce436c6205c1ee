"""The result codes of the initiator APIs and their words. Source: docs/daraja.md 9.1 to 9.5."""

SUCCESS = "0"

OUTCOMES: dict[str, str] = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "2": "The amount is less than the minimum allowed for a transaction.",
    "3": "The amount is more than the maximum allowed for a transaction.",
    "4": "The amount would exceed the daily transfer limit.",
    "8": "The amount would exceed the maximum balance of the receiver.",
    "11": "The debit party is in an invalid state.",
    "15": "Duplicate detected: the OriginatorConversationID has been used.",
    "17": "Internal failure.",
    "18": "Initiator credential check failure.",
    "19": "Message sequencing failure.",
    "20": "Unresolved initiator.",
    "21": "The initiator is not allowed to initiate this request.",
    "22": "The initiator is not active.",
    "24": "Missing mandatory parameters.",
    "25": "Invalid request parameters.",
    "26": "The system is busy. Please try again in a few minutes.",
    "29": "Invalid command.",
    "2001": "The initiator information is invalid.",
    "2006": "The account status does not allow this transaction.",
    "2028": "The request is not permitted according to product assignment.",
    "2032": "The transaction receipt number does not exist.",
    "2040": "The credit party customer type is unregistered or unsupported.",
    "8006": "The security credential is locked.",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
    "SFC_IC0003": "The operator does not exist.",
    "TP40153": "The operator lacks the permission for this request.",
    "100000000": "The request was cached and will be sent again.",
    "100000001": "The system is overloaded.",
    "100000002": "The request was throttled.",
    "100000004": "Internal error.",
    "100000005": "Invalid input value.",
    "100000007": "The service status is abnormal.",
    "100000009": "The API status is abnormal.",
    "100000010": "Insufficient permissions.",
    "100000011": "The request rate is exceeded.",
    "00.002.1001": "The service is under maintenance.",
}
"""Code -> ResultDesc."""

STATUSES = (
    *("Initiated", "Pending Authorized", "Authorized", "Completed"),
    *("Cancelled", "Declined", "Expired", "Reversed", "Failed", "Rejected"),
)


def words(code: str) -> str:
    """What M-Pesa says about a code; an unlisted one still has words."""
    return OUTCOMES.get(code, "Request failed.")
