"""The named scenarios of the initiator APIs, each with one sentence that says what it does.

"Result" is the post to ResultURL. Names of STK scenarios join with these: `pays+ack_hang`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.core.initiator.codes import OUTCOMES, STATUSES, SUCCESS, words


class Named(NamedTuple):
    """What a name means, and the fields it sets."""

    says: str
    fields: Mapping[str, object]


_ACKS = {
    "ack_hang": Named("The call is executed; its acknowledgement never comes.", {"ack": "hang"}),
    "ack_reset": Named("The call is executed; the connection is reset.", {"ack": "reset"}),
    "ack_500": Named("The call is executed, but answered 500.003.1001.", {"ack": "internal_error"}),
    "ack_502": Named(
        "The call is executed, but answered an unreadable 502.", {"ack": "bad_gateway"}
    ),
    "ack_html_403": Named("The call is executed, but answered HTML 403.", {"ack": "html"}),
    "ack_hang_lost": Named(
        "No acknowledgement, and M-Pesa never saw the call.",
        {"ack": "hang", "ack_reaches_mpesa": False},
    ),
    "ack_reset_lost": Named(
        "The connection is reset, and M-Pesa never saw the call.",
        {"ack": "reset", "ack_reaches_mpesa": False},
    ),
    "ack_500_lost": Named(
        "500.003.1001, and M-Pesa never saw the call.",
        {"ack": "internal_error", "ack_reaches_mpesa": False},
    ),
    "ack_busy": Named("The call is refused: System is busy (500.003.02).", {"ack": "busy"}),
    "ack_spike_arrest": Named(
        "The call is refused: Spike Arrest (500.003.02).", {"ack": "spike_arrest"}
    ),
    "ack_quota": Named("The call is refused: Quota Violation (500.003.03).", {"ack": "quota"}),
    "ack_refused": Named("200 with a ResponseCode that is not 0.", {"ack": "refused"}),
    "ack_slow": Named("The acknowledgement takes ten seconds.", {"ack_delay_seconds": 10.0}),
}

_OUTCOMES = {
    "outcome_first": Named(
        "The Result arrives before the acknowledgement.", {"outcome": "before_answer"}
    ),
    "outcome_late": Named("The Result comes after ten minutes.", {"outcome_seconds": 600.0}),
    "outcome_days_late": Named("The Result comes after two days.", {"outcome_seconds": 172_800.0}),
    "outcome_lost": Named("The call is executed; no Result comes.", {"outcome": "never"}),
    "outcome_twice": Named("Two Results at once.", {"outcome_copies": 2}),
    "outcome_unlisted": Named(
        "The Result comes from an address that is not on Safaricom's list.",
        {"outcome_is_listed": False},
    ),
    "outcome_contradicted": Named(
        "The call is executed; its Result says 0, and a later one says 26.", {"second_code": "26"}
    ),
    "outcome_refused_then_done": Named(
        "The Result says 26 although the call is executed; a later Result says 0.",
        {"outcome_code": "26", "outcome_is_executed": True, "second_code": "0"},
    ),
    "outcome_unlisted_code": Named(
        "The Result carries a code that no list has; nothing moves.", {"outcome_code": "7777"}
    ),
    "queue_timeout_then_success": Named(
        "QueueTimeOutURL is posted to first; the Result follows.", {"queue_timeout": True}
    ),
    "queue_timeout_only": Named(
        "QueueTimeOutURL is posted to; the call is executed and no Result comes.",
        {"queue_timeout": True, "outcome": "never"},
    ),
    "customer_spent": Named(
        "Result 100000009; only its text tells that the customer has spent the money.",
        {
            "outcome_code": "100000009",
            "outcome_words": "The customer has already utilised the funds.",
        },
    ),
    "reversed_on_portal": Named(
        "A person reverses the payment on the portal just before the call.",
        {"reversed_on_portal": True},
    ),
    "settled_to_bank": Named(
        "The shortcode's money goes to its bank just before the call.", {"settled_to_bank": True}
    ),
}

_BODIES = {
    "string_code": "The Result's codes are strings.",
    "single_parameter": "ResultParameter is one object, not a list.",
    "reference_list": "ReferenceItem is a list.",
    "repeated_key": "A key occurs twice among the parameters.",
    "missing_parameters": "A success without ResultParameters.",
    "wrong_amount": "The Result names another amount than moved.",
    "wrong_receipt": "The Result names another payment.",
    "malformed": "The Result is broken JSON.",
}

INITIATOR_CATALOGUE: dict[str, Named] = {
    **_ACKS,
    **_OUTCOMES,
    **{
        f"outcome_{name}": Named(says, {"outcome_faults": [name]}) for name, says in _BODIES.items()
    },
    **{
        f"status_{each.lower().replace(' ', '_')}": Named(
            f"Transaction Status says {each} whatever happened.", {"transaction_status": each}
        )
        for each in STATUSES
    },
    **{
        f"outcome_{code}": Named(
            f"The Result is {code}: {words(code)} Nothing moves.", {"outcome_code": code}
        )
        for code in OUTCOMES
        if code != SUCCESS
    },
}
