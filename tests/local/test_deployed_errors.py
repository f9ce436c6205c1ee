"""Every error sentence of the API, and bad input of every kind, through the deployed template."""

import json
import secrets
from typing import Any

import pytest

from local import credentials
from local.client import Answer, ApiClient, SimulatorClient
from local.demo import new_booking, new_phone, retry_until
from local.state import StackState
from tests.local.conftest import Customer, MakeToken

STK_PUSH = "/api/payment/mpesa/stk-push"
WRONG_PHONE = "Invalid phone number format. Use 254XXXXXXXXX"
RESULT_SECONDS_MAX = 180.0


def assert_refused(answer: Answer, status: int, sentence: str | None = None) -> None:
    """Check the shape every error has, and its sentence where one is fixed."""
    assert answer.status == status, answer.text
    assert answer.body["success"] is False
    assert answer.body["code"]
    assert answer.body["request_id"]
    if sentence is not None:
        assert answer.body["error"] == sentence
    assert answer.headers["Content-Type"] == "application/json"


# --- the sentences


def test_a_phone_number_that_is_none_is_400(customer: Customer) -> None:
    answer = customer.api.initiate(customer.book(), "12345", 1000)
    assert_refused(answer, 400, WRONG_PHONE)


def test_a_consultation_that_is_not_there_is_404(customer: Customer) -> None:
    answer = customer.api.initiate(new_booking(), customer.phone_number, 1000)
    assert_refused(answer, 404, "Consultation not found")


def test_anothers_consultation_is_404_alike(customer: Customer, booking_system: ApiClient) -> None:
    booking_id = new_booking()
    booking_system.register(booking_id, "somebody-else", 1000)
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert_refused(answer, 404, "Consultation not found")
    assert customer.api.read_consultation(booking_id).status == 404


def test_a_paid_consultation_is_409(customer: Customer, simulator: SimulatorClient) -> None:
    booking_id = customer.book()
    simulator.set_next("pays", customer.phone_number)
    initiated = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    paid = retry_until(
        lambda: customer.api.read_status(initiated["payment_id"]),
        lambda answer: answer.body["status"] == "completed",
        RESULT_SECONDS_MAX,
    )
    assert paid.body["status"] == "completed", paid.text
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert_refused(answer, 409, "This consultation has already been paid for")


def test_a_push_that_daraja_refuses_is_502(customer: Customer, simulator: SimulatorClient) -> None:
    booking_id = customer.book()
    simulator.set_next("push_busy", customer.phone_number)
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert_refused(answer, 502, "Failed to initiate payment")
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Failed"


