"""A simulator that listens, and clients on virtual time."""

from collections.abc import Iterator

import pytest

from tests.unit.simulator.initiator_client import InitiatorClient
from tests.unit.simulator.running import RunningSimulator
from tests.unit.simulator.virtual_merchant import VirtualMerchant


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def merchant() -> VirtualMerchant:
    return VirtualMerchant()


@pytest.fixture
def client() -> InitiatorClient:
    return InitiatorClient()
