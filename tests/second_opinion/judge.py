"""The simulation's own invariants, over AWS's table: at each push, each answer, and at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from tests.simulation.invariants.audit import check_money, check_secrets
from tests.simulation.invariants.durability import facts_of, is_durable
from tests.simulation.invariants.ledger import check_bound
from tests.simulation.invariants.transitions import check_consultation, check_state
from tests.simulation.invariants.view import (
    FINAL_EVENT,
    OPEN,
    Values,
    View,
    ViolationError,
    plain,
    require,
)
from tests.simulation.invariants.watch import Watch
from tests.support.dynamodb.sdk import base64_of

if TYPE_CHECKING:
    from simulator.core import CallbackDelivery
    from tests.simulation.world import SimulatedWorld

    from .stage import Stage


def scan(client: Any, table: str) -> list[dict[str, Any]]:
    """Every item of a table, read strongly; binary as text, as the simulation's engine has it."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [as_stored(item) for page in pages for item in page["Items"]]


def as_stored(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it crosses the wire: bytes in base64."""
    stored: dict[str, Any] = json.loads(json.dumps(item, default=base64_of))
    return stored


def view_of(items: Iterable[dict[str, Any]]) -> View:
    """The table as plain values."""
    view = View()
    for item in items:
        values = plain(item)
        kind, _, name = values["pk"].partition("#")
        view.take(kind, name, values["sk"], values)
    return view


class TableWatch(Watch):
    """Watches pushes and answers; reads the table where the simulation follows its changes."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(cast("SimulatedWorld", stage))
        self._stage = stage

    def stored_payment(self, payment_id: str) -> Values | None:
        """A payment as the table holds it at this moment."""
        key = {"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}}
        found = self._stage.client.get_item(
            TableName=self._stage.table, Key=key, ConsistentRead=True
        )
        return plain(as_stored(found["Item"])) if "Item" in found else None

    def push_arrives(self, body: dict[str, Any], sent_at: float) -> None:
        """I1 and I9, with each payment whose prompt may be open read anew."""
        for prompt in self._stage.daraja.prompts():
            if self._is_live(prompt):
                payment_id = urlsplit(prompt.order.callback_url).path.split("/")[-2]
                payment = self.stored_payment(payment_id)
                if payment is not None:
                    self.view.payments[payment_id] = payment
        super().push_arrives(body, sent_at)

    def acknowledged_post(self, kind: str, delivery: CallbackDelivery, answer: Any) -> None:
        """I6 and I14: what a post told is durable at the moment of its acknowledgement."""
        self.post_answered(kind, delivery, answer)
        self._promised.clear()
        self._promised_money.clear()
        if not answer or not 200 <= answer["statusCode"] < 300:
            return
        is_listed = delivery.source_ip in self._stage.daraja.config.callback_sources
        try:
            if kind == "callback":
                self._check_durable(delivery, is_listed=is_listed)
            elif is_listed:
                self._check_filed(delivery)
        except ViolationError as violation:
            self._fail(violation)

    def _check_durable(self, delivery: CallbackDelivery, *, is_listed: bool) -> None:
        payment_id = urlsplit(delivery.url).path.split("/")[-2]
        facts = facts_of(delivery.body) or {}
        view = view_of([*self._stored(f"PAY#{payment_id}"), *self._stored_row(facts)])
        queue = self._stage.queue.messages
        durable = is_durable(view, payment_id, delivery.body, queue, is_authentic=is_listed)
        require(durable, "I6", f"{payment_id}: acknowledged, but not durable")

    def _check_filed(self, delivery: CallbackDelivery) -> None:
        notice = json.loads(delivery.body)
        receipt, queue = notice["TransID"], self._stage.money_queue.messages
        own = notice["BusinessShortCode"] == self._stage.plan.shortcode
        queued = any(receipt in each["body"] for each in queue)
        durable = queued or bool(self._stored(f"RCPT#{receipt}"))
        require(not own or durable, "I14", f"{receipt}: acknowledged, and on no row")

    def _stored_row(self, facts: Values) -> list[dict[str, Any]]:
        receipt = facts.get("receipt_number")
        return self._stored(f"RCPT#{receipt}") if receipt else []

    def _stored(self, pk: str) -> list[dict[str, Any]]:
        found = self._stage.client.query(
            TableName=self._stage.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        return [as_stored(item) for item in found["Items"]]


def judge(stage: Stage) -> str | None:
    """The audit at the end of a batch; the first violation, if there is one."""
    world = cast("SimulatedWorld", stage)
    view = stage.watch.view = view_of(stage.items())
    try:
        if stage.watch.violation is not None:
            raise stage.watch.violation
        check_bound(view)
        for payment_id, payment in view.payments.items():
            check_state(view, payment)
            _check_ended(view, payment_id, payment)
        for booking, consultation in view.consultations.items():
            check_consultation(view, booking, consultation)
        check_money(world, view)
        check_secrets(world)
        waits = len(stage.queue.messages) + len(stage.money_queue.messages)
        require(not waits, "I6", f"{waits} messages wait for ever")
    except ViolationError as violation:
        return str(violation)
    return None


def _check_ended(view: View, payment_id: str, payment: Values) -> None:
    """I5 and I7: every payment ended, and its event is beside it."""
    status = payment["status"]
    require(status not in OPEN, "I5", f"{payment_id}: still {status} at the end")
    told = {each["type"] for each in view.events.get(payment_id, ())}
    require(FINAL_EVENT[status] in told, "I7", f"{payment_id}: {status} without its event")
