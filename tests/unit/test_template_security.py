"""What template.yaml asks of AWS for safety, where no local stack could show that it is missing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import PUBLIC_ROUTES, read_routes, read_template

FILE = Path(__file__).parents[2] / "template.yaml"
TEMPLATE = read_template(FILE)
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
ROUTES = {route.key: route.needs_token for route in read_routes(TEMPLATE)}


def of_type(kind: str) -> dict[str, Any]:
    return {
        name: each["Properties"] for name, each in RESOURCES.items() if each["Type"].endswith(kind)
    }


FUNCTIONS = of_type("Serverless::Function")
API: dict[str, Any] = RESOURCES["HttpApi"]["Properties"]


def statements(role: str) -> Iterator[dict[str, Any]]:
    for policy in RESOURCES[role]["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def actions(role: str) -> set[str]:
    allowed = (each for each in statements(role) if each["Effect"] == "Allow")
    return {action for each in allowed for action in listed(each["Action"])}


def readers_of(secret: str) -> set[str]:
    return {
        name
        for name, each in FUNCTIONS.items()
        for statement in statements(each["Role"].removesuffix(".Arn"))
        if f"{secret}.Id" in listed(statement["Resource"])
    }


# -- roles


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [each["Role"] for each in FUNCTIONS.values()]
    assert len(roles) == len(set(roles)) == len(FUNCTIONS) == 10


NEVER_WRITES_STAFF = {
    "Effect": "Deny",
    "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
    "Resource": "PaymentsTable.Arn",
    "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["STAFF#*", "STAFF"]}},
}


@pytest.mark.parametrize("role", of_type("IAM::Role"))
def test_no_function_may_say_who_works_at_the_desk(role: str) -> None:
    writes = actions(role) & {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert (NEVER_WRITES_STAFF in statements(role)) is bool(writes)


@pytest.mark.parametrize("role", of_type("IAM::Role"))
def test_a_role_names_exact_actions_on_exact_resources(role: str) -> None:
    for statement in (each for each in statements(role) if each != NEVER_WRITES_STAFF):
        assert statement["Effect"] == "Allow"
        for text in (*listed(statement["Action"]), *listed(statement["Resource"])):
            assert "*" not in text
        assert not {"NotAction", "NotResource"} & set(statement)
    assert "ManagedPolicyArns" not in RESOURCES[role]["Properties"]


@pytest.mark.parametrize("role", of_type("IAM::Role"))
def test_a_role_is_assumed_by_one_aws_service_and_nobody_else(role: str) -> None:
    [trust] = RESOURCES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert set(trust) <= {"Effect", "Action", "Principal", "Condition"}
    assert (trust["Action"], set(trust["Principal"])) == ("sts:AssumeRole", {"Service"})
    assert trust["Principal"]["Service"].endswith(".amazonaws.com")


@pytest.mark.parametrize("role", of_type("IAM::Role"))
def test_no_role_may_scan_or_delete_items_or_read_by_statement(role: str) -> None:
    forbidden = {"Scan", "DeleteItem", "BatchWriteItem", "PartiQLSelect", "PartiQLDelete"}
    assert not {f"dynamodb:{each}" for each in forbidden} & actions(role)


def test_each_secret_is_read_by_those_who_need_it() -> None:
    asks_daraja = {"StkPushFunction", "StatusFunction", "CleanupFunction", "RefundsFunction"}
    assert readers_of("DarajaSecret") == asks_daraja | {"DeskFunction"}
    assert readers_of("StaffSecret") == {"DeskFunction"}
    hashing = {"StkPushFunction", "PaybillFunction", "CleanupFunction", "DeskFunction"}
    assert readers_of("PepperSecret") == hashing
    assert readers_of("PaybillSecret") == {"PaybillFunction"}
    assert readers_of("InitiatorSecret") == {"RefundsFunction"}
    assert readers_of("ResultKeySecret") == {"RefundsFunction", "PaybillFunction"}
    assert readers_of("WebhookSecret") == {"WebhooksFunction"}


def test_the_jwt_secret_is_read_by_no_function_with_a_public_route() -> None:
    """Whoever takes over a public function must not learn to sign tokens."""
    routes = {
        name: {
            f"{event['Properties']['Method']} {event['Properties']['Path']}"
            for event in each.get("Events", {}).values()
            if event["Type"] == "HttpApi"
        }
        for name, each in FUNCTIONS.items()
    }
    asks = {name for name, keys in routes.items() if keys and not keys & PUBLIC_ROUTES}
    assert readers_of("JwtSecret") == asks


def test_the_heavy_package_is_a_layer_of_those_who_check_tokens_where_keys_are_published() -> None:
    conditions = {"JWT_SECRET_ARN": "HasPublishedKeys", "STAFF_JWKS_URL": "HasStaffAccounts"}
    for name, each in FUNCTIONS.items():
        asks = conditions.keys() & each.get("Environment", {}).get("Variables", {})
        heavy = [[conditions[every], "CryptographyLayer", "AWS::NoValue"] for every in asks]
        assert each["Layers"] == ["PaymentsLayer", *heavy], name
    assert RESOURCES["CryptographyLayer"]["Condition"] == "ChecksPublishedKeys"
    text = FILE.read_text()
    assert "HasPublishedKeys: !Not [!Equals [!Ref JwksUrl, '']]" in text
    assert "HasStaffAccounts: !Not [!Equals [!Ref StaffJwksUrl, '']]" in text
    either = "!Or [!Condition HasPublishedKeys, !Condition HasStaffAccounts]"
    assert f"ChecksPublishedKeys: {either}" in text
    assert "cryptography" not in (FILE.parent / "shared" / "requirements.txt").read_text()


def test_a_function_knows_of_no_secret_but_where_it_is() -> None:
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    for name, each in FUNCTIONS.items():
        own = each.get("Environment", {}).get("Variables", {})
        for variable, value in {**shared, **own}.items():
            assert "resolve:" not in str(value), variable
            if re.search("SECRET|PEPPER|PASSKEY|TOKEN|PASSWORD|CONSUMER", variable):
                assert variable.endswith("_SECRET_ARN"), f"{name} {variable}"
                assert str(value).endswith("Secret.Id")


# -- the API


def test_every_open_route_has_a_throttle_of_its_own_never_below_the_shops() -> None:
    """A flood of the shop must not use up what Safaricom may send, and it sends nothing again."""
    for route in (each for each in PUBLIC_ROUTES if "/desk" not in each):
        settings = API["RouteSettings"][route]
        for limit in ("Rate", "Burst"):
            parameter = settings[f"Throttling{limit}Limit"]
            assert parameter == f"Callback{limit}Limit"
            least = max(PARAMETERS[f"{each}{limit}Limit"]["Default"] for each in ("StkPush", "Api"))
            assert PARAMETERS[parameter]["Default"] >= least


def test_every_open_route_has_its_row_in_the_security_document() -> None:
    rows = (FILE.parent / "docs" / "security.md").read_text(encoding="utf-8")
    assert [route for route in PUBLIC_ROUTES if f"| `{route}` |" not in rows] == []


def test_no_authorizer_answers_in_the_handlers_place() -> None:
    """Its 401 would have another body, and its cached answer would outlive a token."""
    assert "Auth" not in API
    assert not [name for name in RESOURCES if "Authorizer" in name]


def test_an_api_with_a_domain_does_not_answer_at_awss_host() -> None:
    assert API["DisableExecuteApiEndpoint"] == ["HasDomain", True, False]


def test_every_route_is_throttled_by_a_parameter_and_the_costly_ones_by_their_own() -> None:
    limits = [API["DefaultRouteSettings"], *API["RouteSettings"].values()]
    for each in limits:
        assert set(each) == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
        for parameter in each.values():
            assert PARAMETERS[parameter]["MinValue"] >= 1
    assert set(API["RouteSettings"]) <= set(ROUTES), "settings of a route that does not exist"
    assert "POST /api/payment/mpesa/stk-push" in API["RouteSettings"]
    own = PARAMETERS["StkPushRateLimit"]["Default"]
    assert own < PARAMETERS["ApiRateLimit"]["Default"] < PARAMETERS["CallbackRateLimit"]["Default"]


def test_cors_names_exact_origins_and_what_browsers_may_send() -> None:
    cors = API["CorsConfiguration"]
    assert cors["AllowOrigins"] == "AllowedOrigins"
    pattern = re.compile(PARAMETERS["AllowedOrigins"]["AllowedPattern"])
    refused = ("*", "https://*.clinic.example", "https://clinic.example/", "null", "clinic.example")
    assert not [origin for origin in refused if pattern.search(origin)]
    assert pattern.search("https://clinic.example")
    assert sorted(cors["AllowHeaders"]) == ["Authorization", "Content-Type", "Idempotency-Key"]
    assert "AllowCredentials" not in cors


HARMLESS = {
    *("requestId", "requestTime", "routeKey", "status", "responseLength", "responseLatency"),
    *("error.message", "integrationErrorMessage"),
}


def test_access_logs_hold_no_path_and_nothing_about_a_person() -> None:
    """A path holds a callback's token or a CheckoutRequestID; an address is somebody's."""
    written = API["AccessLogSettings"]["Format"]
    assert set(re.findall(r"\$context\.([A-Za-z.]+)", written)) == HARMLESS


# -- data, capacity


def test_the_table_is_encrypted_with_the_key_of_a_parameter_or_of_aws() -> None:
    text = FILE.read_text()
    assert re.search(r"HasTableKey: !Not \[!Equals \[!Ref TableKmsKeyArn, ''\]\]", text)
    _, own, awss = RESOURCES["PaymentsTable"]["Properties"]["SSESpecification"]
    assert own == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "TableKmsKeyArn"}
    assert awss == {"SSEEnabled": False}
    assert all(queue["SqsManagedSseEnabled"] is True for queue in of_type("SQS::Queue").values())


def test_what_is_kept_is_kept_for_a_stated_time() -> None:
    assert PARAMETERS["EvidenceDays"]["Default"] == 90
    assert PARAMETERS["LogRetentionDays"]["Default"] == 90
    ttl = RESOURCES["PaymentsTable"]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "purge_at", "Enabled": True}
    logs = of_type("Logs::LogGroup")
    assert len(logs) == len(FUNCTIONS) + 2, "the API's and the outbox's besides"
    assert {each["RetentionInDays"] for each in logs.values()} == {"LogRetentionDays"}


def test_concurrency_is_reserved_only_where_a_parameter_asks_for_it() -> None:
    text = FILE.read_text()
    for function in ("StkPush", "Status", "Callback", "Paybill", "Cleanup"):
        parameter = f"{function}ReservedConcurrency"
        assert PARAMETERS[parameter]["Default"] == -1
        assert f"Reserves{function}: !Not [!Equals [!Ref {parameter}, -1]]" in text
        reserved = FUNCTIONS[f"{function}Function"]["ReservedConcurrentExecutions"]
        assert reserved == [f"Reserves{function}", parameter, "AWS::NoValue"]
