"""Composes what concerns money that arrived: C2B's registration, Pull, what is not proven."""

from typing import TYPE_CHECKING

from payments.aws.runtime import Runtime
from payments.store.pull_gate import PullGate
from payments.store.unproven_money import UnprovenMoney
from payments.usecases.pull_money import Puller

if TYPE_CHECKING:
    from payments.daraja.money_client import MoneyClient


def new_money_client(runtime: Runtime) -> "MoneyClient":
    """Return C2B and Pull of this deployment's shortcode, with the shared OAuth token.

    It imports requests, so functions that never call Daraja start faster.
    """
    from payments.daraja.money_client import MoneyClient

    return MoneyClient(
        runtime.gateway.call,
        shortcode=runtime.settings.merchant.shortcode,
        hash_phone=runtime.services.hash_phone,
        observer=runtime.services.observer,
    )


def new_pull_gate(runtime: Runtime) -> PullGate:
    """Return the state of Pull that all Lambdas share."""
    return PullGate(runtime.table, runtime.settings.merchant.shortcode)


def new_unproven_money(runtime: Runtime) -> UnprovenMoney:
    """Return the confirmations from unlisted addresses that are filed for a person."""
    return UnprovenMoney(runtime.table, kept_days=runtime.policy.evidence_days)


def new_puller(runtime: Runtime) -> Puller | None:
    """Return Pull with its gate; None where Pull is switched off."""
    if not runtime.settings.rules.is_pulled:
        return None
    return Puller(gate=new_pull_gate(runtime), daraja=new_money_client(runtime))
