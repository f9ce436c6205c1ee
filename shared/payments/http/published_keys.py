"""RS256 and ES256 with the keys that an identity provider publishes (a JSON Web Key Set).

Only deployments with JWKS_URL load this: it needs the package cryptography, which comes in a layer
of its own.
"""

import json
import math
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException

import jwt
from jwt.algorithms import has_crypto

from payments.errors import SettingsError
from payments.http.token_keys import RENEW_SECONDS, KeysUnavailableError
from payments.ports import Clock, Observer

KEY_SET_SECONDS = 300
"""How long a fetched key set is used before it is fetched again."""
KEY_SET_STALE_SECONDS = 3600
"""How long the last key set may be used while the issuer does not answer."""
KEY_SET_BYTES_MAX = 65_536
FETCH_SECONDS = 3


class PublishedKeys:
    """RS256 and ES256 with the keys at one configured address, and no others.

    `fetch` returns the parsed JSON found there; it raises OSError or ValueError if it cannot.
    """

    algorithms = ("RS256", "ES256")

    def __init__(self, fetch: Callable[[], object], *, clock: Clock, observer: Observer) -> None:
        self._fetch = fetch
        self._clock = clock
        self._observer = observer
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = -math.inf
        self._tried_at = -math.inf

    def candidates(self, kid: object) -> Sequence[jwt.PyJWK]:
        """Return the one key with this `kid`, if the issuer publishes it.

        Errors: KeysUnavailableError when the key set is too old and cannot be read.
        """
        now = self._clock()
        if now - self._fetched_at >= KEY_SET_SECONDS:
            self.renew()
        if now - self._fetched_at >= KEY_SET_STALE_SECONDS:
            raise KeysUnavailableError("The key set at JWKS_URL could not be read.")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        return [] if key is None else [key]

    def renew(self) -> bool:
        """Fetch the key set; keep the one it has when the issuer does not answer."""
        now = self._clock()
        if now - self._tried_at < RENEW_SECONDS:
            return False
        self._tried_at = now
        try:
            self._keys = usable_keys(self._fetch())
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            self._observer.noted("key set not read", cause=type(error).__name__)
            return False
        self._fetched_at = now
        return True


def keys_at(url: str, *, clock: Clock, observer: Observer) -> PublishedKeys:
    """Return the keys published at an address; nothing is fetched yet.

    Errors: SettingsError where the package cryptography is missing, so that the function does not
        start.
    """
    if not has_crypto:
        raise SettingsError("JWKS_URL needs the layer with the package cryptography")
    return PublishedKeys(lambda: fetch_json(url), clock=clock, observer=observer)


def usable_keys(key_set: object) -> Mapping[str, jwt.PyJWK]:
    """Return the RSA and P-256 signing keys of a key set by `kid`; other entries are ignored.

    Errors: ValueError when that leaves none.
    """
    entries = key_set.get("keys") if isinstance(key_set, dict) else None
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries if isinstance(entries, list) else []:
        key = _usable_key(entry)
        if key is not None and key.key_id is not None:
            keys.setdefault(key.key_id, key)
    if not keys:
        raise ValueError("no usable key")
    return keys


def _usable_key(entry: object) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    is_for_signing = entry.get("use", "sig") == "sig"
    # A symmetric or private key in a public document is a mistake: ignore it.
    is_public = entry.get("kty") in ("RSA", "EC") and "d" not in entry
    if not (is_for_signing and is_public):
        return None
    try:
        key = jwt.PyJWK(entry)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
    return key if key.algorithm_name in PublishedKeys.algorithms else None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def fetch_json(url: str) -> object:
    """Return the JSON at `url`. Follow no redirect and limit the size.

    Errors: OSError when there is no good answer, ValueError when it is not JSON of a sane size.
    """
    opener = urllib.request.build_opener(_NoRedirect())
    with opener.open(url, timeout=FETCH_SECONDS) as response:
        body: bytes = response.read(KEY_SET_BYTES_MAX + 1)
    if len(body) > KEY_SET_BYTES_MAX:
        raise ValueError("the key set is too large")
    return json.loads(body)
