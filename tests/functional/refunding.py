"""A paid booking that was cancelled, an initiator, and the people who return the money."""

from __future__ import annotations

import io
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from payments.errors import PaymentError
from payments.protocol.payment import Payment, Refund
from payments.protocol.policy import REFUND_STATUS_SECONDS
from payments.store.instructions import Instruction
from payments.usecases.refunds import request_refund, resume_refunds, settle_refund, withdraw_refund

from simulator.core.initiator.certificate import CERTIFICATE_FILE
from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tests.functional.scene import Scene
from tests.support.aws import INITIATOR_SECRET_ARN
from tests.support.world import World
from tools.credential import encrypt, read_certificate

MAKER = "staff:amina"
CHECKER = "staff:baraka"
PASSWORD = DEFAULT_INITIATORS[0].password
REVERSAL_PATH = "/mpesa/reversal/v1/request"


@cache
def credential(password: str) -> str:
    """A password encrypted with the simulator's certificate."""
    return encrypt(password, read_certificate(Path(CERTIFICATE_FILE)))


def set_credential(world: World, password: str = PASSWORD) -> None:
    """Give a deployment its initiator, as `hakika initiator set` does it."""
    values = {"INITIATOR_NAME": "testapi", "SECURITY_CREDENTIAL": credential(password)}
    world.secrets.put_secret_value(SecretId=INITIATOR_SECRET_ARN, SecretString=json.dumps(values))
    runtime = world.fresh_function("refunds").module.runtime
    now = int(world.clock())
    note = Instruction(at=now, by="operator:me", reason="new", asked="initiator", request_id="r")
    runtime.refunds.gates.note_credential(now, note, op_id=runtime.services.ids.hex(32))


def add_approver(world: World, identity: str) -> None:
    """Somebody whom the operator added at the desk, as `hakika staff add` writes it."""
    sub = identity.removeprefix("staff:")
    key = {"pk": f"STAFF#{sub}", "sk": "STATE"}
    more = {"name": sub.title(), "role": "approver", "is_active": True, "tokens_from": 0}
    world.store_item(key | more)


def send_refund(world: World, payment_id: str) -> None:
    """One person requests, another approves."""
    add_approver(world, CHECKER)
    services = world.function("refunds").module.runtime.services
    request_refund(services, payment_id, by=MAKER, why="ill", request_id="r1")
    call = {"act": "approve", "payment_id": payment_id, "by": CHECKER, "why": "checked"}
    more = {"request_id": "r2", "shown_version": None}
    assert world.function("refunds").invoke(call | more) == {}


class Refunding(Scene):
    """A deployment whose refunds can be sent."""

    def __init__(self, *, has_initiator: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.services = self.function("refunds").module.runtime.services
        self.gates = self.services.refunds().gates
        for person in (MAKER, CHECKER, "staff:chebet"):
            add_approver(self, person)
        if has_initiator:
            self.set_credential(PASSWORD)

    def set_credential(self, password: str) -> None:
        """A new password, and a refund function that has not read the old one."""
        set_credential(self, password)
        self._lambdas.pop("refunds", None)

    def owed(self, booking_id: str = "1") -> str:
        """A payment whose booking was cancelled after it was paid."""
        self.register(booking_id)
        payment_id = self.pay(booking_id=booking_id, phone=f"2547083741{40 + int(booking_id)}")
        self.pass_time(30)
        assert self.register(booking_id, status="Cancelled").status == 200
        assert self.payment(payment_id).status == "refund_due"
        return payment_id

    def request(self, payment_id: str, *, by: str = MAKER, **more: Any) -> Payment:
        """The maker requests."""
        return request_refund(
            self.services, payment_id, by=by, why="doctor is ill", request_id="r1", **more
        )

    def withdraw(self, payment_id: str, *, by: str = MAKER) -> Payment:
        """The request is taken back."""
        return withdraw_refund(self.services, payment_id, by=by, why="a mistake", request_id="r2")

    def approve(self, payment_id: str, *, by: str = CHECKER, version: int | None = None) -> str:
        """The checker approves by the function that sends; the answer's code, "" where it did."""
        call = {
            "act": "approve",
            "payment_id": payment_id,
            "by": by,
            "why": "checked",
            "request_id": "r3",
            "shown_version": version,
        }
        answer = self.invoker.invoke(
            FunctionName="hakika-test-refunds",
            InvocationType="RequestResponse",
            Payload=json.dumps(call).encode(),
        )
        body = answer["Payload"]
        assert isinstance(body, io.BytesIO)
        code: str = json.loads(body.read()).get("code", "")
        return code

    def send(self, payment_id: str) -> None:
        """Requested by one person, approved by another."""
        self.request(payment_id)
        assert self.approve(payment_id) == ""

    def pass_a_day(self, *, until: int = REFUND_STATUS_SECONDS[-1]) -> None:
        """The day after a send: cleanup runs where a look is due, and M-Pesa answers."""
        began = self.clock()
        for seconds in REFUND_STATUS_SECONDS:
            if seconds > until:
                return
            self.pass_time(began + seconds + 1 - self.clock())
            self.clean_up()
            self.pass_time(10)

    def settle(self, payment_id: str, *, was_reversed: bool) -> Payment:
        """A person read the statement."""
        return settle_refund(
            self.services,
            payment_id,
            was_reversed=was_reversed,
            receipt_number=None,
            by=CHECKER,
            why="statement of today",
            request_id="r4",
        )

    def resume(self) -> str:
        """A person lets refunds run again; the error's code, "" where it did."""
        try:
            resume_refunds(self.services, by=CHECKER, why="new password", request_id="r5")
        except PaymentError as error:
            return error.code
        return ""

    def refund(self, payment_id: str) -> Refund:
        """A payment's refund as stored."""
        refund = self.payment(payment_id).refund
        assert refund is not None
        return refund

    def reversals_sent(self) -> Counter[str]:
        """How often a Reversal of each receipt reached Daraja's gateway."""
        return Counter(
            json.loads(body)["TransactionID"]
            for path, body in self.line.posts
            if path == REVERSAL_PATH
        )

    def returned_kes(self) -> int:
        """What M-Pesa itself gave back, by its own books."""
        return sum(
            each.amount_kes
            for each in self.daraja.ledger.books.movements
            if each.kind == "reversal"
        )
