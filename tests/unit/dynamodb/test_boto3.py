"""An unmodified boto3 client on the engine: answers, errors, retries, faults, virtual time."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from tests.simulation.dynamodb import Engine, Execute, attach, lighten, use_virtual_time
from tests.simulation.dynamodb.differential.outcomes import outcome_of
from tests.simulation.dynamodb.differential.sequences import sequence
from tests.simulation.dynamodb.differential.tables import TABLE as SEQUENCE_TABLE
from tests.simulation.dynamodb.faults import (
    could_not_connect,
    internal_server_error,
    reply_lost,
    reply_timed_out,
    throttled,
    transaction_conflict,
    transaction_in_progress,
)
from tests.simulation.dynamodb.sdk_time import UnknownRetryModeError
from tests.unit.dynamodb.world import World, key, number

ATTEMPTS = 3
PUT: dict[str, Any] = {"TableName": "catalog", "Item": key()}


def new_client(*, mode: str = "standard") -> Any:
    """A client with credentials that mean nothing."""
    retries: Any = {"mode": mode, "total_max_attempts": ATTEMPTS}
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries=retries),
    )


class Network:
    """Raises the faults it is given, one a request, before or after the effect."""

    def __init__(self, *faults: tuple[str, Exception] | None) -> None:
        self.faults = list(faults)
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, operation: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        """Stand where the network is."""
        self.requests.append((operation, request))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault[0] == "before":
            raise fault[1]
        response = execute()
        if fault is not None:
            raise fault[1]
        return response


class Client:
    """A client on a world's engine, with the delays its retries slept."""

    def __init__(self, world: World, *faults: tuple[str, Exception] | None) -> None:
        self.slept: list[float] = []
        self.network = Network(*faults)
        self.boto3 = new_client()
        attach(self.boto3, world.engine, self.network)
        self.refill = use_virtual_time(self.boto3, sleep=self.slept.append, random=lambda: 0.5)


def test_a_client_reads_back_what_it_wrote(world: World) -> None:
    client = new_client()
    attach(client, world.engine)
    item = {**key(), "digest": {"B": b"\x00\xff"}, "tags": {"SS": ["é"]}, "n": {"N": "1.50"}}
    response = client.put_item(TableName="catalog", Item=item)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(response["ResponseMetadata"]["RequestId"]) == 52
    found = client.get_item(TableName="catalog", Key=key())["Item"]
    assert found == {**item, "n": {"N": "1.5"}}


def test_a_session_s_new_clients_and_resources_are_answered_too(world: World) -> None:
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    attach(session, world.engine)
    session.resource("dynamodb").Table("catalog").put_item(Item={"pk": "a", "sk": 1})
    assert world.get() == key()
    core = botocore.session.get_session()
    attach(core, world.engine)
    core.set_credentials("test", "test")
    client: Any = core.create_client("dynamodb", "us-east-1")
    assert client.describe_table(TableName="catalog")["Table"]["ItemCount"] == 1


def test_detaching_gives_the_network_back(world: World) -> None:
    client = new_client()
    attach(client, world.engine)()
    client.meta.events.register("before-send.dynamodb", lambda **_: pytest.fail("sent"))
    with pytest.raises(pytest.fail.Exception, match="sent"):
        client.put_item(**PUT)
    assert world.get() is None


def test_a_failed_condition_arrives_as_the_sdk_s_own_exception(world: World) -> None:
    stored = world.put(price=number(1))
    client = Client(world).boto3
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failed:
        client.put_item(
            **PUT,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert failed.value.response["Error"]["Message"] == "The conditional request failed"
    assert failed.value.response["Item"] == stored
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_cancelled_transaction_arrives_with_its_reasons(world: World) -> None:
    stored = world.put(price=number(1))
    client = Client(world).boto3
    put = PUT | {
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    other = {"TableName": "catalog", "Item": key(2)}
    with pytest.raises(client.exceptions.TransactionCanceledException) as failed:
        client.transact_write_items(TransactItems=[{"Put": other}, {"Put": put}])
    assert failed.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": stored,
        },
    ]
    assert "[None, ConditionalCheckFailed]" in failed.value.response["Error"]["Message"]


def test_a_validation_error_is_a_client_error_and_not_retried(world: World) -> None:
    client = Client(world)
    with pytest.raises(ClientError, match="ValidationException"):
        client.boto3.put_item(**PUT, ConditionExpression="nonsense(pk)")
    assert len(client.network.requests) == 1


