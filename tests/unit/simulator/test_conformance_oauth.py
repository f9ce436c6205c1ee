"""docs/daraja.md, section 1, row by row."""

import pytest

from simulator.core import Config, HttpRequest
from tests.unit.simulator.virtual_merchant import (
    OAUTH,
    PUSH,
    VirtualMerchant,
    basic,
    error_code,
    push_fields,
)


def test_a_token_comes_with_its_life_as_a_string() -> None:
    answer = VirtualMerchant().ask_token()
    assert answer.status == 200
    assert set(answer.json()) == {"access_token", "expires_in"}
    assert answer.json()["expires_in"] == "3599"


def test_the_life_can_be_a_number_as_the_portal_prints_it() -> None:
    answer = VirtualMerchant(Config(expires_in_as_number=True)).ask_token()
    assert answer.json()["expires_in"] == 3599


def test_a_new_token_kills_the_old_one(merchant: VirtualMerchant) -> None:
    old = merchant.token
    new = str(merchant.ask_token().json()["access_token"])
    assert error_code(merchant.push())[:2] == (404, "404.001.03")
    merchant.token = new
    assert merchant.push().status == 200
    assert new != old


def test_without_rotation_both_tokens_work() -> None:
    merchant = VirtualMerchant(Config(token_rotates=False))
    merchant.ask_token()
    assert merchant.push().status == 200


@pytest.mark.parametrize(("lived", "status"), [(3598.0, 200), (3599.0, 404)])
def test_a_token_lives_as_long_as_it_says(
    merchant: VirtualMerchant, lived: float, status: int
) -> None:
    merchant.now += lived
    assert merchant.push().status == status


def test_a_token_can_die_earlier_than_it_said() -> None:
    merchant = VirtualMerchant(Config(token_seconds=5))
    assert merchant.ask_token().json()["expires_in"] == "3599"
    merchant.token = str(merchant.ask_token().json()["access_token"])
    merchant.now += 5
    assert error_code(merchant.push()) == (404, "404.001.03", "Invalid Access Token")


def test_every_token_can_be_killed_at_once(merchant: VirtualMerchant) -> None:
    assert merchant.daraja.revoke_tokens() == 1
    assert merchant.push().status == 404


@pytest.mark.parametrize(
    ("authorization", "query", "code"),
    [
        (basic(), {"grant_type": "password"}, "400.008.02"),
        (basic(), {"other": "x"}, "400.008.02"),
        ("Bearer abc", {"grant_type": "client_credentials"}, "400.008.01"),
        (basic(secret="wrong"), {"grant_type": "client_credentials"}, "400.008.01"),
        (basic(key="wrong"), {"grant_type": "client_credentials"}, "400.008.01"),
        ("Basic !!!", {"grant_type": "client_credentials"}, "400.008.01"),
        ("Basic /w==", {"grant_type": "client_credentials"}, "400.008.01"),
    ],
)
def test_oauth_errors(authorization: str, query: dict[str, str], code: str) -> None:
    answer = VirtualMerchant().ask_token(authorization, **query)
    assert error_code(answer)[:2] == (400, code)


def test_wrong_credentials_can_be_answered_with_an_empty_400() -> None:
    merchant = VirtualMerchant(Config(bad_credentials_empty_body=True))
    answer = merchant.ask_token(basic(secret="wrong"))
    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", OAUTH, 405, "405.001"),
        ("GET", PUSH, 405, "405.001"),
        ("POST", "/mpesa/stkpush/v2/processrequest", 404, "404.001.01"),
    ],
)
def test_wrong_methods_and_paths(
    merchant: VirtualMerchant, method: str, path: str, status: int, code: str
) -> None:
    answer = merchant.daraja.handle(HttpRequest(method, path, {}, b"{}"))
    assert error_code(answer)[:2] == (status, code)


def test_a_wrong_path_can_also_be_404_003_01() -> None:
    merchant = VirtualMerchant(Config(not_found_code="404.003.01"))
    assert error_code(merchant.post("/mpesa/stkpush", {}))[:2] == (404, "404.003.01")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc"])
def test_a_missing_or_malformed_bearer_header_is_404_001_04(header: str) -> None:
    answer = VirtualMerchant().post(PUSH, push_fields(), Authorization=header)
    assert error_code(answer)[:2] == (404, "404.001.04")


def test_an_app_without_the_product_is_401(merchant: VirtualMerchant) -> None:
    authorization = basic("no-product-consumer-key", "no-product-consumer-secret")
    merchant.token = str(merchant.ask_token(authorization).json()["access_token"])
    answer = merchant.push()
    assert answer.status == 401
    assert b"no apiproduct match found" in answer.body


@pytest.mark.parametrize("code", ["400.003.01", "401.003.01", "401.002.01"])
def test_the_query_has_its_own_codes_for_a_bad_token(code: str) -> None:
    merchant = VirtualMerchant(Config(query_unauthorized_code=code))
    merchant.token = "expired"
    answer = merchant.query("ws_CO_1")
    assert error_code(answer)[:2] == (int(code[:3]), code)


@pytest.mark.parametrize(("kind", "status"), [("html", 403), ("html_503", 503)])
def test_the_firewall_can_answer_oauth_with_an_html_page(
    merchant: VirtualMerchant, kind: str, status: int
) -> None:
    merchant.daraja.start_outage(kind, 10, endpoints=["oauth"])
    answer = merchant.ask_token()
    assert answer.status == status
    assert b"incident ID" in answer.body
    assert answer.headers["Content-Type"].startswith("text/html")
    merchant.now += 10
    assert merchant.ask_token().status == 200
