"""Lets a client's retries wait in virtual time, with a chosen randomness.

botocore works out a retry's delay in its `needs-retry` handler and then calls `time.sleep` in
`Endpoint._needs_retry`. `use_virtual_time` puts its own handler around the client's: the delay is
slept on the virtual clock, and botocore is told to retry after 0 seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.retries import standard

_SERVICE_EVENT = "dynamodb"


class UnknownRetryModeError(Exception):
    """The client does not use botocore's "standard" retry mode."""


def use_virtual_time(
    client: Any, *, sleep: Callable[[float], None], random: Callable[[], float] | None = None
) -> Callable[[], None]:
    """From now on the client's retries sleep by `sleep`, jittered by `random` (0 <= r < 1).

    Everything else stays botocore's: which answers are retried, how often, how long, and the
    retry quota. Call it once a client. It answers a function that fills the quota again, as in a
    new client: for a world that reuses one client for a Lambda that started afresh.
    Errors: UnknownRetryModeError unless the client was built with retry mode "standard".
    """
    retries = client.meta.config.retries or {}
    if retries.get("mode") != "standard":
        raise UnknownRetryModeError(f"retry mode is {retries.get('mode')!r}, not 'standard'")
    events = client.meta.events
    unique_id = f"retry-config-{_SERVICE_EVENT}"
    events.unregister(f"needs-retry.{_SERVICE_EVENT}", unique_id=unique_id)
    handler: Any = standard.register_retry_handler(client, retries.get("total_max_attempts"))
    events.unregister(f"needs-retry.{_SERVICE_EVENT}", unique_id=unique_id)
    if random is not None:
        handler._retry_policy._retry_backoff._random = random

    def needs_retry(**event: Any) -> float | None:
        delay: float | None = handler.needs_retry(**event)
        if delay is None:
            return None
        if delay:
            sleep(delay)
        return 0.0

    events.register(f"needs-retry.{_SERVICE_EVENT}", needs_retry, unique_id=unique_id)
    quota = handler._retry_quota._quota
    return lambda: quota.release(quota.INITIAL_CAPACITY)
