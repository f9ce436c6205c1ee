"""Every route of the control API with what it takes; the OpenAPI document is made from this."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from simulator.server.clock_control import ClockControl
from simulator.server.control import Control
from simulator.server.initiator_control import InitiatorControl
from simulator.server.payment_control import PaymentControl

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PHONE = "254708374149"


@dataclass(frozen=True, slots=True)
class Route:
    """One route. Shape: `example` is a request body; `query` names query parameters."""

    method: str
    path: str
    group: str
    handler: Handler
    details: str = ""
    example: dict[str, object] | None = None
    query: dict[str, str] = field(default_factory=dict)
    is_stream: bool = False

    @property
    def summary(self) -> str:
        """One sentence: the first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]

    @property
    def operation_id(self) -> str:
        """The handler's name."""
        return str(getattr(self.handler, "__name__", ""))


def routes(
    control: Control,
    initiators: InitiatorControl,
    payments: PaymentControl,
    clock: ClockControl,
) -> list[Route]:
    """All routes, in the order the page shows them."""
    return [
        *_scenarios(control),
        *_callbacks(control),
        *_phones(control),
        *_payments(payments),
        *_money(initiators),
        *_looking(control),
        *_ledger(control, payments),
        *_whole(control, clock),
    ]


def _money(initiators: InitiatorControl) -> list[Route]:
    group = "Money"
    return [
        Route("GET", "/_simulator/initiators", group, initiators.list_initiators),
        Route(
            "PATCH",
            "/_simulator/initiators/{name}",
            group,
            initiators.change_initiator,
            example={"password_age_days": 91, "is_locked": False},
        ),
        Route("GET", "/_simulator/certificate.cer", group, initiators.read_certificate),
        Route(
            "POST",
            "/_simulator/settle",
            group,
            initiators.settle,
            example={"shortcode": "174379"},
        ),
        Route(
            "PUT",
            "/_simulator/utility",
            group,
            initiators.set_utility,
            example={"shortcode": "174379", "balance_kes": 10000},
        ),
        Route(
            "POST",
            "/_simulator/payments/{receipt}/reverse",
            group,
            initiators.reverse_on_portal,
        ),
    ]


def _payments(payments: PaymentControl) -> list[Route]:
    group = "Payments by hand"
    return [
        Route(
            "POST",
            "/_simulator/phones/{phone_number}/pay",
            group,
            payments.pay_by_hand,
            "Leave pin out for the right one. A shortcode such as 600100 in place of the phone "
            "number is an organisation, for example a bank whose customer pays through it. kind "
            "gives another TransactionType.",
            {"number": "174379", "account": "ABC123", "amount_kes": 100, "is_till": False},
        ),
        Route("GET", "/_simulator/hand-payments", group, payments.list_hand_payments),
        Route("GET", "/_simulator/businesses", group, payments.list_businesses),
        Route("DELETE", "/_simulator/c2b/{shortcode}", group, payments.forget_c2b),
    ]


def _scenarios(control: Control) -> list[Route]:
    return [
        Route("GET", "/_simulator/scenarios", "Scenarios", control.list_scenarios),
        Route(
            "POST",
            "/_simulator/next",
            "Scenarios",
            control.set_next,
            "A name, names joined with +, or an object of fields. Leave phone_number out for "
            "whichever phone is pushed first. api (reversal, status, balance or b2c) means the "
            "next call of that API instead.",
            {"scenario": "pays+callback_lost", "phone_number": PHONE, "times": 1},
        ),
        Route(
            "PUT",
            "/_simulator/scenario",
            "Scenarios",
            control.set_scenario,
            "A push's own header X-Simulator-Scenario, then /next, then the phone's own scenario "
            "come before this. Chances are drawn by hash(seed, phone, n-th push).",
            {
                "scenario": "pays",
                "chances": [{"scenario": "pays+callback_lost", "probability": 0.05}],
            },
        ),
        Route(
            "POST",
            "/_simulator/outage",
            "Scenarios",
            control.start_outage,
            "kind: html, html_503, reset, hang, busy, internal_error or bad_gateway. Nothing "
            "reaches M-Pesa.",
            {"kind": "html", "seconds": 30, "endpoints": ["oauth", "push", "query"]},
        ),
        Route("DELETE", "/_simulator/outage", "Scenarios", control.end_outages),
        Route("POST", "/_simulator/tokens/revoke", "Scenarios", control.revoke_tokens),
    ]


