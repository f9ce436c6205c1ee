"""A deployment whose network can be told to fail, with one consultation to pay for."""

from __future__ import annotations

from typing import Any

from tests.functional.faulty import Line, Network, callback_body
from tests.support.lambdas import LISTED_IP
from tests.support.network import Lines
from tests.support.world import World


class Scene(World):
    """A world with its faults at hand: `network` is DynamoDB's, `line` is Daraja's."""

    def __init__(self, network: Network | None = None) -> None:
        self.network = network or Network()
        self.line = Line()
        super().__init__(seed=3, network=Lines(self.network, self.line))
        self.register("1")

    def pay(self, scenario: object = "pays", **options: Any) -> str:
        """Initiate with a scenario; the payment's id."""
        self.daraja.set_next(scenario)
        answer = self.initiate(**options)
        assert answer.status in (200, 202), answer.body
        identifier: str = answer.body["payment_id"]
        return identifier

    def only_payment(self) -> str:
        """The id of the one payment there is."""
        [state] = [item for item in self.items("PAY#") if item["sk"] == "STATE"]
        identifier: str = state["pk"].removeprefix("PAY#")
        return identifier

    def post(
        self, payment_id: str, code: int, *, source_ip: str = LISTED_IP, **options: Any
    ) -> int:
        """A callback about a payment's prompt; from an address that is not listed, a hint."""
        prompt = self.prompt_of(payment_id)
        body = callback_body(prompt.checkout_request_id, code, **options)
        return self.post_callback(prompt.order.callback_url, body, source_ip=source_ip).status

    def prompt_of(self, payment_id: str) -> Any:
        """The prompt that a payment opened."""
        return next(p for p in self.daraja.prompts() if payment_id in p.order.callback_url)

    def is_confirmed_by(self, payment_id: str) -> bool:
        """Whether the consultation is Confirmed, by exactly this payment."""
        stands = self.consultation()
        return (
            stands["status"] == "Confirmed"
            and stands["payment_status"] == "Paid"
            and stands["paid_payment_id"] == payment_id
            and stands["active_payment_id"] is None
        )
