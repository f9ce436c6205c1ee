"""Asking for a payment: which error comes first, what is the same payment, and every limit."""

from __future__ import annotations

from typing import Any

import pytest
from payments.http.messages import SENT, SENT_UNKNOWN

from tests.functional.faulty import DAY, PUSH_PATH
from tests.functional.scene import Scene
from tests.support.lambdas import http_event
from tests.support.world import PHONE, STK_PUSH

OTHER_PHONE = "254711111111"


def refused(answer: Any, status: int, code: str) -> None:
    """The answer is this error, in the shape of all errors."""
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.body["success"] is False
    assert answer.body["error"]
    assert answer.body["request_id"]


def test_an_accepted_prompt_is_answered_in_full(scene: Scene) -> None:
    answer = scene.initiate()
    payment = scene.payment(answer.body["payment_id"])
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "payment_id": payment.payment_id,
        "CheckoutRequestID": payment.checkout_request_id,
        "MerchantRequestID": payment.merchant_request_id,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": SENT,
        "status": "pending",
        "status_url": f"/api/payment/mpesa/status/{payment.payment_id}",
        "poll_after_seconds": 4,
        "prompt_seconds_left": 60,
    }


def test_an_unknown_outcome_is_202_and_warns_not_to_pay_twice(scene: Scene) -> None:
    scene.daraja.set_next("push_500")
    answer = scene.initiate()
    assert answer.status == 202
    assert answer.body["CheckoutRequestID"] == answer.body["payment_id"]
    assert answer.body["CustomerMessage"] == SENT_UNKNOWN
    assert scene.status(answer.body["CheckoutRequestID"]).status == 200


@pytest.mark.parametrize("scenario", ["push_busy", "push_quota", "push_spike_arrest"])
def test_a_definite_refusal_is_502_and_frees_booking_and_phone(scene: Scene, scenario: str) -> None:
    scene.daraja.set_next(scenario)
    answer = scene.initiate()
    refused(answer, 502, "initiation_failed")
    assert answer.body["error"] == "Failed to initiate payment"
    assert scene.initiate().status == 200


def test_every_error_gives_way_to_the_one_before_it(scene: Scene) -> None:
    """401 > 400 shape > 404 > 409 paid > 400 amount > same payment > 409 live > 429."""
    scene.register("paid")
    scene.initiate("paid")
    scene.pass_time(60)
    scene.register("live")
    scene.pass_time(120)
    scene.daraja.set_next("waits")
    live = scene.initiate("live", key="live-key")
    event = http_event("POST", STK_PUSH, body={"phone_number": "no"}, now=scene.clock())
    refused(scene.answer(scene.function("stk_push").invoke(event)), 401, "unauthenticated")
    refused(scene.initiate("absent", phone="no"), 400, "invalid_phone_number")
    refused(scene.initiate("absent", amount=1), 404, "consultation_not_found")
    refused(scene.initiate("paid", client_id="8"), 404, "consultation_not_found")
    refused(scene.initiate("paid", amount=1), 409, "already_paid")
    refused(scene.initiate("live", amount=1, key="live-key"), 400, "amount_differs_from_price")
    assert scene.initiate("live", key="live-key").body == live.body
    refused(scene.initiate("live", phone=OTHER_PHONE), 409, "payment_in_progress")
    for booking in range(4):
        scene.register(f"b{booking}")
        scene.initiate(f"b{booking}", phone=f"25471111111{booking}")
    refused(scene.initiate("live", phone=OTHER_PHONE), 409, "payment_in_progress")
    refused(scene.initiate("1", phone="254722222222"), 429, "too_many_prompts")


def test_a_paid_consultation_is_refused_in_the_sentence_frontends_know(scene: Scene) -> None:
    payment_id = scene.pay("pays")
    scene.pass_time(60)
    answer = scene.initiate()
    refused(answer, 409, "already_paid")
    assert answer.body["error"] == "This consultation has already been paid for"
    assert answer.body["payment_id"] == payment_id


