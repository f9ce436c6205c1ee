"""Every alarm that rang goes back to OK when its situation is over, and not before.

An alarm about counts ends by itself. An alarm about a gauge ends when somebody acted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from payments.protocol.evidence import AttentionCleared, MoneyReturned, Resolution, ReviewResolved
from payments.protocol.receipts import SetAside
from payments.store.instructions import Instruction
from payments.usecases.money_desk import set_aside

from tests.functional.bank import PERSON
from tests.functional.faulty import DAY
from tests.functional.test_alarms import ALARMS, SITUATIONS, Town, run_pull, town
from tests.functional.test_paybill import RECEIPT
from tests.support.aws import TABLE_NAME

__all__ = ["town"]

QUIET_MINUTES_MAX = 130
"""Longer than any alarm about counts may last: two of its periods of an hour, and a little."""


def nothing(_town: Town) -> None:
    """Time alone ends it."""


def the_line_is_back(town: Town) -> None:
    town.scene.line.is_down = False


def the_table_answers(town: Town) -> None:
    town.scene.network.refuses = False


def operated(operation: Any) -> Callable[[Town], None]:
    return lambda town: town.operate(operation)


def the_payment_is_given_up(town: Town) -> None:
    town.scene.pass_time(DAY, delivers=False)


def the_receipt_is_set_aside(town: Town) -> None:
    services = town.scene.function("cleanup").module.runtime.services
    set_aside(services, RECEIPT, SetAside.TEST, actor=PERSON)


def refunds_go_on(town: Town) -> None:
    gates = town.scene.function("cleanup").module.runtime.refunds.gates
    assert gates.resume(gates.read(), note_of(town), op_id="b" * 32)


def a_new_password_is_set(town: Town) -> None:
    gates = town.scene.function("cleanup").module.runtime.refunds.gates
    gates.note_credential(int(town.scene.clock()), note_of(town), op_id="c" * 32)


def note_of(town: Town) -> Instruction:
    now = int(town.scene.clock())
    return Instruction(at=now, by="me", reason="done", asked="initiator", request_id="r")


def the_payment_can_be_read(town: Town) -> None:
    [key] = [
        {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
        for item in town.scene.items("PAY#")
        if item["sk"] == "STATE" and "status" not in item
    ]
    now = {"N": str(int(town.scene.clock()))}
    town.scene.dynamodb.update_item(
        TableName=TABLE_NAME,
        Key=key,
        UpdateExpression="SET created_at = :now, #s = :pending",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":now": now, ":pending": {"S": "pending"}},
    )


def pull_runs_again(town: Town) -> None:
    town.scene.line.is_down = False
    run_pull(town, 3)


def pull_is_provisioned(town: Town) -> None:
    town.scene.daraja.configure(pull_is_provisioned=True)
    run_pull(town, 3)


def pull_lists_ours(town: Town) -> None:
    town.scene.daraja.configure(pull_is_provisioned=True)
    town.pay(10)
    town.live(2)
    run_pull(town, 2)


ENDS: dict[str, Callable[[Town], None]] = {
    "CallbackErrorsAlarm": the_table_answers,
    "PaymentsPendingAlarm": the_payment_is_given_up,
    "PullFailingAlarm": pull_runs_again,
    "PullNotProvisionedAlarm": pull_is_provisioned,
    "PullBlindAlarm": pull_lists_ours,
    "ReviewAlarm": operated(ReviewResolved(resolution=Resolution.REFUND_DUE)),
    "RefundDueAlarm": operated(MoneyReturned()),
    "AttentionAlarm": operated(AttentionCleared()),
    "RefundsStoppedAlarm": refunds_go_on,
    "InitiatorAgeingAlarm": a_new_password_is_set,
    "InitiatorExpiringAlarm": a_new_password_is_set,
    "MoneyUnclaimedAlarm": the_receipt_is_set_aside,
    "CleanupPoisonedAlarm": the_payment_can_be_read,
    "DarajaDownAlarm": the_line_is_back,
}
"""What somebody does about an alarm; the others end when nothing new happens."""
GAUGES = {name for name, alarm in ALARMS.items() if "MetricName" in alarm}


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_alarm_goes_back_to_ok_when_its_situation_is_over(town: Town, name: str) -> None:
    SITUATIONS[name][0](town)
    assert name in town.ringing
    if name in GAUGES:
        town.live(7)
        assert name in town.ringing, "nobody has acted yet"
    ENDS.get(name, nothing)(town)
    for _ in range(QUIET_MINUTES_MAX):
        if name not in town.ringing:
            return
        town.live(1)
    raise AssertionError(f"{name} rings although its situation is over")
