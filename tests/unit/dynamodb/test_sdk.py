"""A real boto3 client on the engine: answers, errors, retries, faults, virtual time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from tests.support.aws import TABLE_NAME, new_engine
from tests.support.dynamodb import (
    Engine,
    Execute,
    UnsupportedRequestError,
    attach,
    faults,
    new_client,
    use_virtual_time,
)

ATTEMPTS = 3
KEY = {"pk": {"S": "PAY#1"}, "sk": {"S": "STATE"}}
PUT: dict[str, Any] = {"TableName": TABLE_NAME, "Item": KEY}
ABSENT = {
    "ConditionExpression": "attribute_not_exists(pk)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}

type Fault = Callable[[], Exception]


class Setting:
    """A client whose network raises the faults it is given, one a request."""

    def __init__(self, *given: Fault | None, has_effect: bool = False) -> None:
        self.engine: Engine = new_engine(lambda: 0.0)
        self.client = new_client()
        self.requests: list[dict[str, Any]] = []
        self.slept: list[float] = []
        self._faults = list(given)
        self._has_effect = has_effect
        self.detach = attach(self.client, self.engine, self._intercept)
        self.refill = use_virtual_time(self.client, sleep=self.slept.append, random=lambda: 0.5)

    def _intercept(self, _: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        self.requests.append(request)
        fault = self._faults.pop(0) if self._faults else None
        if fault is None:
            return execute()
        if self._has_effect:
            execute()
        raise fault()


def throttled() -> Exception:
    return faults.throttled("PutItem", PUT)


def test_a_client_reads_back_what_it_wrote() -> None:
    client = Setting().client
    item = {**KEY, "heads": {"M": {"B": {"L": [{"B": b"\x00\xff"}, {"BOOL": True}, {"N": "1"}]}}}}
    client.put_item(TableName=TABLE_NAME, Item=item)
    assert client.get_item(TableName=TABLE_NAME, Key=KEY)["Item"] == item
    with pytest.raises(ParamValidationError):
        client.put_item(TableName=TABLE_NAME, Item={"pk": {"N": 1}})


@pytest.mark.parametrize("validate", [True, False])
def test_it_sends_and_reads_what_an_unchanged_client_does(validate: bool) -> None:
    item = {**KEY, "head": {"B": b"\x00\xff"}, "list": {"L": [{"S": "é"}, {"M": {}}]}}
    sent: list[bytes] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(bytes(request.body))  # type: ignore[arg-type]
        headers: Any = {}
        return AWSResponse(request.url, 200, headers, Raw(b'{"Item": {"head": {"B": "AP8="}}}'))

    plain = boto3.client(
        "dynamodb", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    plain.meta.events.register("before-send.dynamodb", answer)
    light = new_client(validate=validate)
    bodies: list[bytes] = []
    serialize = light._serializer.serialize_to_request
    light._serializer.serialize_to_request = lambda *given: keep(bodies, serialize(*given))
    engine = new_engine(lambda: 0.0)
    attach(light, engine)
    reads = []
    for client in (plain, light):
        client.put_item(TableName=TABLE_NAME, Item=item)
        client.transact_write_items(
            TransactItems=[{"Delete": {"TableName": TABLE_NAME, "Key": KEY}}],
            ClientRequestToken="t",
        )
        client.put_item(TableName=TABLE_NAME, Item={**KEY, "head": {"B": b"\x00\xff"}})
        reads.append(client.get_item(TableName=TABLE_NAME, Key=KEY)["Item"]["head"])
    assert bodies == sent
    assert reads[0] == reads[1] == {"B": b"\x00\xff"}


class Raw:
    """A body as urllib3 hands it over."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def keep(bodies: list[bytes], request: dict[str, Any]) -> dict[str, Any]:
    bodies.append(request["body"].encode())
    return request


def test_errors_arrive_as_the_sdk_s_own_exceptions() -> None:
    setting = Setting()
    client = setting.client
    client.put_item(**PUT)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failed:
        client.put_item(**PUT, **ABSENT)
    assert failed.value.response["Error"]["Message"] == "The conditional request failed"
    assert failed.value.response["Item"] == KEY
    other = {"TableName": TABLE_NAME, "Item": {**KEY, "sk": {"S": "2"}}}
    with pytest.raises(client.exceptions.TransactionCanceledException) as canceled:
        client.transact_write_items(TransactItems=[{"Put": other}, {"Put": {**PUT, **ABSENT}}])
    reasons = canceled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == KEY
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="none", Key=KEY)
    assert len(setting.requests) == 4, "none of them is worth a retry"