def test_a_consultation_that_was_paid_elsewhere_names_no_payment(scene: Scene) -> None:
    [item] = scene.items("CONSULT#")
    scene.store_item({**item, "status": "Confirmed", "payment_status": "Paid"})
    answer = scene.initiate()
    refused(answer, 409, "already_paid")
    assert answer.body["payment_id"] == "", "a page finds a text where it looks for the payment"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 1000.5),
        ("amount", "1000"),
        ("amount", True),
        ("amount", 0),
        ("amount", -1),
        ("amount", 250_001),
        ("booking_id", -1),
        ("booking_id", True),
        ("booking_id", "a b"),
        ("booking_id", "x" * 65),
        ("phone", "255708374149"),
        ("phone", "25470837414"),
        ("phone", "٠٧٠٨٣٧٤١٤٩"),
    ],
)
def test_a_field_out_of_shape_is_400_and_changes_nothing(
    scene: Scene, field: str, value: object
) -> None:
    before = scene.items("")
    answer = scene.initiate(**{field: value})  # type: ignore[arg-type]
    assert answer.status == 400
    assert scene.items("") == before


@pytest.mark.parametrize("phone", ["0708374149", "708374149", "+254708374149", "254 708 374149"])
def test_every_way_of_writing_a_phone_is_one_phone(scene: Scene, phone: str) -> None:
    scene.initiate(phone=phone)
    assert scene.daraja.prompts()[0].order.msisdn == PHONE


def test_an_integer_and_its_text_are_one_booking(scene: Scene) -> None:
    first, again = scene.initiate(1), scene.initiate("1")
    assert first.body["payment_id"] == again.body["payment_id"]


def test_long_or_odd_texts_are_cut_and_never_refused(scene: Scene) -> None:
    answer = scene.initiate(
        account_reference="vis-2026/99 " * 50, transaction_desc="<b>Visit & more</b> " * 50
    )
    assert answer.status == 200
    order = scene.daraja.prompts()[0].order
    assert len(order.reference) == 12
    assert order.reference.startswith("VIS2")
    assert len(order.description) <= 13
    assert order.description.replace(" ", "").isalnum()
    assert scene.payment(answer.body["payment_id"]).requested_reference == "vis 2026"


def test_eight_characters_of_the_asked_reference_are_kept(scene: Scene) -> None:
    payment_id = scene.initiate(account_reference="ABCDEFGHIJKL").body["payment_id"]
    assert scene.payment(payment_id).requested_reference == "ABCDEFGH"


def test_two_payments_never_share_a_reference(scene: Scene) -> None:
    scene.register("2")
    scene.initiate("1", account_reference="SAME")
    scene.initiate("2", account_reference="SAME", phone=OTHER_PHONE)
    first, second = (prompt.order.reference for prompt in scene.daraja.prompts())
    assert first != second


def test_a_key_gives_the_same_payment_even_after_it_failed(scene: Scene) -> None:
    scene.daraja.set_next("cancels")
    first = scene.initiate(key="a-key")
    scene.pass_time(90)
    again = scene.initiate(key="a-key")
    assert again.body["payment_id"] == first.body["payment_id"]
    assert again.body["status"] == "failed"
    assert len(scene.daraja.prompts()) == 1
    # Nobody is told to look for a prompt that is gone.
    assert (
        again.body["CustomerMessage"]
        == scene.status(first.body["payment_id"]).body["customer_message"]
    )


def test_a_key_of_a_payment_given_up_without_an_id_is_no_open_question(scene: Scene) -> None:
    scene.daraja.set_next("push_500")
    first = scene.initiate(key="a-key")
    scene.pass_time(2 * DAY + 120, delivers=False, cleans_up=True)
    again = scene.initiate(key="a-key")
    assert (again.status, again.body["status"]) == (200, "cancelled")
    assert again.body["payment_id"] == first.body["payment_id"]
    assert "contact us before paying again" in again.body["CustomerMessage"]


def test_a_key_with_another_body_is_refused(scene: Scene) -> None:
    scene.initiate(key="a-key")
    refused(scene.initiate(key="a-key", phone=OTHER_PHONE), 409, "idempotency_key_reused")


def test_one_users_key_says_nothing_to_another_user(scene: Scene) -> None:
    scene.register("2", client_id="8")
    mine = scene.initiate(key="a-key")
    theirs = scene.initiate("2", client_id="8", phone=OTHER_PHONE, key="a-key")
    assert mine.status == theirs.status == 200
    assert theirs.body["payment_id"] != mine.body["payment_id"]


@pytest.mark.parametrize("key", [" ", "x" * 256, "schlüssel"])
def test_a_key_out_of_shape_is_400(scene: Scene, key: str) -> None:
    refused(scene.initiate(key=key), 400, "invalid_idempotency_key")


