"""One stack on an emulator of its own, which release after release is deployed to."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from payments.protocol.payment import Payment
from payments.store.attributes import from_item, to_item
from payments.store.items import payment_key, payment_values, to_payment

from local import aws, credentials
from local.build import run
from local.client import SimulatorClient
from local.clock import move_clock
from local.console import Console
from local.deployment import STACK_NAME, Deployment, read_outputs
from local.moved_clock import clock_file, read_ahead_seconds
from local.processes import Children
from local.settings import LocalSettings
from local.stack import describe, start_emulator, start_gateway, start_simulator
from local.state import StackState, write_state
from tests.local.api_client import Api
from tests.local.conftest import Customer
from tests.local.releases import Release
from tests.local.runbook_scene import Scene
from tests.local.stack_logs import faults_in_logs
from tests.unit.payments.test_recorded_items import recorded

MONTH_SECONDS = 30 * 86_400
CLEANUP_RUNS_MAX = 40
IN_FLIGHT = "pays+callback_hours_late+query_never_final+twin_off"
"""Paid, and the callback comes six hours later; nothing else tells of it."""
PAYS = "pays+query_never_final"
"""Paid with its receipt at once, which a query would not name: so it changes no more."""
STATE_OF_NEWER_RELEASES = ("paybill",)


class Stage:
    """The stack with its simulator and its gateway; payments by name, oldest first."""

    def __init__(self, settings: LocalSettings, children: Children, emulator: Release) -> None:
        self.settings = settings
        self.scenes: dict[str, tuple[Scene, str]] = {}
        self._children = children
        self._key = secrets.token_hex(16)
        start_emulator(settings, children, tree=emulator.tree)
        start_simulator(Console(), settings, children, self._key)

    @property
    def deployment(self) -> Deployment:
        """The stack as it is now."""
        return Deployment(self.settings.emulator_url, read_outputs(self.settings.emulator_url))

    def open(self, first: Release) -> None:
        """Deploy the first release of the stack, and let customers in."""
        first.deploy(self.settings)
        credentials.put_secrets(self.deployment, self.settings)
        stack = self._read_stack()
        start_gateway(self.settings, self._children, self.deployment, self._key, stack)
        write_state(self.settings.state_file, stack)

    def now(self) -> int:
        """The stack's present. Units: UTC epoch seconds."""
        return int(time.time() + read_ahead_seconds(clock_file(self.settings.folder)))

    def scene(self) -> Scene:
        """The stack as it is now, with a customer nobody has met."""
        stack = self._read_stack()
        write_state(self.settings.state_file, stack)
        assert stack.simulator_url is not None
        simulator = SimulatorClient(stack.simulator_url)
        return Scene(stack, Customer(stack, self._make_token), simulator, self.settings.folder)

    def pay(self, name: str, scenario: str, *statuses: str) -> tuple[Scene, str]:
        """Have somebody pay as the scenario says, and wait for the status."""
        scene = self.scene()
        payment_id = scene.pay(scenario)
        scene.wait(payment_id, *statuses)
        self.scenes[name] = scene, payment_id
        return scene, payment_id

    def put_recorded(self, name: str, status: str) -> None:
        """Put a payment that release 0.1.0 wrote, as if it were an hour before its next look."""
        item = next(each for each in recorded("pay_state") if each["status"]["S"] == status)
        now = self.now()
        payment = to_payment(from_item(item))
        scene = self.scene()
        payment = replace(
            payment,
            payment_id=secrets.token_hex(16),
            client_id=scene.customer.client_id,
            created_at=now,
            due_at=now + 3600,
        )
        values = payment_key(payment.payment_id) | payment_values(payment)
        table = self._client("dynamodb")
        table.put_item(TableName=self.deployment.outputs["TableName"], Item=to_item(values))
        self.scenes[name] = scene, payment.payment_id

    def pass_time(self, seconds: int) -> None:
        """Move the whole stack forward."""
        move_clock(self.settings.folder, self._read_stack(), seconds)

    def clean_up_until(self, name: str, status: str) -> None:
        """Run the cleanup, as the schedule does each minute, until the payment has this status."""
        scene, payment_id = self.scenes[name]
        for _ in range(CLEANUP_RUNS_MAX):
            if scene.payment(payment_id).status == status:
                return
            self._client("lambda").invoke(
                FunctionName=self.deployment.outputs["CleanupFunctionName"], Payload=b"{}"
            )
        raise AssertionError(f"{name} is {scene.payment(payment_id).status}")

    def type_hakika(self, release: Release, *words: str) -> Any:
        """Type a line of a release's own operator command; its JSON."""
        stack = asdict(self._read_stack())
        if release.deploys_by_sam:
            for name in STATE_OF_NEWER_RELEASES:
                del stack[name]
        # Beside the clock, which the command reads from the folder of this file.
        file = self.settings.folder / "stack-of-release.json"
        file.write_text(json.dumps(stack))
        line = [str(release.tree / "bin" / "hakika"), "--local-file", str(file), *words, "--json"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "shared"}
        said = run(line, environment=environment, folder=release.tree)
        return json.loads(said[said.index("{") :])  # behind what it tells a person

    def stored(self) -> dict[str, Payment]:
        """Every payment of this stage by name, as this release reads it."""
        return {name: scene.payment(each) for name, (scene, each) in self.scenes.items()}

    def shown(self) -> dict[str, str]:
        """What the deployed release answers to each customer."""
        return {
            name: scene.customer.api.read_status(each).body["status"]
            for name, (scene, each) in self.scenes.items()
        }

    def indexed(self) -> set[str]:
        """The payments of the index by_received."""
        found = self._client("dynamodb").scan(
            TableName=self.deployment.outputs["TableName"], IndexName="by_received"
        )
        return {each["pk"]["S"].removeprefix("PAY#") for each in found["Items"]}

    def resources(self) -> set[str]:
        """The logical names of what the stack has."""
        pages = self._client("cloudformation").describe_stack_resources(StackName=STACK_NAME)
        return {each["LogicalResourceId"] for each in pages["StackResources"]}

    def faults_in_logs(self) -> list[str]:
        """Each leak and each crash that any release logged."""
        return faults_in_logs(Api(self._read_stack()))

    def _make_token(
        self,
        subject: str,
        *,
        scopes: Sequence[str] = (),
        lifetime_seconds: int = MONTH_SECONDS,
        **claims: Any,
    ) -> str:
        secret = credentials.read_jwt_secret(self.settings.emulator_url, self.deployment.outputs)
        return credentials.make_token(
            secret, subject, scopes=scopes, lifetime_seconds=lifetime_seconds, **claims
        )

    def _read_stack(self) -> StackState:
        stack = describe(self.settings, self.deployment, "", self._children)
        booking = self._make_token("booking-system", scopes=credentials.BOOKING_SCOPES)
        return replace(stack, booking_token=booking)

    def _client(self, service: str) -> Any:
        return aws.client(service, self.settings.emulator_url)