def test_a_form_the_engine_does_not_know_fails_the_test_whatever_catches_it() -> None:
    def scan() -> None:
        with suppress(Exception):
            Setting().client.scan(TableName=TABLE_NAME)

    with pytest.raises(UnsupportedRequestError, match="Scan"):
        scan()


@pytest.mark.parametrize(
    ("fault", "exception"),
    [
        (faults.could_not_connect, EndpointConnectionError),
        (faults.reply_lost, ConnectionClosedError),
        (faults.reply_timed_out, ReadTimeoutError),
        (faults.internal_server_error, ClientError),
        (throttled, ClientError),
        (faults.transaction_in_progress, ClientError),
    ],
)
def test_the_sdk_retries_what_may_pass_and_then_gives_up(
    fault: Fault, exception: type[Exception]
) -> None:
    recovers = Setting(fault, fault)
    recovers.client.put_item(**PUT)
    assert (len(recovers.requests), len(recovers.slept)) == (ATTEMPTS, ATTEMPTS - 1)
    assert all(delay > 0 for delay in recovers.slept)
    fails = Setting(*[fault] * ATTEMPTS)
    with pytest.raises(exception):
        fails.client.put_item(**PUT)
    assert len(fails.requests) == ATTEMPTS
    assert fails.slept == recovers.slept, "the same randomness gives the same delays"


def test_a_lost_reply_makes_a_retry_fail_its_own_condition_unless_a_token_heals_it() -> None:
    single = Setting(faults.reply_lost, has_effect=True)
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        single.client.put_item(**PUT, **ABSENT)
    several = Setting(faults.reply_timed_out, has_effect=True)
    action = {"Put": {**PUT, **ABSENT}}
    several.client.transact_write_items(TransactItems=[action], ClientRequestToken="t")
    for setting in (single, several):
        assert len(setting.engine.changes(TABLE_NAME)) == 1
        assert len(setting.requests) == 2


def test_a_conflict_or_a_throttle_of_a_transaction_is_left_to_the_caller() -> None:
    request: dict[str, Any] = {"TransactItems": [{"Put": PUT}, {"Delete": {"Key": KEY}}]}
    request["TransactItems"][1]["Delete"]["TableName"] = TABLE_NAME
    for make, code in (
        (faults.transaction_conflict, "TransactionConflict"),
        (faults.throttled, "ProvisionedThroughputExceeded"),
    ):
        setting = Setting(lambda make=make: make("TransactWriteItems", request, 1))  # type: ignore[misc]
        with pytest.raises(ClientError) as failed:
            setting.client.transact_write_items(**request)
        reasons: Any = failed.value.response
        assert [each["Code"] for each in reasons["CancellationReasons"]] == ["None", code]
        assert len(setting.requests) == 1
    single = Setting(lambda: faults.transaction_conflict("PutItem", PUT))
    with pytest.raises(ClientError, match="TransactionConflictException"):
        single.client.put_item(**PUT)


def test_the_retry_quota_runs_out_and_can_be_filled_again() -> None:
    setting = Setting(*[faults.reply_lost] * 1000)

    def attempts() -> int:
        before = len(setting.requests)
        with pytest.raises(ConnectionClosedError):
            setting.client.put_item(**PUT)
        return len(setting.requests) - before

    while attempts() > 1:
        pass
    setting.refill()
    assert attempts() == ATTEMPTS


def test_a_client_of_many_worlds_calls_no_more_handlers_than_of_one() -> None:
    setting = Setting()

    def handlers_called() -> int:
        event = "after-call.dynamodb.PutItem"
        return len(setting.client.meta.events.emit(event, context={}, http_response=None))

    of_one = handlers_called()
    for _ in range(3):
        use_virtual_time(setting.client, sleep=lambda _: None, random=lambda: 0.0)
    assert handlers_called() == of_one > 0


def test_detaching_gives_the_network_back() -> None:
    setting = Setting()
    setting.detach()
    setting.client.meta.events.register("before-send", lambda **_: pytest.fail("sent"))
    with pytest.raises(pytest.fail.Exception, match="sent"):
        setting.client.put_item(**PUT)
    assert setting.requests == []
