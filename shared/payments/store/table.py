"""DynamoDB as this store uses it: strong reads, conditional writes, bounded retries.

Source: AWS documentation of TransactWriteItems (idempotency token, cancellation reasons).
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from payments.errors import StoreUnavailableError
from payments.ports import Clock, Sleep
from payments.store.attributes import Item, from_item, to_item

TRIES_MAX = 4
BACKOFF_SECONDS = (0.020, 0.200)
BATCH_READ_ROUNDS_MAX = 4
QUERY_PAGES_MAX = 10_000
_PASSING = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "ThrottlingError",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    }
)
_PASSING_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


@dataclass(frozen=True, slots=True)
class Committed:
    """The write is durable."""


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """Nothing was written; `stored` has the item of each failed action, in order."""

    stored: tuple[dict[str, Any] | None, ...]
    objected: tuple[bool, ...]


type Outcome = Committed | ConditionFailed


class Table:
    """One DynamoDB table. Errors: StoreUnavailableError from every method."""

    def __init__(
        self, client: Any, name: str, *, sleep: Sleep, jitter: random.Random, clock: Clock
    ) -> None:
        # random.Random is used for jitter only: the caller injects it, seeded in tests.
        self._client = client
        self.name = name
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock
        self._deadline = math.inf

    def must_answer_within(self, seconds: float | None) -> None:
        """From now on, start no call later than this: what asks us does not wait for ever."""
        self._deadline = math.inf if seconds is None else self._clock() + seconds

    def get(self, key: Mapping[str, str], *, may_be_stale: bool = False) -> dict[str, Any] | None:
        """Read one item strongly, or for half the price perhaps as it was a second ago."""
        response = self._read(
            lambda: self._client.get_item(
                TableName=self.name, Key=to_item(key), ConsistentRead=not may_be_stale
            )
        )
        item = response.get("Item")
        return from_item(item) if item else None

    def get_many(self, keys: Sequence[Mapping[str, str]]) -> list[dict[str, Any] | None]:
        """Read several items strongly, in one round trip, in the order of their keys."""
        wanted = [to_item(key) for key in keys]
        found: dict[tuple[str, str], Item] = {}
        missing = wanted
        for _ in range(BATCH_READ_ROUNDS_MAX):
            request = {self.name: {"Keys": missing, "ConsistentRead": True}}
            response = self._read(
                lambda request=request: self._client.batch_get_item(RequestItems=request)  # type: ignore[misc]
            )
            for item in response["Responses"].get(self.name, []):
                found[item["pk"]["S"], item["sk"]["S"]] = item
            missing = response.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not missing:
                break
            self._back_off()
        else:
            raise StoreUnavailableError("UnprocessedKeys")
        items = [found.get((key["pk"], key["sk"])) for key in keys]
        return [from_item(item) if item else None for item in items]

    def query(self, **request: Any) -> list[dict[str, Any]]:
        """Return the first page of a query."""
        response = self._read(lambda: self._client.query(TableName=self.name, **request))
        return [from_item(item) for item in response["Items"]]

    def query_pages(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield a query's items, page after page, as they are taken."""
        for _ in range(QUERY_PAGES_MAX):
            response = self._read(lambda: self._client.query(TableName=self.name, **request))
            yield from (from_item(item) for item in response["Items"])
            if "LastEvaluatedKey" not in response:
                return
            request["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def update(self, action: Mapping[str, Any]) -> Outcome:
        """Update one item conditionally."""
        return self._write_one(self._client.update_item, action)

    def put(self, action: Mapping[str, Any]) -> Outcome:
        """Put one item conditionally."""
        return self._write_one(self._client.put_item, action)

    def transact(self, actions: Sequence[Mapping[str, Any]], *, op_id: str) -> Outcome:
        """Write all or nothing. Idempotent: the same op_id with the same actions, for minutes."""
        try:
            self._try(
                lambda: self._client.transact_write_items(
                    TransactItems=list(actions), ClientRequestToken=op_id
                )
            )
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            objected = tuple(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
            if not any(objected):
                raise StoreUnavailableError(_error_code(error)) from error
            return ConditionFailed(
                stored=tuple(_stored(reason.get("Item")) for reason in reasons),
                objected=objected,
            )
        return Committed()

    def _write_one(self, write: Callable[..., Any], action: Mapping[str, Any]) -> Outcome:
        try:
            self._try(lambda: write(**action))
        except ClientError as error:
            if _error_code(error) != "ConditionalCheckFailedException":
                raise StoreUnavailableError(_error_code(error)) from error
            stored = _stored(error.response.get("Item"))
            return ConditionFailed(stored=(stored,), objected=(True,))
        return Committed()

    def _read(self, call: Callable[[], Any]) -> Any:
        """Read; a permanent refusal (no access, no table) raises StoreUnavailableError too."""
        try:
            return self._try(call)
        except ClientError as error:
            raise StoreUnavailableError(_error_code(error)) from error

    def _try(self, call: Callable[[], Any]) -> Any:
        """Call; a temporary refusal is retried with jitter."""
        for attempt in range(1, TRIES_MAX + 1):
            if self._clock() > self._deadline:
                raise StoreUnavailableError("out of time")
            try:
                return call()
            except ClientError as error:
                if not _is_passing(error):
                    raise
                if attempt == TRIES_MAX:
                    raise StoreUnavailableError(_error_code(error)) from error
            except BotoCoreError as error:
                raise StoreUnavailableError(type(error).__name__) from error
            self._back_off()
        raise AssertionError("unreachable")

    def _back_off(self) -> None:
        self._sleep(self._jitter.uniform(*BACKOFF_SECONDS))


def _stored(item: Any) -> dict[str, Any] | None:
    return from_item(item) if item else None


def _error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def _is_passing(error: ClientError) -> bool:
    """Whether a retry of the identical request may succeed.

    A transaction that failed a condition and met a conflict too is decided anew, not retried.
    """
    if _error_code(error) != "TransactionCanceledException":
        return _error_code(error) in _PASSING
    codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    return "ConditionalCheckFailed" not in codes and bool(codes & _PASSING_REASONS)
