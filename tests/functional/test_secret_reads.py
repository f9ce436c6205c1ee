"""Which secrets a function reads, and how often a customer waits for Secrets Manager."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from tests.support.aws import DARAJA_SECRET_ARN, JWT_SECRET_ARN, PEPPER_SECRET_ARN
from tests.support.world import World


class Waits:
    """How many secrets each wait for Secrets Manager brought."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def at_once(self, calls: Sequence[Callable[[], None]]) -> None:
        self.counts.append(len(calls))
        for call in calls:
            call()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def world(waits: Waits) -> Iterator[World]:
    made = World()
    made.register("1")
    made.adapters = replace(made.adapters, at_once=waits.at_once)
    made.secrets.read_arns.clear()
    yield made
    made.close()


def test_a_first_payment_waits_once_for_its_secrets_before_daraja_hears_of_it(
    world: World, waits: Waits
) -> None:
    assert world.initiate("1").status == 200
    assert waits.counts == [3]
    assert sorted(world.secrets.read_arns) == [DARAJA_SECRET_ARN, JWT_SECRET_ARN, PEPPER_SECRET_ARN]
    assert world.initiate("1", phone="254711000001").status == 409
    assert waits.counts == [3], "a warm function asks again only after five minutes"


def test_a_poll_reads_the_secret_of_the_token_and_no_other(world: World) -> None:
    payment_id = world.initiate("1").body["payment_id"]
    world.secrets.read_arns.clear()
    assert world.status(payment_id).status == 200
    assert world.secrets.read_arns == [JWT_SECRET_ARN]


def test_a_callback_reads_no_secret(world: World) -> None:
    world.initiate("1")
    world.pass_time(3)
    world.enter_pin()
    world.secrets.read_arns.clear()
    assert [answer.status for answer in world.pass_time(20)] == [200]
    assert world.secrets.read_arns == []
