"""The families of access tokens that a deployment accepts, read from the environment and checked.

A family is one kind of caller: who signs the tokens, and what they must carry. A token of one
family opens no route of another. To add a family, add one function that returns its TokenFamily.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from payments.errors import SettingsError

STAFF_AUDIENCE = "hakika-desk"
"""The audience of staff tokens. Routes of customers and of the booking system refuse it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFamily:
    """One kind of access token, with one kind of key: a shared secret or published keys.

    Shape: `secret_arn` is "" where `jwks_url` names published keys. An empty `issuer` or `audience`
        is not checked; `refused_audiences` belong to other families.
    """

    secret_arn: str = ""
    jwks_url: str = ""
    issuer: str = ""
    audience: str = ""
    refused_audiences: frozenset[str] = frozenset()


def customer_tokens(environ: Mapping[str, str]) -> TokenFamily:
    """Return the family of customers and of the booking system.

    Errors: SettingsError names the wrong variable; the function then does not start, so that nobody
        is let in.
    """
    jwks_url = environ.get("JWKS_URL", "").strip()
    family = TokenFamily(
        secret_arn="" if jwks_url else environ.get("JWT_SECRET_ARN", "").strip(),
        jwks_url=jwks_url,
        issuer=environ.get("JWT_ISSUER", "").strip(),
        audience=environ.get("JWT_AUDIENCE", "").strip(),
        refused_audiences=frozenset({STAFF_AUDIENCE}),
    )
    if not jwks_url:
        if not family.secret_arn:
            raise SettingsError("Set JWT_SECRET_ARN (shared secret) or JWKS_URL (public keys)")
    else:
        require_published_keys("JWKS_URL", family)
    if family.audience in family.refused_audiences:
        raise SettingsError(f"JWT_AUDIENCE must not be {STAFF_AUDIENCE}, which is for staff tokens")
    return family


def require_published_keys(
    name: str, family: TokenFamily, *, needs: str = "JWT_ISSUER and JWT_AUDIENCE"
) -> None:
    """Refuse an address of keys that is not https, and keys without issuer and audience.

    `name` is the variable of the address, `needs` the others. Errors: SettingsError.
    """
    url = urlsplit(family.jwks_url)
    is_this_machine = url.scheme == "http" and url.hostname == "127.0.0.1"
    if not url.hostname or not (url.scheme == "https" or is_this_machine):
        raise SettingsError(f"{name} must be an https:// address")
    if not (family.issuer and family.audience):
        raise SettingsError(f"{name} needs {needs}: an issuer serves many")


def staff_tokens(environ: Mapping[str, str]) -> TokenFamily:
    """Return the family of staff tokens, signed by the desk itself. Errors: SettingsError."""
    secret_arn = environ.get("STAFF_SECRET_ARN", "").strip()
    if not secret_arn:
        raise SettingsError("Set STAFF_SECRET_ARN")
    return TokenFamily(secret_arn=secret_arn, issuer=STAFF_AUDIENCE, audience=STAFF_AUDIENCE)


def staff_accounts(environ: Mapping[str, str]) -> TokenFamily | None:
    """Return the family of ID tokens by which staff sign in with their organisation's account.

    None where the deployment has no issuer for staff. Errors: SettingsError.
    """
    names = ("STAFF_JWKS_URL", "STAFF_ISSUER", "STAFF_CLIENT_ID")
    jwks_url, issuer, client_id = (environ.get(name, "").strip() for name in names)
    if not (jwks_url or issuer or client_id):
        return None
    family = TokenFamily(jwks_url=jwks_url, issuer=issuer, audience=client_id)
    require_published_keys(names[0], family, needs=" and ".join(names[1:]))
    return family
