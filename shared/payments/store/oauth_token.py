"""One OAuth token for the whole deployment: a new one invalidates the old, so it is shared.

The token lives in the table; one Lambda fetches it under a lease, the others read it.
Source: docs/daraja.md 1: asking for a new token invalidates the previous one.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from payments.errors import ProviderUnavailableError
from payments.ports import Clock, Ids, Observer, Sleep
from payments.protocol.provider_calls import FetchedToken
from payments.store.expressions import Expression, update_action
from payments.store.table import Committed, Table

STATE = "STATE"
REFRESH_EARLY_SECONDS = 60
LEASE_SECONDS = 15
"""Longer than the slowest fetch (connect 3 s, read 5 s)."""
WAIT_SECONDS = 0.25
WAITS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    access_token: str
    expires_at: int
    version: int
    lease_until: int


class OAuthToken:
    """Returns the deployment's one token. Errors: ProviderUnavailableError from every call."""

    def __init__(
        self,
        table: Table,
        fetch: Callable[[], FetchedToken],
        *,
        clock: Clock,
        sleep: Sleep,
        ids: Ids,
        observer: Observer,
    ) -> None:
        self._table = table
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._ids = ids
        self._observer = observer
        self._in_memory: _Stored | None = None

    def get(self, consumer_key: str) -> str:
        """Return a token with a minute or more left: from memory, the table, or Daraja."""
        if self._in_memory is not None and self._is_fresh(self._in_memory):
            return self._in_memory.access_token
        return self._obtain(consumer_key, rejected=None)

    def renew(self, consumer_key: str, rejected: str) -> str:
        """Return a token other than the rejected one; the table is read again first."""
        self._in_memory = None
        return self._obtain(consumer_key, rejected=rejected)

    def _obtain(self, consumer_key: str, *, rejected: str | None) -> str:
        key = _token_key(consumer_key)
        for _ in range(WAITS_MAX):
            stored = self._read(key)
            if self._is_fresh(stored) and stored.access_token != rejected:
                self._in_memory = stored
                return stored.access_token
            if self._take_lease(key, stored):
                return self._fetch_and_share(key, stored)
            self._sleep(WAIT_SECONDS)
        raise ProviderUnavailableError("token_lease")

    def _is_fresh(self, stored: _Stored) -> bool:
        return stored.expires_at - REFRESH_EARLY_SECONDS > self._clock()

    def _read(self, key: dict[str, str]) -> _Stored:
        values = self._table.get(key) or {}
        return _Stored(
            access_token=values.get("access_token", ""),
            expires_at=values.get("expires_at", 0),
            version=values.get("version", 0),
            lease_until=values.get("lease_until", 0),
        )

    def _take_lease(self, key: dict[str, str], stored: _Stored) -> bool:
        """Take the lease to fetch, unless another instance has it or has fetched already.

        Idempotent: a lease whose reply was lost is recognised by `leased_by`.
        """
        now = int(self._clock())
        if stored.lease_until > now:
            return False
        leased_by = self._ids.hex(32)
        e = Expression()
        lease, version = e.name("lease_until"), e.name("version")
        is_free = f"(attribute_not_exists({lease}) OR {lease} <= {e.value(now)})"
        is_same = f"({version} = {e.value(stored.version)} OR attribute_not_exists({version}))"
        action = update_action(
            self._table.name,
            key,
            e,
            sets=[
                f"{lease} = {e.value(now + LEASE_SECONDS)}",
                f"{e.name('leased_by')} = {e.value(leased_by)}",
            ],
            removes=[],
            condition=f"{is_free} AND {is_same}",
        )
        outcome = self._table.update(action)
        if isinstance(outcome, Committed):
            return True
        [holder] = outcome.stored
        return holder is not None and holder.get("leased_by") == leased_by

    def _fetch_and_share(self, key: dict[str, str], stored: _Stored) -> str:
        try:
            fetched = self._fetch()
        except ProviderUnavailableError:
            self._share(key, replace_lease_of(stored))
            raise
        self._observer.counted("TokenFetched")
        if self._is_fresh(stored):
            # The old token should still be valid: another client fetched one, which ended ours.
            self._observer.counted("TokenFetchedEarly")
        fresh = _Stored(
            access_token=fetched.access_token,
            expires_at=int(self._clock()) + fetched.expires_in,
            version=stored.version + 1,
            lease_until=0,
        )
        self._share(key, fresh)
        self._in_memory = fresh
        return fresh.access_token

    def _share(self, key: dict[str, str], token: _Stored) -> None:
        """Write the token for all instances and end the lease; a newer token is not replaced."""
        e = Expression()
        version = e.name("version")
        is_newer = f"(attribute_not_exists({version}) OR {version} <= {e.value(token.version)})"
        action = update_action(
            self._table.name,
            key,
            e,
            sets=[
                f"{e.name('access_token')} = {e.value(token.access_token)}",
                f"{e.name('expires_at')} = {e.value(token.expires_at)}",
                f"{version} = {e.value(token.version)}",
            ],
            removes=[e.name("lease_until"), e.name("leased_by")],
            condition=is_newer,
        )
        self._table.update(action)


def replace_lease_of(stored: _Stored) -> _Stored:
    """Return the stored token without the lease."""
    return _Stored(
        access_token=stored.access_token,
        expires_at=stored.expires_at,
        version=stored.version,
        lease_until=0,
    )


def _token_key(consumer_key: str) -> dict[str, str]:
    digest = hashlib.sha256(consumer_key.encode()).hexdigest()[:32]
    return {"pk": f"TOKEN#{digest}", "sk": STATE}
