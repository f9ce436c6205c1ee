"""The aiohttp application: Daraja's endpoints, the control API, the pages."""

from pathlib import Path

from aiohttp import web

from simulator.core import Daraja
from simulator.server.clock_control import ClockControl
from simulator.server.control import Control
from simulator.server.cors import cors
from simulator.server.face import DarajaFace
from simulator.server.initiator_control import InitiatorControl
from simulator.server.openapi import openapi
from simulator.server.options import Options
from simulator.server.payment_control import PaymentControl
from simulator.server.pump import CallbackPump
from simulator.server.quiet import quote_no_broken_request
from simulator.server.routes import routes

PAGES = Path(__file__).parent.parent / "pages"
REQUEST_BYTES_MAX = 1_000_000
_PAGES = {
    "/": "home",
    "/simulator": "home",  # behind a gateway that has a start page of its own
    "/phone": "phone",
    "/phones": "phones",
    "/_simulator": "control",
}
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "style-src 'self'; frame-src 'self'; connect-src 'self'; "
    "frame-ancestors 'self' http://localhost:* http://127.0.0.1:* http://*.localhost:*",
    "X-Content-Type-Options": "nosniff",
}


def application(daraja: Daraja, options: Options | None = None) -> web.Application:
    """The whole HTTP face around a core; it starts posting callbacks when it is run."""
    quote_no_broken_request()
    pump = CallbackPump(daraja, options or Options())
    app = web.Application(middlewares=[cors], client_max_size=REQUEST_BYTES_MAX)
    app.cleanup_ctx.append(pump.run)
    _add_control(app, daraja, pump)
    _add_pages(app)
    app.router.add_route("*", "/{path:.*}", DarajaFace(daraja, pump).answer)
    return app


def _add_control(app: web.Application, daraja: Daraja, pump: CallbackPump) -> None:
    control = Control(daraja, pump)
    known = routes(control, InitiatorControl(daraja), PaymentControl(daraja), ClockControl(daraja))
    document = openapi(known)

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(document)

    async def unknown(_request: web.Request) -> web.Response:
        return web.json_response({"error": "no such route; see /_simulator"}, status=404)

    for route in known:
        app.router.add_route(route.method, route.path, control.wrapped(route.handler))
    app.router.add_get("/_simulator/openapi.json", describe)
    app.router.add_static("/_simulator/pages/", PAGES)
    app.router.add_route("*", "/_simulator/{path:.+}", unknown)


def _add_pages(app: web.Application) -> None:
    for path, name in _PAGES.items():
        file = PAGES / f"{name}.html"

        async def page(_request: web.Request, file: Path = file) -> web.StreamResponse:
            return web.FileResponse(file, headers=_PAGE_HEADERS)

        app.router.add_get(path, page)
