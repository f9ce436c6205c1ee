"""The control API's part for the initiator APIs: operators, settlements, the certificate."""

from aiohttp import web

from simulator.core import Daraja
from simulator.core.errors import SettingError
from simulator.core.initiator.certificate import certificate_pem
from simulator.core.initiator.operators import Operator
from simulator.server.reading import json_body, text

Document = dict[str, object]


class InitiatorControl:
    """The handlers, each named as in the OpenAPI document."""

    def __init__(self, daraja: Daraja) -> None:
        self._daraja = daraja

    async def list_initiators(self, _request: web.Request) -> web.Response:
        """Every API operator with its password, roles and state."""
        shown = [self._shown(each) for each in self._daraja.initiators()]
        return web.json_response({"initiators": shown})

    async def change_initiator(self, request: web.Request) -> web.Response:
        """Changes an operator: a new password, other roles, an older password, a lock."""
        changes = await json_body(request)
        operator = self._daraja.set_initiator(request.match_info["name"], **changes)
        return web.json_response(self._shown(operator))

    async def read_certificate(self, _request: web.Request) -> web.Response:
        """The certificate to encrypt an initiator's password with, as PEM."""
        return web.Response(body=certificate_pem(), content_type="application/x-x509-ca-cert")

    async def settle(self, request: web.Request) -> web.Response:
        """Sends a shortcode's money to its bank, so that a reversal lacks it."""
        movements = self._daraja.settle(await _shortcode(request))
        return web.json_response({"settled_kes": sum(each.amount_kes for each in movements)})

    async def set_utility(self, request: web.Request) -> web.Response:
        """Fills or empties the account that pays reversals and payouts."""
        body = await json_body(request)
        kes = body.get("balance_kes")
        if not isinstance(kes, int):
            raise SettingError("balance_kes must be whole shillings")
        self._daraja.set_utility(text(body, "shortcode") or "", kes)
        return web.json_response({"balance_kes": kes})

    async def reverse_on_portal(self, request: web.Request) -> web.Response:
        """A person at the merchant reverses a payment by hand."""
        receipt = self._daraja.reverse_on_portal(request.match_info["receipt"])
        return web.json_response({"receipt": receipt})

    def _shown(self, operator: Operator) -> Document:
        return {
            "name": operator.name,
            "password": operator.password,
            "roles": list(operator.roles),
            "password_age_days": self._daraja.password_age_days(operator),
            "is_locked": operator.is_locked,
            "is_active": operator.is_active,
            "wrong_tries": operator.wrong_tries,
        }


async def _shortcode(request: web.Request) -> str:
    return text(await json_body(request), "shortcode") or ""
