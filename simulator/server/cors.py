"""Pages on any local port may use the control API; pages from elsewhere may not."""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOCAL = ("localhost", "127.0.0.1", "::1")


def cors_headers(request: web.Request) -> dict[str, str]:
    """The headers that let this request's page read the answer; none for a foreign page."""
    origin = request.headers.get("Origin")
    if origin is None or not may_use(request, origin):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": "Content-Type, X-Simulator-Scenario",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


def may_use(request: web.Request, origin: str) -> bool:
    """Whether a page with this origin may use the control API.

    Pages of this machine may, and the simulator's own pages under an address of numbers, as a real
    phone on the same network asks for them; under a name anybody could point the name here.
    """
    if is_local(origin):
        return True
    try:
        parts = urlsplit(origin)
        ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return False
    return parts.netloc == request.host


def is_local(origin: str) -> bool:
    """Whether a page with this origin was served by this machine."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return host in _LOCAL or host.endswith(".localhost")


@web.middleware
async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers preflights and adds the headers; refuses to let a foreign page change anything."""
    if not request.path.startswith("/_simulator"):
        return await handler(request)
    origin = request.headers.get("Origin")
    if (
        request.method not in ("GET", "HEAD")
        and origin is not None
        and not may_use(request, origin)
    ):
        return web.json_response({"error": "this page may not use the simulator"}, status=403)
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=cors_headers(request))
    response = await handler(request)
    if not response.prepared:
        response.headers.update(cors_headers(request))
    return response
