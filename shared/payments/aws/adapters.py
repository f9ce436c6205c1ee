"""What settings do not decide: time, randomness, clients of AWS, and the session with Daraja.

Tests hand in others by `ADAPTERS`; handlers never do.
"""

import random
import secrets as random_source
import time
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from payments.aws.secrets import AtOnce, in_threads
from payments.ports import Clock, Ids, Sleep

if TYPE_CHECKING:
    import requests
    from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
AWS_TRIES_MAX = 3
INVOKED_SECONDS = 30
"""How long a function that is invoked for its answer may take."""
USER_AGENT = "Hakika"
# The layer comes without the package that guesses encodings (tools/slim_layer.py): Daraja's answers
# are read as bytes. requests would warn about it at each cold start.
warnings.filterwarnings("ignore", message="Unable to find acceptable character detection")


class RandomIds:
    """Identifiers from the operating system's randomness."""

    def hex(self, characters: int) -> str:
        """Return that many unguessable lower-case hex characters."""
        return random_source.token_hex(characters // 2)


@cache
def _session() -> "Session":
    """One session: its credentials and descriptions are shared by every client."""
    from botocore.session import get_session

    return get_session()


def new_aws_client(
    service: str,
    *,
    read_timeout_seconds: int = READ_TIMEOUT_SECONDS,
    tries_max: int = AWS_TRIES_MAX,
) -> Any:
    """Return a low-level client with short timeouts; the region and endpoint come from AWS_*.

    botocore makes it, as boto3 would: boto3's own import costs a cold start a tenth of its time,
    for resources and transfers that nobody uses here. AWS checks what it is sent; botocore checking
    it before, and writing a user agent of many parts, would be a quarter of a callback's work.
    """
    if service == "lambda":  # a function that acts is invoked once, and waited for
        read_timeout_seconds, tries_max = INVOKED_SECONDS, 1
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": tries_max},
        parameter_validation=False,
        user_agent=USER_AGENT,
    )
    return _session().create_client(service, config=config)


FOR_CALLBACKS = partial(new_aws_client, read_timeout_seconds=1, tries_max=2)
"""Clients for a sender that waits five seconds: two tries of a second each."""


def new_http_session() -> "requests.Session":
    """Return the session Daraja is called with."""
    from payments.daraja.client import new_session

    return new_session()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """Everything that settings do not decide: time, randomness, and the network."""

    clock: Clock = time.time
    sleep: Sleep = time.sleep
    ids: Ids = field(default_factory=RandomIds)
    # Tests inject another one. Two Lambdas must not back off for equal times.
    jitter: random.Random = field(default_factory=random.SystemRandom)
    aws_client: Callable[[str], Any] = new_aws_client
    at_once: AtOnce = in_threads
    http_session: Callable[[], "requests.Session"] = new_http_session


ADAPTERS: ContextVar[Adapters | None] = ContextVar("ADAPTERS", default=None)
"""A test sets other adapters here before it loads a handler; empty in production."""
