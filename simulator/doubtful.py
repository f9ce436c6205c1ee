"""Facts of Daraja on which sources disagree, or which are inferred: each is a setting.

Shape: a backend that is right at the safer value is right at the other as well. Where the default
is another one, `why` says why.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubtful fact. Shape: `grade` X is disagreement, I inference, C one party's claim."""

    setting: str
    safer: object
    other: object
    grade: str
    why: str


DOUBTS = (
    Doubt("token_rotates", True, False, "X", "A new token kills the old one, says a page."),
    Doubt("expires_in_as_number", False, True, "X", "The sandbox sends text, the portal a number."),
    Doubt(
        "query_pending",
        "mixed",
        "4999",
        "X",
        "Both answers were seen. The default is the newer one, so that an example is readable.",
    ),
    Doubt("query_unknown_id", "invalid", "does_not_exist", "X", "Both were seen."),
    Doubt("query_unauthorized_code", "400.003.01", "401.003.01", "X", "Both were seen."),
    Doubt("callback_attempts", 1, 3, "X", "Documented as never repeated; others saw repeats."),
    Doubt(
        "same_amount_is_strict",
        True,
        False,
        "X",
        "Result 17 after a failure too? The default lets a customer try again, as was seen.",
    ),
    Doubt(
        "long_text_is_refused",
        True,
        False,
        "X",
        "Documented limits of 12 and 13; the sandbox took more, so published clients send more.",
    ),
    Doubt(
        "transaction_type_is_trimmed",
        False,
        True,
        "C",
        "mpesa-api 3 sends a blank behind it; the default takes what a published client sends.",
    ),
    Doubt("c2b_twin", "after", "off", "X", "A C2B confirmation of STK payments comes or not."),
    Doubt("c2b_attempts", 1, 3, "X", "A confirmation is never repeated, or after a bad answer."),
    Doubt("c2b_third_party_id", "blank", "merchant_request_id", "P", "Seen at one merchant only."),
    Doubt(
        "c2b_register_code",
        "00000000",
        "0",
        "X",
        "The portal says 0, the sandbox answers eight zeros. The default is the portal's.",
    ),
    Doubt("c2b_reference", "as_paid", "truncated", "I", "How a till or a long account is named."),
    Doubt("c2b_shortcode", "store", "till", "I", "Which of a till's two numbers is sent."),
    Doubt("pull_offset", "rows", "pages", "X", "The portal counts rows, live code pages."),
    Doubt("pull_clock", "eat", "utc", "X", "Z was seen behind Nairobi time; +03:00 as well."),
    Doubt("pull_empty", "1001", "http_500", "D", "Three shapes are printed for no rows."),
    Doubt("pull_lists_reversed", True, False, "I", "Whether a reversed payment stays listed."),
    Doubt("reversal_repeats", False, True, "I", "R000001, or executed again."),
    Doubt("partial_reversal_is_executed", False, True, "C", "Three clients say: must be whole."),
    Doubt("reversal_takes_type_4", False, True, "X", "Documented as 11; old samples send 4."),
    Doubt(
        "reversed_is_shown",
        False,
        True,
        "I",
        "Whether Transaction Status says Reversed. The default is what a production console reads.",
    ),
    Doubt("status_by_stk_id", False, True, "I", "MerchantRequestID as OriginalConversationID."),
    Doubt("unknown_receipt_code", "2032", "25", "X", "2032 in the sandbox, 25 in production."),
    Doubt("wrong_password_code", "2001", "18", "X", "Both are documented."),
    Doubt("unknown_initiator_code", "2001", "20", "X", "Both are documented."),
    Doubt("expired_password_code", "2001", "8006", "I", "What day 91 answers is undocumented."),
    Doubt("payout_v3_is_enabled", True, False, "P", "Some apps get 403.002.1001."),
    Doubt("qr_code_is_short", True, False, "X", '"00" was seen, an AG_ id is documented.'),
)