def test_an_unknown_outcome_is_202_and_says_not_to_pay_twice(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    simulator.set_next("push_500", customer.phone_number)
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert answer.status == 202, answer.text
    assert answer.body["CheckoutRequestID"] == answer.body["payment_id"]
    assert answer.body["CustomerMessage"] != "Payment request sent. Please check your phone."
    again = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert again.body["payment_id"] == answer.body["payment_id"]


def test_an_amount_that_is_not_the_price_is_400(customer: Customer) -> None:
    answer = customer.api.initiate(customer.book(1000), customer.phone_number, 999)
    assert_refused(answer, 400)
    assert "amount" in answer.body["error"].lower()


def test_another_phone_on_a_booking_with_a_live_payment_is_409(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    simulator.set_next("normal", customer.phone_number)
    live = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    answer = customer.api.initiate(booking_id, new_phone(), 1000)
    assert_refused(answer, 409)
    assert live["payment_id"] in json.dumps(answer.body)


def test_one_key_for_two_different_requests_is_409(
    customer: Customer, simulator: SimulatorClient
) -> None:
    simulator.set_next("normal", customer.phone_number)
    customer.api.initiate(customer.book(), customer.phone_number, 1000, key="the-key")
    answer = customer.api.initiate(customer.book(), customer.phone_number, 1000, key="the-key")
    assert_refused(answer, 409)


def test_too_many_prompts_for_one_phone_are_429_with_a_time(
    stack: StackState, make_token: MakeToken, simulator: SimulatorClient
) -> None:
    phone_number = new_phone()
    people = [Customer(stack, make_token) for _ in range(4)]
    simulator.set_next("cancels", phone_number, times=3)
    for person in people[:3]:
        initiated = person.api.initiate(person.book(), phone_number, 1000)
        assert initiated.status == 200, initiated.text
        answer = retry_until(
            lambda person=person, initiated=initiated: person.api.read_status(  # type: ignore[misc]
                initiated.body["payment_id"]
            ),
            lambda answer: answer.body["status"] == "failed",
            RESULT_SECONDS_MAX,
        )
        assert answer.body["status"] == "failed", answer.text
    refused = people[3].api.initiate(people[3].book(), phone_number, 1000)
    assert_refused(refused, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert refused.body["retry_after_seconds"] == int(refused.headers["Retry-After"])


def test_without_a_token_from_daraja_nobody_is_prompted(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    # The outage comes first: else the cleanup of this minute might fetch a token in between.
    simulator.call("POST", "/outage", {"kind": "html", "seconds": 300, "endpoints": ["oauth"]})
    simulator.call("POST", "/tokens/revoke")
    try:
        answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    finally:
        simulator.call("DELETE", "/outage")
    # 503 where no token was known before the booking was reserved, 502 where a known one was dead.
    assert answer.status in (502, 503)
    assert_refused(answer, answer.status)
    prompts = simulator.call("GET", "/prompts").body["prompts"]
    assert customer.phone_number not in [prompt["phone_number"] for prompt in prompts]
    again = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert again.status == 200, again.text


# --- who is calling


def test_no_token_is_401(stack: StackState) -> None:
    stranger = ApiClient(stack.api_url, None)
    for method, path in (("POST", STK_PUSH), ("GET", "/api/consultations/1")):
        answer = stranger.call(method, path, {} if method == "POST" else None)
        assert_refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("lifetime_seconds", [0, -100_000])
def test_an_expired_token_is_401_with_our_body(
    stack: StackState, make_token: MakeToken, lifetime_seconds: int
) -> None:
    caller = ApiClient(stack.api_url, make_token("late", lifetime_seconds=lifetime_seconds))
    answer = caller.read_consultation("1")
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_of_another_secret_is_401(stack: StackState) -> None:
    forged = credentials.make_token(secrets.token_hex(32), "somebody")
    assert_refused(ApiClient(stack.api_url, forged).read_consultation("1"), 401)


def test_a_good_token_without_the_scope_is_403(customer: Customer) -> None:
    assert_refused(customer.api.register(new_booking(), customer.client_id, 1000), 403)
    path = "/api/payment/mpesa/statistics?from=2026-01-01&to=2026-01-02"
    assert_refused(customer.api.call("GET", path), 403)


def test_a_wrong_token_comes_before_a_wrong_body(stack: StackState) -> None:
    caller = ApiClient(stack.api_url, "not-a-token")
    assert_refused(caller.call("POST", STK_PUSH, raw=b"{"), 401)


# --- bad input


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"null", b"[]", b'"text"', b"1", b"\xff\xfe", b"{}", b"[" * 5000, b'{"a": NaN}'],
    ids=repr,
)
def test_a_body_that_is_no_request_is_400(customer: Customer, raw: bytes) -> None:
    answer = customer.api.call("POST", STK_PUSH, raw=raw, headers={"Content-Type": "text/plain"})
    assert_refused(answer, 400)


def test_a_huge_body_is_413(customer: Customer) -> None:
    assert_refused(customer.api.call("POST", STK_PUSH, {"phone_number": "7" * 9000}), 413)


def test_unknown_fields_are_ignored(customer: Customer, simulator: SimulatorClient) -> None:
    simulator.set_next("cancels", customer.phone_number)
    body = {
        "phone_number": customer.phone_number,
        "amount": 1000,
        "booking_id": customer.book(),
        "status": "completed",
        "client_id": "somebody-else",
    }
    assert customer.api.call("POST", STK_PUSH, body).status == 200


@pytest.mark.parametrize(
    "amount", [0, -1, 1.5, "10", True, 250_001, None, [], {}, 10**30, 1e400], ids=repr
)
def test_an_amount_that_is_none_is_400(customer: Customer, amount: Any) -> None:
    booking_id = customer.book()
    text = json.dumps(
        {"phone_number": customer.phone_number, "amount": amount, "booking_id": booking_id}
    )
    assert_refused(customer.api.call("POST", STK_PUSH, raw=text), 400)
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Unpaid"


@pytest.mark.parametrize(
    "phone_number",
    [
        "",
        " ",
        "07",
        "071234567",
        "07123456789",
        "0212345678",
        "25400712345678",
        "000254712345678",
        "255712345678",
        "25471234567a",
        "٠٧١٢٣٤٥٦٧٨",
        "0712345678\n0712345678",
        "' OR 1=1 --",
        "7" * 5000,
        812345678,
        None,
        True,
        ["0712345678"],
        {"n": 1},
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_refused_phone_number_is_400(customer: Customer, phone_number: Any) -> None:
    booking_id = customer.book()
    assert_refused(customer.api.initiate(booking_id, phone_number, 1000), 400)
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Unpaid"


@pytest.mark.parametrize(
    "form", ["07{}", "7{}", "2547{}", "+254 7{}", "002547{}", "25407{}", "07\u200b{}", "1{}"]
)
def test_an_accepted_phone_form_is_prompted(
    customer: Customer, simulator: SimulatorClient, form: str
) -> None:
    subscriber = f"{secrets.randbelow(10**8):08d}"
    network = "1" if form in ("01{}", "1{}") else "7"
    simulator.set_next("cancels", f"254{network}{subscriber}")
    answer = customer.api.initiate(customer.book(), form.format(subscriber), 1000)
    assert answer.status == 200, answer.text


@pytest.mark.parametrize(
    "booking_id",
    [True, 1.5, "../x", "", " ", "a b", "x" * 65, -1, None, [], {}, "é", "%2e%2e", 10**400],
    ids=lambda value: repr(value)[:20],
)
def test_a_booking_id_that_is_none_is_refused(customer: Customer, booking_id: Any) -> None:
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert_refused(answer, 400)


def test_one_as_number_and_as_text_is_one_booking(
    customer: Customer, booking_system: ApiClient, simulator: SimulatorClient
) -> None:
    number = 10**9 + secrets.randbelow(10**9)
    booking_system.register(number, customer.client_id, 1000)
    simulator.set_next("normal", customer.phone_number)
    first = customer.api.initiate(number, customer.phone_number, 1000)
    second = customer.api.initiate(str(number), customer.phone_number, 1000)
    assert first.status == second.status == 200
    assert first.body["payment_id"] == second.body["payment_id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"client_id": "c", "price_kes": 0, "status": "Pending"},
        {"client_id": "c", "price_kes": "1", "status": "Pending"},
        {"client_id": "c", "price_kes": 1.5, "status": "Pending"},
        {"client_id": "c", "price_kes": 250_001, "status": "Pending"},
        {"client_id": "", "price_kes": 1, "status": "Pending"},
        {"client_id": 7, "price_kes": 1, "status": "Pending"},
        {"client_id": "c", "price_kes": 1, "status": "Confirmed"},
        {"client_id": "c", "price_kes": 1, "status": "Paid"},
        {"client_id": "c", "price_kes": 1},
    ],
    ids=json.dumps,
)
def test_a_consultation_that_is_none_is_400(
    booking_system: ApiClient, body: dict[str, Any]
) -> None:
    assert_refused(booking_system.call("PUT", f"/api/consultations/{new_booking()}", body), 400)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?from=2026-01-01",
        "?from=yesterday&to=today",
        "?from=2026-02-30&to=2026-03-01",
        "?from=2026-03-02&to=2026-03-01",
        "?from=2025-01-01&to=2026-03-01",
    ],
)
def test_days_that_are_none_are_400(booking_system: ApiClient, query: str) -> None:
    assert_refused(booking_system.call("GET", f"/api/payment/mpesa/statistics{query}"), 400)


@pytest.mark.parametrize("payment_id", ["0" * 32, "ws_CO_23112026133029125712345678"])
def test_a_status_that_is_nobodys_is_404(customer: Customer, payment_id: str) -> None:
    assert_refused(customer.api.read_status(payment_id), 404)


@pytest.mark.parametrize("payment_id", ["x", "ws_CO_", "%00", "a" * 2000, "é"])
def test_a_status_id_that_is_none_is_400(customer: Customer, payment_id: str) -> None:
    assert_refused(customer.api.read_status(payment_id), 400)


@pytest.mark.parametrize("body", [{}, {"checkout_request_id": 1}, {"checkout_request_id": ""}])
def test_a_legacy_query_without_an_id_is_400(customer: Customer, body: dict[str, Any]) -> None:
    assert_refused(customer.api.call("POST", "/api/payment/mpesa/stkpush/query", body), 400)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", STK_PUSH),
        ("DELETE", STK_PUSH),
        ("POST", "/api/payment/mpesa/status/x"),
        ("PATCH", "/api/consultations/1"),
        ("DELETE", "/api/consultations/1"),
        ("GET", "/api/payment/mpesa/callback"),
        ("GET", "/api/"),
        ("GET", "/api/payment/mpesa/status/"),
    ],
)
def test_a_wrong_method_or_path_is_404(customer: Customer, method: str, path: str) -> None:
    answer = customer.api.call(method, path)
    assert answer.status == 404
    assert answer.body == {"message": "Not Found"}


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b'{"Body": 1}', b"\xff", b"[" * 5000])
def test_the_old_webhook_accepts_anything_and_does_nothing(stack: StackState, raw: bytes) -> None:
    stranger = ApiClient(stack.api_url, None)
    answer = stranger.call("POST", "/api/payment/mpesa/callback", raw=raw)
    assert (answer.status, answer.body) == (200, {"ResultCode": 0, "ResultDesc": "Accepted"})


@pytest.mark.parametrize(
    "path", ["0/0", f"{'0' * 32}/{'0' * 64}", f"{'0' * 32}/x", "..%2f/x", f"{'z' * 32}/{'0' * 64}"]
)
@pytest.mark.parametrize("raw", [b"", b"{", b'{"Body": {"stkCallback": {"ResultCode": 0}}}'])
def test_a_callback_without_its_token_is_404(stack: StackState, path: str, raw: bytes) -> None:
    stranger = ApiClient(stack.api_url, None)
    assert stranger.call("POST", f"/api/payment/callback/{path}", raw=raw).status == 404
