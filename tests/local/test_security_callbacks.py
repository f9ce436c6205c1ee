"""Forged callbacks through the deployed API: nothing is confirmed and nothing is freed."""

import hashlib
import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import requests

from local.state import StackState
from tests.local.api_client import ANSWER_SECONDS_MAX, Api
from tests.local.runbook_scene import NOBODY_SAYS_ANYTHING
from tests.support.forged_callbacks import (
    ALL,
    LISTED_IP,
    PRICE_KES,
    UNLISTED_IP,
    Forgery,
    Known,
    Post,
    callback,
    paid_items,
)

INSTANCES = 3
NEXT = {"number": secrets.randbelow(9_000) * 100}


@dataclass(frozen=True)
class Waiting:
    """A payment that waits for its PIN, and who owns it."""

    booking_id: str
    client_id: str
    phone: str
    payment_id: str
    checkout_request_id: str
    secret: str


def start_payment(api: Api) -> Waiting:
    """Registers a booking and prompts a phone that nobody touches."""
    NEXT["number"] += 1
    number = NEXT["number"]
    booking_id, client_id = f"forged-{number}", f"forged-client-{number}"
    phone = f"25410{number:07d}"
    simulator = f"{api.stack.simulator_url}/_simulator"
    wish = {"scenario": NOBODY_SAYS_ANYTHING}
    requests.patch(f"{simulator}/phones/{phone}", json=wish, timeout=ANSWER_SECONDS_MAX)
    api.register(booking_id, client_id, PRICE_KES)
    body = {"phone_number": phone, "amount": PRICE_KES, "booking_id": booking_id}
    path = "/api/payment/mpesa/stk-push"
    answer = api.call("POST", path, token=api.token(client_id), body=body)
    assert answer.status_code == 200, answer.text
    identifier = answer.json()["CheckoutRequestID"]
    return Waiting(
        booking_id=booking_id,
        client_id=client_id,
        phone=phone,
        payment_id=answer.json()["payment_id"],
        checkout_request_id=identifier,
        secret=_secret_of(simulator, identifier),
    )


def put_phone_away(api: Api, waiting: Waiting) -> None:
    """Ends the payment, so that nobody goes on asking about it."""
    prompt = f"{api.stack.simulator_url}/_simulator/prompts/{waiting.checkout_request_id}"
    requests.post(f"{prompt}/answer", json={"action": "cancel"}, timeout=ANSWER_SECONDS_MAX)
    requests.post(f"{prompt}/callback", json={}, timeout=ANSWER_SECONDS_MAX)


def _secret_of(simulator: str, checkout_request_id: str) -> str:
    """Reads the secret where Safaricom alone would: in the push."""
    about = {"kind": "request", "checkout_request_id": checkout_request_id}
    journal = f"{simulator}/journal"
    answer = requests.get(journal, params=about, timeout=ANSWER_SECONDS_MAX).json()
    body = json.loads(answer["entries"][0]["body"])
    return urlsplit(str(body["CallBackURL"])).path.rpartition("/")[2]


@pytest.fixture(scope="module")
def api(stack: StackState) -> Api:
    return Api(stack)


@pytest.fixture(scope="module")
def paid(api: Api) -> Iterator[tuple[Waiting, str, bytes]]:
    """A payment that Safaricom confirmed, its receipt and what Safaricom said."""
    waiting = start_payment(api)
    chance = random.Random(waiting.payment_id)
    items = paid_items(chance)
    body = json.dumps(callback(waiting.checkout_request_id, items=items))
    path = f"/api/payment/callback/{waiting.payment_id}/{waiting.secret}"
    assert api.post_as(LISTED_IP, path, body).status_code == 200
    assert _consultation(api, waiting)["status"] == "Confirmed"
    # Every function is warm now: a slow first answer must not outlast a booking's lock.
    api.call("GET", f"/api/payment/mpesa/status/{waiting.payment_id}", token=api.token("nobody"))
    yield waiting, str(items["MpesaReceiptNumber"]), body.encode()
    assert _consultation(api, waiting)["status"] == "Confirmed", "nothing undid it either"


def _consultation(api: Api, waiting: Waiting) -> dict[str, object]:
    path = f"/api/consultations/{waiting.booking_id}"
    answer: dict[str, object] = api.call("GET", path, token=api.token(waiting.client_id)).json()
    return answer


def known(waiting: Waiting, paid: tuple[Waiting, str, bytes]) -> Known:
    done, receipt, body = paid
    return Known(
        payment_id=waiting.payment_id,
        secret=waiting.secret,
        secret_sha256=hashlib.sha256(waiting.secret.encode()).hexdigest(),
        checkout_request_id=waiting.checkout_request_id,
        paid_id=done.payment_id,
        paid_secret=done.secret,
        paid_body=body,
        paid_receipt=receipt,
    )


def send(api: Api, post: Post) -> requests.Response:
    """Sends headers that lie through the public edge; states an address behind it."""
    if post.headers:
        return api.call("POST", post.path, body=post.body, headers=post.headers)
    return api.post_as(post.source_ip or UNLISTED_IP, post.path, post.body)


@pytest.mark.parametrize("forgery", ALL, ids=lambda each: each.__name__)
def test_a_forged_callback_confirms_nothing_and_frees_nothing(
    forgery: Forgery, api: Api, paid: tuple[Waiting, str, bytes]
) -> None:
    for instance in range(INSTANCES):
        waiting = start_payment(api)
        post = forgery(known(waiting, paid), random.Random(f"{forgery.__name__}-{instance}"))
        answer = send(api, post)
        told = f"instance {instance}: {post.body[:200]!r} -> {answer.status_code} {answer.text}"
        assert answer.status_code in (200, 400, 404, 413), told
        token = api.token(waiting.client_id)
        status = api.call("GET", f"/api/payment/mpesa/status/{waiting.payment_id}", token=token)
        assert status.json()["status"] == "pending", told
        consultation = _consultation(api, waiting)
        assert (consultation["status"], consultation["payment_status"]) == ("Pending", "Pending")
        assert consultation["paid_payment_id"] is None, told
        other_phone = {"phone_number": f"25411{waiting.phone[-7:]}", "amount": PRICE_KES}
        again = api.call(
            "POST",
            "/api/payment/mpesa/stk-push",
            token=token,
            body=other_phone | {"booking_id": waiting.booking_id},
        )
        assert again.status_code == 409, told
        put_phone_away(api, waiting)


def test_the_same_message_confirms_when_it_comes_from_safaricom(api: Api) -> None:
    """The test above can fail: from a listed address, with the right secret, it confirms."""
    waiting = start_payment(api)
    path = f"/api/payment/callback/{waiting.payment_id}/{waiting.secret}"
    items = paid_items(random.Random(waiting.payment_id))
    body = json.dumps(callback(waiting.checkout_request_id, items=items))
    assert api.post_as(UNLISTED_IP, path, body).status_code == 200
    assert _consultation(api, waiting)["status"] == "Pending"
    assert api.post_as(LISTED_IP, path, body).status_code == 200
    assert _consultation(api, waiting)["status"] == "Confirmed"
