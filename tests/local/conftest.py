"""Fixtures of the tests against the deployed template: one stack, its people, its simulator."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Protocol

import pytest

from local import credentials
from local.client import ApiClient, SimulatorClient
from local.demo import new_booking, new_phone
from local.state import StackState


class MakeToken(Protocol):
    """Signs a JWT for a subject, with scopes and any other claim."""

    def __call__(
        self,
        subject: str,
        *,
        scopes: Sequence[str] = (),
        lifetime_seconds: int = 3600,
        **claims: object,
    ) -> str: ...


class Customer:
    """A customer nobody has met: a client id and a phone of their own, and bookings to pay."""

    def __init__(self, stack: StackState, make_token: MakeToken) -> None:
        self.client_id = f"customer-{secrets.token_hex(6)}"
        self.phone_number = new_phone()
        self.api = ApiClient(stack.api_url, make_token(self.client_id))
        self.booking_system = ApiClient(stack.api_url, stack.booking_token)
        self._stack, self._make_token = stack, make_token

    def another(self) -> Customer:
        """Somebody else, at the same stack."""
        return Customer(self._stack, self._make_token)

    def book(self, price_kes: int = 1000) -> str:
        """Have a consultation registered, and give its booking id."""
        booking_id = new_booking()
        answer = self.booking_system.register(booking_id, self.client_id, price_kes)
        assert answer.status == 200, answer.text
        return booking_id

    def cancel(self, booking_id: str) -> None:
        """Have a booking of the usual price cancelled by the booking system."""
        body = {"client_id": self.client_id, "price_kes": 1000, "status": "Cancelled"}
        answer = self.booking_system.call("PUT", f"/api/consultations/{booking_id}", body)
        assert answer.status == 200, answer.text


@pytest.fixture(scope="session")
def make_token(stack: StackState) -> MakeToken:
    """Sign tokens with the stack's own secret."""
    secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)

    def make(
        subject: str, *, scopes: Sequence[str] = (), lifetime_seconds: int = 3600, **claims: Any
    ) -> str:
        return credentials.make_token(
            secret, subject, scopes=scopes, lifetime_seconds=lifetime_seconds, **claims
        )

    return make


@pytest.fixture(scope="session")
def simulator(stack: StackState) -> SimulatorClient:
    """Play the customer at the phone, and Daraja's bad days."""
    assert stack.simulator_url is not None
    return SimulatorClient(stack.simulator_url)


@pytest.fixture(scope="session")
def booking_system(stack: StackState) -> ApiClient:
    """The API with the booking system's token."""
    return ApiClient(stack.api_url, stack.booking_token)


@pytest.fixture
def customer(stack: StackState, make_token: MakeToken) -> Customer:
    """A new customer for each test."""
    return Customer(stack, make_token)
