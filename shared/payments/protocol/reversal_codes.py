"""What the result codes of a Reversal and of a Transaction Status mean: a closed list.

A code that is not listed concludes nothing: the refund stays `sent`. The list errs on that side,
because a refund that is wrongly taken for refused can be sent twice.
"""

from dataclasses import dataclass

DONE = "0"
ALREADY_REVERSED = "R000001"
"""No refusal: somebody reversed the receipt, perhaps we did. Transaction Status tells."""
REVERSED = "Reversed"
"""The one transaction status that is final for a refund."""
COMPLETED = "Completed"
"""Says nothing about a refund: the reversal may still be queued."""
NOT_REVERSED = "not_reversed"
"""The code of a refund that a person found to be not reversed on M-Pesa's statement."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One code that proves that nothing was reversed.

    Shape: `stops` no refund is sent after it until a person resumes; `attention` is raised with it.
    """

    words: str
    source: str
    stops: bool = False
    attention: str | None = None


REFUSALS = {
    "1": Refusal(
        "The shortcode's account lacks the money: it went to the bank, or was spent",
        "documented, Reversal",
    ),
    "R000002": Refusal(
        "M-Pesa does not know the receipt", "documented, Reversal", attention="receipt_not_known"
    ),
    "11": Refusal("The shortcode is not in a valid state", "documented, Reversal", stops=True),
    "2006": Refusal("The shortcode's status forbids it", "documented, Reversal", stops=True),
    "2028": Refusal("The shortcode may not use reversals", "documented, Reversal", stops=True),
    "18": Refusal("The initiator's credential was refused", "core code list", stops=True),
    "20": Refusal("M-Pesa does not know the initiator", "core code list", stops=True),
    "21": Refusal("The initiator lacks the role", "core code list", stops=True),
    "22": Refusal("The initiator is not active", "core code list", stops=True),
    "24": Refusal("A parameter is missing", "core code list", stops=True),
    "25": Refusal("A parameter is wrong", "core code list", stops=True),
    "2001": Refusal("The initiator's credential is wrong", "documented, Reversal", stops=True),
    "8006": Refusal("The initiator is locked", "documented, Reversal", stops=True),
    "TP40153": Refusal("The operator lacks the permission", "observed", stops=True),
    "SFC_IC0003": Refusal("M-Pesa does not know the operator", "documented", stops=True),
}
CREDENTIAL_CODES = frozenset({"18", "20", "21", "22", "2001", "8006", "TP40153"})
"""The initiator itself is refused: resuming asks for a credential that was set after it."""
STATUS_STOPS = CREDENTIAL_CODES | {"11", "2006", "2028"}
"""The codes of a Transaction Status that stop refunds; others may mean an unknown receipt."""
BALANCE_STOPS = CREDENTIAL_CODES - {"21", "TP40153"}
"""The codes of an Account Balance that stop refunds: not that the role for balances is missing."""
STATUS_NEEDS_PERSON = frozenset({"Cancelled", "Declined", "Expired", "Failed", "Rejected"})
"""Transaction statuses that a paid receipt cannot have."""


def refusal_words(code: str | None) -> str:
    """Return why a refund was refused, in words; an unlisted code is shown as it is."""
    if code is None:
        return ""
    known = REFUSALS.get(code)
    return known.words if known else f"M-Pesa refused it ({code})"
