"""Initiates a payment: store it first, then send one push (docs/protocol.md, section 4.1)."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from payments.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PaymentError,
    PromptLimitError,
)
from payments.ports import Actor, ReadyGateway
from payments.protocol.consultation import ConsultationPaymentStatus
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.policy import (
    DAY_SECONDS,
    NEVER,
    QUARTER_HOUR_SECONDS,
    REMAINING_SECONDS_MIN,
    STORE_OUTCOME_SECONDS,
    USER_WINDOW_SECONDS,
)
from payments.protocol.provider_calls import Push
from payments.store.items import PhoneGuard
from payments.store.reservation import NotReserved, Reserved
from payments.usecases.apply_evidence import apply_evidence
from payments.usecases.services import Services
from payments.values import TRANSACTION_DESC_CHARACTERS, account_reference, clean_text, eat_iso

CALLBACK_PATH = "/api/payment/callback"
REQUESTED_REFERENCE_CHARACTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A caller's request, already normalised.

    Shape: phone_number 254XXXXXXXXX. Units: KES.
    """

    client_id: str
    phone_number: str
    amount_kes: int
    booking_id: str
    account_reference: str
    transaction_desc: str
    idempotency_key: str | None


def request_payment(
    services: Services,
    request: PaymentRequest,
    *,
    callback_base: str,
    remaining_seconds: Callable[[], float],
    actor: Actor,
) -> Payment:
    """Reserve booking and phone, then send one push; or return the payment already live.

    Errors: RequestError where the request is refused, UnavailableError where the OAuth token or
        the store is not available: in both cases nothing was sent.
    Idempotent: by Idempotency-Key; without one, by user, booking, phone and amount while live.
    """
    gateway = services.gateway().ready()
    secret = services.ids.hex(64)
    payment = _new_payment(services, request, secret)
    outcome = services.store.reserve(payment)
    if not isinstance(outcome, Reserved):
        return _payment_in_the_way(services, request, payment, outcome)
    services.observer.counted("PaymentInitiated")
    callback_url = f"{callback_base}{CALLBACK_PATH}/{payment.payment_id}/{secret}"
    push = Push(
        msisdn=request.phone_number,
        amount_kes=payment.amount_kes,
        account_reference=payment.account_reference or "",
        transaction_desc=payment.transaction_desc or "Payment",
        callback_url=callback_url,
    )
    return _send(services, gateway, payment, push, remaining_seconds, actor)


def _new_payment(services: Services, request: PaymentRequest, secret: str) -> Payment:
    now = services.now()
    payment_id = _payment_id(services, request)
    op_id = services.ids.hex(32)
    return Payment(
        payment_id=payment_id,
        status=PaymentStatus.DISPATCHING,
        version=1,
        op_ids=(op_id,),
        reserved_by=op_id,
        booking_id=request.booking_id,
        client_id=request.client_id,
        phone_number=request.phone_number,
        phone_hmac=services.hash_phone(request.phone_number),
        amount_kes=request.amount_kes,
        account_reference=account_reference(
            requested=request.account_reference, payment_id=payment_id
        ),
        requested_reference=clean_text(
            request.account_reference, characters=REQUESTED_REFERENCE_CHARACTERS
        ),
        transaction_desc=clean_text(
            request.transaction_desc, characters=TRANSACTION_DESC_CHARACTERS
        ),
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        body_sha256=_body_sha256(request),
        created_at=now,
        locked_until=now + services.policy.lock_seconds,
        due_at=now + services.policy.first_query_seconds,
    )


def _payment_id(services: Services, request: PaymentRequest) -> str:
    """Return the id: fixed by caller and Idempotency-Key where there is one."""
    if request.idempotency_key is None:
        return services.ids.hex(32)
    key = json.dumps([request.client_id, request.idempotency_key])
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _body_sha256(request: PaymentRequest) -> str:
    """Return the digest by which two requests with one key are compared."""
    body = [
        request.phone_number,
        request.amount_kes,
        request.booking_id,
        request.account_reference,
        request.transaction_desc,
    ]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]


def _send(
    services: Services,
    gateway: ReadyGateway,
    payment: Payment,
    push: Push,
    remaining_seconds: Callable[[], float],
    actor: Actor,
) -> Payment:
    """Push once and store the outcome; an outcome that cannot be stored becomes unknown."""
    last_moment = payment.created_at + services.policy.send_within_seconds
    outcome = gateway.push_stk(
        push,
        may_send=lambda: (
            services.clock() <= last_moment and remaining_seconds() >= REMAINING_SECONDS_MIN
        ),
        seconds=lambda: remaining_seconds() - STORE_OUTCOME_SECONDS,
    )
    try:
        return apply_evidence(services, payment, outcome, actor=actor)
    except Exception as error:  # whatever it was, the push has been sent
        cause = error.code if isinstance(error, PaymentError) else type(error).__name__
        services.observer.noted(
            "push outcome not stored", payment_id=payment.payment_id, cause=cause
        )
        return payment


