"""The controls: whoever drives the simulator sets phones, scenarios, outages and settings here."""

from collections.abc import Iterable, Sequence
from typing import cast

from simulator.core import lifecycle
from simulator.core.callback_board import CallbackDelivery
from simulator.core.callback_body import Outcome, callback_body
from simulator.core.config import Config
from simulator.core.errors import SettingError, UnknownPromptError
from simulator.core.ledger import wallet
from simulator.core.phones import Phone, is_valid_msisdn
from simulator.core.scenario import Scenario, scenario_from
from simulator.core.world import (
    ENDPOINTS,
    OUTAGE_KINDS,
    Outage,
    OutageKind,
    ScenarioChance,
    World,
)


class Controls:
    """What can be chosen about a simulated Daraja while it runs; the base of `Daraja`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def phone(self, msisdn: str) -> Phone:
        """The phone with this number. Errors: SettingError for a number no phone can have."""
        if not is_valid_msisdn(msisdn):
            raise SettingError(f"{msisdn!r} is no number in the form 2547XXXXXXXX or 2541XXXXXXXX")
        self._advance()
        return self._world.phone(msisdn)

    def phones(self) -> list[Phone]:
        """Every phone that was used so far."""
        return self._world.phones.seen()

    def set_phone(self, msisdn: str, **changes: object) -> Phone:
        """Changes what a phone is: scenario, pin, balance_kes, language, is_on, is_locked.

        Errors: SettingError or UnknownScenarioError; nothing changes then.
        """
        phone = self.phone(msisdn)
        checked = {name: _phone_setting(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            if name == "balance_kes":
                self._world.ledger.set_balance(
                    wallet(msisdn), cast("int", value), self._world.now()
                )
            else:
                setattr(phone, name, value)
        if checked.get("is_locked") is False:
            phone.wrong_pins = 0
        self._note_control("phone", phone=msisdn, changed=sorted(checked))
        return phone

    def set_scenario(self, spec: object, chances: Iterable[tuple[object, float]] = ()) -> None:
        """What a push gets that no header, phone or earlier wish decides.

        Shape: `chances` are (scenario, probability) pairs, drawn by hash(seed, phone, n-th push).
        Errors: UnknownScenarioError, SettingError; nothing changes then.
        """
        default = scenario_from(spec)
        drawn = tuple(_chance(each, share, default) for each, share in chances)
        if sum(each.probability for each in drawn) > 1.0 + 1e-9:
            raise SettingError("the probabilities add up to more than 1")
        self._world.default_scenario, self._world.chances = default, drawn
        self._note_control("scenario", scenario=default.name, chances=len(drawn))

    def set_next(
        self, spec: object, *, msisdn: str | None = None, times: int = 1, api: str | None = None
    ) -> None:
        """The scenario of the next push or pushes, of one phone or of whichever comes first.

        `api` names an initiator API instead: reversal, status, balance or b2c.
        Errors: UnknownScenarioError, SettingError; nothing changes then.
        """
        scenario_from(spec)
        if not 1 <= times <= 1000:
            raise SettingError("times must be from 1 to 1000")
        if api is not None:
            self._world.initiator.wish(api, [spec] * times)
        elif msisdn is None:
            self._world.next_scenarios.extend([spec] * times)
        else:
            self.phone(msisdn).next_scenarios.extend([spec] * times)
        self._note_control("next", scenario=str(spec), phone=msisdn, times=times, api=api)

    def start_outage(
        self,
        kind: str,
        seconds: float,
        *,
        endpoints: Sequence[str] = ENDPOINTS,
        from_seconds: float = 0.0,
    ) -> Outage:
        """Takes endpoints down for a while. Units: seconds from now. Errors: SettingError."""
        if kind not in OUTAGE_KINDS:
            raise SettingError(f"an outage is one of {', '.join(OUTAGE_KINDS)}, not {kind!r}")
        if not endpoints or not set(endpoints) <= set(ENDPOINTS):
            raise SettingError(f"endpoints must be some of {', '.join(ENDPOINTS)}")
        if seconds <= 0 or from_seconds < 0:
            raise SettingError("an outage lasts more than 0 seconds and starts now or later")
        starts_at = self._advance() + from_seconds
        outage = Outage(cast("OutageKind", kind), starts_at, starts_at + seconds, tuple(endpoints))
        self._world.outages.append(outage)
        self._note_control("outage", outage=kind, starts_at=starts_at, ends_at=outage.ends_at)
        return outage

    def end_outages(self) -> None:
        """The provider is up again."""
        self._world.outages.clear()
        self._note_control("outages_ended")

    def revoke_tokens(self) -> int:
        """Kills every OAuth token at once; says how many there were."""
        count = self._world.tokens.revoke_all()
        self._note_control("tokens_revoked", count=count)
        return count

    def repeat_callback(
        self, checkout_request_id: str, *, source_ip: str | None = None, after_seconds: float = 0.0
    ) -> str:
        """Posts the result of a finished prompt once more; gives the delivery's id.

        Errors: UnknownPromptError, also for a prompt without a result.
        """
        self._advance()
        prompt = self._world.prompts.get(checkout_request_id)
        if prompt is None or prompt.result is None:
            raise UnknownPromptError("there is no such prompt, or it has no result yet")
        result = prompt.result
        outcome = Outcome(result.code, result.receipt, result.paid_at)
        is_older = self._world.config.older_shapes
        body = callback_body(prompt, outcome, self._world.seed, is_older=is_older)
        return self.forge_callback(
            prompt.order.callback_url,
            body,
            source_ip=source_ip,
            after_seconds=after_seconds,
            checkout_request_id=checkout_request_id,
            phone=prompt.order.msisdn,
        )

    def forge_callback(
        self,
        url: str,
        body: bytes,
        *,
        source_ip: str | None = None,
        after_seconds: float = 0.0,
        checkout_request_id: str = "",
        phone: str = "",
    ) -> str:
        """Posts any bytes to any URL as a callback, no money behind it; gives the delivery's id."""
        world, now = self._world, self._advance()
        delivery_id = f"extra-{world.journal.last_sequence}.{len(world.board)}.1"
        world.board.schedule(
            CallbackDelivery(
                id=delivery_id,
                checkout_request_id=checkout_request_id,
                phone=phone,
                url=url,
                body=body,
                source_ip=source_ip or world.config.callback_sources[0],
                at=now + after_seconds,
                timeout_seconds=world.config.callback_timeout_seconds,
            )
        )
        self._note_control("extra_callback", delivery=delivery_id, url=url)
        return delivery_id

    def configure(self, **changes: object) -> Config:
        """Changes settings while it runs. Errors: SettingError; nothing changes then."""
        self._advance()
        self._world.config = self._world.config.changed(changes)
        self._note_control("settings", changed=sorted(changes))
        return self._world.config

    def _advance(self) -> float:
        now = self._world.now()
        lifecycle.advance(self._world, now)
        return now

    def _note_control(self, what: str, **facts: object) -> None:
        self._world.journal.write(self._world.now(), "control", what=what, **facts)


def _chance(spec: object, probability: float, default: Scenario) -> ScenarioChance:
    if isinstance(probability, bool) or not isinstance(probability, int | float):
        raise SettingError("a probability is a number from 0 to 1")
    if not 0.0 <= probability <= 1.0:
        raise SettingError("a probability is a number from 0 to 1")
    return ScenarioChance(scenario_from(spec, default), float(probability))


def _phone_setting(name: str, value: object) -> object:
    match name, value:
        case "scenario", _:
            scenario_from(value)
            return value
        case "pin", str() if len(value) == 4 and value.isascii() and value.isdigit():
            return value
        case "balance_kes", int() if not isinstance(value, bool) and 0 <= value <= 10_000_000:
            return value
        case "language", ("en" | "sw"):
            return value
        case (("is_on" | "is_locked" | "is_safaricom"), bool()):
            return value
    raise SettingError(
        f"{name} cannot be {value!r}; a phone has scenario, pin (four digits), balance_kes, "
        "language (en or sw), is_on, is_locked and is_safaricom"
    )