def test_another_wish_on_a_live_booking_is_409_with_the_live_payments_ids(scene: Scene) -> None:
    live = scene.initiate()
    answer = scene.initiate(phone=OTHER_PHONE)
    refused(answer, 409, "payment_in_progress")
    assert answer.body["payment_id"] == live.body["payment_id"]
    assert answer.body["CheckoutRequestID"] == live.body["CheckoutRequestID"]
    assert int(answer.headers["Retry-After"]) == 300


def test_a_phone_with_an_open_prompt_gets_no_second_one(scene: Scene) -> None:
    scene.register("2", client_id="8")
    scene.initiate()
    answer = scene.initiate("2", client_id="8")
    refused(answer, 409, "phone_busy")
    assert answer.headers["Retry-After"] == "300"


def prompts_until_refused(scene: Scene, spacing: float, **options: Any) -> tuple[int, Any]:
    """Cancelled prompts to one phone, one after another, until one is refused."""
    for number in range(20):
        scene.register(f"b{number}", client_id=f"c{number}")
        scene.daraja.set_next("cancels")
        answer = scene.initiate(f"b{number}", client_id=f"c{number}", **options)
        if answer.status != 200:
            return number, answer
        scene.pass_time(spacing)
    raise AssertionError("no limit was met")


def test_a_phone_gets_three_prompts_in_fifteen_minutes(scene: Scene) -> None:
    granted, answer = prompts_until_refused(scene, 100)
    refused(answer, 429, "too_many_prompts")
    assert (granted, answer.body["limited_by"]) == (3, "phone")
    assert int(answer.headers["Retry-After"]) == answer.body["retry_after_seconds"] == 600
    scene.pass_time(599)
    assert scene.initiate("b3", client_id="c3").status == 429
    scene.pass_time(1)
    assert scene.initiate("b3", client_id="c3").status == 200


@pytest.mark.parametrize(
    ("age", "status", "code"), [(299, 409, "phone_busy"), (300, 429, "too_many_prompts")]
)
def test_a_phone_is_no_longer_busy_the_moment_its_prompt_ends_but_keeps_its_limit(
    scene: Scene, age: int, status: int, code: str
) -> None:
    for number, scenario in enumerate(("cancels", "cancels", "waits+query_never_final")):
        scene.register(f"b{number}", client_id=f"c{number}")
        scene.pay(scenario, booking_id=f"b{number}", client_id=f"c{number}")
        scene.pass_time(60 if scenario == "cancels" else age)
    refused(scene.initiate("1"), status, code)


def test_a_phone_gets_ten_prompts_a_day(scene: Scene) -> None:
    granted, answer = prompts_until_refused(scene, 1000)
    refused(answer, 429, "too_many_prompts")
    assert granted == 10
    assert answer.body["retry_after_seconds"] == DAY - 10 * 1000


def test_a_user_gets_five_prompts_in_ten_minutes_and_is_told_when(scene: Scene) -> None:
    for number in range(6):
        scene.register(f"b{number}")
        answer = scene.initiate(f"b{number}", phone=f"25471111111{number}")
    refused(answer, 429, "too_many_prompts")
    assert (answer.body["retry_after_seconds"], answer.body["limited_by"]) == (600, "account")
    assert answer.body["error"].startswith("Too many payment requests for your account. Try again")
    assert "(EAT)" in answer.body["error"]


@pytest.mark.parametrize(("waited", "minute"), [(0, "17:24"), (40, "17:24"), (41, "17:25")])
def test_the_refusal_names_the_first_full_minute_that_is_allowed(
    scene: Scene, waited: int, minute: str
) -> None:
    """The account's ten minutes begin at 17:13:20, or later."""
    scene.pass_time(waited)
    for number in range(6):
        scene.register(f"b{number}")
        answer = scene.initiate(f"b{number}", phone=f"25471111111{number}")
    assert answer.body["error"].endswith(f"Try again at {minute} (EAT)")


def test_without_a_token_nothing_is_reserved(scene: Scene) -> None:
    scene.line.is_down = True
    answer = scene.initiate()
    refused(answer, 503, "provider_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert scene.items("PAY#") == []
    assert scene.line.paths.count(PUSH_PATH) == 0


def test_a_body_over_the_cap_is_413(scene: Scene) -> None:
    refused(scene.initiate(transaction_desc="x" * 9000), 413, "too_large")