def _callbacks(control: Control) -> list[Route]:
    return [
        Route(
            "POST",
            "/_simulator/prompts/{checkout_request_id}/callback",
            "Scenarios",
            control.repeat_callback,
            example={"after_seconds": 0},
        ),
        Route(
            "POST",
            "/_simulator/callbacks",
            "Scenarios",
            control.forge_callback,
            "For forgeries: a wrong token, unknown ids, an unlisted address, no JSON at all.",
            {
                "url": "https://pay.example.com/callback",
                "body": {"Body": {"stkCallback": {"ResultCode": 0}}},
                "source_ip": "41.90.64.12",
            },
        ),
    ]


def _phones(control: Control) -> list[Route]:
    one = "/_simulator/phones/{phone_number}"
    return [
        Route("GET", "/_simulator/phones", "Phones", control.list_phones),
        Route("GET", one, "Phones", control.read_phone),
        Route(
            "PATCH",
            one,
            "Phones",
            control.change_phone,
            example={"scenario": "pays", "balance_kes": 1000, "is_on": True, "language": "sw"},
        ),
        Route(
            "POST",
            f"{one}/answer",
            "Phones",
            control.answer_phone,
            "action: pin, cancel or ignore.",
            {"action": "pin", "pin": "1234"},
        ),
        Route("GET", f"{one}/events", "Phones", control.follow_phone, is_stream=True),
        Route("GET", "/_simulator/prompts", "Phones", control.list_prompts),
        Route("GET", "/_simulator/prompts/{checkout_request_id}", "Phones", control.read_prompt),
        Route(
            "POST",
            "/_simulator/prompts/{checkout_request_id}/answer",
            "Phones",
            control.answer_prompt,
            "action: pin, cancel or ignore.",
            {"action": "cancel"},
        ),
    ]


def _looking(control: Control) -> list[Route]:
    return [
        Route(
            "GET",
            "/_simulator/journal",
            "What happened",
            control.read_journal,
            query={
                "after": "only entries after this sequence number",
                "kind": "request, prompt, money, sms, result, callback_posted, "
                "callback_answered, outcome, reversal, payout or control",
                "checkout_request_id": "only entries about this prompt",
                "phone": "only entries about this phone",
                "limit": "at most so many",
            },
        ),
        Route(
            "GET",
            "/_simulator/events",
            "What happened",
            control.follow_journal,
            query={"after": "first replay what came after this sequence number"},
            is_stream=True,
        ),
    ]


def _ledger(control: Control, payments: PaymentControl) -> list[Route]:
    return [
        Route("GET", "/_simulator/ledger", "What happened", control.read_ledger),
        Route(
            "GET",
            "/_simulator/audit",
            "What happened",
            payments.whole_audit,
            "Every debit has its credit; beliefs are those of the last POST.",
        ),
        Route(
            "POST",
            "/_simulator/audit",
            "What happened",
            control.audit,
            "Each belief needs a receipt or, while that is to come, a checkout_request_id.",
            {"beliefs": [{"receipt": "UKN0000000", "amount": 100, "phone": PHONE}]},
        ),
    ]


def _whole(control: Control, clock: ClockControl) -> list[Route]:
    return [
        Route("GET", "/_simulator/health", "The simulator", control.health),
        Route("POST", "/_simulator/reset", "The simulator", control.reset),
        Route("GET", "/_simulator/clock", "The simulator", clock.read_clock),
        Route(
            "POST",
            "/_simulator/clock",
            "The simulator",
            clock.move_clock,
            "The clock goes forward only; what became due meanwhile happens at once, in order.",
            {"advance_seconds": 60},
        ),
        Route("GET", "/_simulator/settings", "The simulator", control.read_settings),
        Route(
            "PATCH",
            "/_simulator/settings",
            "The simulator",
            control.change_settings,
            example={"token_seconds": 5, "query_per_minute": None, "callback_attempts": 3},
        ),
    ]
