"""Every fact about an imitated API is produced by a test's request, or left out with its reason.

Grades: D documented by Safaricom, P seen in a production system, S seen in the sandbox. Facts with
grade X (sources disagree) and I (inferred) are settings; the tests named here try both values.
"""

import importlib

import pytest

INITIATOR = "test_conformance_initiator"
OPERATORS = "test_initiator_operators"
DAYS = "test_initiator_scenarios"
C2B, PULL, QR = "test_conformance_c2b", "test_conformance_pull", "test_dynamic_qr"
PUSH, QUERY = "test_conformance_push", "test_conformance_query"
CALLBACKS, RESULTS, OAUTH = (
    "test_conformance_callbacks",
    "test_conformance_results",
    "test_conformance_oauth",
)
SEEN = "test_as_seen"
MONEY = "test_money_payload_shapes"

Row = tuple[str, str, str]
# section, grade and fact; file; how the test's name begins
ROWS: list[Row] = [
    # docs/daraja.md 9: the initiator APIs
    ("1.0 D ack of four fields, Result to ResultURL", INITIATOR, "a_call_is_acknowledged_and"),
    ("1.0 D ResultCode as number, text of digits, or R000002", INITIATOR, "every_listed_code"),
    ("1.0 D ResultType 0 or text (balance)", INITIATOR, "a_call_is_acknowledged_and"),
    ("1.0 D failure: dummy TransactionID, no parameters", INITIATOR, "every_listed_code"),
    ("1.0 D one parameter as object, ReferenceItem list, key twice", DAYS, "a_results_body_has"),
    ("1.0 D a parameter without a Value", INITIATOR, "each_result_has_its_documented"),
    ("1.0 D no second try of a Result", DAYS, "a_named_scenario_decides"),
    ("1.0 P timeout post: unknown, success may follow", DAYS, "a_named_scenario_decides"),
    ("1.0 D 400.002.02 names the field", INITIATOR, "a_bad_field_is_named"),
    ("1.0 D each API's own code for a dead token", INITIATOR, "a_dead_token_has_the_code"),
    ("1.0 D 500.002.1001 duplicate OriginatorConversationID", INITIATOR, "a_v3_payout_is"),
    ("1.0 D core codes 15 to 29, 100000000 and on, TP40153", INITIATOR, "every_listed_code"),
    ("1.0 D ResultURL bans query and other words", INITIATOR, "a_bad_field_is_named"),
    ("1.1 D RSA-2048, PKCS#1 v1.5, 344 characters", OPERATORS, "only_the_certificates"),
    ("1.1 D passwords die on day 90", OPERATORS, "a_password_dies_on_day_ninety"),
    ("1.1 D wrong: 2001 or 18; locked: 8006", OPERATORS, "three_wrong_passwords_lock"),
    ("1.1 D roles", OPERATORS, "an_operator_needs_its_role"),
    ("1.1 D special characters # & % $ only", OPERATORS, "a_password_may_hold_only"),
    ("1.2 D Result keys of a reversal", INITIATOR, "each_result_has_its_documented"),
    ("1.2 D 0, R000001, R000002, 1, 11, 2028", INITIATOR, "a_code_has_its_natural_cause"),
    ("1.2 D debits Utility, a till's Merchant account", INITIATOR, "a_tills_reversal_is_paid"),
    ("1.2 D code 1 once the money is at the bank", INITIATOR, "money_that_was_settled"),
    ("1.2 P RecieverIdentifierType misspelt, 11", INITIATOR, "the_right_spelling_of"),
    ("1.2 P spent by the customer: only text tells", DAYS, "a_named_scenario_decides"),
    ("1.2 D a payout cannot be reversed", INITIATOR, "a_payout_cannot_be_reversed"),
    ("1.3 D receipt or OriginalConversationID", INITIATOR, "status_finds_payments"),
    ("1.3 D Result keys of a status", INITIATOR, "each_result_has_its_documented"),
    ("1.3 D P every TransactionStatus", INITIATOR, "every_status_can_be_told"),
    ("1.3 S 2032 unknown receipt", INITIATOR, "a_code_has_its_natural_cause"),
    ("1.4 D AccountBalance text, paybill in Utility", INITIATOR, "each_result_has_its"),
    ("1.5 D B2C codes 1, 2, 3, 4, 8, 2040, SFC_IC0003", INITIATOR, "a_code_has_its_natural"),
    ("1.5 D Result keys, dd.mm.yyyy time", INITIATOR, "each_result_has_its_documented"),
    ("1.5 P 403.002.1001 on v3 for some apps", INITIATOR, "a_v3_payout_is_idempotent"),
    ("9.1 O the reference of each API", INITIATOR, "a_call_is_acknowledged_and"),
    ("9.4 O a failed balance query has parameters", MONEY, "a_result_has_the_recorded_shape"),
    ("9.6 O registering answers eight zeros", MONEY, "an_answer_has_the_recorded_shape"),
    ("9.7 O 1001 without Response", MONEY, "an_answer_has_the_recorded_shape"),
    ("1.8 D P QR: picture, code 00 or AG_", QR, "the_answer_has_the_picture"),
    # docs/daraja.md 9: C2B and Pull
    ("1.6 D P the confirmation's keys, types and numbers", C2B, "a_payment_by_hand_is_confirmed"),
    ("1.6 D validation within 8 s, ResponseType decides", C2B, "a_validation_that_is_answered"),
    ("1.6 D C2B00011 to C2B00016 refuse", C2B, "validation_decides_before"),
    ("1.6 D registered once in production", C2B, "registering_is_free_in_the_sandbox"),
    ("1.6 P 401.003.01 of the other version", C2B, "registering_is_refused"),
    ("1.6 D a confirmation of STK payments too", C2B, "a_prompted_payment_has_a_twin"),
    ("1.6 S simulate in the sandbox only", C2B, "simulate_pays_by_hand"),
    ("1.7 D P rows, types, nested lists", PULL, "a_row_tells_of_a_payment"),
    ("1.7 D P three empty answers", PULL, "an_empty_answer_has_four_shapes"),
    ("1.7 P 1001 where it is not provisioned", PULL, "without_the_product"),
    ("1.7 D 48 hours", PULL, "it_reaches_back_48_hours"),
    # docs/daraja.md: OAuth, push, query, callback, results
    ("1 D token, rotation, errors", OAUTH, "a_new_token_kills_the_old_one"),
    ("2 S 429 spike arrest", QUERY, "the_sandbox_lets_one_query_through"),
    ("3 D each field's error", PUSH, "a_bad_field_is_named"),
    ("3 D 500.001.1001 and its meanings", PUSH, "500_001_1001_has_many_meanings"),
    ("3 S long texts are taken", SEEN, "a_push_is_taken_as_it_was_seen"),
    ("4 S 400, then pending, then the result", QUERY, "one_payment_goes_from_400"),
    ("5 D the callback's shape", CALLBACKS, "a_success_has_the_documented_shape"),
    ("5 D a callback that fails is discarded", CALLBACKS, "a_callback_that_fails_is_discarded"),
    ("7 D every result code", RESULTS, "every_code_can_end_a_push"),
]
LEFT_OUT = {
    "1.0 D ResultType 1, more messages follow": "no source shows what follows",
    "1.0 D 15 as answer of the gateway": "only B2C has a caller's id, and it gets 500.002.1001",
    "1.1 D who may set an API password": "a control sets it; the portal is not imitated",
    "1.1 C the sandbox's real certificate": "the simulator has a pair of its own",
    "1.2 how long a reversal takes": "undocumented; the scenario's outcome_seconds sets it",
    "1.5 D B2B transfers and the float move": "no B2B API is imitated",
    "1.5 D Hakikisha": "needs a contract; no source shows its errors",
    "1.6 D deletion of URLs by two operators": "the portal is not imitated",
    "1.8 D Ratiba, Bill Manager, B2B Express, SIM swap": "not imitated; their paths say so",
    "1 WAF by address": "an outage of kind html does it at will",
}


@pytest.mark.parametrize(("fact", "file", "test"), ROWS)
def test_a_fact_is_produced_by_a_test(fact: str, file: str, test: str) -> None:
    module = importlib.import_module(f"tests.unit.simulator.{file}")
    names = [name for name in vars(module) if name.startswith(f"test_{test}")]
    assert len(names) == 1, f"{fact}: {names}"


def test_no_fact_is_listed_twice() -> None:
    facts = [row[0] for row in ROWS] + list(LEFT_OUT)
    assert len(set(facts)) == len(facts)
