"""A placeholder: the ledger's branch brings the use case."""

from typing import Any

from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.usecases.services import Services


def record_money(services: Services, money: MoneySeen, *, actor: Actor) -> Any:
    """Book money."""
    raise NotImplementedError
