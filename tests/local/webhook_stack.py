"""A local stack that sends webhooks to a port of this machine, and what its tests do with it."""

from __future__ import annotations

import base64
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.protocol.delivery import Delivery
from payments.store.deliveries import DeliveryStore
from payments.store.table import Table
from payments.usecases.deliver_event import deliveries_of

from local import aws, credentials
from local.client import ApiClient, SimulatorClient
from local.console import Console
from local.demo import new_booking, new_phone
from local.processes import find_free_ports
from local.settings import port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState
from tests.local.api_client import Api
from tests.local.stack_logs import faults_in_logs

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
WAIT_SECONDS_MAX = 240.0
POLL_SECONDS = 0.25
PAYS = "pays+query_never_final"
"""One event: a success that a query tells first gets its receipt by an event of its own."""


@dataclass(frozen=True)
class WebhookStack:
    """A running stack, its folder, and the port that its webhooks go to."""

    state: StackState
    folder: Path
    port: int

    @property
    def file(self) -> Path:
        """The stack's description, which `hakika` reads."""
        return self.folder / "stack.json"

    def pay(self, booking_id: str | None = None) -> tuple[str, str]:
        """A new customer pays a new booking; gives the payment's id and the booking's."""
        booking_id = booking_id or new_booking()
        phone, client_id = new_phone(), f"customer-{secrets.token_hex(6)}"
        booking_system = ApiClient(self.state.api_url, self.state.booking_token)
        assert booking_system.register(booking_id, client_id, 1000).status == 200
        assert self.state.simulator_url is not None
        assert SimulatorClient(self.state.simulator_url).set_next(PAYS, phone).status == 200
        key = credentials.read_jwt_secret(self.state.endpoint_url, self.state.outputs)
        customer = ApiClient(self.state.api_url, credentials.make_token(key, client_id))
        answer = customer.initiate(booking_id, phone, 1000)
        assert answer.status == 200, answer.text
        return str(answer.body["payment_id"]), booking_id

    def deliveries(self, payment_id: str) -> Sequence[Delivery]:
        """A payment's deliveries, as the operator's command reads them."""
        table = Table(
            aws.client("dynamodb", self.state.endpoint_url),
            self.state.table_name,
            sleep=time.sleep,
            jitter=random.Random(1),
            clock=time.time,
        )
        return deliveries_of(DeliveryStore(table), payment_id)


def wait_until[T](look: Callable[[], T], is_there: Callable[[T], object]) -> T:
    """Look again until it is there; fail with what was seen last."""
    ends_at = time.monotonic() + WAIT_SECONDS_MAX
    while not is_there(seen := look()):
        assert time.monotonic() < ends_at, seen
        time.sleep(POLL_SECONDS)
    return seen


@contextmanager
def webhook_stack(folder: Path) -> Iterator[WebhookStack]:
    """Start a stack whose WebhookUrl is a free port; its log must be clean at the end."""
    *ports, port = find_free_ports(4)
    environment = {name: value for name, value in os.environ.items() if "SAFARICOM_" not in name}
    environment |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}/hakika", "WEBHOOK_SECRET": SECRET}
    arguments = ["--daraja", "simulator", "--folder", str(folder), *port_arguments(ports)]
    with running_stack(Console(), read_settings(arguments, environment)) as (state, _):
        yield WebhookStack(state, folder, port)
        assert faults_in_logs(Api(state)) == []
