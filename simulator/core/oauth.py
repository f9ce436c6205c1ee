"""OAuth: tokens, their rotation, and every refusal. Source: docs/daraja.md 1."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from simulator.core import chance
from simulator.core.config import App, Config
from simulator.core.http import HttpAnswer, HttpRequest, daraja_error, json_answer


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was handed out. Units: UTC epoch seconds."""

    value: str
    app: App
    dies_at: float


class TokenState(StrEnum):
    """What a request's Authorization header amounts to."""

    GOOD = "good"
    NO_HEADER = "no_header"
    INVALID = "invalid"
    NO_PRODUCT = "no_product"


class TokenDesk:
    """Hands out tokens and knows which of them still work."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._issued = 0
        self._live: dict[str, Token] = {}

    def generate(
        self, request: HttpRequest, now: float, config: Config, request_id: str
    ) -> HttpAnswer:
        """The answer of GET /oauth/v1/generate."""
        if request.query.get("grant_type") != "client_credentials":
            return daraja_error(400, "400.008.02", "Invalid grant type passed", request_id)
        app = _app(request.header("Authorization") or "", config)
        if app is None and config.bad_credentials_empty_body:
            return HttpAnswer(400, {}, b"")
        if app is None:
            return daraja_error(400, "400.008.01", "Invalid Authentication passed", request_id)
        token = self._issue(app, now, config)
        said = config.token_seconds_said
        expires_in = said if config.expires_in_as_number else str(said)
        return json_answer(200, {"access_token": token.value, "expires_in": expires_in})

    def state(self, request: HttpRequest, now: float) -> TokenState:
        """Whether the request's bearer token opens the API."""
        header = request.header("Authorization") or ""
        kind, _, value = header.partition(" ")
        if kind.lower() != "bearer" or not value.strip():
            return TokenState.NO_HEADER
        token = self._live.get(value.strip())
        if token is None or token.dies_at <= now:
            return TokenState.INVALID
        return TokenState.GOOD if token.app.has_stk_product else TokenState.NO_PRODUCT

    def revoke_all(self) -> int:
        """Kills every token at once; says how many there were."""
        count = len(self._live)
        self._live.clear()
        return count

    def _issue(self, app: App, now: float, config: Config) -> Token:
        self._issued += 1
        value = chance.hexadecimal(28, self._seed, "token", now, self._issued)
        token = Token(value, app, now + config.token_seconds)
        kept = {
            name: other
            for name, other in self._live.items()
            if other.dies_at > now and not (config.token_rotates and other.app == app)
        }
        self._live = {**kept, value: token}
        return token


def _app(authorization: str, config: Config) -> App | None:
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    for app in config.apps:
        if (app.consumer_key, app.consumer_secret) == (key, secret):
            return app
    return None
