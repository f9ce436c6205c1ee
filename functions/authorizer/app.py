"""Answers API Gateway's question about a token, for functions of an earlier release.

Every handler authenticates its caller itself and ignores this answer. The function stays for one
release: while a deployment replaces the functions one by one, the old ones still read the answer.
API Gateway turns "no" into its own 403, so the answer is always "yes", with what was found.
"""

from typing import Any

from payments.aws.runtime import prepare
from payments.errors import UnauthenticatedError, UnavailableError
from payments.http.authentication import customers

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Authorize every request, and hand on whose token came with it."""
    # API Gateway caches the answer by the identity source, so only that may be read.
    source = event.get("identitySource")
    headers = {"authorization": source[0]} if isinstance(source, list) and len(source) == 1 else {}
    try:
        caller = authenticator.caller({"headers": headers})
    except UnauthenticatedError:
        return _answer("invalid")
    except UnavailableError:
        runtime.observer.counted("AuthorizerUnavailable")
        runtime.observer.flush()
        return _answer("unavailable")
    return _answer(
        "ok",
        sub=caller.client_id,
        scope=" ".join(sorted(caller.scopes)),
        exp=str(int(caller.expires_at)),
    )


def _answer(auth: str, *, sub: str = "", scope: str = "", exp: str = "0") -> dict[str, Any]:
    return {
        "isAuthorized": True,
        "context": {"auth": auth, "sub": sub, "scope": scope, "exp": exp},
    }
