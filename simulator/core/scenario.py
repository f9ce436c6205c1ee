"""A scenario says how one payment's day goes: the person, the phone, the answers, the callback.

A scenario is named ("callback_lost"), joined ("callback_late+query_false_failure"), or spelled out
as an object of fields; later names and fields win. What it does not say stays normal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from simulator.core.catalogue import CATALOGUE
from simulator.core.errors import UnknownScenarioError


class Person(StrEnum):
    """What happens with a prompt that is on the screen."""

    WAITS = "waits"  # for somebody at the phone page or the control API
    PAYS = "pays"
    WRONG_PIN = "wrong_pin"
    CANCELS = "cancels"
    IGNORES = "ignores"


class PushAnswer(StrEnum):
    """How processrequest answers a push that is otherwise in order."""

    NORMAL = "normal"
    HANG = "hang"
    RESET = "reset"
    INTERNAL_ERROR = "internal_error"  # 500.003.1001
    HTML = "html"  # the web firewall's 403
    HTML_503 = "html_503"  # the same page with a 503
    BAD_GATEWAY = "bad_gateway"  # 502 with a body nobody can read
    BUSY = "busy"  # 500.003.02 "System is busy"
    SPIKE_ARREST = "spike_arrest"  # 500.003.02 "Spike Arrest Violation"
    QUOTA = "quota"  # 500.003.03
    REFUSED = "refused"  # 200 with ResponseCode 1


NEVER_REACHES_MPESA = frozenset(
    {PushAnswer.BUSY, PushAnswer.SPIKE_ARREST, PushAnswer.QUOTA, PushAnswer.REFUSED}
)


class CallbackTiming(StrEnum):
    """When the result is posted."""

    NORMAL = "normal"
    BEFORE_ANSWER = "before_answer"
    NEVER = "never"


class TwinTiming(StrEnum):
    """When the C2B confirmation of a prompted payment is posted."""

    OFF = "off"  # this shortcode gets none
    LOST = "lost"  # it gets one, which never arrives
    BEFORE = "before"
    AFTER = "after"


class BodyFault(StrEnum):
    """What is odd about the callback's body."""

    WRONG_AMOUNT = "wrong_amount"
    FRACTIONAL_AMOUNT = "fractional_amount"
    WHOLE_AMOUNT = "whole_amount"
    MISSING_AMOUNT = "missing_amount"
    REUSED_RECEIPT = "reused_receipt"
    MISSING_RECEIPT = "missing_receipt"
    STRING_CODE = "string_code"
    STRING_DATE = "string_date"
    MASKED_PHONE = "masked_phone"
    MISSING_PHONE = "missing_phone"
    MISSING_METADATA = "missing_metadata"
    EMPTY_ITEMS = "empty_items"
    MALFORMED = "malformed"
    SHUFFLED = "shuffled"
    BALANCE_VALUE = "balance_value"
    DESC_PREFIX = "desc_prefix"


class QueryHonesty(StrEnum):
    """Whether the query tells the truth."""

    HONEST = "honest"
    FALSE_FAILURE = "false_failure"
    SUCCESS_BEFORE_PIN = "success_before_pin"
    UNKNOWN_ID = "unknown_id"
    NEVER_FINAL = "never_final"


@dataclass(frozen=True, slots=True)
class Scenario:
    """How one payment goes. Units: seconds; None means "as configured"."""

    name: str = "normal"
    person: Person = Person.WAITS
    person_seconds: float | None = None
    ignored_code: str = "1037"  # the result when the prompt runs out
    prompt_is_lost: bool = False  # accepted, never shown; ends as 1037
    result_code: str | None = None  # forced in place of the debit
    push_answer: PushAnswer = PushAnswer.NORMAL
    push_reaches_mpesa: bool = True  # for answers that leave it open
    push_delay_seconds: float = 0.0
    callback: CallbackTiming = CallbackTiming.NORMAL
    callback_seconds: float | None = None
    callback_copies: int = 1
    callback_attempts: int | None = None
    callback_slow_seconds: float = 0.0  # the post dribbles in for so long
    callback_is_listed: bool = True  # from one of Safaricom's published addresses
    body_faults: frozenset[BodyFault] = field(default_factory=frozenset)
    reversed_after_seconds: float | None = None  # reported failed first, debited so much later
    reversed_code: str = "1037"
    twin: TwinTiming | None = None  # None: as the setting c2b_twin says
    twin_copies: int = 1
    twin_is_listed: bool = True
    twin_is_other_amount: bool = False
    twin_is_wrong_shortcode: bool = False
    query: QueryHonesty = QueryHonesty.HONEST
    query_lie_seconds: float | None = None  # None: it lies for ever
    query_lie_code: str = "1037"

    def facts(self) -> dict[str, object]:
        """The fields that differ from a normal day, ready for JSON."""
        normal = Scenario()
        changed = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(normal, each.name)
        }
        if "body_faults" in changed:
            changed["body_faults"] = sorted(self.body_faults)
        return changed


