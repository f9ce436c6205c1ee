"""The control API: what it can do, what it refuses, and that its document tells the truth."""

import json
from typing import Any

import pytest
import requests

from tests.unit.simulator.running import PATIENCE_SECONDS, RunningSimulator
from tests.unit.simulator.virtual_merchant import PAYS, WAITS


def open_prompt(simulator: RunningSimulator) -> str:
    """A push to a phone that waits for a person; gives its id once it is on the screen."""
    checkout_id = str(simulator.push(WAITS).json()["CheckoutRequestID"])
    assert simulator.control("GET", f"prompts/{checkout_id}").json()["stage"] == "shown"
    return checkout_id


def test_a_person_answers_on_the_phone(simulator: RunningSimulator) -> None:
    open_prompt(simulator)
    phone = simulator.control("GET", f"phones/{WAITS}").json()
    assert phone["prompt"]["amount_kes"] == 100
    simulator.control("POST", f"phones/{WAITS}/answer", action="pin", pin="1234")
    simulator.callback()
    after = simulator.control("GET", f"phones/{WAITS}").json()
    assert (after["prompt"], after["balance_kes"], len(after["messages"])) == (None, 49_900, 1)


def test_a_person_answers_a_prompt_by_its_id(simulator: RunningSimulator) -> None:
    checkout_id = open_prompt(simulator)
    answer = simulator.control("POST", f"prompts/{checkout_id}/answer", action="cancel")
    assert answer.json()["result_code"] == "1032"
    again = simulator.control("POST", f"prompts/{checkout_id}/answer", action="cancel")
    assert again.status_code == 409
    assert "not open" in again.json()["error"]


def test_an_ignored_prompt_leaves_the_screen(simulator: RunningSimulator) -> None:
    open_prompt(simulator)
    simulator.control("POST", f"phones/{WAITS}/answer", action="ignore")
    phone = simulator.control("GET", f"phones/{WAITS}").json()
    assert (phone["prompt"], phone["is_busy"]) == (None, True)


def test_money_is_audited_with_one_call(simulator: RunningSimulator) -> None:
    simulator.push()
    simulator.callback()
    (debit,) = simulator.control("GET", "ledger").json()["debits"]
    assert simulator.control("POST", "audit", beliefs=[debit]).json()["is_clean"]
    audit = simulator.control("POST", "audit", beliefs=[{**debit, "amount": 1}]).json()
    assert [each["kind"] for each in audit["findings"]] == ["wrong_amount"]


def test_scenarios_are_set_for_the_next_push_for_a_phone_and_for_all(
    simulator: RunningSimulator,
) -> None:
    simulator.control("POST", "next", scenario="cancels", phone_number=PAYS)
    simulator.push()
    simulator.control("PATCH", f"phones/{WAITS}", scenario="wrong_pin")
    simulator.push(WAITS)
    chances = [{"scenario": {"person": "pays", "result_code": "26"}, "probability": 1}]
    simulator.control("PUT", "scenario", scenario="pays", chances=chances)
    simulator.push("254711111111")
    codes = [
        json.loads(simulator.callback().body)["Body"]["stkCallback"]["ResultCode"] for _ in range(3)
    ]
    assert sorted(codes) == [26, 1032, 2001]


def test_an_outage_starts_and_ends(simulator: RunningSimulator) -> None:
    simulator.control("POST", "outage", kind="busy", seconds=60, endpoints=["push"])
    assert simulator.push().status_code == 500
    simulator.control("DELETE", "outage")
    assert simulator.push().status_code == 200


def test_settings_are_read_and_changed(simulator: RunningSimulator) -> None:
    before = simulator.control("GET", "settings").json()
    after = simulator.control("PATCH", "settings", expires_in_as_number=True).json()
    assert (before["expires_in_as_number"], after["expires_in_as_number"]) == (False, True)
    simulator.control("PATCH", "settings", expires_in_as_number=False)


def test_tokens_are_killed(simulator: RunningSimulator) -> None:
    simulator.token()
    assert simulator.control("POST", "tokens/revoke").json() == {"revoked": 1}


