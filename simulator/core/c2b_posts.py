"""Puts validations and confirmations on the board: when, from where, how often, and whether."""

import json
from dataclasses import dataclass

from simulator.core import chance
from simulator.core.c2b_notice import NoticeFaults, notice_body
from simulator.core.callback_board import CallbackDelivery, OnAnswer
from simulator.core.ledger import Debit
from simulator.core.world import World

ACCEPTED = frozenset({"0"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a validation came to. `code` is 0 or what the payer is refused with."""

    code: str
    third_party_id: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the payment may go on."""
        return self.code in ACCEPTED


def confirm(
    world: World,
    debit: Debit,
    at: float,
    *,
    copies: int = 1,
    is_listed: bool = True,
    third_party_id: str = "",
    faults: NoticeFaults | None = None,
) -> None:
    """Schedules the confirmation of a debit, or writes down that it is lost."""
    registration = world.c2b.get(debit.shortcode)
    url = registration.confirmation_url if registration else world.config.c2b_confirmation_url
    if not url:
        return
    if chance.unit(world.seed, "c2b_loss", debit.receipt) < world.config.c2b_loss:
        lose(world, debit, at)
        return
    body = notice_body(
        debit,
        world.config,
        version=registration.version if registration else "v2",
        third_party_id=third_party_id,
        faults=faults,
    )
    for copy in range(copies):
        world.board.schedule(
            CallbackDelivery(
                id=f"{debit.receipt}.c2b.{copy + 1}.1",
                checkout_request_id=debit.checkout_request_id,
                phone=debit.phone,
                url=url,
                body=body,
                source_ip=_source(world, debit, is_listed=is_listed),
                at=at,
                attempts_max=world.config.c2b_attempts,
                timeout_seconds=world.config.c2b_validation_seconds,
            )
        )


def lose(world: World, debit: Debit, at: float) -> None:
    """The confirmation never comes; the journal says that it was owed."""
    world.journal.write(
        at,
        "c2b_lost",
        receipt=debit.receipt,
        checkout_request_id=debit.checkout_request_id,
        phone=debit.phone,
        shortcode=debit.shortcode,
    )


def validate(world: World, debit: Debit, at: float, on_answer: OnAnswer) -> bool:
    """Asks the merchant before the money moves; False where nobody has to be asked."""
    registration = world.c2b.get(debit.shortcode)
    if registration is None or not registration.validation_url or not world.config.c2b_validation:
        return False
    world.board.schedule(
        CallbackDelivery(
            id=f"{debit.receipt}.validation.1.1",
            checkout_request_id="",
            phone=debit.phone,
            url=registration.validation_url,
            body=notice_body(debit, world.config, version=registration.version, is_validation=True),
            source_ip=_source(world, debit, is_listed=True),
            at=at,
            timeout_seconds=world.config.c2b_validation_seconds,
            on_answer=on_answer,
        )
    )
    return True


def verdict(world: World, shortcode: str, status: int | None, body: bytes) -> Verdict:
    """What a validation's answer means; anything unreadable is no answer: ResponseType decides."""
    registration = world.c2b.get(shortcode)
    by_default = "0" if registration is None or registration.is_completed_by_default else "timeout"
    if status is None or not 200 <= status < 300:
        return Verdict(by_default)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return Verdict(by_default)
    if not isinstance(answer, dict) or not isinstance(answer.get("ResultCode"), str | int):
        return Verdict(by_default)
    named = answer.get("ThirdPartyTransID")
    return Verdict(str(answer["ResultCode"]), named if isinstance(named, str) else "")


def _source(world: World, debit: Debit, *, is_listed: bool) -> str:
    listed = world.config.callback_sources
    if not is_listed or not listed:
        return world.config.unlisted_source
    return listed[int(chance.unit(world.seed, "c2b_source", debit.receipt) * len(listed))]
