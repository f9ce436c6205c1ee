"""What Safaricom is asked to do, and what it hands back: the values that the ports carry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One prompt to send.

    Units: KES.
    """

    msisdn: str
    amount_kes: int
    account_reference: str
    transaction_desc: str
    callback_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedToken:
    """A new OAuth token of Daraja. Units: `expires_in` in seconds."""

    access_token: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """One Reversal to send, every fact from our own records. Units: KES."""

    receipt_number: str
    amount_kes: int
    shortcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiatorUrls:
    """Where M-Pesa posts the result of an initiator's call, and that it timed out in the queue."""

    result: str
    timeout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRefusal:
    """Proof that M-Pesa never took a Reversal; `is_ours` where our own settings spoiled it."""

    code: str
    is_ours: bool
