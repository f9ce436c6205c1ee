"""The public requests: what a caller may send, checked before anything else happens."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from payments.errors import InvalidRequestError
from payments.values import normalise_booking_id, normalise_phone

IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
TEXT_CHARACTERS_MAX = 4096


class _Request(BaseModel):
    """Fields that are not named are ignored, as the earlier backend did.

    An error must not repeat what was sent: it may be a phone number on its way to a log.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class StkPushRequest(_Request):
    """POST /api/payment/mpesa/stk-push. Units: whole KES."""

    phone_number: Annotated[StrictStr, Field(max_length=64)]
    amount: StrictInt
    booking_id: StrictInt | StrictStr
    account_reference: Annotated[StrictStr, Field(max_length=TEXT_CHARACTERS_MAX)] = ""
    transaction_desc: Annotated[StrictStr, Field(max_length=TEXT_CHARACTERS_MAX)] = ""


class ConsultationRequest(_Request):
    """PUT /api/consultations/{booking_id}. Units: whole KES."""

    client_id: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    price_kes: StrictInt
    status: Literal["Pending", "Cancelled"]


def parse[M: _Request](model: type[M], body: dict[str, Any]) -> M:
    """Return the request.

    Errors: InvalidRequestError naming the first field that is wrong, never quoting its value.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"][:1]) or "body"
        raise InvalidRequestError(f"{field}: {first['msg']}", code=f"invalid_{field}") from error


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
