"""Composes the calls of Daraja about money that arrived: C2B's registration, and Pull."""

from payments.aws.runtime import Runtime
from payments.daraja.money_client import MoneyClient
from payments.usecases.pull_money import Puller


def new_money_client(runtime: Runtime) -> MoneyClient:
    """Return C2B and Pull of this deployment's shortcode, with the shared OAuth token."""
    return MoneyClient(
        runtime.gateway.call,
        shortcode=runtime.settings.merchant.shortcode,
        hash_phone=runtime.services.hash_phone,
        observer=runtime.services.observer,
    )


def new_puller(runtime: Runtime) -> Puller | None:
    """Return Pull with its gate; None where Pull is switched off."""
    if not runtime.settings.pulls:
        return None
    return Puller(gate=runtime.pull_gate, daraja=new_money_client(runtime))
