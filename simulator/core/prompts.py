"""A prompt: one accepted push, from the acceptance to its result."""

from dataclasses import dataclass
from enum import StrEnum

from simulator.core.config import Merchant
from simulator.core.scenario import Scenario


class Stage(StrEnum):
    """Where a prompt is in its life."""

    QUEUED = "queued"  # accepted, not on the screen
    SHOWN = "shown"  # on the screen, waiting for the person
    PROCESSING = "processing"  # the PIN was entered
    FINISHED = "finished"  # it has a result


@dataclass(frozen=True, slots=True)
class PushOrder:
    """A push whose every field is in order."""

    merchant: Merchant
    transaction_type: str
    amount_kes: int
    payer: str
    party_b: str
    msisdn: str
    callback_url: str
    reference: str
    description: str


@dataclass(frozen=True, slots=True)
class Result:
    """How a prompt ended. Shape: `receipt` and `paid_at` only where money moved."""

    code: str
    receipt: str | None = None
    paid_at: float | None = None


@dataclass(slots=True)
class Prompt:
    """One accepted push. Units: UTC epoch seconds."""

    checkout_request_id: str
    merchant_request_id: str
    order: PushOrder
    scenario: Scenario
    accepted_at: float
    push_number: int
    stage: Stage = Stage.QUEUED
    shown_at: float | None = None
    expires_at: float | None = None
    is_dismissed: bool = False
    result: Result | None = None

    @property
    def is_open(self) -> bool:
        """Whether a person can still answer it."""
        return self.stage is Stage.SHOWN

    def text(self, language: str = "en") -> str:
        """What the screen asks. Source for the length rule: docs/daraja.md 3, "whole prompt"."""
        return prompt_text(self.order, language)


def prompt_text(order: PushOrder, language: str = "en") -> str:
    """The sentence of the prompt, in English or Swahili."""
    name, amount = order.merchant.name, f"{order.amount_kes:,}"
    if order.merchant.till:
        if language == "sw":
            return f"Lipa Ksh {amount} kwa {name}, Till {order.party_b}?"
        return f"Do you want to pay Ksh {amount} to {name}, Till {order.party_b}?"
    if language == "sw":
        return f"Lipa Ksh {amount} kwa {name}, Akaunti {order.reference}?"
    return f"Do you want to pay Ksh {amount} to {name}, Account {order.reference}?"
