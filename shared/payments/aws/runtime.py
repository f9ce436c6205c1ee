"""The composition root: `prepare()` builds settings and clients once, in Lambda's init phase.

No network: secrets and tokens are fetched by the first call that needs them. Tests hand in other
clocks, ids and sessions by `ADAPTERS`; handlers never do.
"""

import hashlib
import hmac
import os
import random
import secrets as random_source
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from payments.aws.observability import PowertoolsObserver, new_logger
from payments.aws.secrets import AtOnce, Secrets, SecretUnavailableError, in_threads
from payments.aws.settings import Settings, read_callback_settings, read_settings
from payments.aws.token_families import customer_tokens
from payments.errors import UnavailableError
from payments.ports import Actor, Clock, Ids, Observer, Sleep, StkGateway
from payments.protocol.policy import Policy
from payments.store.ledger import ReceiptLedger
from payments.store.payments import PaymentStore
from payments.store.table import Table
from payments.usecases.services import Services

if TYPE_CHECKING:
    import requests
    from botocore.session import Session

    from payments.aws.fallback_queue import FallbackQueue
    from payments.store.backlog import Backlog
    from payments.store.history import PaymentHistory

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
AWS_TRIES_MAX = 3
USER_AGENT = "Hakika"
REQUIRED_DARAJA_SECRETS = (
    "SAFARICOM_CONSUMER_KEY",
    "SAFARICOM_CONSUMER_SECRET",
    "SAFARICOM_PASSKEY",
)

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


class Runtime:
    """One function's settings and adapters; the operator's command has its own observer."""

    def __init__(
        self,
        settings: Settings,
        adapters: Adapters,
        *,
        observer: Observer | None = None,
        secrets_together: Sequence[str] = (),
    ) -> None:
        from aws_lambda_powertools.metrics import Metrics

        self.settings = settings
        self.clock = adapters.clock
        self.logger = new_logger()
        self.observer = PowertoolsObserver(self.logger, Metrics(), clock=adapters.clock)
        self._told = observer or self.observer
        self._adapters = adapters
        self._secrets_together = secrets_together
        self._table = Table(
            adapters.aws_client("dynamodb"),
            settings.table_name,
            sleep=adapters.sleep,
            jitter=adapters.jitter,
            clock=adapters.clock,
        )
        table, clock, shortcode = self._table, adapters.clock, settings.merchant.shortcode
        self.services = Services(
            store=PaymentStore(table, policy=settings.policy, shortcode=shortcode, clock=clock),
            ledger=ReceiptLedger(table, shortcode=shortcode, clock=clock),
            gateway=lambda: self.gateway,
            clock=clock,
            sleep=adapters.sleep,
            ids=adapters.ids,
            policy=settings.policy,
            rules=settings.rules,
            observer=self._told,
            hash_phone=self._hash_phone,
        )

    def must_answer_within(self, seconds: float | None) -> None:
        """Give the store this long; then it counts as unavailable. None lifts the limit."""
        self._table.must_answer_within(seconds)

    @property
    def policy(self) -> Policy:
        """The times and limits of this deployment."""
        return self.settings.policy

    @cached_property
    def gateway(self) -> StkGateway:
        """Daraja; it imports requests, so functions that never call it start faster."""
        from payments.daraja.client import DarajaClient
        from payments.store.oauth_token import OAuthToken

        return DarajaClient(
            self._adapters.http_session(),
            base_url=self.settings.base_url,
            merchant=self.settings.merchant,
            credentials=self._daraja_credentials,
            forget_credentials=self._forget_daraja_credentials,
            share_oauth_token=lambda fetch: OAuthToken(
                self._table,
                fetch,
                clock=self._adapters.clock,
                sleep=self._adapters.sleep,
                ids=self._adapters.ids,
                observer=self._told,
            ),
            clock=self._adapters.clock,
            observer=self._told,
        )

    @cached_property
    def history(self) -> "PaymentHistory":
        """Reads of the table for the operator's command; no function uses it."""
        from payments.store.history import PaymentHistory

        return PaymentHistory(self._table)

    @cached_property
    def backlog(self) -> "Backlog":
        """Reads of the table for cleanup's gauges; no other function uses it."""
        from payments.store.backlog import Backlog

        return Backlog(self._table)

    @cached_property
    def fallback(self) -> "FallbackQueue":
        """The queue for callbacks that DynamoDB refuses."""
        from payments.aws.fallback_queue import FallbackQueue

        return FallbackQueue(self._adapters.aws_client("sqs"), self.settings.fallback_queue_url)

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets; a function that needs several of them waits for one round trip."""
        return Secrets(
            self._adapters.aws_client("secretsmanager"),
            self._adapters.clock,
            together=self._secrets_together,
            at_once=self._adapters.at_once,
        )

    def actor(self, by: str, request_id: str) -> Actor:
        """Return the source of a write, for the audit event."""
        return Actor(by=by, request_id=request_id)

    def _daraja_credentials(self) -> Mapping[str, str]:
        return self._read_secret(self.settings.daraja_secret_arn, REQUIRED_DARAJA_SECRETS)

    def _forget_daraja_credentials(self) -> None:
        self.secrets.forget(self.settings.daraja_secret_arn)

    def _hash_phone(self, msisdn: str) -> str:
        """Return a key for a phone without the number: HMAC-SHA-256 with the pepper, 32 hex."""
        pepper = self._read_secret(self.settings.pepper_secret_arn, ("PHONE_PEPPER",))
        digest = hmac.new(pepper["PHONE_PEPPER"].encode(), msisdn.encode(), hashlib.sha256)
        return digest.hexdigest()[:32]

    def _read_secret(self, arn: str, names: tuple[str, ...]) -> Mapping[str, str]:
        try:
            values = self.secrets.read(arn)
        except SecretUnavailableError as error:
            self.logger.error("secret unavailable", extra={"reason": error.reason})
            raise UnavailableError(
                "The service is not ready. Please try again shortly", code="secrets_unavailable"
            ) from error
        missing = [name for name in names if not values.get(name)]
        if missing:
            self.logger.error("secret incomplete", extra={"missing": missing})
            raise UnavailableError(
                "The service is not ready. Please try again shortly", code="secrets_incomplete"
            )
        return values


def prepare(
    *, calls_daraja: bool = False, pushes: bool = False, enqueues_callbacks: bool = False
) -> Runtime:
    """Build a function's runtime from its environment, without network.

    `calls_daraja`: each run may query. `pushes`: each request needs Daraja and every secret.
    Errors: SettingsError, one clear sentence.
    """
    if enqueues_callbacks:
        return _prepare_for_callbacks(ADAPTERS.get() or Adapters(aws_client=FOR_CALLBACKS))
    settings = read_settings(os.environ)
    together: tuple[str, ...] = ()
    if pushes:
        tokens = customer_tokens(os.environ)
        together = (tokens.secret_arn, settings.daraja_secret_arn, settings.pepper_secret_arn)
    runtime = Runtime(settings, ADAPTERS.get() or Adapters(), secrets_together=together)
    if calls_daraja or pushes:
        _ = runtime.gateway
    return runtime


def _prepare_for_callbacks(adapters: Adapters) -> Runtime:
    """Start with a table and a queue, whatever else is wrong, and let the alarm ring for it."""
    settings, defect = read_callback_settings(os.environ)
    runtime = Runtime(settings, adapters)
    if defect:
        runtime.logger.error("settings cannot be read", extra={"reason": defect})
        runtime.observer.counted("CallbackFailed")
    _ = runtime.fallback
    return runtime
