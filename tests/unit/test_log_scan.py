"""The scan of the product's output finds what is planted, and nothing in honest output."""

import json

import pytest

from local.template import read_template
from tests.local.stack_logs import secret_outputs
from tests.support.aws import REPOSITORY
from tests.support.log_scan import SECRETS, leaks_in_log, leaks_in_response, product_lines

HONEST = (
    '{"level":"INFO","message":"payment changed","service":"hakika","payment_id":'
    '"78e510617311d8a3c2ce6f447ed4d57b","checkout_request_id":"ws_CO_21092026171320000*********",'
    '"from_status":"dispatching","to_status":"pending","by":"stk_push"}'
)
METRICS = (
    '{"_aws":{"Timestamp":1795427469300},"service":"hakika","PushToCompletion":[5.0719449615]}'
)
PHONES = ["254708374149", "+254708374149", "0708374149", "0112345678", "254112345678"]
TOKEN = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJjbGllbnQtMSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize("line", [HONEST, METRICS])
def test_an_honest_line_passes(line: str) -> None:
    assert leaks_in_log(line) == []
    assert list(product_lines(f"noise\n{line}\nnoise")) == [line]


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        *((phone, "a phone number") for phone in PHONES),
        ("ab" * 32, "a 64-hex token or hash"),
        (TOKEN, "a JWT"),
        (f"Authorization: Bearer {TOKEN}", "credentials"),
        ("Basic Y29uc3VtZXI6c2VjcmV0", "credentials"),
        *((value, "a secret") for value in sorted(SECRETS)),
        ("Q" * 342 + "==", "an encrypted password"),
        ("ws_CO_21092026171320000708374149", "an unmasked CheckoutRequestID"),
    ],
)
def test_a_planted_leak_is_found(planted: str, kind: str) -> None:
    line = json.dumps({"service": "hakika", "message": f"look: {planted}."})
    assert kind in leaks_in_log(line)
    assert kind == "an unmasked CheckoutRequestID" or kind in leaks_in_response({"body": planted})


def test_a_checkout_request_id_may_stand_in_its_own_field_only() -> None:
    identifier = "ws_CO_21092026171320000708374149"
    assert leaks_in_response({"body": json.dumps({"CheckoutRequestID": identifier})}) == []
    elsewhere = {"body": json.dumps({"error": f"unknown {identifier}"})}
    assert leaks_in_response(elsewhere) == ["a CheckoutRequestID outside its field"]


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "[ERROR] KeyError: 1"])
def test_a_crash_of_a_handler_is_scanned_too(text: str) -> None:
    assert list(product_lines(f"{text}\nnoise")) == [text]


def test_the_scan_of_a_stack_knows_each_secret_of_the_template() -> None:
    template = read_template(REPOSITORY / "template.yaml")
    secrets = {
        f"{name}.Id"
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::SecretsManager::Secret"
    }
    named = {template["Outputs"][name]["Value"] for name in secret_outputs(template["Outputs"])}
    assert named == secrets
