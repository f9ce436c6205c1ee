"""Speaks to the deployed API as a stranger could, and as API Gateway's edge would see Safaricom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests

from local import aws, credentials
from local.state import StackState

ANSWER_SECONDS_MAX = 60


@dataclass(frozen=True)
class Api:
    """One running stack. `post_as` alone says which address a call comes from."""

    stack: StackState

    @cached_property
    def session(self) -> requests.Session:
        return requests.Session()

    @cached_property
    def jwt_secret(self) -> str:
        return credentials.read_jwt_secret(self.stack.endpoint_url, self.stack.outputs)

    def token(self, subject: str, **options: Any) -> str:
        return credentials.make_token(self.jwt_secret, subject, **options)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Calls through the one public address of the stack."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return self._send(method, f"{self.stack.api_url}{path}", body, sent)

    def post_as(self, source_ip: str, path: str, body: object) -> requests.Response:
        """Calls behind the edge, where the emulator takes the source address on trust."""
        host = f"{self.stack.outputs['ApiId']}.execute-api.localhost"
        port = urlsplit(self.stack.endpoint_url).port
        headers = {"Host": f"{host}:{port}", "X-Forwarded-For": source_ip}
        return self._send("POST", f"{self.stack.endpoint_url}{path}", body, headers)

    def aws(self, service: str) -> Any:
        return aws.client(service, self.stack.endpoint_url)

    def register(self, booking_id: str, client_id: str, price_kes: int = 1000) -> None:
        body = {"client_id": client_id, "price_kes": price_kes, "status": "Pending"}
        path = f"/api/consultations/{booking_id}"
        answer = self.call("PUT", path, token=self.stack.booking_token, body=body)
        assert answer.status_code == 200, answer.text

    def _send(
        self, method: str, url: str, body: object, headers: dict[str, str]
    ) -> requests.Response:
        content: bytes | None = None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            text = body if isinstance(body, str) else json.dumps(body)
            content = text.encode(errors="surrogatepass")
        return self.session.request(
            method, url, data=content, headers=headers, timeout=ANSWER_SECONDS_MAX
        )