def test_callbacks_are_repeated_and_forged(simulator: RunningSimulator) -> None:
    checkout_id = simulator.push().json()["CheckoutRequestID"]
    first = simulator.callback()
    simulator.control("POST", f"prompts/{checkout_id}/callback", source_ip="8.8.8.8")
    second = simulator.callback()
    assert (second.body, second.headers["X-Forwarded-For"]) == (first.body, "8.8.8.8")
    url = "https://pay.example.com/forged"
    simulator.control("POST", "callbacks", url=url, body="no JSON")
    forged = simulator.callback()
    assert (forged.path, forged.body) == ("/base/forged", b"no JSON")


def test_the_journal_is_read_page_by_page(simulator: RunningSimulator) -> None:
    simulator.push()
    simulator.callback()
    page = requests.get(
        f"{simulator.url}/_simulator/journal",
        params={"kind": "money", "phone": PAYS},
        timeout=PATIENCE_SECONDS,
    ).json()
    assert [each["amount_kes"] for each in page["entries"]] == [100]
    assert page["after"] == page["entries"][0]["sequence"]


def test_a_phone_is_followed_live(simulator: RunningSimulator) -> None:
    stream = simulator.events(f"phones/{WAITS}/events")
    assert next(stream)["prompt"] is None
    simulator.push(WAITS)
    seen = next(each for each in stream if each["prompt"] is not None)
    assert seen["prompt"]["merchant"] == "HAKIKA CLINIC"
    simulator.control("POST", f"phones/{WAITS}/answer", action="cancel")
    assert next(each for each in stream if each["prompt"] is None)["is_busy"] is False
    stream.close()


def test_everything_is_followed_live_from_where_one_left_off(simulator: RunningSimulator) -> None:
    simulator.push()
    simulator.callback()
    stream = simulator.events("events?after=0")
    kinds = {next(stream)["kind"] for _ in range(6)}
    assert {"request", "prompt"} <= kinds
    stream.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "next", {"scenario": "nonsense"}, 400),
        ("POST", "next", {}, 400),
        ("POST", "next", {"scenario": "pays", "phone_number": "07"}, 400),
        ("POST", "next", {"scenario": "pays", "times": "many"}, 400),
        ("PUT", "scenario", {"scenario": "pays", "chances": 5}, 400),
        ("PATCH", "settings", {"nope": 1}, 400),
        ("PATCH", "phones/07", {"pin": "1234"}, 400),
        ("PATCH", f"phones/{WAITS}", {"pin": "1"}, 400),
        ("GET", "phones/abc", {}, 400),
        ("POST", f"phones/{WAITS}/answer", {"action": "pin"}, 404),
        ("POST", "prompts/ws_CO_1/answer", {"action": "pin"}, 404),
        ("POST", "prompts/ws_CO_1/callback", {}, 404),
        ("GET", "prompts/ws_CO_1", {}, 404),
        ("POST", "callbacks", {"url": "file:///etc/passwd"}, 400),
        ("POST", "callbacks", {}, 400),
        ("POST", "audit", {}, 400),
        ("POST", "audit", {"beliefs": [{"amount": 1}]}, 400),
        ("POST", "outage", {"kind": "fire"}, 400),
        ("POST", "outage", {"endpoints": "push"}, 400),
        ("GET", "journal?after=x", {}, 400),
        ("GET", "nothing", {}, 404),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    simulator: RunningSimulator, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    answer = simulator.control(method, path, **body)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(simulator: RunningSimulator, raw: bytes) -> None:
    url = f"{simulator.url}/_simulator/next"
    answer = requests.post(url, data=raw, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("origin", "is_local"),
    [
        ("http://localhost:8080", True),
        ("http://127.0.0.1:9999", True),
        ("http://[::1]:3000", True),
        ("http://app.localhost", True),
        ("https://evil.example.com", False),
        ("http://localhost.evil.example.com", False),
        ("null", False),
    ],
)
def test_only_pages_of_this_machine_may_use_it(
    simulator: RunningSimulator, origin: str, is_local: bool
) -> None:
    url, headers = f"{simulator.url}/_simulator/next", {"Origin": origin}
    preflight = requests.options(
        url, headers={**headers, "Access-Control-Request-Method": "POST"}, timeout=PATIENCE_SECONDS
    )
    allowed = preflight.headers.get("Access-Control-Allow-Origin")
    assert allowed == (origin if is_local else None)
    wish = {"scenario": "pays"}
    answer = requests.post(url, json=wish, headers=headers, timeout=PATIENCE_SECONDS)
    assert answer.status_code == (200 if is_local else 403)
    stream = requests.get(
        f"{simulator.url}/_simulator/events", headers=headers, stream=True, timeout=PATIENCE_SECONDS
    )
    assert stream.headers.get("Access-Control-Allow-Origin") == (origin if is_local else None)
    stream.close()


