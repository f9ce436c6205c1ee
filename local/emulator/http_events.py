"""Makes an HTTP API event (payload 2.0) look as API Gateway sends it."""

from typing import Any

INTERNAL_ERROR = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message":"Internal Server Error"}',
}


def is_http_api_event(event: Any) -> bool:
    """True for a payload 2.0 event, and for nothing else that a function is invoked with."""
    return isinstance(event, dict) and event.get("version") == "2.0" and "requestContext" in event


def correct_http_event(event: dict[str, Any], *, trusts_forwarded_for: bool) -> None:
    """Correct the event in place: cookies, absent path parameters, and the caller's address.

    The address is taken from X-Forwarded-For only behind the local gateway, which
    replaces the value that a caller sent. API Gateway itself uses the connection's address.
    """
    headers = event.get("headers") or {}
    if "cookie" in headers:
        event["cookies"] = [cookie.strip() for cookie in headers.pop("cookie").split(";")]
    if event.get("pathParameters") is None:
        event.pop("pathParameters", None)
    forwarded_for = headers.get("x-forwarded-for", "")
    if trusts_forwarded_for and forwarded_for:
        event["requestContext"]["http"]["sourceIp"] = forwarded_for.split(",")[-1].strip()
