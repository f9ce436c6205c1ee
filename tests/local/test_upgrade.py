"""A stack of 0.1.0 becomes 0.1.1, then this release, goes back one step, and comes again.

docs/upgrade.md says how. Each release is taken from its commit and deployed as its own
`make deploy` does, with payments of every status in the table and callbacks on their way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from payments.protocol.payment import UNPROVEN, Origin, Payment, PaymentStatus, Proof
from payments.values import eat_day

from local.build import build_if_changed
from local.client import ApiClient
from local.console import Console
from local.errors import LocalStackError
from local.paybill import register_paybill
from local.processes import Children, find_free_ports
from local.settings import port_arguments, read_settings
from tests.local.releases import Release, earlier_release, this_release
from tests.local.test_paybill import pay_by_hand as pay_paybill
from tests.local.test_paybill import row_of, wait_for
from tests.local.upgrade_stage import IN_FLIGHT, PAYS, Stage
from tests.unit.tools.test_deploy_releases import FIRST
from tools.deploy.__main__ import keep
from tools.deploy.releases import BRIDGE_COMMIT
from tools.template import as_json, load_template

DAY_AND_AN_HOUR, SEVEN_HOURS = 25 * 3600, 7 * 3600


@pytest.fixture
def bridge() -> Release:
    return earlier_release(BRIDGE_COMMIT)


@pytest.fixture
def stage(tmp_path: Path, bridge: Release) -> Iterator[Stage]:
    """The emulator with the patches of 0.1.1, which know an authorizer too."""
    arguments = ["--daraja", "simulator", "--folder", str(tmp_path)]
    arguments += port_arguments(find_free_ports(3))
    settings = read_settings(arguments, {}, env_file=tmp_path / "none")
    children = Children(tmp_path / "logs")
    try:
        yield Stage(settings, children, bridge)
    finally:
        children.stop()


def pay_in_every_way(stage: Stage, first: Release) -> None:
    """Make a payment of each status with the first release."""
    stage.pay("cancelled", "callback_lost+query_never_final", "pending")
    stage.pass_time(DAY_AND_AN_HOUR)
    stage.clean_up_until("cancelled", "cancelled")
    stage.pay("unknown", "push_hang_lost", "unknown")
    stage.pay("pending", IN_FLIGHT, "pending")
    stage.pay("completed", PAYS, "completed")
    stage.pay("failed", "cancels", "failed")
    stage.pay("review", "pays+callback_wrong_amount+query_never_final", "review")
    for name in ("refund_due", "refunded"):
        scene, payment_id = stage.pay(name, PAYS, "completed")
        body = {"client_id": scene.customer.client_id, "price_kes": 1000, "status": "Cancelled"}
        path = f"/api/consultations/{scene.payment(payment_id).booking_id}"
        answer = ApiClient(scene.stack.api_url, scene.stack.booking_token).call("PUT", path, body)
        assert answer.status == 200, answer.text
    account = ("--who", "njeri", "--why", "sent on the portal", "--yes")
    stage.type_hakika(first, "refund", "mark", stage.scenes["refunded"][1], *account)
    stage.put_recorded("dispatching", "dispatching")


def pay_by_hand(stage: Stage) -> None:
    """Somebody pays a booking to the paybill, which no earlier release knows."""
    scene = stage.scene()
    booking_id = scene.customer.book(1000)
    receipt = pay_paybill(scene.simulator, amount_kes=1000, account=booking_id)
    stack = scene.stack
    row = wait_for(lambda: row_of(stack.endpoint_url, stack.table_name, receipt))
    payment_id = row["payment_id"]["S"]
    stage.scenes["by hand"] = scene, payment_id
    assert scene.wait(payment_id, "completed").origin is Origin.PAYBILL


def with_kept_indexes(bridge: Release, folder: Path) -> Path:
    """The built template of 0.1.1 with what `keep-indexes` writes into its source."""
    source = folder / "template.yaml"
    source.write_text((bridge.tree / "template.yaml").read_text())
    keep(source)
    built = load_template(bridge.template)
    built["Resources"]["PaymentsTable"] = load_template(source)["Resources"]["PaymentsTable"]
    file = bridge.template.with_name("template-with-indexes.yaml")
    file.write_text(as_json(built))
    return file


def arrive(stage: Stage, *names: str) -> None:
    """The callbacks that were on their way come, and complete what they are about."""
    stage.pass_time(SEVEN_HOURS)
    for name in names:
        scene, payment_id = stage.scenes[name]
        payment = scene.wait(payment_id, "completed")
        assert payment.proof is Proof.CALLBACK, name
        assert scene.consultation(payment.booking_id)["status"] == "Confirmed"


def facts_of(payment: Payment) -> tuple[object, ...]:
    """What no upgrade may change; the time of the next look is no such fact."""
    money = (payment.receipt_number, payment.paid_amount_kes, payment.proof, payment.received_at)
    return payment.status, payment.booking_id, payment.attention, payment.final_at, *money


def assert_same(stage: Stage, before: Mapping[str, Payment]) -> None:
    """What is stored is as before, and the release shows it to the customer."""
    now = stage.stored()
    assert {name: facts_of(each) for name, each in now.items()} == {
        name: facts_of(each) for name, each in before.items()
    }
    for name, word in stage.shown().items():
        assert word == now[name].public_status, name


def upgrade(stage: Stage, release: Release) -> dict[str, Any]:
    """`hakika upgrade`, twice: the second run changes nothing, and no money is out of the index."""
    created = min(payment.created_at for payment in stage.stored().values())
    words = ("upgrade", "--from", eat_day(created), "--yes")
    done: dict[str, Any] = stage.type_hakika(release, *words)
    again = stage.type_hakika(release, *words)
    assert (again["written"], again["indexed"]) == (0, 0)
    with_money = {
        payment.payment_id for payment in stage.stored().values() if payment.status not in UNPROVEN
    }
    assert stage.indexed() == with_money
    return done


def test_a_stack_goes_up_two_releases_back_one_and_up_again(
    stage: Stage, bridge: Release, tmp_path: Path
) -> None:
    first = earlier_release(FIRST, deploys_by_sam=True)
    this = this_release(build_if_changed(Console()))

    stage.open(first)
    pay_in_every_way(stage, first)
    before = stage.stored()
    assert {payment.status for payment in before.values()} == set(PaymentStatus)

    with pytest.raises(LocalStackError, match="believe the authorizer"):
        this.deploy(stage.settings)
    assert "AuthorizerFunction" in stage.resources()

    bridge.deploy(stage.settings)
    assert_same(stage, before)
    stage.pay("of 0.1.1", PAYS, "completed")
    stage.pay("pending of 0.1.1", IN_FLIGHT, "pending")
    before = stage.stored()

    said = this.deploy(stage.settings)
    assert "Deployment 1 of 2: the index by_reference" in said
    assert "AuthorizerFunction" not in stage.resources()
    assert_same(stage, before)
    done = upgrade(stage, this)
    assert (done["written"], done["indexed"], done["second_receipts"]) == (4, 1, [])
    arrive(stage, "pending", "pending of 0.1.1")
    stage.clean_up_until("dispatching", "unknown")
    register_paybill(stage.deployment, stage.settings)
    pay_by_hand(stage)
    stage.pay("of 0.2.0", PAYS, "completed")
    stage.pay("pending of 0.2.0", IN_FLIGHT, "pending")
    before = stage.stored()

    bridge.deploy(stage.settings, with_kept_indexes(bridge, tmp_path))
    assert_same(stage, before)
    arrive(stage, "pending of 0.2.0")
    stage.pay("after going back", PAYS, "completed")
    stage.pay("pending after going back", IN_FLIGHT, "pending")
    before = stage.stored()

    said = this.deploy(stage.settings)
    assert "Deployment 1 of" not in said
    assert_same(stage, before)
    arrive(stage, "pending after going back")
    assert upgrade(stage, this)["indexed"] == 2
    assert stage.faults_in_logs() == []
