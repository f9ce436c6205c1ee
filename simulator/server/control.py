"""The control API: sets scenarios, plays the person, reads what happened, audits, resets."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.core import Daraja, SimulatorError
from simulator.core.catalogue import CATALOGUE
from simulator.core.errors import (
    PromptClosedError,
    SettingError,
    UnknownPaymentError,
    UnknownPromptError,
)
from simulator.core.known_phones import KNOWN_PHONES
from simulator.core.scenario import scenario_from
from simulator.core.world import ENDPOINTS
from simulator.scenario_file import chances_from
from simulator.server import documents
from simulator.server.live import follow
from simulator.server.pump import CallbackPump
from simulator.server.reading import json_body, number, number_in_path, text, whole

JOURNAL_PAGE_MAX = 5_000


class Control:
    """The handlers of `/_simulator/...`; each is named as in the OpenAPI document."""

    def __init__(self, daraja: Daraja, pump: CallbackPump) -> None:
        self._daraja = daraja
        self._pump = pump

    # The whole simulator

    async def health(self, _request: web.Request) -> web.Response:
        """That it runs, and since which journal entry nothing happened."""
        daraja = self._daraja
        return web.json_response(
            {
                "status": "ok",
                "now": daraja.advance(),
                "seed": daraja.seed,
                "last_sequence": daraja.journal.last_sequence,
                "callbacks_waiting": len(daraja.world.board),
                "callbacks_out": daraja.world.board.outstanding,
                "next_event_at": daraja.next_event_at(),
            }
        )

    async def reset(self, _request: web.Request) -> web.Response:
        """Forgets everything but the settings."""
        self._daraja.reset()
        return web.json_response({"reset": True})

    async def read_settings(self, _request: web.Request) -> web.Response:
        """The settings in force."""
        return web.json_response(self._daraja.config.settings())

    async def change_settings(self, request: web.Request) -> web.Response:
        """Changes some settings."""
        config = self._daraja.configure(**await json_body(request))
        return web.json_response(config.settings())

    async def revoke_tokens(self, _request: web.Request) -> web.Response:
        """Kills every OAuth token."""
        return web.json_response({"revoked": self._daraja.revoke_tokens()})

    async def start_outage(self, request: web.Request) -> web.Response:
        """Takes endpoints down for a while."""
        body = await json_body(request)
        endpoints = body.get("endpoints", list(ENDPOINTS))
        if not isinstance(endpoints, list):
            raise SettingError("endpoints must be a list")
        outage = self._daraja.start_outage(
            str(body.get("kind", "html")),
            number(body, "seconds", 60.0),
            endpoints=[str(each) for each in endpoints],
            from_seconds=number(body, "from_seconds", 0.0),
        )
        return web.json_response({"starts_at": outage.starts_at, "ends_at": outage.ends_at})

    async def end_outages(self, _request: web.Request) -> web.Response:
        """Brings everything up again."""
        self._daraja.end_outages()
        return web.json_response({"outages": 0})

    # Scenarios

    async def list_scenarios(self, _request: web.Request) -> web.Response:
        """Every named scenario, and the test numbers with theirs."""
        scenarios = {
            name: {"says": entry.says, "fields": scenario_from(name).facts()}
            for name, entry in CATALOGUE.items()
        }
        phones = [
            {"phone_number": each.msisdn, "says": each.says, "scenario": each.scenario}
            for each in KNOWN_PHONES
        ]
        default = self._daraja.default_scenario
        return web.json_response(
            {
                "scenarios": scenarios,
                "phones": phones,
                "default": {"name": default.name, "fields": default.facts()},
            }
        )

    async def set_scenario(self, request: web.Request) -> web.Response:
        """What a push gets that nothing else decides."""
        body = await json_body(request)
        chances = chances_from(body.get("chances", []))
        self._daraja.set_scenario(body.get("scenario", "normal"), chances)
        return web.json_response({"scenario": self._daraja.default_scenario.name})

    async def set_next(self, request: web.Request) -> web.Response:
        """The scenario of the next push or pushes."""
        body = await json_body(request)
        msisdn = body.get("phone_number")
        self._daraja.set_next(
            body.get("scenario"),
            msisdn=None if msisdn is None else str(msisdn),
            times=int(number(body, "times", 1)),
            api=text(body, "api"),
        )
        return web.json_response({"next": body.get("scenario")})

    # Phones and people

    async def list_phones(self, _request: web.Request) -> web.Response:
        """The phones that were used so far."""
        phones = [documents.phone_document(self._daraja, each) for each in self._daraja.phones()]
        return web.json_response({"phones": phones})

    async def read_phone(self, request: web.Request) -> web.Response:
        """One phone: wallet, screen, messages."""
        return self._phone_response(request)

    async def change_phone(self, request: web.Request) -> web.Response:
        """Changes what a phone is and does."""
        self._daraja.set_phone(number_in_path(request), **await json_body(request))
        return self._phone_response(request)

    async def answer_phone(self, request: web.Request) -> web.Response:
        """What the person does with the prompt on this phone's screen."""
        live = self._daraja.phone(number_in_path(request)).live
        if live is None:
            raise UnknownPromptError("there is no prompt on this phone")
        return await self._answer(request, live.checkout_request_id)

    async def follow_phone(self, request: web.Request) -> web.StreamResponse:
        """One phone as it is after each thing that happens to it."""
        msisdn = number_in_path(request)
        self._daraja.phone(msisdn)
        return await follow(
            request,
            self._daraja,
            wanted=lambda entry: entry.facts.get("phone") == msisdn or entry.kind == "control",
            told=lambda _: documents.phone_document(self._daraja, self._daraja.phone(msisdn)),
        )

    async def list_prompts(self, _request: web.Request) -> web.Response:
        """Every prompt there was."""
        prompts = [documents.prompt_document(each) for each in self._daraja.prompts()]
        return web.json_response({"prompts": prompts})

    async def read_prompt(self, request: web.Request) -> web.Response:
        """One prompt."""
        prompt = self._daraja.prompt(request.match_info["checkout_request_id"])
        return web.json_response(documents.prompt_document(prompt))

    async def answer_prompt(self, request: web.Request) -> web.Response:
        """What the person does with this prompt."""
        return await self._answer(request, request.match_info["checkout_request_id"])

    # Callbacks

    async def repeat_callback(self, request: web.Request) -> web.Response:
        """Posts a finished prompt's result once more."""
        body = await json_body(request)
        delivery = self._daraja.repeat_callback(
            request.match_info["checkout_request_id"],
            source_ip=text(body, "source_ip"),
            after_seconds=number(body, "after_seconds", 0.0),
        )
        return web.json_response({"delivery": delivery})

    async def forge_callback(self, request: web.Request) -> web.Response:
        """Posts anything to any callback address, no money behind it."""
        body = await json_body(request)
        url, payload = text(body, "url"), body.get("body", {})
        if url is None or not url.startswith(("http://", "https://")):
            raise SettingError("url must be the http or https address to post to")
        delivery = self._daraja.forge_callback(
            url,
            payload.encode() if isinstance(payload, str) else json.dumps(payload).encode(),
            source_ip=text(body, "source_ip"),
            after_seconds=number(body, "after_seconds", 0.0),
        )
        return web.json_response({"delivery": delivery})

    # Looking back

    async def read_journal(self, request: web.Request) -> web.Response:
        """What happened, in order."""
        query = dict(request.query)
        after, limit = whole(query.pop("after", "0")), whole(query.pop("limit", "1000"))
        entries = self._daraja.journal.entries(
            after=after,
            kind=query.pop("kind", None),
            limit=min(limit, JOURNAL_PAGE_MAX),
            **query,
        )
        last = entries[-1].sequence if entries else after
        return web.json_response({"entries": [e.document() for e in entries], "after": last})

    async def follow_journal(self, request: web.Request) -> web.StreamResponse:
        """Everything, as it happens."""
        after = request.headers.get("Last-Event-ID") or request.query.get("after")
        return await follow(
            request,
            self._daraja,
            wanted=lambda _: True,
            told=lambda entry: entry.document() if entry else None,
            after=whole(after) if after else None,
        )

    async def read_ledger(self, _request: web.Request) -> web.Response:
        """Every wallet and every debit."""
        self._daraja.advance()
        return web.json_response(documents.ledger_document(self._daraja))

    async def audit(self, request: web.Request) -> web.Response:
        """Compares what the merchant believes with what moved."""
        body = await json_body(request)
        beliefs = body.get("beliefs")
        if not isinstance(beliefs, list):
            raise SettingError('send {"beliefs": [{"receipt", "amount", ...}, ...]}')
        audit = self._daraja.audit(beliefs, shortcode=text(body, "shortcode"))
        return web.json_response(documents.audit_document(audit))

    def _phone_response(self, request: web.Request) -> web.Response:
        phone = self._daraja.phone(number_in_path(request))
        return web.json_response(documents.phone_document(self._daraja, phone))

    async def _answer(self, request: web.Request, checkout_request_id: str) -> web.Response:
        body = await json_body(request)
        prompt = self._daraja.answer_prompt(
            checkout_request_id, str(body.get("action")), text(body, "pin")
        )
        return web.json_response(documents.prompt_document(prompt))

    def wrapped(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler with the control API's errors and a wake-up for the callbacks."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (UnknownPaymentError, UnknownPromptError, PromptClosedError) as error:
                status = 409 if isinstance(error, PromptClosedError) else 404
                return web.json_response({"error": str(error)}, status=status)
            except SimulatorError as error:
                return web.json_response({"error": str(error)}, status=400)
            finally:
                self._pump.wake()

        return answer
