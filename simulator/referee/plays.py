"""The plays: what Daraja, the customer and an attacker do, and what it must come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.referee.rules import Expected, Rule, Status

ONCE = Expected(debits=(1,))
NEVER = Expected(debits=(0,))
AT_MOST_ONCE = Expected(debits=(0, 1))
# A wrong statement about the money may also go to a person.
ONCE_OR_REVIEW = Expected(debits=(1,), accepted=frozenset({Status.PAID, Status.REVIEW}))
ScenarioWish = str | Mapping[str, object]


class Act(StrEnum):
    """Something that is done beside the first click, and when."""

    CLICK_AT_ONCE = "a second click at the same moment"
    CLICK_SOON = "a second click after one second"
    CLICK_AFTER_RESULT = "a second click after the result"
    REPEAT_CALLBACK = "the callback is posted again"
    FORGE_SUCCESS = "a success is forged, from an unlisted address"
    FORGE_SUCCESS_ELSEWHERE = "a success is forged for a callback address with a guessed token"
    FORGE_SUCCESS_LISTED = "a success is forged with a guessed token and a listed address"
    FORGE_FAILURE = "a failure is forged, from an unlisted address"
    FORGE_OTHER_AMOUNT = "a success of KES 1 is forged, from an unlisted address"
    REPLAY_OLD_SUCCESS = "an earlier payment's success is posted with this payment's ids"
    REPLAY_OLD_BODY = "an earlier payment's callback is posted to this payment's address"


@dataclass(frozen=True, slots=True)
class Play:
    """One play. Shape: `scenarios` are those of the first push, the second, and so on."""

    name: str
    at_stake: Rule
    scenarios: tuple[ScenarioWish, ...]
    expected: Expected
    acts: tuple[Act, ...] = ()
    balance_kes: int | None = None
    is_on: bool = True


def _pays(name: str, rule: Rule, *faults: str, expected: Expected = ONCE) -> Play:
    return Play(name, rule, ("+".join(("pays", *faults)),), expected)


_FAILURES = (
    Play("wrong PIN", Rule.FALSE_SUCCESS, ("wrong_pin",), NEVER),
    Play("cancelled", Rule.FALSE_SUCCESS, ("cancels",), NEVER),
    Play("ignored", Rule.FALSE_SUCCESS, ("ignores",), NEVER),
    Play("closes itself", Rule.FALSE_SUCCESS, ("closes_itself",), NEVER),
    Play("expires", Rule.FALSE_SUCCESS, ("expires",), NEVER),
    Play("no money", Rule.FALSE_SUCCESS, ("pays",), NEVER, balance_kes=0),
    Play("switched off", Rule.FALSE_SUCCESS, ("normal",), NEVER, is_on=False),
    Play("prompt lost", Rule.FALSE_SUCCESS, ("prompt_lost",), NEVER),
    Play("refused: busy", Rule.FALSE_SUCCESS, ("push_busy",), NEVER),
    Play("refused: ResponseCode 1", Rule.FALSE_SUCCESS, ("push_refused",), NEVER),
    Play(
        "query says 0 before the PIN",
        Rule.FALSE_SUCCESS,
        ("ignores+query_success_before_pin",),
        NEVER,
    ),
    Play(
        "query says 0, then cancelled",
        Rule.FALSE_SUCCESS,
        ({"extends": "cancels+query_success_before_pin", "person_seconds": 8},),
        NEVER,
    ),
)

_CLICKS = (
    Play("double click", Rule.DOUBLE_CHARGE, ("pays", "pays"), ONCE, (Act.CLICK_AT_ONCE,)),
    Play(
        "click while the prompt is open",
        Rule.DOUBLE_CHARGE,
        ("pays", "pays"),
        ONCE,
        (Act.CLICK_SOON,),
    ),
    Play(
        "click after it was paid",
        Rule.DOUBLE_CHARGE,
        ("pays", "pays"),
        ONCE,
        (Act.CLICK_AFTER_RESULT,),
    ),
    Play(
        "click after it was paid, callback lost",
        Rule.DOUBLE_CHARGE,
        ("pays+callback_lost", "pays"),
        ONCE,
        (Act.CLICK_AFTER_RESULT,),
    ),
    Play(
        "click after a false failure",
        Rule.DOUBLE_CHARGE,
        (
            {"extends": "pays+callback_lost+query_false_failure", "query_lie_seconds": 15},
            "pays",
        ),
        ONCE,
        (Act.CLICK_AFTER_RESULT,),
    ),
    *(
        Play(
            f"click after {fault}",
            Rule.DOUBLE_CHARGE,
            (f"pays+{fault}", "pays"),
            ONCE,
            (Act.CLICK_SOON,),
        )
        for fault in ("push_hang", "push_reset", "push_500", "push_502", "push_html_403")
    ),
    Play(
        "click after a hang that never reached M-Pesa",
        Rule.DOUBLE_CHARGE,
        ("push_hang_lost", "pays"),
        AT_MOST_ONCE,
        (Act.CLICK_SOON,),
    ),
    Play(
        "try again after cancelling",
        Rule.LOST_SUCCESS,
        ("cancels", "pays"),
        ONCE,
        (Act.CLICK_AFTER_RESULT,),
    ),
)

_SUCCESSES = (
    _pays("paid", Rule.LOST_SUCCESS),
    _pays("callback before the answer", Rule.LOST_SUCCESS, "callback_first"),
    *(
        _pays(f"paid, {fault}", Rule.LOST_SUCCESS, fault)
        for fault in ("push_hang", "push_reset", "push_500", "push_502", "push_html_403")
    ),
    _pays("callback lost", Rule.LOST_SUCCESS, "callback_lost"),
    _pays("callback from an unlisted address", Rule.LOST_SUCCESS, "callback_unlisted"),
    _pays("callback dribbles in", Rule.LOST_SUCCESS, "callback_slow"),
    *(
        _pays(
            f"callback with {name.replace('_', ' ')}",
            Rule.LOST_SUCCESS,
            f"callback_{name}",
            expected=ONCE_OR_REVIEW,
        )
        for name in (
            *("string_code", "string_date", "masked_phone", "missing_phone", "missing_metadata"),
            *("empty_items", "malformed", "shuffled", "missing_receipt", "whole_amount"),
        )
    ),
)

_AMOUNTS = tuple(
    _pays(
        f"callback with {name.replace('_', ' ')}",
        Rule.WRONG_AMOUNT,
        f"callback_{name}",
        expected=ONCE_OR_REVIEW,
    )
    for name in ("wrong_amount", "fractional_amount", "missing_amount")
)

_REPLAYS = (
    _pays("two callbacks at once", Rule.REPLAY, "callback_twice"),
    _pays("four callbacks at once", Rule.REPLAY, "callback_four_times"),
    _pays("an old receipt", Rule.REPLAY, "callback_reused_receipt", expected=ONCE_OR_REVIEW),
    Play("callback posted again", Rule.REPLAY, ("pays",), ONCE, (Act.REPEAT_CALLBACK,)),
    Play(
        "an old success with new ids", Rule.REPLAY, ("ignores",), NEVER, (Act.REPLAY_OLD_SUCCESS,)
    ),
    Play(
        "an old callback at a new address", Rule.REPLAY, ("ignores",), NEVER, (Act.REPLAY_OLD_BODY,)
    ),
)

_FORGERIES = (
    Play("forged success", Rule.FORGED_CALLBACK, ("ignores",), NEVER, (Act.FORGE_SUCCESS,)),
    Play(
        "forged success, guessed token",
        Rule.FORGED_CALLBACK,
        ("ignores",),
        NEVER,
        (Act.FORGE_SUCCESS_ELSEWHERE,),
    ),
    Play(
        "forged success, guessed token, listed address",
        Rule.FORGED_CALLBACK,
        ("ignores",),
        NEVER,
        (Act.FORGE_SUCCESS_LISTED,),
    ),
    Play(
        "forged success, then cancelled",
        Rule.FORGED_CALLBACK,
        ("cancels",),
        NEVER,
        (Act.FORGE_SUCCESS,),
    ),
    Play("forged KES 1", Rule.FORGED_CALLBACK, ("ignores",), NEVER, (Act.FORGE_OTHER_AMOUNT,)),
    Play("forged failure", Rule.FORGED_CALLBACK, ("pays",), ONCE, (Act.FORGE_FAILURE,)),
    Play(
        "forged failure, callback lost",
        Rule.FORGED_CALLBACK,
        ("pays+callback_lost",),
        ONCE,
        (Act.FORGE_FAILURE,),
    ),
)

_LATE = (
    Play(
        "callback after 12 s", Rule.LATE_TRUTH, ({"extends": "pays", "callback_seconds": 12},), ONCE
    ),
    _pays("1037, then a success", Rule.LATE_TRUTH, "callback_reversed"),
    Play(
        "1032, then a success",
        Rule.LATE_TRUTH,
        ({"extends": "pays", "reversed_after_seconds": 6, "reversed_code": "1032"},),
        ONCE,
    ),
    Play(
        "the query lies for 8 s, callback late",
        Rule.LATE_TRUTH,
        ({"extends": "pays+query_false_failure", "query_lie_seconds": 8, "callback_seconds": 12},),
        ONCE,
    ),
)

PLAYS = (*_FAILURES, *_CLICKS, *_SUCCESSES, *_AMOUNTS, *_REPLAYS, *_FORGERIES, *_LATE)
