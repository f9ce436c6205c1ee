"""How one call of an initiator API goes: its acknowledgement, its Result, what moves.

These are the fields of a scenario that concern Reversal, Transaction Status, Account Balance and
B2C. Source: docs/daraja.md 9.1 to 9.5.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from simulator.core.answers import CallbackTiming, PushAnswer
from simulator.core.field_kinds import count, flag, optional, seconds, text, word


class OutcomeFault(StrEnum):
    """What is odd about the body of a Result."""

    STRING_CODE = "string_code"
    SINGLE_PARAMETER = "single_parameter"  # ResultParameter is one object, not a list
    REFERENCE_LIST = "reference_list"  # ReferenceItem is a list
    REPEATED_KEY = "repeated_key"
    MISSING_PARAMETERS = "missing_parameters"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_RECEIPT = "wrong_receipt"  # another OriginalTransactionID or ReceiptNo
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class InitiatorDay:
    """One call's day. Units: seconds; None means "as configured".

    Shape: `outcome_code` replaces what would have happened, and nothing moves, unless
    `outcome_is_executed`. `second_code` is a later Result that says something else.
    """

    ack: PushAnswer = PushAnswer.NORMAL
    ack_reaches_mpesa: bool = True  # for answers that leave it open
    ack_delay_seconds: float = 0.0
    outcome: CallbackTiming = CallbackTiming.NORMAL
    outcome_seconds: float | None = None
    outcome_copies: int = 1
    outcome_code: str | None = None
    outcome_words: str | None = None
    outcome_is_executed: bool = False
    outcome_is_listed: bool = True  # from one of Safaricom's published addresses
    outcome_faults: frozenset[OutcomeFault] = field(default_factory=frozenset)
    second_code: str | None = None
    second_seconds: float = 5.0  # after the first Result
    queue_timeout: bool = False  # QueueTimeOutURL is posted to first
    reversed_on_portal: bool = False  # a person reverses the payment just before the call
    settled_to_bank: bool = False  # the money goes to the bank just before the call
    transaction_status: str | None = None  # what Transaction Status says instead of the truth

    def changed(self, changes: Mapping[str, Any]) -> "InitiatorDay":
        """This day with some fields replaced; faults are added to those there are."""
        faults = self.outcome_faults | changes.get("outcome_faults", frozenset())
        return replace(self, **{**changes, "outcome_faults": faults})

    def facts(self) -> dict[str, object]:
        """The fields that differ from a normal day, ready for JSON."""
        normal = InitiatorDay()
        changed = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(normal, each.name)
        }
        if "outcome_faults" in changed:
            changed["outcome_faults"] = sorted(self.outcome_faults)
        return changed


def _faults(value: object) -> frozenset[OutcomeFault]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset):
        raise TypeError("it must be a list of faults")
    return frozenset(OutcomeFault(each) for each in names)


INITIATOR_FIELDS: dict[str, Callable[[object], object]] = {
    "ack": word(PushAnswer),
    "ack_reaches_mpesa": flag,
    "ack_delay_seconds": seconds,
    "outcome": word(CallbackTiming),
    "outcome_seconds": optional(seconds),
    "outcome_copies": count,
    "outcome_code": optional(text),
    "outcome_words": optional(text),
    "outcome_is_executed": flag,
    "outcome_is_listed": flag,
    "outcome_faults": _faults,
    "second_code": optional(text),
    "second_seconds": seconds,
    "queue_timeout": flag,
    "reversed_on_portal": flag,
    "settled_to_bank": flag,
    "transaction_status": optional(text),
}
