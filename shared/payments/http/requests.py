"""The public requests: what a caller may send, checked before anything else happens."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
)

from payments.errors import InvalidRequestError
from payments.values import (
    HISTORY_CHARACTERS_MAX,
    INVALID_BOOKING_ID_SENTENCE,
    INVALID_PHONE_SENTENCE,
    normalise_booking_id,
    normalise_phone,
    text_for_history,
    whole_number,
)

IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
TEXT_CHARACTERS_MAX = 4096


class _Request(BaseModel):
    """Fields that are not named are ignored, as the earlier backend did.

    An error must not repeat what was sent: it may be a phone number on its way to a log.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


WholeNumber = Annotated[int, BeforeValidator(whole_number)]
"""An integer as JSON Schema means it: 1500 and 1500.0."""
OptionalText = Annotated[
    StrictStr,
    Field(max_length=TEXT_CHARACTERS_MAX),
    BeforeValidator(lambda value: "" if value is None else value),
]
"""A field that may be left out; null means that it is left out."""


class StkPushRequest(_Request):
    """POST /api/payment/mpesa/stk-push. Units: whole KES."""

    phone_number: WholeNumber | StrictStr
    amount: WholeNumber
    booking_id: WholeNumber | StrictStr
    account_reference: OptionalText = ""
    transaction_desc: OptionalText = ""


class ConsultationRequest(_Request):
    """PUT /api/consultations/{booking_id}. Units: whole KES."""

    client_id: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    price_kes: WholeNumber
    status: Literal["Pending", "Cancelled"]


class RefundRequest(_Request):
    """POST /api/payments/{payment_id}/refunds: nothing but why; the rest is our own record."""

    reason: Annotated[StrictStr, AfterValidator(text_for_history)]


_MUST_BE_TEXT = f"must be text of up to {TEXT_CHARACTERS_MAX} characters"
MUST_BE = {
    "phone_number": INVALID_PHONE_SENTENCE,
    "amount": "amount must be a whole number of KES",
    "price_kes": "price_kes must be a whole number of KES",
    "booking_id": INVALID_BOOKING_ID_SENTENCE,
    "account_reference": f"account_reference {_MUST_BE_TEXT}",
    "transaction_desc": f"transaction_desc {_MUST_BE_TEXT}",
    "client_id": "client_id must be text of 1 to 64 characters",
    "reason": f"reason must be 1 to {HISTORY_CHARACTERS_MAX} characters without a phone number",
    "status": "status must be Pending or Cancelled",
}
"""What each field must be, in our own words."""


def parse[M: _Request](model: type[M], body: dict[str, Any]) -> M:
    """Return the request.

    Errors: InvalidRequestError naming the first field that is wrong, never quoting its value.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "body"
        is_missing = first["type"] == "missing"
        sentence = f"{field} is required" if is_missing else MUST_BE.get(field, f"{field} is wrong")
        raise InvalidRequestError(sentence, code=f"invalid_{field}") from error


def parse_stk_push(body: dict[str, Any], *, max_amount_kes: int) -> StkPushRequest:
    """Return an initiate request with phone and booking id normalised.

    Errors: InvalidRequestError; an amount must be an integer from 1 to the maximum.
    """
    request = parse(StkPushRequest, body)
    require_amount("amount", request.amount, max_amount_kes)
    return request.model_copy(
        update={
            "phone_number": normalise_phone(request.phone_number),
            "booking_id": normalise_booking_id(request.booking_id),
        }
    )


def require_amount(field: str, amount_kes: int, max_amount_kes: int) -> None:
    """Refuse an amount out of range. Errors: InvalidRequestError."""
    if not 1 <= amount_kes <= max_amount_kes:
        raise InvalidRequestError(
            f"{field} must be a whole number of KES from 1 to {max_amount_kes}",
            code=f"invalid_{field}",
        )


def require_idempotency_key(header: str | None) -> str:
    """Return the key, which must be there. Errors: InvalidRequestError."""
    key = parse_idempotency_key(header)
    if key is None:
        raise InvalidRequestError("Idempotency-Key is required", code="invalid_idempotency_key")
    return key


def parse_idempotency_key(header: str | None) -> str | None:
    """Return the key, None where there is none. Errors: InvalidRequestError."""
    if header is None:
        return None
    key = header.strip()
    is_printable = key.isascii() and key.isprintable()
    if not key or len(key) > IDEMPOTENCY_KEY_CHARACTERS_MAX or not is_printable:
        raise InvalidRequestError(
            f"Idempotency-Key must be 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable characters",
            code="invalid_idempotency_key",
        )
    return key
