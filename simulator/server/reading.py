"""Reads what a control request carries; anything else is a SettingError in words."""

import json

from aiohttp import web

from simulator.core.errors import SettingError

Document = dict[str, object]


async def json_body(request: web.Request) -> Document:
    """The body's object, empty where there is no body. Errors: SettingError."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SettingError("the body must be a JSON object")
    return document


def number_in_path(request: web.Request) -> str:
    """The phone number in the path."""
    return request.match_info["phone_number"]


def number(body: Document, name: str, otherwise: float) -> float:
    """A number of the body. Errors: SettingError."""
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingError(f"{name} must be a number")
    return float(value)


def text(body: Document, name: str) -> str | None:
    """A text of the body, or None. Errors: SettingError."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise SettingError(f"{name} must be text")


def whole(written: str) -> int:
    """A whole number of the query string. Errors: SettingError."""
    if not (written.isascii() and written.isdigit()):
        raise SettingError(f"{written!r} is not a whole number")
    return int(written)
