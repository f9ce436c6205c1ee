"""The simulated Daraja: one object that answers requests, keeps the money and owes callbacks."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from simulator.core import audit as audits
from simulator.core import gateway, lifecycle
from simulator.core.audit import Audit
from simulator.core.callback_board import CallbackDelivery
from simulator.core.config import Config
from simulator.core.endpoints import ENDPOINTS, OAUTH_PATH, not_imitated
from simulator.core.errors import (
    PromptClosedError,
    SettingError,
    UnknownPromptError,
    UnknownScenarioError,
)
from simulator.core.http import HttpAnswer, HttpRequest
from simulator.core.identifiers import ReceiptPrinter
from simulator.core.initiator.controls import InitiatorControls
from simulator.core.journal import Journal
from simulator.core.ledger import Ledger
from simulator.core.payment_controls import PaymentControls
from simulator.core.prompts import Prompt
from simulator.core.redaction import kept_body
from simulator.core.scenario import Scenario
from simulator.core.world import World

BODY_KEPT_BYTES = 2_000


class Daraja(PaymentControls, InitiatorControls):
    """A Daraja whose time, chance and callers are all handed in.

    Shape: `clock` gives UTC epoch seconds and is asked whenever something is looked at; nothing
    happens between two calls. Equal seeds, clocks and calls give equal histories, byte for byte.
    """

    def __init__(
        self, *, clock: Callable[[], float], seed: int = 1, config: Config | None = None
    ) -> None:
        self._printer = ReceiptPrinter()
        super().__init__(self._new_world(World(seed, config or Config(), clock)))

    # What a Daraja client sees

    def handle(self, request: HttpRequest) -> HttpAnswer:
        """Answers one request of a Daraja client, and does what it asks."""
        world = self._world
        now = self._advance()
        prompt: Prompt | None = None
        why = ""
        try:
            answer, prompt = self._route(request, now)
        except gateway.RefusedError as refusal:
            answer, why = refusal.answer, refusal.why
        except UnknownScenarioError as error:
            message = f"X-Simulator-Scenario: {error}"
            answer = gateway.refused(world, 400, "400.002.02", message).answer
        self._note_request(request, answer, prompt, why, now)
        return answer

    def due_callbacks(self) -> list[CallbackDelivery]:
        """The callbacks whose time has come; each is handed out once and awaits its answer."""
        now = self._advance()
        due = self._world.board.take_due(now)
        for each in due:
            self.journal.write(
                now,
                "callback_posted",
                delivery=each.id,
                checkout_request_id=each.checkout_request_id,
                phone=each.phone or None,
                due_at=each.at,
                url=each.url,
                attempt=each.attempt,
                source_ip=each.source_ip,
                body=each.body.decode(),
            )
        return due

    def callback_answered(self, delivery_id: str, status: int | None, body: bytes = b"") -> None:
        """Takes down what a callback was answered; None is no answer in time.

        Errors: UnknownDeliveryError where no such delivery awaits an answer.
        """
        now = self._advance()
        is_accepted = status is not None and 200 <= status < 300
        retry_at = now + self.config.redelivery_seconds
        delivery = self._world.board.answered(
            delivery_id, is_accepted=is_accepted, retry_at=retry_at
        )
        self.journal.write(
            now,
            "callback_answered",
            delivery=delivery_id,
            checkout_request_id=delivery.checkout_request_id,
            phone=delivery.phone or None,
            status=status,
            body=body[:BODY_KEPT_BYTES].decode(errors="replace"),
        )
        if delivery.on_answer is not None:
            delivery.on_answer(status, body, now)

    def next_event_at(self) -> float | None:
        """When the next thing happens by itself, so that virtual time can jump there."""
        times = (self._world.next_event_at(), self._world.board.next_at())
        return min((each for each in times if each is not None), default=None)

    # The person with the phone

    def answer_prompt(
        self, checkout_request_id: str, action: str, pin: str | None = None
    ) -> Prompt:
        """What the person does: "pin" (with the PIN), "cancel" or "ignore".

        Errors: UnknownPromptError, PromptClosedError; nothing changes then.
        """
        now = self._advance()
        prompt = self._world.prompts.get(checkout_request_id)
        if prompt is None:
            raise UnknownPromptError(f"there is no prompt {checkout_request_id}")
        if not prompt.is_open or prompt.is_dismissed:
            raise PromptClosedError(f"the prompt is not open: it is {prompt.stage}")
        match action:
            case "pin":
                lifecycle.enter_pin(self._world, prompt, pin or "", now)
            case "cancel":
                lifecycle.cancel(self._world, prompt, now)
            case "ignore":
                lifecycle.dismiss(self._world, prompt, now)
            case _:
                raise SettingError(f"a person can pin, cancel or ignore, not {action!r}")
        return prompt

    def prompt(self, checkout_request_id: str) -> Prompt:
        """One prompt. Errors: UnknownPromptError."""
        self._advance()
        prompt = self._world.prompts.get(checkout_request_id)
        if prompt is None:
            raise UnknownPromptError(f"there is no prompt {checkout_request_id}")
        return prompt

    def prompts(self) -> Sequence[Prompt]:
        """Every prompt there was, oldest first."""
        self._advance()
        return list(self._world.prompts.values())

    # Looking back

    def audit(
        self, beliefs: Iterable[Mapping[str, object]], *, shortcode: str | None = None
    ) -> Audit:
        """Compares what a merchant believes was paid with what was; see `audit.audit`."""
        self._advance()
        told = [dict(each) if isinstance(each, Mapping) else each for each in beliefs]
        audit = audits.audit(self.ledger, told, shortcode=shortcode)
        self._world.beliefs = (told, shortcode)
        return audit

    def last_audit(self) -> Audit | None:
        """The merchant's last beliefs, compared with what happened since; None before the first."""
        if self._world.beliefs is None:
            return None
        told, shortcode = self._world.beliefs
        return self.audit(told, shortcode=shortcode)

    def reset(self) -> None:
        """All as at the start but settings, tokens and registrations; receipts never repeat."""
        old = self._world
        fresh = self._new_world(World(old.seed, old.config, old.clock))
        fresh.journal = old.journal
        fresh.journal.clear()
        fresh.tokens, fresh.c2b, fresh.pull = old.tokens, old.c2b, old.pull
        self._world = fresh
        self._note_control("reset")

    def advance(self) -> float:
        """Lets everything happen that is due; gives the present. Callbacks stay on the board."""
        return self._advance()

    @property
    def seed(self) -> int:
        """What all chance is drawn from."""
        return self._world.seed

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._world.config

    @property
    def default_scenario(self) -> Scenario:
        """The scenario of a push that nothing else decides."""
        return self._world.default_scenario

    @property
    def ledger(self) -> Ledger:
        """Wallets, debits and receipts."""
        return self._world.ledger

    @property
    def journal(self) -> Journal:
        """Everything that happened."""
        return self._world.journal

    @property
    def world(self) -> World:
        """All state, for those who look closer than this class offers."""
        return self._world

    def _new_world(self, world: World) -> World:
        world.ledger.printer = self._printer
        return world

    def _route(self, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
        world = self._world
        endpoint = ENDPOINTS.get(request.path)
        if endpoint is None:
            raise not_imitated(world, request.path)
        if request.method.upper() != endpoint.method:
            raise gateway.refused(world, 405, "405.001", "Method Not Allowed")
        outage = gateway.down(world, endpoint.name, now)
        if outage is not None:
            return outage, None
        return endpoint.handler(world, request, now)

    def _note_request(
        self,
        request: HttpRequest,
        answer: HttpAnswer,
        prompt: Prompt | None,
        why: str,
        now: float,
    ) -> None:
        self.journal.write(
            now,
            "request",
            method=request.method,
            path=request.path,
            status=answer.status,
            transport=str(answer.transport),
            checkout_request_id=prompt.checkout_request_id if prompt else None,
            phone=prompt.order.msisdn if prompt else None,
            scenario=prompt.scenario.name if prompt else None,
            why=why or None,
            body=kept_body(request.body),
            answer=None if request.path == OAUTH_PATH else answer.body.decode(errors="replace"),
        )
