"""registerurl and simulate, v1 and v2. Source: the portal's C2B page; repositories for the errors.

Once registered in production, URLs are changed only by two operators at Safaricom's own page; the
control API plays them.
"""

from dataclasses import dataclass

from simulator.core import callback_url, gateway, hand
from simulator.core.http import HttpAnswer, HttpRequest, json_answer
from simulator.core.identifiers import merchant_request_id
from simulator.core.phones import is_valid_msisdn
from simulator.core.prompts import Prompt
from simulator.core.push_fields import WHOLE_AMOUNT, digits
from simulator.core.registrations import Registration
from simulator.core.world import World

COMMANDS = {"CustomerPayBillOnline": False, "CustomerBuyGoodsOnline": True}


@dataclass(frozen=True, slots=True)
class C2bApi:
    """The two endpoints of one version: v1 tells hashed numbers, v2 masked ones."""

    version: str

    def register(
        self, world: World, request: HttpRequest, now: float
    ) -> tuple[HttpAnswer, Prompt | None]:
        """Takes the two URLs of a shortcode. Errors: gateway.RefusedError; nothing changes."""
        fields = self._fields(world, request, now)
        shortcode = _shortcode(world, fields)
        kind = fields.get("ResponseType")
        if kind not in ("Completed", "Cancelled"):
            raise _invalid(world, "ResponseType")
        registration = Registration(
            version=self.version,
            confirmation_url=_url(world, fields, "ConfirmationURL", is_required=True),
            validation_url=_url(
                world,
                fields,
                "ValidationURL",
                is_required=world.config.c2b_validation_url_required,
            ),
            is_completed_by_default=kind == "Completed",
        )
        if world.config.c2b_held_by_aggregator:
            message = "Duplicate notification info, SP ID is 107031, correlator is 24816"
            raise gateway.refused(world, 500, "500.003.1001", message)
        if shortcode in world.c2b and world.config.c2b_production_rules:
            raise gateway.refused(world, 500, "500.003.1001", "Urls are already registered.")
        world.c2b[shortcode] = registration
        return _accepted(world, "Success", now, code=world.config.c2b_register_code), None

    def simulate(
        self, world: World, request: HttpRequest, now: float
    ) -> tuple[HttpAnswer, Prompt | None]:
        """Plays a customer who pays by hand; the sandbox only. Errors: gateway.RefusedError."""
        if world.config.c2b_production_rules:
            raise gateway.not_found(world)
        fields = self._fields(world, request, now)
        shortcode = _shortcode(world, fields)
        is_till = COMMANDS.get(str(fields.get("CommandID")))
        amount, msisdn = digits(fields.get("Amount")), digits(fields.get("Msisdn"))
        reference = fields.get("BillRefNumber") or ""
        if is_till is None:
            raise _invalid(world, "CommandID")
        if amount is None or not WHOLE_AMOUNT.fullmatch(amount):
            raise _invalid(world, "Amount")
        if msisdn is None or not is_valid_msisdn(msisdn):
            raise _invalid(world, "Msisdn")
        if not isinstance(reference, str):
            raise _invalid(world, "BillRefNumber")
        merchant = world.config.merchant(shortcode)
        number = (merchant.till if merchant and is_till else None) or shortcode
        pin = world.phone(msisdn).pin
        order = hand.HandOrder(msisdn, number, reference, int(amount), is_till, pin)
        hand.pay(world, order, now)
        if world.config.c2b_simulate_forgets:
            world.schedule(now + world.config.c2b_seconds, lambda _: _forget(world, shortcode))
        return _accepted(world, "Accept the service request successfully.", now), None

    def _fields(self, world: World, request: HttpRequest, now: float) -> dict[str, object]:
        gateway.check_token(world, request, now, invalid_code="400.003.01")
        if world.config.c2b_product not in ("both", self.version):
            message = "Invalid API call as no apiproduct match found"
            raise gateway.refused(world, 401, "401.003.01", message, "the app's product is another")
        return gateway.json_fields(world, request)


def _forget(world: World, shortcode: str) -> None:
    world.c2b.pop(shortcode, None)


def _shortcode(world: World, fields: dict[str, object]) -> str:
    shortcode = digits(fields.get("ShortCode"))
    if shortcode is None or world.config.merchant(shortcode) is None:
        raise _invalid(world, "ShortCode")
    return shortcode


def _url(world: World, fields: dict[str, object], name: str, *, is_required: bool) -> str:
    value = fields.get(name)
    if value in (None, "") and not is_required:
        return ""
    word = callback_url.forbidden_word(value)
    if word is not None:
        raise _invalid(world, f"{name} - URL has the word {word.upper()}")
    why = callback_url.refusal(
        value,
        production=world.config.c2b_production_rules,
        allow_local=world.config.allow_local_callbacks,
    )
    if why is not None:
        raise _invalid(world, name, why)
    return str(value)


def _invalid(world: World, what: str, why: str = "") -> gateway.RefusedError:
    return gateway.refused(world, 400, "400.003.02", f"Bad Request - Invalid {what}", why)


def _accepted(world: World, words: str, now: float, *, code: str = "0") -> HttpAnswer:
    number = merchant_request_id(world.seed, f"c2b {now} {world.request_id()}")
    return json_answer(
        200,
        {"OriginatorCoversationID": number, "ResponseCode": code, "ResponseDescription": words},
    )
