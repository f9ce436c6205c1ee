"""The composition root: `prepare()` builds settings and clients once, in Lambda's init phase.

No network: secrets and tokens are fetched by the first call that needs them. Tests hand in other
clocks, ids and sessions by `ADAPTERS`; handlers never do.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from payments.aws.adapters import ADAPTERS, FOR_CALLBACKS, Adapters
from payments.aws.observability import PowertoolsObserver, new_logger
from payments.aws.secrets import Secrets, require_secret
from payments.aws.settings import Settings, read_callback_settings, read_settings
from payments.ports import Actor, Observer
from payments.protocol.policy import Policy
from payments.store.ledger import ReceiptLedger
from payments.store.payments import PaymentStore
from payments.store.table import Table
from payments.usecases.services import RefundParts, Services

if TYPE_CHECKING:
    from payments.aws.fallback_queue import FallbackQueue
    from payments.daraja.client import DarajaClient
    from payments.store.backlog import Backlog
    from payments.store.history import PaymentHistory
    from payments.store.receipt_claims import ReceiptClaims
    from payments.usecases.deliver_event import Webhooks

REQUIRED_DARAJA_SECRETS = (
    "SAFARICOM_CONSUMER_KEY",
    "SAFARICOM_CONSUMER_SECRET",
    "SAFARICOM_PASSKEY",
)


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
        self.services = self._new_services()

    def _new_services(self) -> Services:
        settings, adapters = self.settings, self._adapters
        shortcode = settings.merchant.shortcode
        return Services(
            store=PaymentStore(
                self._table, policy=settings.policy, shortcode=shortcode, clock=adapters.clock
            ),
            ledger=ReceiptLedger(self._table, shortcode=shortcode, clock=adapters.clock),
            gateway=lambda: self.gateway,
            refunds=lambda: self.refunds,
            clock=adapters.clock,
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
    def gateway(self) -> "DarajaClient":
        """Daraja; it imports requests, so functions that never call it start faster."""
        from payments.aws.daraja_gateway import new_gateway

        return new_gateway(
            self.settings,
            self._adapters,
            self._table,
            self._told,
            credentials=self._daraja_credentials,
            forget_credentials=self._forget_daraja_credentials,
        )

    @property
    def table(self) -> Table:
        """The one table, for what only some functions read of it."""
        return self._table

    @cached_property
    def refunds(self) -> RefundParts:
        """The refund gate, and the function that sends refunds; few functions use them."""
        from payments.aws.refunds_function import new_refund_parts

        client = partial(self._adapters.aws_client, "lambda")
        return new_refund_parts(self._table, self.settings, client, self._told)

    @cached_property
    def history(self) -> "PaymentHistory":
        """Reads of the table for the operator's command; no function uses it."""
        from payments.store.history import PaymentHistory

        return PaymentHistory(self._table)

    @cached_property
    def claims(self) -> "ReceiptClaims":
        """The receipts that customers named; no decision reads them."""
        from payments.store.receipt_claims import ReceiptClaims

        return ReceiptClaims(self._table)

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
    def webhooks(self) -> "Webhooks":
        """The way of events to the booking system, for its function and the operator's command."""
        from payments.aws.webhooks import new_webhooks

        return new_webhooks(self, self._adapters, self._table, self.read_secret)

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
        return self.read_secret(self.settings.daraja_secret_arn, REQUIRED_DARAJA_SECRETS)

    def _forget_daraja_credentials(self) -> None:
        self.secrets.forget(self.settings.daraja_secret_arn)

    def _hash_phone(self, msisdn: str) -> str:
        """Return a key for a phone without the number: HMAC-SHA-256 with the pepper, 32 hex."""
        pepper = self.read_secret(self.settings.pepper_secret_arn, ("PHONE_PEPPER",))
        digest = hmac.new(pepper["PHONE_PEPPER"].encode(), msisdn.encode(), hashlib.sha256)
        return digest.hexdigest()[:32]

    def read_secret(self, arn: str, names: tuple[str, ...]) -> Mapping[str, str]:
        """Return a secret that has all these values. Errors: UnavailableError."""
        return require_secret(self.secrets, arn, names, logger=self.logger)


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
        from payments.aws.token_families import customer_tokens

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
