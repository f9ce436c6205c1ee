"""Least privilege, tried: what each function's role may do in the deployed stack, and no more.

The emulator enforces the roles' policies. Each probe would succeed, or fail only its own condition,
for a role that may; so a refusal can only be IAM's. No probe changes a payment.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import aws
from local.state import StackState

KEY = {"pk": {"S": "PAY#nobody"}, "sk": {"S": "STATE"}}
ONLY_IF_THERE = "attribute_exists(pk)"
DENIED = ("AccessDenied", "AccessDeniedException")

type Client = Callable[[str], Any]
type Probe = Callable[[Client, StackState], object]


def _query(index: str | None, key: str) -> Probe:
    def probe(client: Client, stack: StackState) -> object:
        where: dict[str, Any] = {"IndexName": index} if index else {}
        return client("dynamodb").query(
            TableName=stack.table_name,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues={":value": {"S": "nobody"}},
            **where,
        )

    return probe


def _secret(output: str) -> Probe:
    return lambda client, stack: client("secretsmanager").get_secret_value(
        SecretId=stack.outputs[output]
    )


def _transaction(client: Client, stack: StackState) -> object:
    check = {"TableName": stack.table_name, "Key": KEY, "ConditionExpression": ONLY_IF_THERE}
    return client("dynamodb").transact_write_items(TransactItems=[{"ConditionCheck": check}])


PROBES: dict[str, Probe] = {
    "GetItem": lambda client, stack: client("dynamodb").get_item(
        TableName=stack.table_name, Key=KEY
    ),
    "BatchGetItem": lambda client, stack: client("dynamodb").batch_get_item(
        RequestItems={stack.table_name: {"Keys": [KEY]}}
    ),
    "PutItem": lambda client, stack: client("dynamodb").put_item(
        TableName=stack.table_name, Item=KEY, ConditionExpression=ONLY_IF_THERE
    ),
    "UpdateItem": lambda client, stack: client("dynamodb").update_item(
        TableName=stack.table_name,
        Key=KEY,
        UpdateExpression="SET version = version",
        ConditionExpression=ONLY_IF_THERE,
    ),
    "ConditionCheckItem": _transaction,
    "DeleteItem": lambda client, stack: client("dynamodb").delete_item(
        TableName=stack.table_name, Key=KEY, ConditionExpression=ONLY_IF_THERE
    ),
    "Scan": lambda client, stack: client("dynamodb").scan(TableName=stack.table_name, Limit=1),
    "Scan of an index": lambda client, stack: client("dynamodb").scan(
        TableName=stack.table_name, IndexName="open", Limit=1
    ),
    "Query": _query(None, "pk"),
    "Query open": _query("open", "open"),
    "Query by_checkout": _query("by_checkout", "checkout_request_id"),
    "Query by_day": _query("by_day", "day_shard"),
    "Query by_reference": _query("by_reference", "account_reference"),
    "Query by_received": _query("by_received", "received_shard"),
    "Query person": _query("person", "person"),
    "DescribeTable": lambda client, stack: client("dynamodb").describe_table(
        TableName=stack.table_name
    ),
    "PartiQL": lambda client, stack: client("dynamodb").execute_statement(
        Statement=f'SELECT * FROM "{stack.table_name}"'
    ),
    "Daraja secret": _secret("DarajaSecretArn"),
    "JWT secret": _secret("JwtSecretArn"),
    "pepper": _secret("PepperSecretArn"),
    "C2B tokens": _secret("PaybillSecretArn"),
    "initiator": _secret("InitiatorSecretArn"),
    "result key": _secret("ResultKeySecretArn"),
    "staff secret": _secret("StaffSecretArn"),
    "changing a secret": lambda client, stack: client("secretsmanager").update_secret(
        SecretId=stack.outputs["DarajaSecretArn"], Description="changed by a test of roles"
    ),
    "listing secrets": lambda client, _: client("secretsmanager").list_secrets(),
    "reading dead letters": lambda client, stack: client("sqs").receive_message(
        QueueUrl=stack.outputs["FallbackDeadLettersUrl"]
    ),
    "sending an event": lambda client, stack: client("events").put_events(
        Entries=[
            {
                "Source": "role.probe",
                "DetailType": "RoleProbe",
                "Detail": "{}",
                "EventBusName": stack.outputs["EventBusName"],
            }
        ]
    ),
    "calling a function": lambda client, stack: client("lambda").invoke(
        FunctionName=stack.outputs["CleanupFunctionName"], InvocationType="DryRun"
    ),
    "listing roles": lambda client, _: client("iam").list_roles(),
    "becoming another role": lambda client, stack: client("sts").assume_role(
        RoleArn=_role_arn(stack, "StkPushRole"), RoleSessionName="escalation"
    ),
}
WRITES = {"GetItem", "BatchGetItem", "PutItem", "UpdateItem"}
LEARNS = {*WRITES, "ConditionCheckItem", "Query by_checkout"}
"""What whoever may learn of money needs: it may be owed back for a booking that is another's."""
LOOKS = {"Query by_reference", "Query by_day"}
"""What a look at a receipt that waits needs."""
ALLOWED: Mapping[str, set[str]] = {
    "StkPushRole": {*WRITES, "JWT secret", "Daraja secret", "pepper"},
    "StatusRole": {*LEARNS, "JWT secret", "Daraja secret"},
    "CallbackRole": LEARNS,
    # On AWS only the notes of hints are listed: the emulator does not read a query's leading keys.
    "PaybillRole": {
        *WRITES,
        *(
            "ConditionCheckItem",
            "Query",
            "Query by_reference",
            "C2B tokens",
            "pepper",
            "result key",
        ),
    },
    "CleanupRole": {*LEARNS, *LOOKS, "Query open", "Query person", "Daraja secret", "pepper"},
    "ConsultationsRole": {*WRITES, "ConditionCheckItem", "Query", "JWT secret"},
    "StatisticsRole": {"Query by_day", "Query by_received", "JWT secret"},
    "RefundsRole": {*WRITES - {"BatchGetItem"}, "Daraja secret", "initiator", "result key"},
    "DeskRole": {
        *LEARNS,
        *LOOKS,
        *("Query", "Query person", "Query by_received"),
        *("Daraja secret", "pepper", "staff secret"),
    },
}


