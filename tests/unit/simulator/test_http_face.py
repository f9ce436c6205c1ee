"""The HTTP face carries answers, broken connections and callbacks as the core decides them."""

import json
from dataclasses import replace

import pytest
import requests

from simulator.core.config import LISTED_SOURCES
from simulator.server.options import Options, header, mapping
from tests.unit.simulator.running import AT_ONCE, PATIENCE_SECONDS, RunningSimulator
from tests.unit.simulator.virtual_merchant import WAITS


def test_a_push_is_paid_and_its_callback_posted(simulator: RunningSimulator) -> None:
    answer = simulator.push()
    assert answer.headers["Content-Type"].startswith("application/json")
    received = simulator.callback()
    result = json.loads(received.body)["Body"]["stkCallback"]
    assert result["ResultCode"] == 0
    assert result["CheckoutRequestID"] == answer.json()["CheckoutRequestID"]


def test_a_callback_keeps_its_host_and_says_where_it_claims_to_come_from(
    simulator: RunningSimulator,
) -> None:
    simulator.push()
    received = simulator.callback()
    assert received.path == "/base/callback/1"
    assert received.headers["Host"] == "pay.example.com"
    assert received.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert received.headers["X-Forwarded-For"] in LISTED_SOURCES


def test_an_unlisted_address_is_passed_on(simulator: RunningSimulator) -> None:
    simulator.push(scenario="pays+callback_unlisted")
    assert simulator.callback().headers["X-Forwarded-For"] == "41.90.64.12"


def test_the_callback_can_be_in_before_the_answer_is_out(simulator: RunningSimulator) -> None:
    simulator.push("254700000031")
    assert not simulator.callbacks.empty()


@pytest.mark.parametrize("number", ["254700000021", "254700000022"])
def test_a_hanging_or_reset_connection_gives_no_answer_but_a_payment(
    simulator: RunningSimulator, number: str
) -> None:
    with pytest.raises(requests.ConnectionError):
        simulator.push(number)
    assert json.loads(simulator.callback().body)["Body"]["stkCallback"]["ResultCode"] == 0


def test_the_firewalls_page_is_html(simulator: RunningSimulator) -> None:
    answer = simulator.push("254700000024")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")


def test_three_copies_arrive(simulator: RunningSimulator) -> None:
    simulator.push("254700000034")
    assert len({simulator.callback().body for _ in range(3)}) == 1


def test_a_slow_callback_arrives_whole(simulator: RunningSimulator) -> None:
    wish = {"person": "pays", "callback_slow_seconds": 0.05}
    simulator.control("POST", "next", scenario=wish)
    simulator.push(WAITS)
    assert json.loads(simulator.callback().body)


def test_what_a_callback_was_answered_is_in_the_journal() -> None:
    config = replace(AT_ONCE, callback_attempts=2)
    with RunningSimulator(config, sink_status=503) as simulator:
        simulator.push()
        simulator.callback()
        simulator.callback()
        simulator.push(WAITS, "pays+callback_lost")
    answered = simulator.daraja.journal.entries(kind="callback_answered")
    assert [each.facts["status"] for each in answered][:1] == [503]
    posted = simulator.daraja.journal.entries(kind="callback_posted")
    assert [each.facts["attempt"] for each in posted] == [1, 2]


def test_a_callback_to_nowhere_is_taken_down_as_unanswered() -> None:
    with RunningSimulator(replace(AT_ONCE, allow_local_callbacks=True)) as simulator:
        simulator.push(CallBackURL="http://127.0.0.1:9/callback")
        stream = simulator.events("events?after=0")
        answered = next(each for each in stream if each["kind"] == "callback_answered")
        stream.close()
    assert answered["status"] is None
    assert "Connect" in answered["body"]


def test_paths_beside_daraja_get_darajas_own_404(simulator: RunningSimulator) -> None:
    answer = requests.get(f"{simulator.url}/nothing/here", timeout=PATIENCE_SECONDS)
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "404.001.01")


def test_only_whole_beginnings_of_a_url_are_mapped() -> None:
    options = Options({"https://pay.example.com": "http://127.0.0.1:1/x"})
    assert options.target("https://pay.example.com/a?b=c") == "http://127.0.0.1:1/x/a?b=c"
    assert options.target("https://pay.example.com?b=c") == "http://127.0.0.1:1/x?b=c"
    assert options.target("https://pay.example.com.evil/a") == "https://pay.example.com.evil/a"


@pytest.mark.parametrize("text", ["https://a", "a=b", "https://a=b", "=http://b"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="https://public"):
        mapping(text)


def test_headers_are_read_as_they_are_written() -> None:
    assert header("X-Forwarded-For: {source_ip}") == ("X-Forwarded-For", "{source_ip}")
    with pytest.raises(ValueError, match="X-Forwarded-For"):
        header("nonsense")
