"""Starts a session at the desk: a link's code is exchanged for a token of the desk's own."""

from typing import Any

import jwt

from payments.aws.runtime import Runtime
from payments.aws.token_families import STAFF_AUDIENCE, TokenFamily
from payments.http import api_gateway, desk_answers
from payments.http.token_keys import SharedSecret
from payments.protocol.staff import Staff
from payments.usecases.staff import StaffDesk, spend_link

SESSION_SECONDS = 12 * 3600


class Sessions:
    """The one way to a session of the desk."""

    def __init__(self, runtime: Runtime, family: TokenFamily) -> None:
        self._runtime = runtime
        self._family = family

    def start(self, event: api_gateway.Event, desk: StaffDesk) -> dict[str, Any]:
        """Return a session for whom the code was made; the code works once.

        Errors: NotFoundError where the code is unknown, spent or too old; InvalidRequestError.
        """
        code = api_gateway.json_body(event).get("code")
        staff = spend_link(desk, code if isinstance(code, str) else "")
        return self._session(staff)

    def _session(self, staff: Staff) -> dict[str, Any]:
        now = self._runtime.services.now()
        [key, *_] = SharedSecret(
            self._runtime.secrets, self._family.secret_arn, self._runtime.clock
        ).candidates(None)
        claims = {
            "sub": staff.sub,
            "iss": STAFF_AUDIENCE,
            "aud": STAFF_AUDIENCE,
            "iat": now,
            "exp": now + SESSION_SECONDS,
        }
        token = jwt.encode(claims, key, algorithm="HS256")
        return {
            "token": token,
            "expires_in": SESSION_SECONDS,
            **desk_answers.staff_answer(staff),
        }
