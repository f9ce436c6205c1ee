"""The simulated world: everything that changes, in one place, with the time of the last look."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from simulator.core import chance
from simulator.core.accounts import Account
from simulator.core.callback_board import CallbackBoard
from simulator.core.config import Config
from simulator.core.identifiers import checkout_request_id, older_checkout_request_id
from simulator.core.initiator.asks import InitiatorState
from simulator.core.journal import Journal
from simulator.core.ledger import Ledger
from simulator.core.oauth import TokenDesk
from simulator.core.phones import Phone, PhoneBook, opening_balance_kes
from simulator.core.prompts import Prompt
from simulator.core.registrations import Registration
from simulator.core.scenario import NORMAL, Scenario

if TYPE_CHECKING:
    from simulator.core.hand import HandPayment


class EventKind(StrEnum):
    """What a prompt does next by itself."""

    SHOW = "show"
    ACT = "act"
    EXPIRE = "expire"
    SETTLE = "settle"
    FAIL = "fail"
    LATE_SUCCESS = "late_success"


Action = Callable[[float], None]
"""What happens, given the moment at which it happens."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that will happen to a prompt. `code` is the result of FAIL."""

    kind: EventKind
    prompt: Prompt
    code: str = ""


OutageKind = Literal["html", "html_503", "reset", "hang", "busy", "internal_error", "bad_gateway"]
OUTAGE_KINDS = ("html", "html_503", "reset", "hang", "busy", "internal_error", "bad_gateway")
ENDPOINTS = ("oauth", "push", "query", "c2b", "pull", "reversal", "status", "balance", "b2c", "qr")


@dataclass(frozen=True, slots=True)
class Outage:
    """The provider is down: nothing reaches M-Pesa. Units: UTC epoch seconds."""

    kind: OutageKind
    starts_at: float
    ends_at: float
    endpoints: tuple[str, ...] = ENDPOINTS


@dataclass(frozen=True, slots=True)
class ScenarioChance:
    """One line of seeded chance: this scenario with this probability."""

    scenario: Scenario
    probability: float


@dataclass(slots=True)
class World:
    """All mutable state; `reset` in `Daraja` makes a new one."""

    seed: int
    config: Config
    clock: Callable[[], float]
    ledger: Ledger = field(default_factory=Ledger)
    phones: PhoneBook = field(default_factory=PhoneBook)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    board: CallbackBoard = field(default_factory=CallbackBoard)
    default_scenario: Scenario = NORMAL
    chances: tuple[ScenarioChance, ...] = ()
    next_scenarios: list[object] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    pushed: dict[tuple[str, str, int], float] = field(default_factory=dict)
    query_gate_at: dict[str, float] = field(default_factory=dict)
    c2b: dict[str, Registration] = field(default_factory=dict)
    pull: set[str] = field(default_factory=set)  # shortcodes that registered
    hand_payments: list["HandPayment"] = field(default_factory=list)
    beliefs: tuple[Sequence[Mapping[str, object]], str | None] | None = None
    requests: int = 0
    initiator: InitiatorState = field(default_factory=InitiatorState)
    journal: Journal = field(init=False)
    tokens: TokenDesk = field(init=False)
    _events: list[tuple[float, int, Event | Action]] = field(default_factory=list)
    _event_sequence: int = 0
    _latest: float = float("-inf")

    def __post_init__(self) -> None:
        self.journal = Journal(self.config.journal_max)
        self.tokens = TokenDesk(self.seed)
        self.initiator.operators.open(self.config.initiators, self.now())
        self._fund()

    def _fund(self) -> None:
        for each in self.config.merchants if self.config.opening_utility_kes else ():
            account = Account(each.account, each.shortcode)
            self.ledger.set_balance(account, self.config.opening_utility_kes, self.now())

    def now(self) -> float:
        """The clock's time; never earlier than it was before."""
        self._latest = max(self._latest, self.clock())
        return self._latest

    def phone(self, msisdn: str) -> Phone:
        """The phone with this number, its wallet open."""
        if not self.ledger.has_wallet(msisdn):
            self.ledger.open(msisdn, opening_balance_kes(msisdn, self.config))
        return self.phones.get(msisdn, self.config)

    def schedule(self, at: float, event: Event | Action) -> None:
        """Lets something happen at its time: a prompt's event, or any action."""
        self._event_sequence += 1
        heapq.heappush(self._events, (at, self._event_sequence, event))

    def next_event_at(self) -> float | None:
        """When the next scheduled thing happens, callbacks not counted."""
        return self._events[0][0] if self._events else None

    def take_event(self, now: float) -> tuple[float, Event | Action] | None:
        """The next event whose time has come, with its time."""
        if not self._events or self._events[0][0] > now:
            return None
        at, _, event = heapq.heappop(self._events)
        return at, event

    def new_checkout_id(self, now: float, msisdn: str) -> str:
        """An id that no prompt has or had in this world."""
        shape = older_checkout_request_id if self.config.older_shapes else checkout_request_id
        milliseconds = int(now * 1000)
        checkout_id = shape(milliseconds, msisdn)
        while checkout_id in self.prompts:
            milliseconds += 1
            checkout_id = shape(milliseconds, msisdn)
        return checkout_id

    def request_id(self) -> str:
        """The requestId of an error body."""
        self.requests += 1
        digits = chance.hexadecimal(16, self.seed, "request", self.requests)
        return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"

    def outage(self, endpoint: str, now: float) -> Outage | None:
        """The outage that hits this endpoint now."""
        for each in self.outages:
            if each.starts_at <= now < each.ends_at and endpoint in each.endpoints:
                return each
        return None
