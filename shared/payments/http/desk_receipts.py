"""What staff order about a receipt: from the body of the request to the one use case."""

from collections.abc import Callable, Mapping
from typing import Any

from payments.errors import InvalidRequestError, NotFoundError
from payments.http.desk_requests import read_whole
from payments.ports import Actor
from payments.protocol.receipts import ReceiptRow, SetAside
from payments.usecases import money_desk
from payments.usecases.services import Services
from payments.values import normalise_booking_id, require_payment_id

ASK = "ask_receipt"


def act_on_receipt(services: Services, number: str, body: Mapping[str, Any], actor: Actor) -> None:
    """Carry out the act that the body names.

    Errors: InvalidRequestError, NotFoundError, ConflictError, as the use case of the act.
    """
    name = str(body.get("act", ""))
    if name == ASK:  # also about a receipt that nobody has named yet
        money_desk.ask_mpesa(services, number, actor=actor)
        return
    row = services.ledger.get_row(number)
    if row is None:
        raise no_such_receipt()
    _ACTS.get(name, _unknown)(services, row, body, actor)


def no_such_receipt() -> NotFoundError:
    """Return the error of a receipt that this system has not heard of."""
    return NotFoundError("Receipt not found", code="receipt_not_found")


def _attach(services: Services, row: ReceiptRow, body: Mapping[str, Any], actor: Actor) -> None:
    amount = read_whole(body, "shown_amount_kes")
    if body.get("payment_id") is not None:
        money_desk.attach_to_payment(
            services,
            row.receipt_number,
            require_payment_id(str(body["payment_id"])),
            shown_amount_kes=amount,
            shown_version=read_whole(body, "version"),
            actor=actor,
        )
        return
    money_desk.attach_to_booking(
        services,
        row.receipt_number,
        normalise_booking_id(body.get("booking_id")),
        shown_amount_kes=amount,
        actor=actor,
    )


def _owe_back(services: Services, row: ReceiptRow, body: Mapping[str, Any], actor: Actor) -> None:
    amount = read_whole(body, "shown_amount_kes")
    money_desk.owe_back(services, row.receipt_number, shown_amount_kes=amount, actor=actor)


def _set_aside(services: Services, row: ReceiptRow, body: Mapping[str, Any], actor: Actor) -> None:
    reason = str(body.get("set_aside", ""))
    if reason not in set(SetAside):
        raise InvalidRequestError("set_aside is wrong", code="invalid_set_aside")
    money_desk.set_aside(services, row.receipt_number, SetAside(reason), actor=actor)


def _reopen(services: Services, row: ReceiptRow, _: Mapping[str, Any], actor: Actor) -> None:
    money_desk.reopen(services, row.receipt_number, actor=actor)


def _unknown(*_: object) -> None:
    raise InvalidRequestError("There is no such act", code="unknown_act")


_ACTS: Mapping[str, Callable[[Services, ReceiptRow, Mapping[str, Any], Actor], None]] = {
    "attach": _attach,
    "owe_back": _owe_back,
    "set_aside": _set_aside,
    "reopen": _reopen,
}
