"""What the use cases need from outside: Daraja, time, random ids, logs and metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from payments.protocol.change import Change
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear, QueryAnswer
from payments.protocol.payment import Payment, Proof

if TYPE_CHECKING:
    from payments.protocol.provider_calls import InitiatorUrls, Push, Reversal, ReversalRefusal
    from payments.protocol.pull import PullPage, Window

type Clock = Callable[[], float]
"""UTC epoch seconds."""
type Sleep = Callable[[float], None]
type PushOutcome = PushAccepted | PushRefused | PushUnclear


class Ids(Protocol):
    """Creates identifiers."""

    def hex(self, characters: int) -> str:
        """Return that many unguessable lower-case hex characters."""


class OAuthTokens(Protocol):
    """The OAuth token that the whole deployment shares. Errors: ProviderUnavailableError."""

    def get(self, consumer_key: str) -> str:
        """Return a token that is valid for at least one more minute."""

    def renew(self, consumer_key: str, rejected: str) -> str:
        """Return a token other than the rejected one."""


class ReadyGateway(Protocol):
    """Daraja with an OAuth token already in hand."""

    def push_stk(
        self, push: "Push", *, may_send: Callable[[], bool], seconds: Callable[[], float]
    ) -> PushOutcome:
        """Send once, within the `seconds` that are left.

        `may_send` is called again before the one send after a token refresh.
        """


class StkGateway(Protocol):
    """Daraja as the use cases need it."""

    def ready(self) -> ReadyGateway:
        """Get the token before anything else. Errors: ProviderUnavailableError."""

    def query_stk(self, checkout_request_id: str) -> QueryAnswer | None:
        """Query a result; None where Daraja gave no answer about it."""


class PullGateway(Protocol):
    """Daraja's list of the money that arrived."""

    def pull(self, window: "Window", offset: int) -> "PullPage | None":
        """Return the rows from an offset on; None where Daraja gave no answer."""


class ReadyInitiator(Protocol):
    """The initiator with an OAuth token and its credential in hand."""

    def reverse(
        self,
        reversal: "Reversal",
        urls: "InitiatorUrls",
        *,
        may_send: Callable[[], bool],
        seconds: Callable[[], float],
    ) -> "ReversalRefusal | None":
        """Send once, within the `seconds` that are left; None where M-Pesa took it, or may have."""


class Initiator(Protocol):
    """The initiator's calls as the use cases need them."""

    def ready(self) -> ReadyInitiator:
        """Get token and credential before anything else. Errors: UnavailableError."""

    def ask_status(self, receipt_number: str, shortcode: str, urls: "InitiatorUrls") -> bool:
        """Ask M-Pesa about a receipt; whether it took the question."""

    def ask_balance(self, shortcode: str, urls: "InitiatorUrls") -> bool:
        """Ask M-Pesa for the shortcode's balances; whether it took the question."""


class RefundsFunction(Protocol):
    """The function that alone speaks to Safaricom as the initiator, as its callers see it."""

    def ask_status(self, payment_id: str) -> None:
        """Have M-Pesa asked about a sent refund; what goes wrong is only counted."""

    def ask_balance(self) -> None:
        """Have M-Pesa asked for the balance; what goes wrong is only counted."""

    def ask_receipt(self, receipt_number: str, *, by: str) -> None:
        """Have M-Pesa asked about a receipt. Errors: ConflictError, UnavailableError."""

    def approve(
        self, payment_id: str, *, by: str, why: str, request_id: str, shown_version: int | None
    ) -> None:
        """Approve and send a refund. Errors: as RefundSender.approve; UnavailableError where the
        function gave no answer: the refund may have been sent, so look at the payment.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The source of a write and its reason, for the audit event."""

    by: str
    request_id: str
    reason: str = ""


class Role(StrEnum):
    """What a witness was for a receipt: the first, a repeat, or one that says another amount."""

    FIRST = "first"
    AGAIN = "again"
    CONFLICT = "conflict"


class Observer(Protocol):
    """Receives what happened, for logs and metrics."""

    def changed(self, change: Change, actor: Actor) -> None:
        """A change is durable."""

    def opened(self, payment: Payment, actor: Actor) -> None:
        """A payment without a prompt is durable."""

    def witnessed(self, source: Proof, role: Role) -> None:
        """A witness named a receipt."""

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Add to a metric."""

    def noted(self, message: str, **facts: object) -> None:
        """Write a log line; facts hold no phone, token or secret."""
