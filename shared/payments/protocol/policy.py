"""Every time and limit of the protocol by name; the defaults are production's."""

from dataclasses import dataclass

from payments.errors import SettingsError

BODY_BYTES_MAX = 8192
"""Cap on every request body, checked before parsing."""
DISPATCH_GIVEN_UP_SECONDS = 60
"""A payment still dispatching after this lost its Lambda: its outcome is unknown."""
PUSH_CONNECT_SECONDS = 3
PUSH_READ_SECONDS_MAX = 18
PUSH_READ_SECONDS_MIN = 13
STORE_OUTCOME_SECONDS = 4
"""What storing a push's outcome may take; so much Lambda time is left when the push gives up."""
REMAINING_SECONDS_MIN = PUSH_CONNECT_SECONDS + PUSH_READ_SECONDS_MIN + STORE_OUTCOME_SECONDS
"""A push or a refund is not sent with less Lambda time left: its outcome could not be stored."""
EVIDENCE_MAX = 10
"""Odd callbacks kept per payment."""
DECISIONS_MAX = 8
"""Decide-write-re-read rounds before giving up; the model checker never needed more than 4."""
SAME_PAYMENT_SECONDS = 120
"""Daraja refuses the same amount from the same phone within this time (result 17)."""
HINT_ID_WINDOW_SECONDS = 300
"""How far the time inside a hinted CheckoutRequestID may be from the reservation."""
ASK_AGAIN_SECONDS = 900
"""The age at which an open payment is asked about once more; from then on answers back off."""
NO_ANSWER_SECONDS = 300
"""A question without an answer is put again after this: two fit in a quarter of an hour."""
SILENCE_SECONDS = 900
"""How long after its expiry Daraja may stay silent about a payment before attention is raised."""
SILENT_RETRY_SECONDS = 600
"""A question about a payment past its expiry is put again after this."""
HASTEN_SPACING_SECONDS = 60
"""The old webhook route may bring a payment's query forward this often."""
HASTEN_SHARE = 4
"""At most one query slot in this many goes to the old webhook route."""
EXPIRE_AGAIN_SECONDS = 172_800
"""A cancelled payment is asked about once more at this age."""
RECEIPT_OVERDUE_SECONDS = 86_400
"""A success without a receipt for this long needs a person."""
HINT_OVERDUE_SECONDS = 172_800
"""A hint the provider never answered for this long needs a person."""
REFUND_SPACING_SECONDS = 30
"""The least time between two refunds that are sent."""
REFUND_STATUS_SECONDS = (120, 600, 3600, 21_600, 86_400)
"""How long after a refund was sent Transaction Status is asked about it."""
REFUND_OVERDUE_SECONDS = 86_400
"""A sent refund without a final answer for this long needs a person."""
ASKS_PER_HOUR = 20
"""Transaction Status questions that staff may put in an hour."""
ASK_KEPT_SECONDS = 172_800
CREDENTIAL_DAYS = 90
"""How long M-Pesa accepts an initiator's password."""
ROW_LOOK_SECONDS = (60, 900, 3600, 86_400, 169_200)
"""The ages at which the ladder runs again over an unclaimed receipt; Pull reaches back 48 hours."""
OWN_PROMPT_SLACK_SECONDS = 60
"""How far outside a prompt's life M-Pesa's time of its money may be."""
COVERAGE_SLACK_SECONDS = 600
"""Pull lists a debit up to five minutes late, so what it has covered must reach twice as far."""
CANDIDATES_MAX = 50
"""More payments than this of one amount and time are not told apart: a person decides."""
PROMPTS_COMPARED_MAX = 1000
"""More payments than this of one amount and time are not compared for a person's act."""
UNCLAIMED_READ_MAX = 200
"""More unclaimed receipts than this are not compared with one another: a person decides."""
DAY_SECONDS = 86_400
HOUR_SECONDS = 3600
QUARTER_HOUR_SECONDS = 900
USER_WINDOW_SECONDS = 600
NEVER = 9_999_999_999
"""A lock that only a person lifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The times and limits a deployment chooses.

    Units: seconds, KES, prompts.
    Errors: SettingsError where the choice is not usable.
    """

    first_query_seconds: int = 25
    query_success_seconds: int = 120
    send_within_seconds: int = 10
    daraja_shows_seconds: int = 110
    prompt_seconds: int = 180
    query_spacing_seconds: int = 12
    expire_pending_seconds: int = 86_400
    expire_unknown_seconds: int = 172_800
    max_amount_kes: int = 250_000
    phone_prompts_per_15_minutes: int = 3
    phone_prompts_per_day: int = 10
    user_prompts_per_10_minutes: int = 5
    evidence_days: int = 90
    pull_seconds: int = 1800

    def __post_init__(self) -> None:
        """Refuse a limit that the table's items cannot hold, or that M-Pesa does not know."""
        earliest = max(self.lock_seconds, self.query_success_seconds)
        if min(self.expire_pending_seconds, self.expire_unknown_seconds) < earliest:
            raise SettingsError(
                f"EXPIRE_PENDING_SECONDS and EXPIRE_UNKNOWN_SECONDS must be at least {earliest}: "
                "no payment expires while its prompt can be open"
            )
        if not 1 <= self.phone_prompts_per_15_minutes <= 10:
            raise SettingsError("PHONE_PROMPTS_PER_15_MINUTES must be from 1 to 10")
        if not 1 <= self.phone_prompts_per_day <= 10:
            raise SettingsError("PHONE_PROMPTS_PER_DAY must be from 1 to 10")
        if not 1 <= self.user_prompts_per_10_minutes <= 5:
            raise SettingsError("USER_PROMPTS_PER_10_MINUTES must be from 1 to 5")
        if not 1 <= self.max_amount_kes <= 250_000:
            raise SettingsError("MAX_AMOUNT_KES must be from 1 to 250000")

    @property
    def lock_seconds(self) -> int:
        """How long a booking and a phone stay reserved: the longest life of a prompt.

        It is no setting of its own, so no choice of the three times can let two prompts live at
        once: sent at the last moment, shown late, answered late.
        """
        return self.send_within_seconds + self.daraja_shows_seconds + self.prompt_seconds
