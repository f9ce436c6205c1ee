"""What the product alone does: money without a push, and refunds. Units at the wire, instructions.

Each row is one kind of request to a built function: a confirmation of a payment that its callback
completed, money that was paid by hand, and a refund's request, sending and result. Instructions are
those of a warm function.
"""

import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
from payments.protocol.policy import REFUND_SPACING_SECONDS
from payments.protocol.staff import Role, Staff
from payments.store.instructions import Instruction
from payments.store.refund_gate import RefundGates
from payments.store.staff import StaffRegister
from payments.store.table import Table

from bench import flow
from bench.running import VALGRIND, invoke, invoke_both, order
from bench.subjects import BASE, Subject, product_function
from bench.wire import PRODUCT_TABLE
from simulator.core.config import SANDBOX_SHORTCODE
from simulator.core.identifiers import eat
from tests.support.aws import C2B_TOKEN
from tests.support.lambdas import LISTED_IP

FEW, MANY = 2, 12
PAYMENTS = FEW + MANY
SETTLED_SECONDS = 30.0
CONFIRMATION = "/api/c2b/{token}/confirmation"
RESULT = "/api/result/reversal/{payment_id}/{attempt}/{token}"
REFUNDS = "/api/payments/{payment_id}/refunds"
type Events = list[flow.Event]
type Check = Callable[[dict[str, Any]], None]


def measure(team: flow.Team, now: float) -> dict[str, dict[str, float]]:
    """Return DynamoDB calls, units and instructions of each kind of request."""
    paid = _paid(team, now)
    rows: dict[str, dict[str, float]] = {}
    moments = _Moments()
    seen = [_confirmation(now, receipt=each["MpesaReceiptNumber"]) for each in paid]
    rows["confirmation of a payment that its callback completed"] = moments.count("Paybill", seen)
    unknown = [_confirmation(now, receipt=f"UKZ{number:07d}") for number in range(PAYMENTS)]
    rows["confirmation of money paid by hand"] = moments.count("Paybill", unknown)
    flow.expect(invoke(product_function("Consultations"), _cancellations(now)), 200)
    _note_credential(now)
    asked = [_refund_request(each["payment_id"], now) for each in paid]
    rows["refund requested"] = moments.count("Consultations", asked)
    approvals = [_approval(each["payment_id"]) for each in paid]
    rows["refund approved and sent"] = moments.count(
        "Refunds", approvals, advance=REFUND_SPACING_SECONDS + 1.0, check=_expect_nothing
    )
    posted = order("settle", seconds=SETTLED_SECONDS)
    moments.offset += SETTLED_SECONDS
    results = [_result(each, now) for each in posted]
    rows["result of a refund"] = moments.count("Paybill", results)
    if order("counts")["calls"].get("SendMessage"):
        raise RuntimeError("a post was queued instead of booked")
    if order("transitions", type="PaymentRefunded") != PAYMENTS:
        raise RuntimeError("not every refund was recorded")
    return rows


class _Moments:
    """Counts one kind of request after the other, on clocks that run ahead together."""

    def __init__(self) -> None:
        self.offset = SETTLED_SECONDS

    def count(
        self, function: str, events: Events, *, advance: float = 0.0, check: Check | None = None
    ) -> dict[str, float]:
        """Return what one request costs: the difference between many and few in one instance."""
        if len(events) != PAYMENTS:
            raise RuntimeError(f"{len(events)} requests to {function} instead of {PAYMENTS}")
        before = order("counts")
        few, many = self._reports(product_function(function), events, advance)
        for report in (few, many):
            (check or _expect_200)(report)
        caused = flow.difference(before, order("counts"), PAYMENTS)
        caused["instructions"] = (many["instructions"] - few["instructions"]) / (MANY - FEW)
        return caused

    def _reports(self, subject: Subject, events: Events, advance: float) -> list[dict[str, Any]]:
        """Invoke two instances: at once, unless their clocks must run on from event to event."""
        parts = (events[:FEW], events[FEW:])
        if not advance:
            return invoke_both(subject, parts, offset=self.offset)
        reports = []
        for part in parts:
            reports.append(
                invoke(subject, part, offset=self.offset, advance=advance, prefix=VALGRIND)
            )
            self.offset += advance * len(part)
        return reports


