"""Requests and answers as plain values, so that the core needs no web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Transport(StrEnum):
    """What the caller's connection sees."""

    OK = "ok"
    HANG = "hang"  # the effect happened, no answer ever comes
    RESET = "reset"  # the effect happened, the connection is torn down


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it reached Daraja. `path` carries no query string."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """The header's value, whatever the case of its name."""
        value = self.headers.get(name)
        if value is not None:
            return value
        wanted = name.lower()
        for key, candidate in self.headers.items():
            if key.lower() == wanted:
                return candidate
        return None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What Daraja answers, and how.

    Shape: with `transport` hang or reset, status and body are what Daraja meant to say; the caller
    must not see them. `callbacks_first` asks the driver to post the callbacks that are due before
    it hands this answer over. Units: `delay_seconds` seconds before the answer goes out.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    transport: Transport = Transport.OK
    delay_seconds: float = 0.0
    callbacks_first: bool = False

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Errors: ValueError if it is not one."""
        document = json.loads(self.body)
        if not isinstance(document, dict):
            raise ValueError("the body is not a JSON object")
        return document


JSON_HEADERS = {"Content-Type": "application/json;charset=UTF-8"}
HTML_HEADERS = {"Content-Type": "text/html; charset=UTF-8"}


def json_answer(status: int, document: Mapping[str, object]) -> HttpAnswer:
    """A JSON answer, compact as Daraja sends it."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return HttpAnswer(status, JSON_HEADERS, body)


def daraja_error(status: int, code: str, message: str, request_id: str) -> HttpAnswer:
    """Daraja's error envelope. Source: docs/daraja.md 3, "Error body"."""
    return json_answer(
        status, {"requestId": request_id, "errorCode": code, "errorMessage": message}
    )


def firewall_page(status: int, incident: str) -> HttpAnswer:
    """The HTML page of the web firewall in front of Daraja. Source: docs/daraja.md 1, WAF."""
    page = (
        '<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head>'
        '<body style="margin:0px;height:100%"><iframe id="main-iframe" frameborder="0">'
        f"Request unsuccessful. Incapsula incident ID: {incident}</iframe></body></html>"
    )
    return HttpAnswer(status, HTML_HEADERS, page.encode())


def spike_arrest(per_minute: int) -> HttpAnswer:
    """Apigee's own refusal, which does not use Daraja's envelope. Source: docs/daraja.md 2."""
    rate = (
        f"MessageRate{{messagesPerPeriod={per_minute}, periodInMicroseconds=60000000, "
        "maxBurstMessageCount=1.0}"
    )
    fault = {
        "faultstring": f"Spike arrest violation. Allowed rate : {rate}",
        "detail": {"errorcode": "policies.ratelimit.SpikeArrestViolation"},
    }
    return json_answer(429, {"fault": fault})
