"""The scenarios that have names, each with one sentence that says what it does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.core.initiator.catalogue import INITIATOR_CATALOGUE
from simulator.core.results import RESULTS, SUCCESS, description


@dataclass(frozen=True, slots=True)
class Entry:
    """A named scenario: what it changes and what that means."""

    says: str
    fields: Mapping[str, object]


_PAYS: Mapping[str, object] = {"person": "pays"}

_PEOPLE = {
    "normal": Entry("Nothing odd; the prompt waits for a person.", {}),
    "waits": Entry("The prompt waits for a person.", {"person": "waits"}),
    "pays": Entry("The person enters the right PIN.", _PAYS),
    "wrong_pin": Entry("The person enters a wrong PIN: result 2001.", {"person": "wrong_pin"}),
    "cancels": Entry("The person presses Cancel: result 1032.", {"person": "cancels"}),
    "ignores": Entry("Nobody touches the prompt: 1037 at its end.", {"person": "ignores"}),
    "expires": Entry(
        "Nobody touches the prompt: 1019 at its end.", {"person": "ignores", "ignored_code": "1019"}
    ),
    "closes_itself": Entry(
        "Nobody touches the prompt, and the handset reports 1032.",
        {"person": "ignores", "ignored_code": "1032"},
    ),
    "prompt_lost": Entry("Accepted but never shown: 1037.", {"prompt_is_lost": True}),
}

_PUSH_ANSWERS = {
    "push_hang": Entry("Accepted, then the answer never comes.", {"push_answer": "hang"}),
    "push_reset": Entry("Accepted, then the connection is reset.", {"push_answer": "reset"}),
    "push_500": Entry("Accepted, but answered 500.003.1001.", {"push_answer": "internal_error"}),
    "push_html_403": Entry(
        "Accepted, but answered with the firewall's HTML 403.", {"push_answer": "html"}
    ),
    "push_html_503": Entry(
        "Accepted, but answered with the firewall's HTML 503.", {"push_answer": "html_503"}
    ),
    "push_502": Entry(
        "Accepted, but answered with an unreadable 502.", {"push_answer": "bad_gateway"}
    ),
    "push_hang_lost": Entry(
        "No answer, and M-Pesa never saw it.", {"push_answer": "hang", "push_reaches_mpesa": False}
    ),
    "push_reset_lost": Entry(
        "Connection reset, and M-Pesa never saw it.",
        {"push_answer": "reset", "push_reaches_mpesa": False},
    ),
    "push_500_lost": Entry(
        "500.003.1001, and M-Pesa never saw it.",
        {"push_answer": "internal_error", "push_reaches_mpesa": False},
    ),
    "push_busy": Entry("Refused: System is busy (500.003.02).", {"push_answer": "busy"}),
    "push_spike_arrest": Entry(
        "Refused: Spike Arrest (500.003.02).", {"push_answer": "spike_arrest"}
    ),
    "push_quota": Entry("Refused: Quota Violation (500.003.03).", {"push_answer": "quota"}),
    "push_refused": Entry("200 with a ResponseCode that is not 0.", {"push_answer": "refused"}),
    "push_slow": Entry("The answer takes ten seconds.", {"push_delay_seconds": 10.0}),
}

_CALLBACKS = {
    "callback_first": Entry(
        "Pays at once; the callback arrives before the push's answer.",
        {"person": "pays", "callback": "before_answer"},
    ),
    "callback_late": Entry("The callback comes after ten minutes.", {"callback_seconds": 600.0}),
    "callback_hours_late": Entry(
        "The callback comes after six hours.", {"callback_seconds": 21_600.0}
    ),
    "callback_lost": Entry("The callback never comes.", {"callback": "never"}),
    "callback_twice": Entry("Two callbacks at once.", {"callback_copies": 2}),
    "callback_three_times": Entry("Three callbacks at once.", {"callback_copies": 3}),
    "callback_four_times": Entry("Four callbacks at once.", {"callback_copies": 4}),
    "callback_retried": Entry(
        "Up to three tries until it is answered 2xx.", {"callback_attempts": 3}
    ),
    "callback_reversed": Entry(
        "First 1037; ten seconds later the debit and a success.", {"reversed_after_seconds": 10.0}
    ),
    "callback_unlisted": Entry(
        "From an address that is not on Safaricom's list.", {"callback_is_listed": False}
    ),
    "callback_slow": Entry(
        "The callback's body dribbles in for four seconds.", {"callback_slow_seconds": 4.0}
    ),
}

_BODIES = {
    "wrong_amount": "The callback names another amount than was debited.",
    "fractional_amount": "The callback's amount has cents.",
    "whole_amount": "The callback's amount is written without decimals.",
    "missing_amount": "The callback names no amount.",
    "reused_receipt": "The callback carries the receipt of an earlier payment.",
    "missing_receipt": "The callback carries no receipt.",
    "string_code": "The callback's ResultCode is a string.",
    "string_date": "The callback's TransactionDate is a string.",
    "masked_phone": "The callback's phone number is masked.",
    "missing_phone": "The callback names no phone number.",
    "missing_metadata": "A success without CallbackMetadata.",
    "empty_items": "A success with an empty Item list.",
    "malformed": "The callback's body is broken JSON.",
    "shuffled": "The metadata items come in another order.",
    "balance_value": "The Balance item has a value.",
    "desc_prefix": "ResultDesc carries a prefix such as [STK_CB - ].",
}

_QUERIES = {
    "query_false_failure": Entry(
        "The query says 1037 whatever happened.", {"query": "false_failure"}
    ),
    "query_cancelled_lie": Entry(
        "The query says 1032 whatever happened.",
        {"query": "false_failure", "query_lie_code": "1032"},
    ),
    "query_success_before_pin": Entry(
        "The query says 0 before the PIN was entered.", {"query": "success_before_pin"}
    ),
    "query_unknown": Entry("The query never knows the id.", {"query": "unknown_id"}),
    "query_does_not_exist": Entry(
        "The query says that the transaction does not exist (500.001.1001).",
        {"query": "does_not_exist"},
    ),
    "query_never_final": Entry(
        "The query says still processing for ever.", {"query": "never_final"}
    ),
}

_TWINS = {
    "twin_off": Entry("No C2B confirmation of this payment is owed.", {"twin": "off"}),
    "twin_lost": Entry("The C2B confirmation never comes.", {"twin": "lost"}),
    "twin_before": Entry("The C2B confirmation comes before the callback.", {"twin": "before"}),
    "twin_after": Entry("The C2B confirmation comes after the callback.", {"twin": "after"}),
    "twin_only": Entry("The C2B confirmation comes, the callback never.", {"callback": "never"}),
    "twin_twice": Entry("Two C2B confirmations.", {"twin_copies": 2}),
    "twin_unlisted": Entry(
        "The C2B confirmation comes from an unlisted address.", {"twin_is_listed": False}
    ),
    "twin_wrong_amount": Entry(
        "The C2B confirmation names KES 1 more.", {"twin_is_other_amount": True}
    ),
    "twin_wrong_shortcode": Entry(
        "The C2B confirmation names another shortcode.", {"twin_is_wrong_shortcode": True}
    ),
    "pull_never": Entry("Pull never lists it.", {"is_pulled": False}),
}

CATALOGUE: dict[str, Entry] = {
    **_PEOPLE,
    **_PUSH_ANSWERS,
    **_CALLBACKS,
    **{f"callback_{name}": Entry(says, {"body_faults": [name]}) for name, says in _BODIES.items()},
    **_QUERIES,
    **_TWINS,
    **{name: Entry(each.says, each.fields) for name, each in INITIATOR_CATALOGUE.items()},
    **{
        f"result_{code}": Entry(
            f"Ends with result {code}: {description(code)}",
            {"person": "pays", "result_code": code},
        )
        for code in RESULTS
        if code != SUCCESS
    },
}

_RESULT_NAME = re.compile(r"result_([A-Za-z0-9_-]{1,20})", re.ASCII)


def entry_of(name: str) -> Entry | None:
    """The scenario with this name; `result_<code>` has one for any code but a success."""
    entry = CATALOGUE.get(name)
    if entry is not None:
        return entry
    named = _RESULT_NAME.fullmatch(name)
    if named is None or named[1] == SUCCESS:
        return None
    fields = {"person": "pays", "result_code": named[1]}
    return Entry(f"Ends with result {named[1]}, which no table lists.", fields)