@cache
def _physical_names(endpoint_url: str) -> dict[str, str]:
    formation = aws.client("cloudformation", endpoint_url)
    pages = formation.get_paginator("list_stack_resources").paginate(StackName="hakika-local")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::IAM::Role"
    }


def _role_arn(stack: StackState, logical_id: str) -> str:
    name = _physical_names(stack.endpoint_url)[logical_id]
    role = aws.client("iam", stack.endpoint_url).get_role(RoleName=name)["Role"]
    return str(role["Arn"])


def client_of(stack: StackState, role: str) -> Client:
    """Makes clients with the rights of a function's role."""
    session = aws.client("sts", stack.endpoint_url).assume_role(
        RoleArn=_role_arn(stack, role), RoleSessionName="role-probe"
    )["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload, unused-ignore]
            endpoint_url=stack.endpoint_url,
            region_name=stack.region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    return client


def is_allowed(probe: Probe, client: Client, stack: StackState) -> bool:
    try:
        probe(client, stack)
    except ClientError as error:
        return not _is_denial(error)
    return True


def _is_denial(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])  # type: ignore[call-overload, unused-ignore]
    codes = {error.response["Error"]["Code"], *(each.get("Code") for each in reasons)}
    return bool(codes & set(DENIED))


def test_the_roles_tried_are_those_of_the_functions(stack: StackState) -> None:
    services = {"OutboxPipeRole", "CleanupScheduleRole"}  # AWS's own services assume these
    assert set(ALLOWED) == set(_physical_names(stack.endpoint_url)) - services


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_do_exactly_what_its_function_needs(stack: StackState, role: str) -> None:
    client = client_of(stack, role)
    allowed = {name for name, probe in PROBES.items() if is_allowed(probe, client, stack)}
    assert allowed == ALLOWED[role]


def test_nobody_may_scan_or_delete(stack: StackState) -> None:
    for role in ALLOWED:
        client = client_of(stack, role)
        for name in ("Scan", "Scan of an index", "DeleteItem", "PartiQL", "Query"):
            may = name in ALLOWED[role]  # a payment's events, the notes of hints
            assert is_allowed(PROBES[name], client, stack) is may, f"{role} {name}"


def test_only_those_who_call_daraja_can_read_its_secret(stack: StackState) -> None:
    readers = {
        role
        for role in ALLOWED
        if is_allowed(PROBES["Daraja secret"], client_of(stack, role), stack)
    }
    asking = {"StkPushRole", "StatusRole", "CleanupRole", "RefundsRole", "DeskRole"}
    assert readers == asking


def test_the_probes_can_succeed(stack: StackState) -> None:
    """The tests above can fail: the emulator's owner passes every probe."""

    def owner(service: str) -> Any:
        return aws.client(service, stack.endpoint_url)

    refused = [name for name, probe in PROBES.items() if not is_allowed(probe, owner, stack)]
    assert refused == []
