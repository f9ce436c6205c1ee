"""The API's own description: /openapi.yaml, and /docs, which renders it with calls to try.

Swagger UI comes from its PyPI package; nothing is loaded from another host.
"""

import asyncio
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from local.settings import ROOT

DESCRIPTION = ROOT / "docs" / "openapi.yaml"
PAGES = Path(__file__).parent / "pages"
SWAGGER_UI = Path(str(files("flask_swagger_ui"))) / "dist"
FILES = {
    "docs.js": PAGES,
    "docs.css": PAGES,
    "swagger-ui.css": SWAGGER_UI,
    "swagger-ui-bundle.js": SWAGGER_UI,
}
EXAMPLE_CLIENT = "client-7"
"""The client in the description's examples. On /docs it is the demo user, so that they work."""


def add_routes(app: web.Application, config_file: Path) -> None:
    """Add both addresses and what /docs loads. `config_file` names the demo user."""

    async def describe(_request: web.Request) -> web.Response:
        document = await asyncio.to_thread(read_description)
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
        return web.Response(text=text, content_type="application/yaml")

    async def describe_for_demo(_request: web.Request) -> web.Response:
        document = await asyncio.to_thread(read_description)
        client_id = json.loads(config_file.read_text())["clientId"]
        return web.json_response(_replaced(document, EXAMPLE_CLIENT, client_id))

    async def serve(request: web.Request) -> web.FileResponse:
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        return web.FileResponse(FILES[name] / name, headers={"Cache-Control": "no-cache"})

    async def show(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "docs.html", headers={"Cache-Control": "no-cache"})

    app.router.add_get("/openapi.yaml", describe)
    app.router.add_get("/docs", show)
    app.router.add_get("/docs/openapi.json", describe_for_demo)
    app.router.add_get("/docs/{name}", serve)


def read_description() -> dict[str, Any]:
    """Give docs/openapi.yaml with this stack as its server."""
    document: dict[str, Any] = yaml.load(
        DESCRIPTION.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return document | {"servers": [{"url": "/", "description": "This local stack"}]}


def _replaced(part: Any, old: str, new: str) -> Any:
    """Give the document with one text instead of another wherever it is a whole value."""
    match part:
        case dict():
            return {name: _replaced(value, old, new) for name, value in part.items()}
        case list():
            return [_replaced(value, old, new) for value in part]
        case _:
            return new if part == old else part