def _payment_in_the_way(
    services: Services, request: PaymentRequest, payment: Payment, obstacle: NotReserved
) -> Payment:
    """Return the same payment replayed, or raise what forbids a new one.

    Precedence: 404, 409 paid, 400 amount, same payment, 409 live, 429.
    """
    now = payment.created_at
    _require_payable(request, obstacle)
    if obstacle.payment is not None:
        return _replayed(payment, obstacle.payment)
    if obstacle.consultation_objects and obstacle.consultation is not None:
        lock_until = obstacle.consultation.lock_until or now
        active_id = obstacle.consultation.active_payment_id
        return _live_payment(services, request, payment, active_id, lock_until)
    if obstacle.phone_guard is not None:
        _refuse_phone(services, obstacle.phone_guard, now)
    _refuse_user(services, obstacle, now)
    raise ConflictError("Please try again", code="try_again", retry_after_seconds=1)


def _require_payable(request: PaymentRequest, obstacle: NotReserved) -> None:
    if not obstacle.consultation_objects:
        return
    consultation = obstacle.consultation
    if consultation is None or consultation.client_id != request.client_id:
        raise NotFoundError("Consultation not found", code="consultation_not_found")
    if consultation.payment_status is ConsultationPaymentStatus.PAID:
        facts = {"payment_id": consultation.paid_payment_id or ""}
        raise ConflictError(
            "This consultation has already been paid for", code="already_paid", facts=facts
        )
    if not consultation.is_payable:
        raise ConflictError("This consultation has been cancelled", code="consultation_cancelled")
    if consultation.price_kes != request.amount_kes:
        raise InvalidRequestError(
            f"amount must be the price of the consultation, KES {consultation.price_kes:,}",
            code="amount_differs_from_price",
        )


def _replayed(payment: Payment, stored: Payment) -> Payment:
    """The Idempotency-Key was used before: an identical request gets its payment."""
    if stored.body_sha256 != payment.body_sha256:
        raise ConflictError(
            "This Idempotency-Key was used for a different request",
            code="idempotency_key_reused",
            facts={"payment_id": stored.payment_id},
        )
    return stored


def _live_payment(
    services: Services,
    request: PaymentRequest,
    payment: Payment,
    active_id: str | None,
    lock_until: int,
) -> Payment:
    """Return the live payment where the request is identical, else refuse with its ids."""
    now = payment.created_at
    live = services.store.get_payment(active_id) if active_id else None
    if live is not None and live.client_id == request.client_id:
        is_same = (
            request.idempotency_key is None
            and live.phone_hmac == payment.phone_hmac
            and live.amount_kes == payment.amount_kes
        )
        if is_same and live.is_open:
            return live
        facts = {
            "payment_id": live.payment_id,
            "CheckoutRequestID": live.checkout_request_id or live.payment_id,
        }
    else:
        facts = {}
    if lock_until >= NEVER:
        raise ConflictError(
            "A payment for this consultation is under review. Do not pay again",
            code="payment_under_review",
            facts=facts,
        )
    raise ConflictError(
        "A payment for this consultation is already in progress",
        code="payment_in_progress",
        retry_after_seconds=max(1, lock_until - now),
        facts=facts,
    )


def _refuse_phone(services: Services, guard: PhoneGuard, now: int) -> None:
    if guard.live_until > now and guard.live_payment_id is None:
        # Daraja refused the last push as a repeat: an earlier one would cost another prompt.
        repeated = "The same payment was made moments ago from this phone"
        _refuse_until(repeated, guard.live_until, now, limited_by="phone")
    if guard.live_until > now:
        raise ConflictError(
            "Another payment request is open on this phone",
            code="phone_busy",
            retry_after_seconds=guard.live_until - now,
        )
    quarter = guard.prompted_at[services.policy.phone_prompts_per_15_minutes - 1]
    day = guard.prompted_at[services.policy.phone_prompts_per_day - 1]
    allowed_at = max(quarter + QUARTER_HOUR_SECONDS, day + DAY_SECONDS)
    _refuse_until("Too many payment requests for this phone", allowed_at, now, limited_by="phone")


def _refuse_user(services: Services, obstacle: NotReserved, now: int) -> None:
    if obstacle.user_prompted_at is None:
        return
    slot = obstacle.user_prompted_at[services.policy.user_prompts_per_10_minutes - 1]
    until = slot + USER_WINDOW_SECONDS
    _refuse_until("Too many payment requests for your account", until, now, limited_by="account")


def _refuse_until(
    why: str, allowed_at: int, now: int, *, limited_by: Literal["phone", "account"]
) -> None:
    """Refuse with the first full minute that is allowed, and with whose limit it is."""
    seconds = max(1, allowed_at - now)
    full_minute = -(-(now + seconds) // 60) * 60
    moment = (eat_iso(full_minute) or "")[11:16]
    raise PromptLimitError(
        f"{why}. Try again at {moment} (EAT)",
        retry_after_seconds=seconds,
        facts={"limited_by": limited_by},
    )
