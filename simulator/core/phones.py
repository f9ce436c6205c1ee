"""Phones: who holds the PIN, whether the line is on, what is on the screen and in the inbox."""

from dataclasses import dataclass, field

from simulator.core.config import Config
from simulator.core.known_phones import KNOWN_PHONES
from simulator.core.prompts import Prompt

_KNOWN = {each.msisdn: each for each in KNOWN_PHONES}
MESSAGES_MAX = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS in the inbox. Units: `at` UTC epoch seconds."""

    at: float
    sender: str
    text: str


@dataclass(slots=True)
class Phone:
    """One SIM. Shape: `live` is the one prompt that locks the line, shown or not yet."""

    msisdn: str
    pin: str
    scenario: object = "normal"
    language: str = "en"
    is_on: bool = True
    is_locked: bool = False
    is_safaricom: bool = True
    wrong_pins: int = 0
    pushes: int = 0
    live: Prompt | None = None
    next_scenarios: list[object] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def try_pin(self, pin: str, wrong_pins_max: int) -> str | None:
        """None for the right PIN, else 2001, or 8006 once too many wrong ones locked it."""
        if self.is_locked:
            return "8006"
        if pin == self.pin:
            self.wrong_pins = 0
            return None
        self.wrong_pins += 1
        self.is_locked = self.wrong_pins >= wrong_pins_max
        return "8006" if self.is_locked else "2001"

    def receive(self, message: Message) -> None:
        """Keeps the newest messages, up to a limit."""
        self.messages.append(message)
        del self.messages[:-MESSAGES_MAX]


class PhoneBook:
    """Every phone there is; a valid number that was never seen is made on first use."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}

    def get(self, msisdn: str, config: Config) -> Phone:
        """The phone with this number."""
        phone = self._phones.get(msisdn)
        if phone is None:
            phone = self._phones[msisdn] = _new_phone(msisdn, config)
        return phone

    def seen(self) -> list[Phone]:
        """The phones that were used, in order of their first use."""
        return list(self._phones.values())


def is_valid_msisdn(text: str) -> bool:
    """Twelve ASCII digits that begin with 2547 or 2541. Source: docs/daraja.md 10."""
    return (
        len(text) == 12 and text.isascii() and text.isdigit() and text.startswith(("2547", "2541"))
    )


def opening_balance_kes(msisdn: str, config: Config) -> int:
    """What the wallet of this number holds at first."""
    known = _KNOWN.get(msisdn)
    if known is not None and known.balance_kes is not None:
        return known.balance_kes
    return config.opening_balance_kes


def _new_phone(msisdn: str, config: Config) -> Phone:
    known = _KNOWN.get(msisdn)
    if known is None:
        return Phone(msisdn, config.opening_pin)
    return Phone(
        msisdn,
        config.opening_pin,
        scenario=known.scenario,
        is_on=known.is_on,
        is_locked=known.is_locked,
        is_safaricom=known.is_safaricom,
    )
