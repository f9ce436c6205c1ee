"""The control API's part for money without a prompt: payments by hand, addresses, the audit."""

from aiohttp import web

from simulator.core import Daraja
from simulator.core.errors import SettingError
from simulator.core.hand import HandPayment
from simulator.server import documents
from simulator.server.reading import json_body, number_in_path, text

Document = dict[str, object]


class PaymentControl:
    """The handlers, each named as in the OpenAPI document."""

    def __init__(self, daraja: Daraja) -> None:
        self._daraja = daraja

    async def pay_by_hand(self, request: web.Request) -> web.Response:
        """Lipa na M-PESA on this phone, as a person types it, right or wrong."""
        body = await json_body(request)
        is_till, amount = body.get("is_till", False), body.get("amount_kes")
        if not isinstance(is_till, bool):
            raise SettingError("is_till must be true or false")
        if isinstance(amount, bool) or not isinstance(amount, int):
            raise SettingError("amount_kes must be whole shillings")
        payment = self._daraja.pay_by_hand(
            number_in_path(request),
            number=text(body, "number") or "",
            amount_kes=amount,
            account=text(body, "account") or "",
            is_till=is_till,
            pin=text(body, "pin"),
            kind=text(body, "kind"),
        )
        return web.json_response(_hand_document(payment))

    async def list_hand_payments(self, _request: web.Request) -> web.Response:
        """Every payment by hand there was."""
        self._daraja.advance()
        payments = [_hand_document(each) for each in self._daraja.hand_payments()]
        return web.json_response({"payments": payments})

    async def list_businesses(self, _request: web.Request) -> web.Response:
        """The paybills and tills that money can be sent to."""
        businesses = [
            {"name": each.name, "number": each.party_b, "is_till": each.till is not None}
            for each in self._daraja.config.merchants
        ]
        return web.json_response({"businesses": businesses})

    async def forget_c2b(self, request: web.Request) -> web.Response:
        """Deletes a shortcode's C2B addresses, as two operators do at Safaricom."""
        is_known = self._daraja.forget_c2b(request.match_info["shortcode"])
        return web.json_response({"deleted": is_known})

    async def whole_audit(self, _request: web.Request) -> web.Response:
        """All money: what moved, every balance, and what the merchant last said it believes."""
        self._daraja.advance()
        return web.json_response(documents.whole_audit_document(self._daraja))


def _hand_document(payment: HandPayment) -> Document:
    """One payment by hand. Units: KES, UTC epoch seconds."""
    order = payment.order
    return {
        "payer": order.payer,
        "number": order.number,
        "is_till": order.is_till,
        "account": order.account,
        "amount_kes": order.amount_kes,
        "at": payment.at,
        "state": payment.state,
        "code": payment.code or None,
        "receipt": payment.receipt if payment.state == "completed" else None,
    }
