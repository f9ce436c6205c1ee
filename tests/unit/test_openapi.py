"""docs/openapi.yaml is true: its routes are the template's, its shapes are the code's."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from payments.errors import (
    ConflictError,
    ForbiddenError,
    InitiationError,
    InvalidRequestError,
    NotFoundError,
    PaymentError,
    PromptLimitError,
    StoreUnavailableError,
    TooLargeError,
    UnauthenticatedError,
)
from payments.http import answers, api_gateway, requests
from payments.http.messages import Language
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.policy import Policy
from payments.store.listings import Listed, Received
from payments.usecases.count_payments import tally
from pydantic import BaseModel

from local.template import read_routes, read_template

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = yaml.load(
    (ROOT / "docs" / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader
)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
METHODS = ("get", "put", "post", "delete", "patch")
NOW = 1_790_000_000


def resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follows a $ref inside the document."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def errors_of(schema: Mapping[str, Any], value: object) -> list[str]:
    """Returns what is wrong with a value, the whole document being at hand for references."""
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(value)]


def schema(name: str) -> Mapping[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


# -- routes


def test_the_routes_are_the_templates_with_the_same_authentication() -> None:
    described = {(key, operation.get("security") != []) for key, operation in operations()}
    template = read_template(ROOT / "template.yaml")
    assert described == {(route.key, route.needs_token) for route in read_routes(template)}


def test_every_route_says_what_it_refuses() -> None:
    for key, operation in operations():
        statuses = set(operation["responses"])
        needs_token = operation.get("security") != []
        takes_proof = needs_token or key == "POST /api/desk/sessions"
        assert ("401" in statuses) == takes_proof, key
        assert statuses & {"200", "202"}, key
        if "requestBody" in operation and key != "POST /api/payment/mpesa/callback":
            assert "413" in statuses, key
        if needs_token:
            assert {"400", "503"} <= statuses, key


def test_path_parameters_are_those_of_the_path() -> None:
    for key, operation in operations():
        path = key.partition(" ")[2]
        listed = [*DOCUMENT["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        names = {resolve(each)["name"] for each in listed if resolve(each)["in"] == "path"}
        assert names == {part.strip("{}") for part in path.split("/") if part[:1] == "{"}


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


# -- schemas and examples


def _examples(node: object, where: str = "") -> Iterator[tuple[str, Mapping[str, Any], object]]:
    """Finds every example that stands beside a schema."""
    if isinstance(node, list):
        for index, value in enumerate(node):
            yield from _examples(value, f"{where}/{index}")
    if not isinstance(node, dict):
        return
    if "schema" in node and "example" in node:
        yield where, node["schema"], node["example"]
    if "schema" in node and "examples" in node:
        for name, example in node["examples"].items():
            yield f"{where}/{name}", node["schema"], example["value"]
    for name, value in node.items():
        if name not in ("example", "examples"):
            yield from _examples(value, f"{where}/{name}")


EXAMPLES = list(_examples(DOCUMENT))


def test_there_are_examples_to_check() -> None:
    assert len(EXAMPLES) >= 20


@pytest.mark.parametrize(("where", "shape", "example"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_an_example_is_what_its_schema_says(
    where: str, shape: Mapping[str, Any], example: object
) -> None:
    assert errors_of(shape, example) == [], where


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_schema_is_a_valid_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


def _references(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for value in node:
            yield from _references(value)
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    used = set(_references(DOCUMENT))
    for kind in ("schemas", "responses", "parameters", "headers"):
        defined = {f"#/components/{kind}/{name}" for name in DOCUMENT["components"][kind]}
        assert defined == {each for each in used if each.startswith(f"#/components/{kind}/")}


# -- requests


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (requests.StkPushRequest, "StkPushRequest"),
        (requests.ConsultationRequest, "ConsultationRequest"),
        (requests.RefundRequest, "RefundRequest"),
    ],
)
def test_a_request_has_the_fields_of_its_model(model: type[BaseModel], name: str) -> None:
    generated = model.model_json_schema()
    assert set(SCHEMAS[name]["properties"]) == set(generated["properties"])
    assert SCHEMAS[name].get("required", []) == generated.get("required", [])
    for field, described in SCHEMAS[name]["properties"].items():
        length = generated["properties"][field].get("maxLength")
        if length is not None and "pattern" not in described:
            assert described["maxLength"] == length, field


CASES = json.loads((ROOT / "tests/inputs.json").read_text())


def values_of(kind: str) -> list[object]:
    """Every value of the shared cases, accepted or refused."""
    return [*(value for value, _ in CASES[kind]["accepted"]), *CASES[kind]["refused"]]


def _is_bare(typed: object) -> bool:
    """Whether a phone has none of the characters that the code ignores, and the schema does not."""
    return not isinstance(typed, str) or typed.strip("+").isalnum() or not typed


PUSH: dict[str, object] = {"phone_number": "0712345678", "amount": 1500, "booking_id": 1}
CHANGES: dict[str, list[object]] = {
    "phone_number": [*filter(_is_bare, values_of("phones")), None, ["0712345678"], True],
    "amount": values_of("amounts"),
    "booking_id": [*values_of("booking_ids"), "a" * 64, "a" * 65, "a/b"],
    "account_reference": ["CONS 1", None, "", 7],
    "transaction_desc": [None, "d" * 4097],
    "something_else": [1],
}


@pytest.mark.parametrize(
    "body",
    [
        PUSH,
        *(PUSH | {field: value} for field, values in CHANGES.items() for value in values),
        {"phone_number": "0712345678", "amount": 1500},
        {},
    ],
    ids=json.dumps,
)
def test_the_schema_of_a_push_accepts_exactly_what_the_code_accepts(
    body: dict[str, object],
) -> None:
    try:
        requests.parse_stk_push(body, max_amount_kes=250_000)
        is_accepted = True
    except InvalidRequestError:
        is_accepted = False
    assert (errors_of(schema("StkPushRequest"), body) == []) == is_accepted


# -- answers


def payment(status: PaymentStatus, **changes: Any) -> Payment:
    fields: dict[str, Any] = {
        "payment_id": "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
        "status": status,
        "version": 1,
        "op_ids": ("0" * 32,),
        "reserved_by": "0" * 32,
        "booking_id": "1",
        "client_id": "client-1",
        "phone_number": "254700000001",
        "phone_hmac": "0" * 64,
        "amount_kes": 1500,
        "account_reference": "CONS01234567",
        "requested_reference": "CONS",
        "transaction_desc": "",
        "secret_sha256": "0" * 64,
        "body_sha256": "0" * 64,
        "created_at": NOW,
        "locked_until": NOW + 300,
    }
    return Payment(**(fields | changes))


PAYMENTS = [
    payment(status, **changes)
    for status in PaymentStatus
    for changes in (
        {},
        {
            "checkout_request_id": "ws_CO_23112026101500123700000001",
            "merchant_request_id": "2654-4b64-97ff-b827b542881d3130",
            "result_code": "1032",
            "result_desc": "Request cancelled by user",
            "receipt_number": "UKN7RT61SV",
            "transaction_at": NOW,
            "holds_locks": False,
        },
    )
]


@pytest.mark.parametrize("stored", PAYMENTS, ids=lambda each: str(each.status))
@pytest.mark.parametrize("age", [0, 60, 600, 90_000])
def test_a_payment_answers_in_the_described_shape(stored: Payment, age: int) -> None:
    answer = answers.status_answer(
        stored,
        is_booking_paid=False,
        language=Language.ENGLISH,
        party_b="174379",
        is_till=False,
        policy=Policy(),
        now=NOW + age,
    )
    assert errors_of(schema("PaymentResponse"), answer) == []
    assert list(answer) == SCHEMAS["PaymentResponse"]["required"]


@pytest.mark.parametrize("stored", PAYMENTS, ids=lambda each: str(each.status))
def test_an_initiation_answers_in_the_described_shape(stored: Payment) -> None:
    status, answer = answers.initiation_answer(stored, policy=Policy(), now=NOW)
    assert str(status) in DOCUMENT["paths"]["/api/payment/mpesa/stk-push"]["post"]["responses"]
    assert errors_of(schema("StkPushResponse"), answer) == []
    assert list(answer) == SCHEMAS["StkPushResponse"]["required"]


@pytest.mark.parametrize("status", BookingStatus)
@pytest.mark.parametrize("payment_status", ConsultationPaymentStatus)
def test_a_consultation_answers_in_the_described_shape(
    status: BookingStatus, payment_status: ConsultationPaymentStatus
) -> None:
    priced: Any = {"booking_id": "1", "client_id": "client-1", "price_kes": 1500}
    consultation = Consultation(**priced, status=status, payment_status=payment_status)
    answer = answers.consultation_answer(consultation)
    assert errors_of(schema("ConsultationResponse"), answer) == []
    assert list(answer) == SCHEMAS["ConsultationResponse"]["required"]


def test_statistics_answer_in_the_described_shape() -> None:
    of_a_day: Any = {"day": "2026-11-23", "public_status": "completed"}
    listed = Listed(
        **of_a_day, payment_id="9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d", created_at=NOW, amount_kes=1500
    )
    received = Received(**of_a_day, payment_id="0" * 32, received_at=1_795_420_800, amount_kes=1400)
    statistics = tally([listed], [received], ["2026-11-22", "2026-11-23"])
    answer = answers.statistics_answer(statistics)
    assert errors_of(schema("StatisticsResponse"), answer) == []
    assert list(answer) == SCHEMAS["StatisticsResponse"]["required"]
    assert set(answer["totals"]) == set(SCHEMAS["Tallies"]["required"])


def test_the_words_for_a_payment_are_the_codes() -> None:
    properties = SCHEMAS["PaymentResponse"]["properties"]
    assert set(properties["detail"]["enum"]) == set(PaymentStatus)
    words = {each.public_status for each in PAYMENTS}
    assert set(SCHEMAS["PublicStatus"]["enum"]) == words


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequestError("amount is wrong"), 400),
        (UnauthenticatedError(), 401),
        (ForbiddenError(), 403),
        (NotFoundError("Payment not found", code="payment_not_found"), 404),
        (ConflictError("Already paid", code="already_paid", facts={"payment_id": "0" * 32}), 409),
        (TooLargeError(8192), 413),
        (PromptLimitError("Too many prompts", retry_after_seconds=60), 429),
        (InitiationError(payment_id="0" * 32), 502),
        (StoreUnavailableError("throttled"), 503),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_answers_in_the_described_shape(error: PaymentError, status: int) -> None:
    response = api_gateway.failure(error, request_id="JKJaXmPLvHcESHA=")
    assert response["statusCode"] == status
    assert errors_of(schema("Error"), json.loads(response["body"])) == []
    push = DOCUMENT["paths"]["/api/payment/mpesa/stk-push"]["post"]["responses"]
    assert str(status) in push or status == 403
