"""A scenario says how one payment's day goes: the person, the phone, the answers, the callback.

A scenario is named ("callback_lost"), joined ("callback_late+query_false_failure"), or spelled out
as an object of fields; later names and fields win. What it does not say stays normal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from simulator.core.answers import CallbackTiming, PushAnswer, TwinTiming
from simulator.core.catalogue import CATALOGUE, entry_of
from simulator.core.errors import UnknownScenarioError
from simulator.core.field_kinds import count, flag, optional, seconds, text, word
from simulator.core.initiator.day import INITIATOR_FIELDS, InitiatorDay


class Person(StrEnum):
    """What happens with a prompt that is on the screen."""

    WAITS = "waits"  # for somebody at the phone page or the control API
    PAYS = "pays"
    WRONG_PIN = "wrong_pin"
    CANCELS = "cancels"
    IGNORES = "ignores"


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
    DOES_NOT_EXIST = "does_not_exist"
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
    is_pulled: bool = True  # False: Pull never lists it
    query: QueryHonesty = QueryHonesty.HONEST
    query_lie_seconds: float | None = None  # None: it lies for ever
    query_lie_code: str = "1037"
    initiator: InitiatorDay = field(default_factory=InitiatorDay)

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
        if changed.pop("initiator", None):
            changed.update(self.initiator.facts())
        return changed


SCENARIO_HEADER = "X-Simulator-Scenario"
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
        entry = entry_of(name.strip())
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
        convert = _CONVERTERS.get(name) or INITIATOR_FIELDS.get(name)
        if convert is None:
            known = ", ".join(sorted({**_CONVERTERS, **INITIATOR_FIELDS}))
            raise UnknownScenarioError(f"a scenario has no field {name!r}; it has {known}")
        try:
            converted[name] = convert(value)
        except (TypeError, ValueError) as error:
            raise UnknownScenarioError(f"{name} cannot be {value!r}: {error}") from error
    if "body_faults" in converted:
        converted["body_faults"] = base.body_faults | converted["body_faults"]
    of_initiator = {name: converted.pop(name) for name in INITIATOR_FIELDS if name in converted}
    if of_initiator:
        converted["initiator"] = base.initiator.changed(of_initiator)
    return replace(base, **converted)


def _faults(value: object) -> frozenset[BodyFault]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset):
        raise TypeError("it must be a list of faults")
    return frozenset(BodyFault(each) for each in names)


_CONVERTERS: dict[str, Callable[[object], object]] = {
    "person": word(Person),
    "person_seconds": optional(seconds),
    "ignored_code": text,
    "prompt_is_lost": flag,
    "result_code": optional(text),
    "push_answer": word(PushAnswer),
    "push_reaches_mpesa": flag,
    "push_delay_seconds": seconds,
    "callback": word(CallbackTiming),
    "callback_seconds": optional(seconds),
    "callback_copies": count,
    "callback_attempts": optional(count),
    "callback_slow_seconds": seconds,
    "callback_is_listed": flag,
    "body_faults": _faults,
    "reversed_after_seconds": optional(seconds),
    "reversed_code": text,
    "twin": optional(word(TwinTiming)),
    "twin_copies": count,
    "twin_is_listed": flag,
    "twin_is_other_amount": flag,
    "twin_is_wrong_shortcode": flag,
    "is_pulled": flag,
    "query": word(QueryHonesty),
    "query_lie_seconds": optional(seconds),
    "query_lie_code": text,
}
