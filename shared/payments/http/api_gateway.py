"""HTTP for every handler: the one error table, response shapes and bodies."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from payments.errors import InvalidRequestError, PaymentError, TooLargeError
from payments.protocol.policy import BODY_BYTES_MAX

type Event = Mapping[str, Any]
type Response = dict[str, Any]

SECURITY_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Referrer-Policy": "no-referrer",
}


def json_body(event: Event) -> dict[str, Any]:
    """Return the body as a JSON object.

    Errors: TooLargeError before parsing; InvalidRequestError.
    """
    raw = raw_body(event)
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The body must be JSON", code="invalid_json") from error
    if not isinstance(body, dict):
        raise InvalidRequestError("The body must be a JSON object", code="invalid_json")
    return body


def raw_body(event: Event) -> bytes:
    """Return the body's bytes. Errors: TooLargeError; InvalidRequestError."""
    text = event.get("body") or ""
    if len(text) > BODY_BYTES_MAX * 4 // 3 + 4:
        raise TooLargeError(BODY_BYTES_MAX)
    try:
        raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError("The body cannot be read", code="invalid_body") from error
    if len(raw) > BODY_BYTES_MAX:
        raise TooLargeError(BODY_BYTES_MAX)
    return raw


def header(event: Event, name: str) -> str | None:
    """Return a header; API Gateway lower-cases the names."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)


def path_parameter(event: Event, name: str) -> str:
    """Return a path parameter, "" where there is none."""
    return str((event.get("pathParameters") or {}).get(name, ""))


def query_parameter(event: Event, name: str) -> str | None:
    """Return a query parameter, None where there is none."""
    value = (event.get("queryStringParameters") or {}).get(name)
    return str(value) if value is not None else None


def route_key(event: Event) -> str:
    """Return the route with its placeholders, such as "GET /api/a/{id}"; never the path."""
    return str(event.get("routeKey", ""))


def raw_path(event: Event) -> str:
    """Return the path as called; it may hold a callback secret, so it is never logged."""
    return str(event.get("rawPath", ""))


def request_id(event: Event) -> str:
    """Return the id by which the logs name a request."""
    return str(_at(event, "requestContext").get("requestId", ""))


def source_ip(event: Event) -> str:
    """Return the caller's address from API Gateway; no header is trusted."""
    return str(_at(event, "requestContext", "http").get("sourceIp", ""))


def callback_base(event: Event, configured: str) -> str:
    """Return the base of our callback URLs: configured, or the host this request came to."""
    if configured:
        return configured.rstrip("/")
    return f"https://{_at(event, 'requestContext').get('domainName', '')}"


def ok(body: Mapping[str, Any], *, status: int = 200) -> Response:
    """Return a JSON response."""
    return {
        "statusCode": status,
        "headers": dict(SECURITY_HEADERS),
        "body": json.dumps(body, ensure_ascii=False),
    }


def csv(text: str) -> Response:
    """Return a CSV response."""
    return {
        "statusCode": 200,
        "headers": {**SECURITY_HEADERS, "Content-Type": "text/csv; charset=utf-8"},
        "body": text,
    }


def answered(event: Event, handle: Callable[[], Response]) -> Response:
    """Return the answer of `handle`, or its error in our error body."""
    try:
        return handle()
    except PaymentError as error:
        return failure(error, request_id=request_id(event))


def failure(error: PaymentError, *, request_id: str) -> Response:
    """Return an error as HTTP: its own status, sentence, facts and headers."""
    body: dict[str, Any] = {
        "success": False,
        "error": error.public_sentence,
        "code": error.code,
        "request_id": request_id,
        **error.facts,
    }
    headers = dict(error.headers)
    if error.retry_after_seconds is not None:
        body["retry_after_seconds"] = error.retry_after_seconds
        headers["Retry-After"] = str(error.retry_after_seconds)
    response = ok(body, status=error.http_status)
    response["headers"] |= headers
    return response


def _at(event: Event, *path: str) -> Mapping[str, Any]:
    """Return a nested object, empty where it is missing."""
    value: Any = event
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _no_constant(name: str) -> object:
    raise ValueError(name)
