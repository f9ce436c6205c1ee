"""The OpenAPI 3.1 document of the control API, made from the routes themselves."""

import re

from simulator.server.routes import Route

_IN_PATH = re.compile(r"\{(\w+)\}")
Document = dict[str, object]


def openapi(routes: list[Route]) -> Document:
    """The document."""
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Daraja simulator, control API",
            "version": "1",
            "description": "Sets scenarios, plays the person with the phone, reads what happened.",
        },
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


def _operation(route: Route) -> Document:
    operation: Document = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.group],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {"200": _good(route), "400": _bad("The request cannot be carried out.")},
    }
    if route.details:
        operation["description"] = route.details
    if route.example is not None:
        content = {"schema": {"type": "object"}, "example": route.example}
        operation["requestBody"] = {"content": {"application/json": content}}
    return operation


def _path_parameters(route: Route) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[Document]:
    return [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in route.query.items()
    ]


def _good(route: Route) -> Document:
    kind = "text/event-stream" if route.is_stream else "application/json"
    schema = {"type": "string"} if route.is_stream else {"type": "object"}
    return {"description": "Done.", "content": {kind: {"schema": schema}}}


def _bad(words: str) -> Document:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


_ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is wrong and what to do."}},
}
