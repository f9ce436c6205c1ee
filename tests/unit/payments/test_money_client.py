"""Registrations and Pull's questions: what is sent, and what each recorded answer means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from payments.daraja.money_client import MoneyClient
from payments.daraja.wire import Answer, read_answer
from payments.errors import ProviderUnavailableError
from payments.protocol.pull import Window

from tests.support.observer import Notes
from tests.unit.payments.situations import present

PAYLOADS = Path(__file__).parents[2] / "payloads"
NOON = 1_795_424_400  # 2026-11-23 12:00:00 in Nairobi.


class Daraja:
    """Answers each call alike, and notes what was sent."""

    def __init__(self, answer: Answer | Exception) -> None:
        self._answer = answer
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    def call(
        self, kind: str, path: str, body: Mapping[str, Any], timeout: tuple[float, float]
    ) -> Answer:
        self.sent.append((path, body))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def client(daraja: Daraja) -> MoneyClient:
    return MoneyClient(
        daraja.call, shortcode="600966", hash_phone=lambda _: "key", observer=Notes()
    )


def recorded(name: str, status: int = 200) -> Answer:
    return read_answer(status, (PAYLOADS / f"{name}.json").read_bytes())


def register_urls(daraja: Daraja, version: str = "v2") -> Any:
    return client(daraja).register_urls(
        version=version,
        confirmation_url="https://a.example/c",
        validation_url="https://a.example/v",
        response_type="Completed",
    )


@pytest.mark.parametrize(
    ("answer", "is_accepted", "says"),
    [
        (recorded("c2b_registered"), True, "Success"),
        (recorded("c2b_registered_in_sandbox"), True, "Success"),
        (
            recorded("c2b_register_error_again", 500),
            False,
            "500.003.1001 Urls are already registered.",
        ),
        (Answer(status=200, body={}), False, "HTTP 200"),
        (Answer(status=200, body={"ResponseCode": "1"}), False, "HTTP 200"),
        (Answer(status=400, body={"errorCode": "400.003.02"}), False, "400.003.02 HTTP 400"),
    ],
)
def test_urls_are_registered_only_where_safaricom_says_zero(
    answer: Answer, is_accepted: bool, says: str
) -> None:
    daraja = Daraja(answer)
    done = register_urls(daraja)
    assert (done.is_accepted, done.says) == (is_accepted, says)
    body = {
        "ShortCode": "600966",
        "ResponseType": "Completed",
        "ConfirmationURL": "https://a.example/c",
        "ValidationURL": "https://a.example/v",
    }
    assert daraja.sent == [("/mpesa/c2b/v2/registerurl", body)]


def test_the_version_is_part_of_the_address() -> None:
    daraja = Daraja(recorded("c2b_registered"))
    register_urls(daraja, "v1")
    assert daraja.sent[0][0] == "/mpesa/c2b/v1/registerurl"


@pytest.mark.parametrize(
    "answer",
    [requests.ReadTimeout("slow"), Answer(status=502, body={}), Answer(status=500, body={})],
)
def test_a_registration_without_a_clear_answer_is_unknown(answer: Answer | Exception) -> None:
    with pytest.raises(ProviderUnavailableError):
        register_urls(Daraja(answer))


@pytest.mark.parametrize("name", ["pull_registered", "pull_registered_live_keys"])
def test_pull_is_registered_the_first_time_and_again(name: str) -> None:
    daraja = Daraja(recorded(name))
    done = client(daraja).register_pull(
        nominated_number="254708374149", callback_url="https://a.example/p"
    )
    assert done.is_accepted
    assert "egistered" in done.says
    [(path, body)] = daraja.sent
    assert path == "/pulltransactions/v1/register"
    assert (body["RequestType"], body["NominatedNumber"]) == ("Pull", "254708374149")


def test_pull_asks_in_nairobis_time() -> None:
    daraja = Daraja(recorded("pull_page"))
    page = client(daraja).pull(Window(start=NOON - 7200, end=NOON), 10)
    assert len(present(page).rows) == 2
    assert daraja.sent == [
        (
            "/pulltransactions/v1/query",
            {
                "ShortCode": "600966",
                "StartDate": "2026-11-23 10:00:00",
                "EndDate": "2026-11-23 12:00:00",
                "OffSetValue": "10",
            },
        )
    ]


@pytest.mark.parametrize(
    "answer",
    [
        requests.ReadTimeout("slow"),
        ProviderUnavailableError("no token"),
        Answer(status=403, body={}),
    ],
)
def test_where_pull_gives_no_answer_there_is_no_page(answer: Answer | Exception) -> None:
    assert client(Daraja(answer)).pull(Window(start=0, end=1), 0) is None
