"""Access tokens signed with HS256, good ones and those that no library would write."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

OTHER_SECRET = "another-secret-of-a-stranger-0123456789abcdef"


def encode_part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(header: bytes, payload: bytes, secret: str, digest: str = "sha256") -> str:
    """Signs any bytes as a compact JWS, also what no library would write."""
    text = f"{encode_part(header)}.{encode_part(payload)}"
    mac = hmac.new(secret.encode(), text.encode(), getattr(hashlib, digest)).digest()
    return f"{text}.{encode_part(mac)}"


def token_of(
    claims: Mapping[str, object], secret: str, header: Mapping[str, object] | None = None
) -> str:
    fields = {"alg": "HS256", "typ": "JWT"} if header is None else header
    return sign(json.dumps(fields).encode(), json.dumps(claims).encode(), secret)