ScenarioSpec = str | Mapping[str, object] | Sequence[object] | Scenario
NORMAL = Scenario()


def scenario_from(spec: object, base: Scenario = NORMAL) -> Scenario:
    """The scenario that a name, a joined name, a list or an object of fields describes.

    Errors: UnknownScenarioError says which name or field it was and what there is.
    """
    if isinstance(spec, Scenario):
        return spec
    if isinstance(spec, str):
        return _named(spec, base)
    if isinstance(spec, Mapping):
        return _from_fields(spec, base)
    if isinstance(spec, Sequence) and not isinstance(spec, bytes):
        for each in spec:
            base = scenario_from(each, base)
        return base
    raise UnknownScenarioError("a scenario is a name, a list of them, or an object of fields")


@lru_cache(maxsize=1024)
def _named(names: str, base: Scenario) -> Scenario:
    merged = base
    for name in names.split("+"):
        entry = CATALOGUE.get(name.strip())
        if entry is None:
            known = ", ".join(sorted(CATALOGUE))
            raise UnknownScenarioError(f"there is no scenario {name.strip()!r}; there are {known}")
        merged = _merged(merged, entry.fields)
    return replace(merged, name=names)


def _from_fields(spec: Mapping[str, object], base: Scenario) -> Scenario:
    rest = {name: value for name, value in spec.items() if name not in ("name", "extends")}
    if "extends" in spec:
        base = scenario_from(spec["extends"], base)
    scenario = _merged(base, rest)
    return replace(scenario, name=str(spec.get("name", base.name if not rest else "custom")))


def _merged(base: Scenario, changes: Mapping[str, object]) -> Scenario:
    converted: dict[str, Any] = {}
    for name, value in changes.items():
        convert = _CONVERTERS.get(name)
        if convert is None:
            known = ", ".join(sorted(_CONVERTERS))
            raise UnknownScenarioError(f"a scenario has no field {name!r}; it has {known}")
        try:
            converted[name] = convert(value)
        except (TypeError, ValueError) as error:
            raise UnknownScenarioError(f"{name} cannot be {value!r}: {error}") from error
    if "body_faults" in converted:
        converted["body_faults"] = base.body_faults | converted["body_faults"]
    return replace(base, **converted)


def _word(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    def convert(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in tuple(kind):
            raise ValueError(f"it must be one of {', '.join(kind)}")
        return kind(value)

    return convert


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError("it must be a number of seconds, 0 or more")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 20:
        raise ValueError("it must be a whole number from 1 to 20")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("it must be true or false")
    return value


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("it must be text")
    return str(value)


def _faults(value: object) -> frozenset[BodyFault]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset):
        raise TypeError("it must be a list of faults")
    return frozenset(BodyFault(each) for each in names)


def _optional[T](convert: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else convert(value)


_CONVERTERS: dict[str, Callable[[object], object]] = {
    "person": _word(Person),
    "person_seconds": _optional(_seconds),
    "ignored_code": _text,
    "prompt_is_lost": _flag,
    "result_code": _optional(_text),
    "push_answer": _word(PushAnswer),
    "push_reaches_mpesa": _flag,
    "push_delay_seconds": _seconds,
    "callback": _word(CallbackTiming),
    "callback_seconds": _optional(_seconds),
    "callback_copies": _count,
    "callback_attempts": _optional(_count),
    "callback_slow_seconds": _seconds,
    "callback_is_listed": _flag,
    "body_faults": _faults,
    "reversed_after_seconds": _optional(_seconds),
    "reversed_code": _text,
    "twin": _optional(_word(TwinTiming)),
    "twin_copies": _count,
    "twin_is_listed": _flag,
    "twin_is_other_amount": _flag,
    "twin_is_wrong_shortcode": _flag,
    "query": _word(QueryHonesty),
    "query_lie_seconds": _optional(_seconds),
    "query_lie_code": _text,
}
