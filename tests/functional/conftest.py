"""The scene that most functional tests play in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.scene import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A fresh deployment with one consultation to pay for."""
    made = Scene()
    yield made
    made.close()
