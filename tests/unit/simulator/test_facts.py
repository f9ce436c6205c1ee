"""Every fact about an imitated API is produced by a test's request, or left out with its reason.

The rows of docs/daraja.md are walked: each that Safaricom documents (D), that a production system
showed (P) or that was seen in the sandbox (S) is named here with the test that produces it. Facts
with grade X (sources disagree), C and I are settings: test_doubtful.py has both values.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs" / "daraja.md"
OAUTH, PUSH, QUERY = ("test_conformance_oauth", "test_conformance_push", "test_conformance_query")
CALLBACKS, RESULTS = "test_conformance_callbacks", "test_conformance_results"
C2B, PULL, QR = "test_conformance_c2b", "test_conformance_pull", "test_dynamic_qr"
INITIATOR, OPERATORS = "test_conformance_initiator", "test_initiator_operators"
DAYS, SEEN, MONEY = "test_initiator_scenarios", "test_as_seen", "test_money_payload_shapes"

NAMED = "a_bad_field_is_named_in_400_002_02"
# Section -> what the row says (a part of it), file, how the test's name begins.
WALK: dict[str, list[tuple[str, str, str]]] = {
    "1": [
        ("`GET /oauth/v1/generate", OAUTH, "wrong_methods"),
        ("A token lives one hour", OAUTH, "a_new_token_kills"),
        ("one environment only", OAUTH, "oauth_errors"),
        ("HTTP 400 `400.008.02`", OAUTH, "oauth_errors"),
        ("Invalid token at the push", PUSH, "an_invalid_access_token"),
        ("Invalid token elsewhere", INITIATOR, "a_dead_token_has_the_code"),
        ("`404.001.04`: bad", OAUTH, "a_missing_or_malformed"),
        ("no apiproduct match found", OAUTH, "an_app_without_the_product"),
    ],
    "2": [("spike arrest, and also", PUSH, "the_gateways_refusals_leave")],
    "3": [
        ("| `BusinessShortCode` |", PUSH, NAMED),
        ("| `Password` |", PUSH, "500_001_1001_has"),
        ("| `TransactionType` |", PUSH, NAMED),
        ("| `Amount` |", RESULTS, "an_amount_over_the_cap"),
        ("| `PartyA`, `PhoneNumber` |", PUSH, "payer_and_prompted_phone"),
        ("| `PartyB` |", RESULTS, "paybill_and_till_must"),
        ("| `AccountReference` |", SEEN, "a_long_reference_is_prompted"),
        ("| `TransactionDesc` |", SEEN, "a_push_is_taken"),
        ("| whole prompt text |", PUSH, "a_prompt_of_more_than_182"),
        ("| 400.002.02 |", PUSH, "a_body_that_is_not_json"),
        ("| 400.002.05 |", PUSH, "a_malformed_body"),
        ("| 404.001.03 |", PUSH, "an_invalid_access_token"),
        ("| 404.001.01, 404.001.04 |", OAUTH, "wrong_methods"),
        ("| 405.001 |", OAUTH, "wrong_methods"),
        ("| Merchant does not exist |", PUSH, "500_001_1001_has"),
        ("| Wrong credentials", PUSH, "500_001_1001_has"),
        ("| Unable to lock subscriber |", PUSH, "a_second_prompt_on_a_busy"),
        ("| System is busy", PUSH, "the_gateways_refusals_leave"),
        ("| Quota violation |", PUSH, "the_gateways_refusals_leave"),
        ("| Internal Server Error |", PUSH, "a_lost_answer_leaves"),
    ],
    "4": [
        ("Request: `BusinessShortCode`", QUERY, "a_missing_field_is_named"),
        ("Answer: `ResponseCode`", QUERY, "a_failures_result_is"),
        ("Unknown id:", SEEN, "a_query_can_say"),
        ("The words differ by channel", SEEN, "1037_has_two"),
        ("Errors: 404.001.04", QUERY, "a_malformed_body"),
    ],
    "5": [
        ("| `Amount` |", CALLBACKS, "an_amount_can_be_written"),
        ("| `MpesaReceiptNumber` |", CALLBACKS, "a_success_has"),
        ("| `Balance` |", CALLBACKS, "odd_items"),
        ("| `TransactionDate` |", CALLBACKS, "odd_items"),
        ("| `PhoneNumber` |", CALLBACKS, "a_masked_phone"),
        ("| all items |", CALLBACKS, "a_success_can_lack"),
        ("| sent again? |", CALLBACKS, "a_callback_that_fails"),
        ("| lost? |", CALLBACKS, "zero_or_more"),
        ("| time limit", C2B, "a_validation_that_is_answered"),
        ("| signature? |", SEEN, "a_callback_has_the_headers"),
        ("| headers? |", SEEN, "a_callback_has_the_headers"),
        ("| a second message? |", C2B, "a_prompted_payment_has"),
    ],
    "6": [
        ("Public, and https", PUSH, "callback_url_rules"),
        ("These words are refused", PUSH, "a_callback_url_that"),
        ("One run saw a path", SEEN, "a_push_is_taken"),
        ("ngrok", PUSH, "callback_url_rules"),
        ("The URL is given with each push", CALLBACKS, "it_is_posted_as_json"),
    ],
    "7": [
        ("| 0 |", CALLBACKS, "a_success_has"),
        ("| 1 |", RESULTS, "the_test_numbers_do"),
        ("| 2, 3 |", RESULTS, "an_amount_over_the_cap"),
        ("| 4 |", RESULTS, "the_daily_limit"),
        ("| 8 |", RESULTS, "a_full_payee"),
        ("| 17 |", RESULTS, "the_same_amount_within"),
        ("| 1001 |", RESULTS, "every_code_can_end"),
        ("| 1019 |", RESULTS, "the_test_numbers_do"),
        ("| 1025 |", RESULTS, "a_prompt_over_182"),
        ("| 1032 |", RESULTS, "the_test_numbers_do"),
        ("| 1037 |", RESULTS, "a_phone_switched_off"),
        ("| 2001 |", RESULTS, "three_wrong_pins"),
        ("| 2006 |", RESULTS, "every_code_can_end"),
        ("| 2028, 2029 |", RESULTS, "paybill_and_till_must"),
        ("| 8006 |", RESULTS, "three_wrong_pins"),
        ("| SFC_IC0003 |", RESULTS, "paybill_and_till_must"),
    ],
    "8": [
        ("Wait at least 1 minute", RESULTS, "the_same_amount_within"),
        ("One live prompt per phone", PUSH, "the_lock_is_the_phones"),
    ],
    "9.1": [
        ("`ResultCode` is a number", INITIATOR, "every_listed_code"),
        ("A failure has no `ResultParameters`", INITIATOR, "every_listed_code"),
        ("may be one object instead", DAYS, "a_results_body_has"),
        ("is not sent again", DAYS, "a_named_scenario_decides"),
        ("posted to `QueueTimeOutURL`", DAYS, "a_named_scenario_decides"),
        ("`500.002.1001`: duplicate", MONEY, "an_answer_has_the_recorded_shape"),
        ("forbidden words of section 6", INITIATOR, "a_bad_field_is_named"),
        ("the outcome is unknown", DAYS, "a_named_scenario_decides"),
        ("Core codes:", INITIATOR, "every_listed_code"),
        ("expires after 90 days", OPERATORS, "a_password_dies_on_day_ninety"),
        ("Roles:", OPERATORS, "an_operator_needs_its_role"),
    ],
    "9.2": [
        ("A B2C payout cannot", INITIATOR, "a_payout_cannot_be_reversed"),
        ("The receipt is the natural key", INITIATOR, "a_repeat_is_r000001"),
        ("comes from the Utility account", INITIATOR, "a_tills_reversal_is_paid"),
        ("Other failures: 11, 2006", INITIATOR, "every_listed_code"),
        ("the receipt of the reversal itself", MONEY, "a_result_has_the_recorded_shape"),
        ("unmasked number and name", INITIATOR, "each_result_has_its_documented"),
    ],
    "9.3": [
        ("Works for C2B", INITIATOR, "status_finds_payments"),
        ("Result keys:", INITIATOR, "each_result_has_its_documented"),
        ("Statuses:", INITIATOR, "every_status_can_be_told"),
        ("2032 means", INITIATOR, "a_code_has_its_natural_cause"),
    ],
    "9.5": [
        ("is an idempotency key", INITIATOR, "a_v3_payout_is_idempotent"),
        ("A repeat answers HTTP 500", INITIATOR, "a_v3_payout_is_idempotent"),
        ("`Occassion` is misspelt", INITIATOR, "a_bad_field_is_named"),
        ("Minimum KES 10", INITIATOR, "a_code_has_its_natural_cause"),
        ("Codes: 1 no float", INITIATOR, "a_code_has_its_natural_cause"),
        ("Times look like", INITIATOR, "each_result_has_its_documented"),
        ("Charges are the merchant's", MONEY, "a_result_has_the_recorded_shape"),
    ],
    "9.6": [
        ("A confirmation has `TransactionType`", C2B, "a_payment_by_hand_is_confirmed"),
        ("v1 and v2 differ only", C2B, "a_payment_by_hand_is_confirmed"),
        ("Also seen: 12 digits", C2B, "a_payment_by_hand_is_confirmed"),
        ("Production sends `TransactionType`", MONEY, "a_notice_has_the_recorded_shape"),
        ("`ThirdPartyTransID` equals", C2B, "the_setting_decides_about_twins"),
        ("registered once in production", C2B, "registering_is_free_in_the_sandbox"),
        ("answered within 8 s", C2B, "validation_decides_before"),
        ("spells `OriginatorCoversationID`", MONEY, "an_answer_has_the_recorded_shape"),
        ("mix bank sweeps", PULL, "a_till_and_a_sweep"),
    ],
    "9.7": [
        ("empty **or not provisioned**", PULL, "without_the_product"),
        ("Empty also comes as", PULL, "an_empty_answer_has_four_shapes"),
        ("older than 48 hours", PULL, "it_reaches_back_48_hours"),
    ],
    "9.8": [
        ("Dynamic QR", QR, "the_answer_has_the_picture"),
        ("Ratiba", SEEN, "an_api_that_is_not_imitated"),
        ("Bill Manager", SEEN, "an_api_that_is_not_imitated"),
        ("B2B Express", SEEN, "an_api_that_is_not_imitated"),
        ("SIM swap", SEEN, "an_api_that_is_not_imitated"),
        ("/sfcverify", SEEN, "an_api_that_is_not_imitated"),
    ],
}
# What the sentences between the tables say.
PROSE: list[tuple[str, str, str]] = [
    ("2 O 429 spike arrest of the query", QUERY, "the_sandbox_lets_one_query_through"),
    ("3 D five fields of an accepted push", PUSH, "an_accepted_push_has"),
    ("3 D ids, and older ones", PUSH, "the_identifiers_have_the_shapes"),
    ("9.1 D ack of four fields, Result to ResultURL", INITIATOR, "a_call_is_acknowledged_and"),
    ("9.1 D RSA-2048, PKCS#1 v1.5, 344 characters", OPERATORS, "only_the_certificates"),
    ("9.1 D special characters # & % $ only", OPERATORS, "a_password_may_hold_only"),
    ("9.2 P RecieverIdentifierType misspelt, 11", INITIATOR, "the_right_spelling_of"),
    ("9.2 D code 1 once the money is at the bank", INITIATOR, "money_that_was_settled"),
    ("9.3 D receipt or OriginalConversationID", INITIATOR, "status_finds_payments"),
    ("9.4 D AccountBalance text, paybill in Utility", INITIATOR, "each_result_has_its"),
    ("9.6 P 401.003.01 of the other version", C2B, "registering_is_refused"),
    ("9.6 S simulate in the sandbox only", C2B, "simulate_pays_by_hand"),
    ("9.7 D P rows, types, nested lists", PULL, "a_row_tells_of_a_payment"),
    ("9.7 D registered once", PULL, "registering_works_once"),
]
LEFT_OUT = {
    "9.1 D ResultType 1, more messages follow": "no source shows what follows",
    "9.1 D 15 as answer of the gateway": "only B2C has a caller's id, and it gets 500.002.1001",
    "9.1 D who may set an API password": "a control sets it; the portal is not imitated",
    "9.1 C the sandbox's real certificate": "the simulator has a pair of its own",
    "9.2 how long a reversal takes": "undocumented; the scenario's outcome_seconds sets it",
    "9.5 D B2B transfers and the float move": "no B2B API is imitated",
    "9.5 D Hakikisha": "needs a contract; no source shows its errors",
    "9.6 D deletion of URLs by two operators": "a control plays them; the portal is not imitated",
    "1 WAF by address": "an outage of kind html does it at will",
}
TESTS = [*(row for rows in WALK.values() for row in rows), *PROSE]


def graded_rows() -> Iterator[tuple[str, str]]:
    """Each row of a table with grade D, P or S, with its section."""
    section = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"##+ (\d+(?:\.\d+)?)", line):
            section = heading[1]
        grade = line.rstrip(" |").rpartition("|")[2]
        if section and line.startswith("| ") and re.search(r"\b[DPS]\b", grade):
            yield section, line


@pytest.mark.parametrize(("fact", "file", "test"), TESTS)
def test_a_fact_is_produced_by_a_test(fact: str, file: str, test: str) -> None:
    module = importlib.import_module(f"tests.unit.simulator.{file}")
    names = [name for name in vars(module) if name.startswith(f"test_{test}")]
    assert len(names) == 1, f"{fact}: {names}"


def test_every_row_of_the_document_is_walked_once() -> None:
    rows = list(graded_rows())
    assert len(rows) > 100
    for section, line in rows:
        found = [fact for fact, _, _ in WALK.get(section, []) if fact in line]
        assert len(found) == 1, f"section {section}: {line} -> {found}"
    assert sum(map(len, WALK.values())) == len(rows), "a fact that is no row of the document"


def test_no_fact_is_listed_twice() -> None:
    facts = [fact for fact, _, _ in PROSE] + list(LEFT_OUT)
    assert len(set(facts)) == len(facts)
