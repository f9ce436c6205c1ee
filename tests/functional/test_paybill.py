"""Confirmations on their way in: authentic ones are booked, the rest moves no money at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from payments.protocol.payment import Proof
from payments.values import sha256_hex

from simulator.core.config import LISTED_SOURCES
from tests.functional.faulty import Network, meanwhile
from tests.support.aws import C2B_TOKEN, PAYBILL_SECRET_ARN, TABLE_NAME
from tests.support.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.support.network import Lines
from tests.support.world import CONFIRMATION, World

RECEIVED = {"ResultCode": 0, "ResultDesc": "Success"}
NOT_FOUND = {"ResultCode": 1, "ResultDesc": "Not found"}
EVERYTHING = frozenset(
    {"GetItem", "BatchGetItem", "Query", "TransactWriteItems", "UpdateItem", "PutItem"}
)
RECEIPT = "UKS51ZDR4F"
NAMES = ("JUMA", "WEKESA", "OTIENO", "49197")
BODY = {
    "TransactionType": "Pay Bill",
    "TransID": RECEIPT,
    "TransTime": "20260921171320",
    "TransAmount": "1000.00",
    "BusinessShortCode": "174379",
    "BillRefNumber": "RENT7",
    "OrgAccountBalance": "49197.00",
    "MSISDN": "2547 ***** 149",
    "FirstName": "JUMA",
    "MiddleName": "WEKESA",
    "LastName": "OTIENO",
}


def body(**changes: Any) -> str:
    """A confirmation of money that fits no payment."""
    return json.dumps(BODY | changes)


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def world(network: Network) -> Iterator[World]:
    made = World(seed=5, network=Lines(network))
    yield made
    made.close()


@pytest.fixture
def pulling(network: Network) -> Iterator[World]:
    """A deployment that pulls, and whose last run has just ended."""
    made = World(seed=5, network=Lines(network), environment={"PULL_TRANSACTIONS": "true"})
    made.register_c2b()
    made.clean_up()
    yield made
    made.close()


def confirm(world: World, text: str | None = None, **options: Any) -> tuple[int, Any]:
    url = world.c2b_url(**{key: options.pop(key) for key in ("token",) if key in options})
    answer = world.post_to_paybill(url, body() if text is None else text, **options)
    return answer.status, answer.body


def receipts(world: World) -> set[str]:
    return set(world.receipt_rows())


def next_pull_at(world: World) -> int:
    [gate] = world.items("PULL#")
    return int(gate["next_at"])


def test_money_by_hand_is_on_file_and_no_name_and_no_balance(world: World) -> None:
    world.register_c2b()
    receipt = world.pay_by_hand()
    [answer] = world.pass_time(5)
    assert (answer.status, answer.body) == (200, RECEIVED)
    row = world.receipt_rows()[receipt]
    assert (row["amount_kes"], row["source"], row["reference"]) == (1000, Proof.C2B, "RENT7")
    confirm(world)
    assert receipts(world) == {receipt, RECEIPT}
    assert not [name for name in NAMES if name in str(world.items(""))]


def test_a_function_url_event_has_no_path_parameters(world: World) -> None:
    path = f"/api/c2b/{C2B_TOKEN}/confirmation"
    event = http_event("POST", CONFIRMATION, path=path, body=body(), source_ip=LISTED_IP)
    event["routeKey"] = "$default"
    del event["pathParameters"]
    assert world.function("paybill").invoke(event)["statusCode"] == 200
    assert receipts(world) == {RECEIPT}


@pytest.mark.parametrize(
    "token", ["0" * 64, C2B_TOKEN[:-1], C2B_TOKEN.upper(), C2B_TOKEN + "0", "", "x" * 64]
)
@pytest.mark.parametrize("kind", ["confirmation", "validation"])
@pytest.mark.parametrize("source_ip", [LISTED_IP, UNLISTED_IP])
def test_a_wrong_token_is_404_and_the_table_is_not_asked(
    world: World, network: Network, token: str, kind: str, source_ip: str
) -> None:
    network.forget()
    url = world.c2b_url(kind, token=token)
    for text in (body(), "{"):
        answer = world.post_to_paybill(url, text, source_ip=source_ip)
        assert (answer.status, answer.body) == (404, NOT_FOUND)
    assert network.log == []


def test_without_any_accepted_token_nobody_is_believed(world: World) -> None:
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": ""}
    assert confirm(world) == (404, NOT_FOUND)
    world.secrets.values[PAYBILL_SECRET_ARN] = {}
    assert confirm(world) == (404, NOT_FOUND)


def test_a_new_token_counts_at_once_and_the_old_one_until_it_is_taken_out(world: World) -> None:
    assert confirm(world)[0] == 200
    new = "d" * 64
    old = world.secrets.values[PAYBILL_SECRET_ARN]["C2B_TOKEN_SHA256"]
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": f"{old} {sha256_hex(new)}"}
    assert confirm(world, token=new)[0] == 200
    assert confirm(world)[0] == 200
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": sha256_hex(new)}
    world.clock.sleep(301)
    assert [confirm(world, token=new)[0], confirm(world)[0]] == [200, 404]


def test_a_flood_of_wrong_tokens_reads_the_secret_once_in_half_a_minute(world: World) -> None:
    confirm(world)
    before = world.secrets.reads
    for number in range(50):
        confirm(world, token=f"{number:064x}")
    assert world.secrets.reads <= before + 1
    world.clock.sleep(31)
    confirm(world, token="f" * 64)
    assert world.secrets.reads == before + 2


UNPROVEN: dict[str, tuple[str, dict[str, Any]]] = {
    "an unlisted address": (body(), {"source_ip": UNLISTED_IP}),
    "another shortcode": (body(BusinessShortCode="600000"), {}),
    "no shortcode": (body(BusinessShortCode=""), {}),
    "no receipt": (body(TransID=""), {}),
    "no JSON": ("{", {}),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_what_is_not_proven_only_brings_pull_forward(pulling: World, case: str) -> None:
    text, options = UNPROVEN[case]
    before = [item for item in pulling.items("") if not item["pk"].startswith("PULL#")]
    assert next_pull_at(pulling) > pulling.clock()
    assert confirm(pulling, text, **options) == (200, RECEIVED)
    assert next_pull_at(pulling) == int(pulling.clock())
    after = [item for item in pulling.items("") if not item["pk"].startswith("PULL#")]
    assert after == before


def test_pull_is_brought_forward_at_most_once_in_five_minutes(pulling: World) -> None:
    text, options = UNPROVEN["an unlisted address"]
    moved = []
    for _ in range(12):
        pulling.clean_up()
        before = next_pull_at(pulling)
        confirm(pulling, text, **options)
        moved.append(next_pull_at(pulling) != before)
        pulling.clock.sleep(60)
    assert moved == [True, *[False] * 4, True, *[False] * 4, True, False]


def test_a_second_post_within_five_minutes_costs_no_write(pulling: World, network: Network) -> None:
    text, options = UNPROVEN["an unlisted address"]
    confirm(pulling, text, **options)
    pulling.clean_up()
    pulling.clock.sleep(60)
    network.forget()
    assert confirm(pulling, text, **options) == (200, RECEIVED)
    assert network.log == ["GetItem"]


@pytest.mark.parametrize("case", UNPROVEN)
def test_what_is_not_proven_before_the_first_run_of_pull_writes_and_queues_nothing(
    network: Network, case: str
) -> None:
    made = World(seed=5, network=Lines(network), environment={"PULL_TRANSACTIONS": "true"})
    text, options = UNPROVEN[case]
    assert confirm(made, text, **options) == (200, RECEIVED)
    assert (made.items(""), made.money_queue.messages) == ([], [])
    made.close()


def test_a_state_of_pull_that_went_meanwhile_is_not_made_anew(
    pulling: World, network: Network
) -> None:
    [state] = pulling.items("PULL#")
    key = {name: {"S": state[name]} for name in ("pk", "sk")}

    def goes() -> None:
        delete = {"TableName": TABLE_NAME, "Key": key}
        pulling.dynamodb.transact_write_items(TransactItems=[{"Delete": delete}])

    network.next(meanwhile(goes), on=frozenset({"UpdateItem"}))
    text, options = UNPROVEN["an unlisted address"]
    assert confirm(pulling, text, **options) == (200, RECEIVED)
    assert network.rules == []
    assert pulling.items("PULL#") == []


@pytest.mark.parametrize("case", ["another shortcode", "no shortcode", "no receipt", "no JSON"])
def test_without_pull_what_is_not_ours_or_not_readable_writes_nothing(
    world: World, case: str
) -> None:
    text, options = UNPROVEN[case]
    assert confirm(world, text, **options) == (200, RECEIVED)
    assert world.items("") == []


def test_without_pull_an_unlisted_address_leaves_facts_for_a_person(world: World) -> None:
    for _ in range(3):
        assert confirm(world, source_ip=UNLISTED_IP) == (200, RECEIVED)
    assert receipts(world) == set()
    [filed] = [item for item in world.items("C2B#") if item["sk"].startswith("EVIDENCE#")]
    assert (filed["receipt_number"], filed["amount_kes"]) == (RECEIPT, 1000)
    assert filed["reference"] == "RENT7"
    assert filed["purge_at"] == int(world.clock()) + 90 * 86_400
    shown = str(world.items("C2B#"))
    assert not [each for each in (*NAMES, "149", "*****") if each in shown]


def test_at_most_a_hundred_unproven_confirmations_a_day_are_filed(world: World) -> None:
    for number in range(103):
        text = body(TransID=f"UKSFORGED{number:03}")
        assert confirm(world, text, source_ip=UNLISTED_IP) == (200, RECEIVED)
    filed = [item for item in world.items("C2B#") if item["sk"].startswith("EVIDENCE#")]
    assert len(filed) == 100


def test_what_cannot_be_stored_waits_in_the_queue_without_name_number_or_token(
    world: World, network: Network
) -> None:
    network.refuses = True
    assert confirm(world, body(MSISDN="254708374149")) == (200, RECEIVED)
    network.refuses = False
    assert receipts(world) == set()
    [message] = world.money_queue.messages
    assert not [each for each in (*NAMES, "708374149", C2B_TOKEN) if each in message["body"]]
    assert world.redrive_money() == {"batchItemFailures": []}
    assert receipts(world) == {RECEIPT}
    assert world.queue.messages == []


def test_a_confirmation_does_not_wait_for_a_slow_table(world: World, network: Network) -> None:
    """The first request takes over three seconds: no other is begun, and the queue has it."""
    network.next(meanwhile(lambda: world.clock.sleep(3.5)), on=EVERYTHING)
    network.forget()
    assert confirm(world) == (200, RECEIVED)
    assert len(network.log) == 1
    assert receipts(world) == set()
    assert len(world.money_queue.messages) == 1


def test_where_the_queue_refuses_too_the_confirmation_is_not_acknowledged(
    world: World, network: Network
) -> None:
    network.refuses = True
    world.money_queue.is_down = True
    assert confirm(world)[0] == 503


def test_a_message_stays_while_the_store_refuses_and_spoils_no_other(
    world: World, network: Network
) -> None:
    network.refuses = True
    confirm(world)
    odd = ["no message of ours", "[]", "{}", '{"money": {}}', '{"money": 7}']
    waiting = [{"messageId": f"odd-{number}", "body": each} for number, each in enumerate(odd)]
    world.money_queue.messages[:0] = waiting
    assert len(world.redrive_money()["batchItemFailures"]) == len(odd) + 1
    network.refuses = False
    assert len(world.redrive_money()["batchItemFailures"]) == len(odd)
    assert receipts(world) == {RECEIPT}


@pytest.mark.parametrize(("token", "filed"), [(C2B_TOKEN, {RECEIPT}), ("0" * 64, set())])
def test_while_the_secret_cannot_be_read_the_check_of_the_token_waits_too(
    world: World, token: str, filed: set[str]
) -> None:
    known = world.secrets.values[PAYBILL_SECRET_ARN]
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": 7}  # type: ignore[dict-item]
    assert confirm(world, token=token) == (200, RECEIVED)
    assert receipts(world) == set()
    assert len(world.redrive_money()["batchItemFailures"]) == 1
    world.secrets.values[PAYBILL_SECRET_ARN] = known
    assert world.redrive_money() == {"batchItemFailures": []}
    assert receipts(world) == filed


@pytest.mark.parametrize(("size", "status"), [(8192, 200), (8193, 413)])
def test_a_body_is_capped_at_eight_kilobytes(world: World, size: int, status: int) -> None:
    text = body()
    assert confirm(world, text + " " * (size - len(text)))[0] == status
    assert (receipts(world) == {RECEIPT}) == (status == 200)


@pytest.mark.parametrize(
    ("variable", "value", "filed"),
    [
        ("SAFARICOM_BASE", "", {RECEIPT}),
        ("CALLBACK_URL_BASE", "http://plain.example", {RECEIPT}),
        ("EVIDENCE_DAYS", "many", {RECEIPT}),
        ("SAFARICOM_PARTY_B", "x", set()),
        ("SAFARICOM_SHORTCODE", "till", set()),
    ],
)
def test_no_error_of_configuration_loses_a_confirmation(
    world: World, variable: str, value: str, filed: set[str]
) -> None:
    world.environment = {variable: value}
    assert confirm(world) == (200, RECEIVED)
    assert receipts(world) == filed
    assert len(world.money_queue.messages) == (0 if filed else 1)
    world.environment = {}
    world.__dict__["_lambdas"].clear()
    world.redrive_money()
    assert receipts(world) == {RECEIPT}


def test_a_till_is_confirmed_under_either_of_its_numbers(network: Network) -> None:
    till = {
        "SAFARICOM_SHORTCODE": "7654321",
        "SAFARICOM_PARTY_B": "5123456",
        "SAFARICOM_TRANSACTION_TYPE": "CustomerBuyGoodsOnline",
    }
    world = World(seed=5, network=Lines(network), environment=till)
    for number, shortcode in enumerate(("7654321", "5123456", "174379")):
        confirm(world, body(TransID=f"UKS51ZDR4{number}", BusinessShortCode=shortcode))
    assert receipts(world) == {"UKS51ZDR40", "UKS51ZDR41"}
    world.close()


def test_a_lenient_validation_accepts_and_asks_nothing(world: World, network: Network) -> None:
    network.forget()
    for source_ip in (*LISTED_SOURCES[:1], UNLISTED_IP):
        for text in (body(), "{", ""):
            answer = world.post_to_paybill(world.c2b_url("validation"), text, source_ip=source_ip)
            accepted = {"ResultCode": "0", "ResultDesc": "Accepted"}
            assert (answer.status, answer.body) == (200, accepted)
    assert network.log == []
    assert world.items("") == []


def strict(network: Network, account: str = "booking_id") -> World:
    """A deployment that refuses what fits nothing, with a booking and a payment of KES 1,000."""
    chosen = {"C2B_VALIDATION": "strict", "PAYBILL_ACCOUNT": account}
    world = World(seed=5, network=Lines(network), environment=chosen)
    world.register("4711", price_kes=1000)
    world.register("paid", price_kes=1000)
    world.initiate("paid")
    return world


def validated(world: World, reference: str, amount: str = "1000.00", **options: Any) -> str:
    text = body(BillRefNumber=reference, TransAmount=amount, **options.pop("changes", {}))
    answer = world.post_to_paybill(world.c2b_url("validation"), text, **options)
    assert answer.status == 200
    return str(answer.body["ResultCode"])


@pytest.mark.parametrize(
    ("reference", "amount", "code"),
    [
        ("OUR REFERENCE", "1000.00", "0"),
        ("OUR REFERENCE", "999.00", "C2B00013"),
        ("4711", "1000.00", "0"),
        ("4711", "1001.00", "C2B00013"),
        ("47 11", "1000.00", "0"),
        ("RENT7", "1000.00", "C2B00012"),
        ("", "1000.00", "0"),
        ("RENT7", "5.50", "0"),
    ],
)
def test_a_strict_validation_refuses_what_fits_nothing_and_writes_nothing(
    network: Network, reference: str, amount: str, code: str
) -> None:
    world = strict(network)
    [payment] = [item for item in world.items("PAY#") if item["sk"] == "STATE"]
    before = world.items("")
    typed = payment["account_reference"] if reference == "OUR REFERENCE" else reference
    assert validated(world, typed, amount) == code
    assert world.items("") == before
    world.close()


def test_a_strict_validation_accepts_on_every_doubt(network: Network) -> None:
    world = strict(network)
    assert validated(world, "RENT7") == "C2B00012", "without a doubt it is refused"
    assert validated(world, "RENT7", source_ip=UNLISTED_IP) == "0"
    assert validated(world, "RENT7", changes={"BusinessShortCode": "600000"}) == "0"
    answer = world.post_to_paybill(world.c2b_url("validation"), "{")
    assert answer.body["ResultCode"] == "0"
    network.refuses = True
    assert validated(world, "RENT7") == "0"
    network.refuses = False
    world.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": 7}  # type: ignore[dict-item]
    world.clock.sleep(301)
    assert validated(world, "RENT7") == "0"
    world.close()


def test_a_validation_does_not_wait_for_a_slow_table(network: Network) -> None:
    """The first read takes over a second: no other is begun, and the payment is accepted."""
    world = strict(network)
    slow = meanwhile(lambda: world.clock.sleep(1.5))
    network.next(slow, on=EVERYTHING)
    network.forget()
    assert validated(world, "RENT7") == "0"
    assert len(network.log) == 1
    world.close()


def test_where_booking_numbers_book_nothing_a_strict_validation_refuses_them(
    network: Network,
) -> None:
    world = strict(network, account="off")
    assert validated(world, "4711") == "C2B00012"
    world.close()


def test_mpesa_refuses_at_the_phone_what_a_strict_validation_refuses(network: Network) -> None:
    world = strict(network)
    world.daraja.configure(c2b_validation=True)
    world.register_c2b()
    for account, state in (("RENT7", "refused"), ("4711", "completed")):
        world.daraja.pay_by_hand("254708374149", number="174379", amount_kes=1000, account=account)
        world.pass_time(10)
        assert world.daraja.hand_payments()[-1].state == state
    assert world.consultation("4711")["status"] == "Confirmed"
    world.close()


@pytest.mark.parametrize("typed", ["as it is", "small letters", "O for 0"])
def test_a_hand_payment_with_the_reference_completes_the_payment(world: World, typed: str) -> None:
    world.register_c2b()
    world.register("1")
    world.daraja.set_next("ignores")
    payment_id = str(world.initiate("1").body["payment_id"])
    reference = str(world.payment(payment_id).account_reference)
    forms = {"small letters": reference.lower(), "O for 0": reference.replace("0", "O")}
    receipt = world.pay_by_hand(account=forms.get(typed, reference))
    world.pass_time(5)
    payment = world.payment(payment_id)
    assert (payment.status, payment.proof) == ("completed", Proof.C2B)
    assert payment.receipt_number == receipt
    assert world.consultation("1")["status"] == "Confirmed"


def test_a_confirmation_and_its_payments_callback_are_one_booking(world: World) -> None:
    """Each STK payment has a twin confirmation; it names the receipt of the callback."""
    world.register_c2b()
    world.register("1")
    payment_id = str(world.initiate("1").body["payment_id"])
    world.pass_time(3)
    world.enter_pin()
    answers = world.pass_time(20)
    assert [answer.status for answer in answers] == [200, 200]
    assert world.payment(payment_id).status == "completed"
    [row] = world.receipt_rows().values()
    assert row["payment_id"] == payment_id
    assert world.events(payment_id) == ["PaymentCompleted"]


def test_a_repeat_is_one_read_and_writes_nothing(world: World, network: Network) -> None:
    confirm(world)
    network.forget()
    confirm(world)
    assert network.log == ["GetItem"]
