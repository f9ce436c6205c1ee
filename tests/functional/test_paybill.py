"""Confirmations on their way in: authentic ones are booked, the rest moves no money at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from payments.protocol.payment import Proof
from payments.values import sha256_hex

from simulator.core.config import LISTED_SOURCES
from tests.functional.faulty import Network, refuse
from tests.support.aws import C2B_TOKEN, PAYBILL_SECRET_ARN
from tests.support.dynamodb.faults import throttled
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
    return {item["pk"].removeprefix("RCPT#") for item in world.items("RCPT#")}


def next_pull_at(world: World) -> int:
    [gate] = world.items("PULL#")
    return int(gate["next_at"])


def store_refuses(network: Network, requests: int = 60) -> None:
    for _ in range(requests):
        network.next(refuse(throttled), on=EVERYTHING)


def test_money_by_hand_is_on_file_and_no_name_and_no_balance(world: World) -> None:
    world.register_c2b()
    receipt = world.pay_by_hand()
    [answer] = world.pass_time(5)
    assert (answer.status, answer.body) == (200, RECEIVED)
    [row] = world.items("RCPT#")
    assert row["pk"] == f"RCPT#{receipt}"
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
    assert (filed["receipt_number"], filed["amount_kes"], filed["reference"]) == (
        *(RECEIPT, 1000),
        "RENT7",
    )
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
    store_refuses(network)
    assert confirm(world, body(MSISDN="254708374149")) == (200, RECEIVED)
    network.rules.clear()
    assert receipts(world) == set()
    [message] = world.money_queue.messages
    assert not [each for each in (*NAMES, "708374149", C2B_TOKEN) if each in message["body"]]
    assert world.redrive_money() == {"batchItemFailures": []}
    assert receipts(world) == {RECEIPT}
    assert world.queue.messages == []


def test_where_the_queue_refuses_too_the_confirmation_is_not_acknowledged(
    world: World, network: Network
) -> None:
    store_refuses(network)
    world.money_queue.is_down = True
    assert confirm(world)[0] == 503


def test_a_message_stays_while_the_store_refuses_and_spoils_no_other(
    world: World, network: Network
) -> None:
    store_refuses(network)
    confirm(world)
    odd = ["no message of ours", "[]", "{}", '{"money": {}}', '{"money": 7}']
    waiting = [{"messageId": f"odd-{number}", "body": each} for number, each in enumerate(odd)]
    world.money_queue.messages[:0] = waiting
    assert len(world.redrive_money()["batchItemFailures"]) == len(odd) + 1
    network.rules.clear()
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