def _paid(team: flow.Team, now: float) -> list[dict[str, str]]:
    """Completed payments: the metadata of each callback, with the payment's id."""
    order("reset")
    flow.prepare("product", range(PAYMENTS), now)
    flow.push(team, range(PAYMENTS), now)
    deliveries = order("settle", seconds=SETTLED_SECONDS)
    callbacks = [flow.callback_event(each, now) for each in deliveries]
    flow.expect(invoke(team["callback"], callbacks, offset=SETTLED_SECONDS), 200)
    found = []
    for each in deliveries:
        items = json.loads(each["body"])["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
        values = {item["Name"]: str(item.get("Value")) for item in items}
        found.append({**values, "payment_id": urlsplit(each["url"]).path.split("/")[-2]})
    return found


def _confirmation(now: float, *, receipt: str) -> flow.Event:
    body = {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": f"{eat(now + SETTLED_SECONDS):%Y%m%d%H%M%S}",
        "TransAmount": f"{flow.PRICE_KES}.00",
        "BusinessShortCode": SANDBOX_SHORTCODE,
        "BillRefNumber": "RENT 7",
        "OrgAccountBalance": "49197.00",
        "MSISDN": "2547 ***** 149",
        "FirstName": "JUMA",
    }
    path = CONFIRMATION.replace("{token}", C2B_TOKEN)
    return flow.event("POST", CONFIRMATION, path, body, now, source_ip=LISTED_IP)


def _cancellations(now: float) -> Events:
    return [
        flow.event(
            "PUT",
            flow.CONSULTATION,
            f"/api/consultations/booking-{number}",
            {
                "client_id": f"client-{number}",
                "price_kes": flow.PRICE_KES,
                "status": "Cancelled",
            },
            now,
            client_id="booking-system",
            scopes="consultations:write",
        )
        for number in range(PAYMENTS)
    ]


def _refund_request(payment_id: str, now: float) -> flow.Event:
    path = REFUNDS.replace("{payment_id}", payment_id)
    body = {"reason": "the doctor is ill"}
    made = flow.event(
        "POST", REFUNDS, path, body, now, client_id="booking-system", scopes="refunds:request"
    )
    made["headers"]["idempotency-key"] = payment_id
    return made


def _approval(payment_id: str) -> flow.Event:
    return {
        "act": "approve",
        "payment_id": payment_id,
        "by": "staff:baraka",
        "why": "checked",
        "request_id": "r",
        "shown_version": None,
    }


def _result(delivery: dict[str, str], now: float) -> flow.Event:
    path = urlsplit(delivery["url"]).path
    return flow.event("POST", RESULT, path, delivery["body"], now, source_ip=LISTED_IP)


def _note_credential(now: float) -> None:
    """Say that the initiator has a credential, and who approves, as `hakika` does."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=BASE,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    table = Table(
        client, PRODUCT_TABLE, sleep=lambda _: None, jitter=random.Random(1), clock=lambda: now
    )
    note = Instruction(
        at=int(now), by="operator:bench", reason="new", asked="initiator", request_id="r"
    )
    RefundGates(table, SANDBOX_SHORTCODE).note_credential(int(now), note, op_id="0" * 32)
    checker = Staff(
        sub="baraka", name="Baraka", role=Role.APPROVER, is_active=True, tokens_from=int(now)
    )
    StaffRegister(table).put(checker, note)


def _expect_200(report: dict[str, Any]) -> None:
    flow.expect(report, 200)


def _expect_nothing(report: dict[str, Any]) -> None:
    """Stop where the function refused: it answers an act that it did with an empty object."""
    wrong = [answer for answer in report["answers"] if answer]
    if wrong:
        raise RuntimeError(f"{len(wrong)} acts were refused: {wrong[0]}")
