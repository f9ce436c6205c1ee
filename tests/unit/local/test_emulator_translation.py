"""What the emulator's patches translate: parameters, an OpenAPI document, pipes, HTTP events."""

import json
from typing import Any

import pytest

from local.emulator import http_events, openapi, pipe_events

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:one"
DOCUMENT: dict[str, Any] = {
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://clinic.example"], "maxAge": 600},
    "paths": {
        "/orders/{id}": {
            "get": {"x-amazon-apigateway-integration": {"uri": FUNCTION}},
            "x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"uri": "any"}},
        },
        "/open": {
            "post": {"x-amazon-apigateway-integration": {"uri": FUNCTION}},
            "options": {"responses": {}},
        },
        "/$default": {
            "x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"uri": "rest"}}
        },
    },
}
RECORD = {
    "eventName": "INSERT",
    "dynamodb": {
        "Keys": {"sk": {"S": "EVENT#000001#PaymentCompleted"}},
        "NewImage": {
            "type": {"S": "PaymentCompleted"},
            "amount_kes": {"N": "1500"},
            "reason": {"S": 'said "no"\n'},
        },
    },
}
TARGET = {
    "EventBridgeEventBusParameters": {
        "Source": "hakika.payments",
        "DetailType": "$.dynamodb.NewImage.type.S",
    },
    "InputTemplate": '{"amount_kes": <$.dynamodb.NewImage.amount_kes.N>, '
    '"reason": <$.dynamodb.NewImage.reason.S>, "missing": <$.dynamodb.NewImage.x.S>}',
}


@pytest.mark.parametrize("is_off", [True, False])
def test_a_default_host_that_is_off_is_read(is_off: bool) -> None:
    endpoint = {"disableExecuteApiEndpoint": is_off}
    server = {"x-amazon-apigateway-endpoint-configuration": endpoint}
    document = {**DOCUMENT, "servers": [server]}
    assert openapi.has_no_default_host(document) is is_off
    assert not openapi.has_no_default_host(DOCUMENT)


def test_a_list_parameter_reaches_the_transform_as_a_list() -> None:
    template = {
        "Parameters": {
            "Origins": {"Type": "CommaDelimitedList"},
            "Zones": {"Type": "List<AWS::EC2::AvailabilityZone::Name>"},
            "Name": {"Type": "String"},
        }
    }
    texts = {"Origins": "a,b", "Zones": "x", "Name": "c,d"}
    assert openapi.read_parameters(template, texts) == {
        "Origins": ["a", "b"],
        "Zones": ["x"],
        "Name": "c,d",
    }


def test_every_operation_with_an_integration_becomes_a_route() -> None:
    routes = {route.route_key: route.integration_uri for route in openapi.read_routes(DOCUMENT)}
    assert routes == {
        "GET /orders/{id}": FUNCTION,
        "ANY /orders/{id}": "any",
        "POST /open": FUNCTION,
        "$default": "rest",
    }


def test_cors_is_read_and_its_absence_too() -> None:
    assert openapi.read_cors(DOCUMENT) == DOCUMENT["x-amazon-apigateway-cors"]
    assert openapi.read_cors({"paths": {}}) is None


def test_a_pipe_renders_one_entry_with_what_the_record_says() -> None:
    entry = pipe_events.render_entry(RECORD, bus_arn="the-bus", target_parameters=TARGET)
    assert (entry["Source"], entry["DetailType"]) == ("hakika.payments", "PaymentCompleted")
    assert entry["EventBusName"] == "the-bus"
    assert json.loads(entry["Detail"]) == {
        "amount_kes": "1500",
        "reason": 'said "no"\n',
        "missing": None,
    }


def test_a_template_that_renders_no_object_fails_as_a_pipe_would() -> None:
    target = {"InputTemplate": "<$.eventName>"}
    with pytest.raises(ValueError, match="JSON"):
        pipe_events.render_entry(RECORD, bus_arn="b", target_parameters=target)


def test_a_pipe_keeps_what_one_of_its_patterns_accepts() -> None:
    patterns = [{"Pattern": '{"eventName": ["INSERT"]}'}, {"Pattern": '{"eventName": ["MODIFY"]}'}]
    records = [{"eventName": name} for name in ("INSERT", "REMOVE", "MODIFY")]

    def matches(record: Any, pattern: Any) -> bool:
        return record["eventName"] in pattern["eventName"]

    kept = pipe_events.filter_records(records, {"FilterCriteria": {"Filters": patterns}}, matches)
    assert [record["eventName"] for record in kept] == ["INSERT", "MODIFY"]
    assert pipe_events.filter_records(records, {}, matches) == records


def new_event(**headers: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "headers": headers,
        "pathParameters": None,
        "requestContext": {"http": {"sourceIp": "127.0.0.1"}},
    }


@pytest.mark.parametrize(("is_trusted", "address"), [(True, "2.2.2.2"), (False, "127.0.0.1")])
def test_the_source_address_is_the_last_hop_only_where_the_gateway_is_trusted(
    is_trusted: bool, address: str
) -> None:
    event = new_event(**{"x-forwarded-for": "1.1.1.1, 2.2.2.2"})
    http_events.correct_http_event(event, trusts_forwarded_for=is_trusted)
    assert event["requestContext"]["http"]["sourceIp"] == address


def test_cookies_become_a_list_and_absent_parameters_absent() -> None:
    event = new_event(cookie="a=1; b=2")
    http_events.correct_http_event(event, trusts_forwarded_for=True)
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert "pathParameters" not in event


@pytest.mark.parametrize("event", [None, [], {"version": "2.0"}, {"requestContext": {}}, {}])
def test_only_http_events_are_corrected(event: Any) -> None:
    assert not http_events.is_http_api_event(event)
