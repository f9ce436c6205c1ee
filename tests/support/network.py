"""Between the handlers and what they call: DynamoDB and Daraja, each of which a test may fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.core import HttpAnswer, HttpRequest
from tests.support.dynamodb import Execute, Intercept

type Handle = Callable[[HttpRequest], HttpAnswer]
type Wire = Callable[[HttpRequest, Handle], HttpAnswer]


class Network(Protocol):
    """Every request passes here; what is raised reaches the caller as its SDK or session has it."""

    @property
    def dynamodb(self) -> Intercept:
        """Carries one request to DynamoDB."""
        ...

    @property
    def daraja(self) -> Wire:
        """Carries one request to Daraja."""
        ...


def to_dynamodb(_operation: str, _request: dict[str, Any], execute: Execute) -> dict[str, Any]:
    """Carry a request to DynamoDB without any fault."""
    return execute()


def to_daraja(request: HttpRequest, handle: Handle) -> HttpAnswer:
    """Carry a request to Daraja without any fault."""
    return handle(request)


@dataclass(frozen=True)
class Lines:
    """A network without faults, but for what a test puts in its stead."""

    dynamodb: Intercept = to_dynamodb
    daraja: Wire = to_daraja