@pytest.mark.parametrize(
    ("fault", "exception"),
    [
        (could_not_connect(), EndpointConnectionError),
        (reply_lost(), ConnectionClosedError),
        (reply_timed_out(), ReadTimeoutError),
        (internal_server_error(), ClientError),
        (throttled("PutItem", PUT), ClientError),
    ],
)
def test_the_sdk_retries_what_may_pass_and_then_gives_up(
    world: World, fault: Exception, exception: type[BotoCoreError]
) -> None:
    recovers = Client(world, ("before", fault), ("before", fault))
    recovers.boto3.put_item(**PUT)
    assert len(recovers.network.requests) == ATTEMPTS
    assert len(recovers.slept) == ATTEMPTS - 1
    assert all(delay > 0 for delay in recovers.slept)
    fails = Client(world, *[("before", fault)] * ATTEMPTS)
    with pytest.raises(exception):
        fails.boto3.put_item(**PUT)
    assert len(fails.network.requests) == ATTEMPTS


def test_a_lost_reply_makes_the_sdk_s_retry_fail_its_own_condition(world: World) -> None:
    client = Client(world, ("after", reply_lost()))
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        client.boto3.put_item(**PUT, ConditionExpression="attribute_not_exists(pk)")
    assert world.get() == key()


def test_a_lost_reply_of_a_transaction_with_a_token_is_healed_by_the_retry(world: World) -> None:
    client = Client(world, ("after", reply_timed_out()))
    put = PUT | {"ConditionExpression": "attribute_not_exists(pk)"}
    client.boto3.transact_write_items(TransactItems=[{"Put": put}], ClientRequestToken="t")
    assert len(client.network.requests) == 2
    assert len(world.engine.stream("catalog")) == 1


def test_a_conflict_of_transactions_is_left_to_the_caller(world: World) -> None:
    request = {"TransactItems": [{"Put": PUT}, {"Put": PUT | {"Item": key(2)}}]}
    fault = transaction_conflict("TransactWriteItems", request, position=1)
    client = Client(world, ("before", fault))
    with pytest.raises(ClientError) as failed:
        client.boto3.transact_write_items(**request)
    reasons = failed.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "TransactionConflict"]
    assert len(client.network.requests) == 1
    single = Client(world, ("before", transaction_conflict("PutItem", PUT)))
    with pytest.raises(ClientError, match="TransactionConflictException"):
        single.boto3.put_item(**PUT)


def test_a_throttled_transaction_says_so_in_its_reasons(world: World) -> None:
    request = {"TransactItems": [{"Put": PUT}]}
    client = Client(world, ("before", throttled("TransactWriteItems", request)))
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        client.boto3.transact_write_items(**request)


def test_a_transaction_in_progress_is_retried(world: World) -> None:
    client = Client(world, ("before", transaction_in_progress()))
    client.boto3.transact_write_items(TransactItems=[{"Put": PUT}])
    assert len(client.network.requests) == 2


def test_the_retry_quota_runs_out_and_can_be_filled_again(world: World) -> None:
    client = Client(world, *[("before", reply_lost())] * 1000)
    while True:
        before = len(client.network.requests)
        with pytest.raises(ConnectionClosedError):
            client.boto3.put_item(**PUT)
        if len(client.network.requests) - before == 1:
            break
    client.refill()
    before = len(client.network.requests)
    with pytest.raises(ConnectionClosedError):
        client.boto3.put_item(**PUT)
    assert len(client.network.requests) - before == ATTEMPTS


def test_the_same_randomness_gives_the_same_delays(world: World) -> None:
    delays = []
    for _ in range(2):
        client = Client(world, ("before", reply_lost()), ("before", reply_lost()))
        client.boto3.put_item(**PUT)
        delays.append(client.slept)
    assert delays[0] == delays[1]


def test_virtual_time_is_refused_for_another_retry_mode(world: World) -> None:
    with pytest.raises(UnknownRetryModeError):
        use_virtual_time(new_client(mode="legacy"), sleep=lambda _: None)


@pytest.mark.parametrize("validate", [True, False])
def test_a_lightened_client_sends_and_reads_just_the_same(validate: bool) -> None:
    plain, light = new_client(), new_client()
    networks = []
    for client in (plain, light):
        engine = Engine(clock=lambda: 0.0)
        engine.create_table({"TableName": "payments", **SEQUENCE_TABLE})
        networks.append(Network())
        attach(client, engine, networks[-1])
    lighten(light, validate=validate)
    for number_ in range(40):
        for request in sequence(7, number_, "payments"):
            assert outcome_of(plain, request) == outcome_of(light, request)
    sent = [
        [
            (operation, {**request, "ClientRequestToken": ""})
            for operation, request in network.requests
        ]
        for network in networks
    ]
    assert sent[0] == sent[1]
    assert len(sent[0]) > 100
