"""The handlers of many Lambda instances at once, over one table of the emulator."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from aws_lambda_powertools.metrics import EphemeralMetrics
from botocore.config import Config as SdkConfig
from payments.aws.adapters import Adapters, RandomIds
from payments.store.attributes import from_item

from simulator.core import CallbackDelivery, Daraja, HttpAnswer, HttpRequest
from simulator.core.config import Config
from tests.local.races.faults import CONNECTIONS_MAX, Calm
from tests.support.aws import REPOSITORY, SECRETS, Queue, SecretsManager
from tests.support.daraja import new_session
from tests.support.dynamodb import table_from_template
from tests.support.lambdas import ENVIRONMENT, Lambda
from tests.support.world import Answer, World

THREADS = 50


SLOWER = 4
"""Fifty instances share two cores here, and a whole `make test`: time passes four times as slowly.

Otherwise the deadlines of the product would end an answer that a busy machine has delayed.
"""


class ShiftedClock:
    """Real time, slowed down, which a test may push ahead between two races."""

    def __init__(self) -> None:
        self._began = time.time()
        self._ahead_seconds = 0.0

    def __call__(self) -> float:
        return self._began + (time.time() - self._began) / SLOWER + self._ahead_seconds

    def pass_by(self, seconds: float) -> None:
        """Let that many seconds have passed."""
        self._ahead_seconds += seconds


class RaceWorld(World):
    """A world whose table, threads and time are real; Daraja answers one request at a time.

    Every thread has instances of its own, as AWS would give them: nothing is shared between two
    invocations but the table, the queue, and Daraja.
    """

    def __init__(self, clients: Sequence[Any], table_name: str, wire_fault: Calm) -> None:
        self._time = ShiftedClock()
        self._daraja_lock = threading.Lock()
        self._loading_lock = threading.Lock()
        self._mine = threading.local()
        self.wire_fault = wire_fault
        # Cleanup waits for the query gate, here in real time.
        self.environment = {"TABLE_NAME": table_name, "QUERY_SPACING_SECONDS": "1"}
        self.queue = Queue()
        self.daraja = Daraja(
            clock=self._time, seed=1, config=Config().changed({"query_per_minute": None})
        )
        # The first client reads for the test and meets no fault; then each thread has its own.
        self.dynamodb, *self._clients = clients
        self._mine.client, *self._free_clients = self._clients
        definition = table_from_template(REPOSITORY / "template.yaml", table_name=table_name)
        for name in ("TimeToLiveSpecification", "StreamSpecification"):
            definition.pop(name)
        self.dynamodb.create_table(**definition)
        self.table_name = table_name
        for client in self._clients:
            wire_fault.attach(client)
        services = {"sqs": self.queue, "secretsmanager": SecretsManager(SECRETS)}
        self.adapters = Adapters(
            clock=self._time,
            ids=RandomIds(),
            sleep=sleep_patiently,
            jitter=random.SystemRandom(),
            aws_client=lambda name: services.get(name) or self._client_of_this_thread(),
            http_session=lambda: new_session(self.daraja, self._one_at_a_time),
        )
        self.clock = self._time  # type: ignore[assignment]

    def race(self, *runners: Callable[[], Any]) -> list[Any]:
        """Start all at one moment, each in a thread of its own; give their answers in order."""
        barrier = threading.Barrier(len(runners))

        def run(runner: Callable[[], Any]) -> Any:
            barrier.wait()
            return runner()

        taken = list(self._free_clients)
        with ThreadPoolExecutor(max_workers=len(runners)) as pool:
            answers = list(pool.map(run, runners))
        self._free_clients = taken
        return answers

    def close(self) -> None:
        """Give the clients back as they were."""
        for client in self._clients:
            self.wire_fault.detach(client)

    def skip(self, seconds: float) -> None:
        """Let time pass: what is due at Daraja happens, its callbacks stay on the board."""
        self._time.pass_by(seconds)
        self.daraja.advance()

    def function(self, name: str) -> Lambda:
        """The instance that this thread has of a function."""
        instances: dict[str, Lambda] = self._mine.__dict__.setdefault("instances", {})
        if name not in instances:
            instances[name] = self.fresh_function(name)
        return instances[name]

    def fresh_function(self, name: str) -> Lambda:
        """A cold start, with metrics of its own: on AWS every instance is a process."""
        with self._loading_lock:
            instance = super().fresh_function(name)
        instance.module.runtime.observer._metrics = EphemeralMetrics(
            service=ENVIRONMENT["POWERTOOLS_SERVICE_NAME"],
            namespace=ENVIRONMENT["POWERTOOLS_METRICS_NAMESPACE"],
        )
        return instance

    def take_callbacks(self) -> list[CallbackDelivery]:
        """The callbacks that Daraja owes by now."""
        return self.daraja.due_callbacks()

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """The stored items whose pk starts so, as plain values."""
        found: list[dict[str, Any]] = []
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table_name):
            found += [_plain(item) for item in page["Items"]]
        return [values for values in found if values["pk"].startswith(prefix)]

    def _client_of_this_thread(self) -> Any:
        """A client, with its retry quota, for each instance's thread, as on AWS."""
        if "client" not in self._mine.__dict__:
            self._mine.client = self._free_clients.pop()
        return self._mine.client

    def _one_at_a_time(
        self, asked: HttpRequest, handle: Callable[[HttpRequest], HttpAnswer]
    ) -> HttpAnswer:
        with self._daraja_lock:
            return handle(asked)


def sleep_patiently(seconds: float) -> None:
    """Sleep until the slow clock has moved on by so many seconds."""
    time.sleep(SLOWER * seconds)


def statuses(answers: Sequence[Answer]) -> set[int]:
    """Which HTTP statuses were answered."""
    return {answer.status for answer in answers}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return from_item(item)


def new_client(endpoint_url: str) -> Any:
    """A real client of the emulator, patient while fifty threads share two cores."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=SdkConfig(
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=CONNECTIONS_MAX,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )
