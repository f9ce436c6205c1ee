"""What a member of staff sends with an act: a reason, and what was shown."""

from collections.abc import Mapping
from typing import Any

from payments.errors import InvalidRequestError
from payments.usecases.desk_acts import Typed
from payments.values import normalise_receipt

REASON_CHARACTERS_MAX = 200


def read_act(body: Mapping[str, Any]) -> Typed:
    """Read what came with an act. Errors: InvalidRequestError."""
    receipt = normalise_receipt(body["receipt_number"]) if body.get("receipt_number") else None
    if body.get("receipt_number") and receipt is None:
        raise InvalidRequestError("receipt_number is wrong", code="invalid_receipt_number")
    return Typed(
        reason=read_reason(body),
        shown_version=read_whole(body, "version"),
        receipt_number=receipt,
        amount_kes=read_whole(body, "amount_kes") if body.get("amount_kes") is not None else None,
    )


def read_reason(body: Mapping[str, Any]) -> str:
    """Return why a person acts. Errors: InvalidRequestError."""
    value = body.get("reason")
    reason = " ".join(value.split()) if isinstance(value, str) else ""
    if not reason or len(reason) > REASON_CHARACTERS_MAX or not reason.isprintable():
        raise InvalidRequestError("Give a reason", code="invalid_reason")
    return reason


def read_whole(body: Mapping[str, Any], name: str) -> int:
    """Return a whole positive number of a field. Errors: InvalidRequestError."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**9:
        raise InvalidRequestError(f"{name} must be a whole number", code=f"invalid_{name}")
    return value
