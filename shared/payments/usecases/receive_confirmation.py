"""Receives a C2B confirmation: authentic, from an unlisted address, or of another shortcode."""

from dataclasses import dataclass

from payments.errors import SettingsError
from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.store.pull_gate import PullGate
from payments.store.unproven_money import UnprovenMoney
from payments.usecases.record_money import record_money
from payments.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One post to the confirmation address, its facts read; the token itself is not kept.

    Shape: `unproven_token` is the token's SHA-256 where it could not be checked yet; else None.
    """

    unproven_token: str | None
    is_listed: bool
    money: MoneySeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Paybill:
    """One deployment's paybill or till. Shape: `pulls` where Pull is switched on."""

    shortcodes: frozenset[str]
    pulls: bool
    gate: PullGate
    unproven: UnprovenMoney


def receive_confirmation(
    services: Services, paybill: Paybill, confirmation: Confirmation, *, actor: Actor
) -> None:
    """Book the money of a post with the right token; one that proves nothing only hastens Pull.

    Errors: StoreUnavailableError, or any other: the facts are not durable, so enqueue them.
    Idempotent: a repeat finds the receipt's row, and writes nothing.
    """
    money = confirmation.money
    if not confirmation.is_listed:
        services.observer.counted("C2BFromUnlistedAddress")
        _hasten_or_file(services, paybill, money)
        return
    if not paybill.shortcodes:
        raise SettingsError("SAFARICOM_SHORTCODE cannot be read")
    if money.shortcode not in paybill.shortcodes:
        services.observer.counted("C2BUnknownShortcode")
        hasten_pull(services, paybill)
        return
    record_money(services, money, actor=actor)
    services.observer.counted("C2BConfirmation")


def hasten_pull(services: Services, paybill: Paybill) -> None:
    """Bring Pull's next run forward, where Pull is on: it lists what a post does not prove."""
    if paybill.pulls:
        paybill.gate.hasten(now=services.now())


def _hasten_or_file(services: Services, paybill: Paybill, money: MoneySeen) -> None:
    if paybill.pulls:
        hasten_pull(services, paybill)
        return
    paybill.unproven.file(money, now=services.now(), op_id=services.ids.hex(32))
