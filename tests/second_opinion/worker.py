"""What one process does: it runs the real handlers, with the table on AWS's engine."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from payments.aws.adapters import Adapters, RandomIds

from simulator.core import HttpAnswer, HttpRequest
from tests.support.aws import SECRETS, SecretsManager, in_turn
from tests.support.daraja import new_session
from tests.support.lambdas import Lambda, environment
from tests.support.world import World

from .pool import Channel

INVOKE = "invoke"
"""A message to a process: (INVOKE, function, event). It answers "done" or "raised", and what."""


def warm_up() -> None:
    """Import in the parent what handlers import while they run, so that no process does again."""
    world = World(seed=1)
    world.register("1")
    world.register_c2b()
    world.daraja.set_next("pays")
    world.initiate("1")
    world.pass_time(400)
    world.pay_by_hand(account="RENT7")
    world.pass_time(60)
    world.clean_up()
    world.close()


def serve(
    connection: Connection,
    *,
    client: Any,
    clock: Callable[[], float],
    variables: dict[str, str],
    log: int,
) -> None:
    """Carry out calls until the pipe ends. `log` is the file that stdout goes to."""
    os.dup2(log, 1)
    sys.stdout = os.fdopen(os.dup(log), "w", buffering=1)
    channel = Channel(connection)
    adapters = _adapters(channel, client, clock)
    instances: dict[str, Lambda] = {}
    with environment(variables):
        while True:
            try:
                _, function, event = connection.recv()
            except EOFError:
                return
            if function not in instances:
                instances[function] = Lambda(function, adapters, variables)
            try:
                connection.send(("done", instances[function].invoke(event)))
            except Exception as error:
                connection.send(("raised", f"{type(error).__name__}: {error}"))


def _adapters(channel: Channel, client: Any, clock: Callable[[], float]) -> Adapters:
    services = {"dynamodb": client, "secretsmanager": SecretsManager(SECRETS), "sqs": _Sqs(channel)}
    daraja: Any = _RemoteDaraja(channel)
    return Adapters(
        clock=clock,
        sleep=lambda seconds: channel.ask("sleep", seconds),
        ids=RandomIds(),
        jitter=random.SystemRandom(),
        aws_client=lambda name: services.get(name),
        http_session=lambda: new_session(daraja),
        at_once=in_turn,
    )


class _RemoteDaraja:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def handle(self, request: HttpRequest) -> HttpAnswer:
        answer: HttpAnswer = self._channel.ask("daraja", request)
        return answer


class _Sqs:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> Any:  # noqa: N803 -- AWS's names
        return self._channel.ask("queue", QueueUrl, MessageBody)
