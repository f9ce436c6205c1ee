"""The calls of the initiator APIs that were acknowledged, and what became of each."""

from dataclasses import dataclass, field

from simulator.core import chance
from simulator.core.errors import SettingError
from simulator.core.identifiers import eat
from simulator.core.initiator.codes import SUCCESS, words
from simulator.core.initiator.day import InitiatorDay
from simulator.core.initiator.fields import BalanceOrder, PayoutOrder, ReversalOrder, StatusOrder
from simulator.core.initiator.operators import OperatorDesk

APIS = ("reversal", "status", "balance", "b2c")
Order = ReversalOrder | StatusOrder | BalanceOrder | PayoutOrder
Parameter = tuple[str, object]
"""A key of ResultParameters and its value; None is a key without a Value."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a Result says. Shape: `receipt` is the transaction's own, empty where none was made."""

    code: str
    receipt: str = ""
    parameters: tuple[Parameter, ...] = ()
    words: str = ""

    @property
    def description(self) -> str:
        """The ResultDesc."""
        return self.words or words(self.code)

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return self.code == SUCCESS


@dataclass(slots=True)
class Ask:
    """One acknowledged call. Units: `accepted_at` UTC epoch seconds."""

    api: str
    order: Order
    day: InitiatorDay
    accepted_at: float
    originator_id: str
    conversation_id: str
    outcome: Outcome | None = None  # what really happened, whatever the Result says


@dataclass(slots=True)
class InitiatorState:
    """All mutable state of the initiator APIs."""

    operators: OperatorDesk = field(default_factory=OperatorDesk)
    asks: list[Ask] = field(default_factory=list)
    by_originator: dict[str, Ask] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    next_scenarios: dict[str, list[object]] = field(default_factory=dict)

    def add(self, ask: Ask) -> None:
        """Keeps an acknowledged call."""
        self.asks.append(ask)
        self.by_originator[ask.originator_id] = ask

    def wish(self, api: str, specs: list[object]) -> None:
        """The scenarios of the API's next calls. Errors: SettingError for an unknown API."""
        if api not in APIS:
            raise SettingError(f"api must be one of {', '.join(APIS)}, not {api!r}")
        self.next_scenarios.setdefault(api, []).extend(specs)

    def new_ids(self, seed: int, now: float) -> tuple[str, str]:
        """A new OriginatorConversationID and ConversationID, shaped like the real ones."""
        number = len(self.asks)
        digits = chance.hexadecimal(28, seed, "originator_id", number)
        originator_id = f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"
        day = eat(now).strftime("%Y%m%d")
        serial = chance.hexadecimal(20, seed, "conversation_id", number)
        return originator_id, f"AG_{day}_{serial}"
