"""Puts the simulated Daraja where `requests` would open a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from simulator.core import Daraja, HttpAnswer, HttpRequest, Transport
from tests.support.network import Wire, to_daraja

BASE_URL = "https://daraja.test"


class DarajaAdapter(BaseAdapter):
    """Answers every request from the core; `wire` stands in between and may lose things."""

    def __init__(self, daraja: Daraja, wire: Wire = to_daraja) -> None:
        super().__init__()
        self._daraja = daraja
        self._wire = wire

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """One request; a hang reads as a timeout, a reset as a lost connection."""
        answer = self._wire(_read(request), self._daraja.handle)
        if answer.transport is Transport.HANG:
            raise requests.exceptions.ReadTimeout("no answer")
        if answer.transport is Transport.RESET:
            raise requests.exceptions.ConnectionError("connection reset")
        return _response(request, answer)

    def close(self) -> None:
        """Nothing is open."""


def new_session(
    daraja: Daraja, wire: Wire = to_daraja, make: Callable[[], requests.Session] | None = None
) -> requests.Session:
    """The product's own session, or another release's, its network replaced."""
    from payments.daraja.client import new_session as own_session

    session = (make or own_session)()
    session.mount("https://", DarajaAdapter(daraja, wire))
    return session


def _read(request: requests.PreparedRequest) -> HttpRequest:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    return HttpRequest(
        method=request.method or "GET",
        path=parts.path,
        headers=dict(request.headers),
        body=body.encode() if isinstance(body, str) else bytes(body),
        query=dict(parse_qsl(parts.query)),
    )


def _response(request: requests.PreparedRequest, answer: HttpAnswer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response._content = answer.body
    response.url = request.url or ""
    response.request = request
    return response
