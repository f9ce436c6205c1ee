"""A fresh world for every test."""

from __future__ import annotations

import pytest

from tests.unit.dynamodb.world import World


@pytest.fixture
def world() -> World:
    """An engine with the table "catalog"."""
    return World()