@pytest.mark.parametrize(
    ("host", "origin", "is_own"),
    [
        ("192.168.1.4:9600", "http://192.168.1.4:9600", True),
        ("192.168.1.4:9600", "http://192.168.1.5:9600", False),
        ("rebound.example.com", "http://rebound.example.com", False),
    ],
)
def test_its_own_pages_may_use_it_from_a_real_phone_on_the_network(
    simulator: RunningSimulator, host: str, origin: str, is_own: bool
) -> None:
    url, headers = f"{simulator.url}/_simulator/next", {"Host": host, "Origin": origin}
    wish = {"scenario": "pays"}
    answer = requests.post(url, json=wish, headers=headers, timeout=PATIENCE_SECONDS)
    assert answer.status_code == (200 if is_own else 403)


def test_the_document_describes_routes_that_exist(simulator: RunningSimulator) -> None:
    document = simulator.control("GET", "openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"].endswith("."), path
            if "text/event-stream" in operation["responses"]["200"]["content"]:
                continue
            ids = {"checkout_request_id": "ws_CO_1", "name": "testapi", "receipt": "UKN0000000"}
            ids["shortcode"] = "174379"
            real = path.format(phone_number=WAITS, **ids)
            example = operation.get("requestBody", {}).get("content", {})
            body = example.get("application/json", {}).get("example", {})
            answer = simulator.control(method.upper(), real.removeprefix("/_simulator/"), **body)
            needs_prompt = path.endswith("/answer") or any(
                f"{{{each}}}" in path for each in ("checkout_request_id", "receipt")
            )
            assert answer.status_code == (404 if needs_prompt else 200), (method, path)


def test_a_person_pays_by_hand_over_http(simulator: RunningSimulator) -> None:
    order = {"number": "174379", "account": "abc 1", "amount_kes": 70}
    paid = simulator.control("POST", f"phones/{WAITS}/pay", **order).json()
    assert (paid["state"], paid["account"], paid["is_till"]) == ("completed", "abc 1", False)
    refused = simulator.control("POST", f"phones/{WAITS}/pay", **order, pin="0000").json()
    assert (refused["state"], refused["code"], refused["receipt"]) == ("refused", "2001", None)
    listed = simulator.control("GET", "hand-payments").json()["payments"]
    assert [each["state"] for each in listed] == ["completed", "refused"]
    for wrong in ({"is_till": 1}, {"amount_kes": 1.5}, {"number": 5}, {"pin": 1234}):
        answer = simulator.control("POST", f"phones/{WAITS}/pay", **{**order, **wrong})
        assert answer.status_code == 400, wrong
    numbers = {
        each["number"] for each in simulator.control("GET", "businesses").json()["businesses"]
    }
    assert {"174379", "5123456"} <= numbers


def test_one_call_audits_all_money(simulator: RunningSimulator) -> None:
    order = {"number": "174379", "account": "A", "amount_kes": 70}
    receipt = simulator.control("POST", f"phones/{WAITS}/pay", **order).json()["receipt"]
    whole = simulator.control("GET", "audit").json()
    assert whole["payments"] == {"count": 1, "kes": 70}
    assert whole["debited_kes"] == whole["credited_kes"] == 50_070
    assert whole["balances"] == {"issue": -50_000, f"wallet:{WAITS}": 49_930, "utility:174379": 70}
    assert (whole["is_balanced"], whole["is_clean"], whole["merchant"]) == (True, True, None)
    simulator.control("POST", "audit", beliefs=[{"receipt": receipt, "amount": 70}])
    assert simulator.control("GET", "audit").json()["is_clean"]
    simulator.control("POST", f"payments/{receipt}/reverse")
    whole = simulator.control("GET", "audit").json()
    assert whole["reversals"] == {"count": 1, "kes": 70}
    (finding,) = whole["merchant"]["findings"]
    assert (whole["is_clean"], finding["kind"]) == (False, "reversal_unknown_to_merchant")


@pytest.mark.parametrize("path", ["/", "/simulator", "/phone", "/phones", "/_simulator"])
def test_every_page_is_served(simulator: RunningSimulator, path: str) -> None:
    answer = requests.get(simulator.url + path, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
