"""Starts a session at the desk: a link's code, or an account of the organisation, for a token.

The token is the desk's own in both cases, so staff routes know one family only.
"""

from typing import Any

import jwt

from payments.aws.runtime import Runtime
from payments.aws.token_families import STAFF_AUDIENCE, TokenFamily
from payments.errors import UnauthenticatedError
from payments.http import api_gateway, desk_answers
from payments.http.authentication import Authenticator, authenticator
from payments.http.token_claims import bearer_token
from payments.http.token_keys import SharedSecret
from payments.protocol.staff import Staff
from payments.usecases.staff import StaffDesk, spend_account, spend_link

SESSION_SECONDS = 12 * 3600
ACCOUNT_SECONDS = 300
"""How old the proof of a sign-in may be."""


class Sessions:
    """The one way to a session of the desk."""

    def __init__(self, runtime: Runtime, family: TokenFamily, accounts: TokenFamily | None) -> None:
        self._runtime = runtime
        self._family = family
        self._accounts = authenticator(runtime, accounts) if accounts else None

    def start(self, event: api_gateway.Event, desk: StaffDesk) -> dict[str, Any]:
        """Return a session for whom the code was made, or whose account it is; each works once.

        Errors: NotFoundError where the code is unknown, spent or too old, or where nobody active
            has the account; UnauthenticatedError for another token than the issuer's, or an old
            one; InvalidRequestError.
        """
        body = api_gateway.json_body(event)
        if self._accounts is not None and "id_token" in body:
            return self._session(self._by_account(self._accounts, body["id_token"], desk))
        code = body.get("code")
        staff = spend_link(desk, code if isinstance(code, str) else "")
        return self._session(staff)

    def _by_account(self, accounts: Authenticator, id_token: object, desk: StaffDesk) -> Staff:
        event = {"headers": {"authorization": f"Bearer {id_token}"}}
        caller = accounts.caller(event)
        oldest = self._runtime.services.now() - ACCOUNT_SECONDS
        if caller.issued_at is None or caller.issued_at < oldest:
            raise UnauthenticatedError
        # What was checked is what is spent: not the spaces that a header may have around it.
        return spend_account(desk, bearer_token(event), caller.client_id)

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
