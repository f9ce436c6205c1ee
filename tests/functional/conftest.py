"""What most functional tests play in: a scene, a bare deployment, an operator's terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.operator_desk import Desk
from tests.functional.scene import Scene
from tests.support.world import World


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A fresh deployment with one consultation to pay for."""
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def world() -> Iterator[World]:
    """A fresh deployment without a consultation."""
    made = World(seed=11)
    yield made
    made.close()


@pytest.fixture
def desk(world: World) -> Desk:
    """An operator's terminal before that deployment."""
    return Desk(world)
