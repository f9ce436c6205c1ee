"""What the journal keeps of a request's body: nothing secret, and nothing that is not JSON.

A body that cannot be read may hold anything anywhere, so only its size is kept.
"""

import json

SECRET_FIELDS = frozenset({"password", "passkey", "securitycredential", "consumersecret", "pin"})
BODY_KEPT_CHARACTERS = 2_000
_HIDDEN = "***"


def kept_body(body: bytes) -> str | None:
    """The body for the journal; None where there is none."""
    if not body:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return f"{len(body)} bytes that are no JSON object"
    text = json.dumps(_redacted(document), separators=(",", ":"), ensure_ascii=False)
    return text[:BODY_KEPT_CHARACTERS]


def _redacted(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: _HIDDEN if str(name).lower() in SECRET_FIELDS else _redacted(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_redacted(each) for each in value]
    return value
