"""What the service needs from the world, named for the need."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from payments.consultation import BookingStatus, Consultation
from payments.decisions import Change
from payments.evidence import PushAccepted, PushRefused, PushUnclear, QueryAnswer, Surroundings
from payments.payment import Payment, PaymentStatus
from payments.statistics import DayEntry

type Clock = Callable[[], float]
"""UTC epoch seconds."""
type Sleep = Callable[[float], None]
type PushOutcome = PushAccepted | PushRefused | PushUnclear


class Ids(Protocol):
    """Where identifiers come from."""

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


class ReadyGateway(Protocol):
    """Daraja with an OAuth token already in hand."""

    def push_stk(self, push: Push, *, may_send: Callable[[], bool]) -> PushOutcome:
        """Send once; `may_send` is asked again before the one send after a token refresh."""


class StkGateway(Protocol):
    """Daraja as the service sees it."""

    def ready(self) -> ReadyGateway:
        """Get the token in hand. Errors: ProviderUnavailableError."""

    def query_stk(self, checkout_request_id: str) -> QueryAnswer | None:
        """Ask for a result; None where Daraja gave no answer about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneGuard:
    """Who holds a phone, and its last prompt times, latest first.

    Units: UTC epoch seconds.
    """

    live_payment_id: str | None
    live_until: int
    prompted_at: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Who writes and why, for the audit event."""

    by: str
    request_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """The reservation is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReserved:
    """What stood in the way, as stored; None where that part did not object."""

    payment: Payment | None = None
    consultation_objects: bool = False
    consultation: Consultation | None = None
    phone_guard: PhoneGuard | None = None
    user_prompted_at: tuple[int, ...] | None = None


class ConsultationStore(Protocol):
    """Consultations as the booking system sees them."""

    def get_consultation(self, booking_id: str) -> Consultation | None:
        """Read strongly."""

    def create_consultation(self, consultation: Consultation) -> bool:
        """Create it; False where it exists."""

    def revise_consultation(
        self, before: Consultation, *, client_id: str, price_kes: int, status: BookingStatus
    ) -> bool:
        """Change client, price and status only; False where it changed meanwhile."""


class PaymentStore(ConsultationStore, Protocol):
    """Every read and conditional write the service makes."""

    def get_payment(self, payment_id: str) -> Payment | None:
        """Read strongly."""

    def find_by_checkout_id(self, checkout_request_id: str) -> tuple[str, ...]:
        """Return the payment ids that carry it (an index read: may lag)."""

    def get_surroundings(self, payment: Payment, receipt_number: str | None) -> Surroundings:
        """Read strongly what stands around a payment."""

    def reserve(self, payment: Payment) -> Reserved | NotReserved:
        """Reserve booking and phone, count the prompt, and write the intent ahead."""

    def apply(self, change: Change, *, op_id: str, trace: Trace, body: str | None = None) -> bool:
        """Write a change whole or not at all; False where a condition no longer holds."""

    def take_query_slot(
        self, payment: Payment, *, op_id: str, due_at: int, now: int
    ) -> Payment | None:
        """Move the payment's look and the shared gate in one write; None where one is taken."""

    def next_query_at(self) -> int:
        """Return when the shared gate opens next, in UTC epoch seconds."""

    def hasten(self, payment: Payment, *, op_id: str, now: int) -> bool:
        """Bring an open payment's look forward, on the old webhook route's small allowance."""

    def day_entries(self, day: str) -> Iterable[DayEntry]:
        """Yield the payments created on an EAT day (an index read: may lag)."""

    def due_payment_ids(self, now: int) -> Iterable[str]:
        """Yield the ids that are due, oldest first (an index read: may lag)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """An open payment as its index has it. Units: UTC epoch seconds."""

    created_at: int
    due_at: int


class StandingStore(Protocol):
    """What stands open or waits for a person (index reads: may lag)."""

    def open_entries(self) -> Iterable[OpenEntry]:
        """Yield the payments that wait for Daraja's verdict, and not for a person."""

    def statuses_needing_person(self) -> Iterable[PaymentStatus]:
        """Yield the status of each payment that waits for a person."""


class Observer(Protocol):
    """Who is told what happened, for logs and metrics."""

    def changed(self, change: Change, trace: Trace) -> None:
        """A change is durable."""

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Something worth counting happened."""

    def noted(self, message: str, **facts: object) -> None:
        """Something worth a log line happened; facts hold no phone, token or secret."""
