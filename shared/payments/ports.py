"""What the use cases need from outside: Daraja, time, random ids, logs and metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from payments.protocol.change import Change
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear, QueryAnswer
from payments.protocol.payment import Payment, Proof
from payments.protocol.pull import PullPage, Window

type Clock = Callable[[], float]
"""UTC epoch seconds."""
type Sleep = Callable[[float], None]
type PushOutcome = PushAccepted | PushRefused | PushUnclear


class Ids(Protocol):
    """Creates identifiers."""

    def hex(self, characters: int) -> str:
        """Return that many unguessable lower-case hex characters."""


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


class OAuthTokens(Protocol):
    """The OAuth token that the whole deployment shares. Errors: ProviderUnavailableError."""

    def get(self, consumer_key: str) -> str:
        """Return a token that is valid for at least one more minute."""

    def renew(self, consumer_key: str, rejected: str) -> str:
        """Return a token other than the rejected one."""


class ReadyGateway(Protocol):
    """Daraja with an OAuth token already in hand."""

    def push_stk(
        self, push: Push, *, may_send: Callable[[], bool], seconds: Callable[[], float]
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

    def pull(self, window: Window, offset: int) -> PullPage | None:
        """Return the rows from an offset on; None where Daraja gave no answer."""


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
