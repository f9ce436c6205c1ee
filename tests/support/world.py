"""One deployment and the people around it, one thread, one seed."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from payments.aws.adapters import Adapters
from payments.aws.money_calls import new_money_client
from payments.aws.runtime import Runtime
from payments.aws.settings import read_settings
from payments.protocol.payment import Payment
from payments.store.attributes import from_item, to_item
from payments.store.items import to_payment

from simulator.core import CallbackDelivery, Daraja
from simulator.core.config import Config
from tests.support.dynamodb import attach, new_client, use_virtual_time
from tests.support.dynamodb.sdk import with_bytes
from tools.hakika.notes import Notes

from .aws import (
    C2B_TOKEN,
    REFUNDS_FUNCTION,
    SECRETS,
    TABLE_NAME,
    EngineOf,
    Queue,
    Queues,
    SecretsManager,
    in_turn,
    new_engine,
    plain_engine,
)
from .clock import SeededIds, VirtualClock
from .daraja import new_session
from .lambdas import DOMAIN, ENVIRONMENT, LISTED_IP, Lambda, http_event
from .network import Lines, Network

START = 1_790_000_000.0
PHONE = "254708374149"
STK_PUSH = "/api/payment/mpesa/stk-push"
STATUS = "/api/payment/mpesa/status/{id}"
QUERY = "/api/payment/mpesa/stkpush/query"
CALLBACK = "/api/payment/callback/{payment_id}/{token}"
OLD_CALLBACK = "/api/payment/mpesa/callback"
CONFIRMATION = "/api/c2b/{token}/confirmation"
VALIDATION = "/api/c2b/{token}/validation"
RESULT = "/api/result/{kind}"
CONSULTATION = "/api/consultations/{booking_id}"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, its body read."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@cache
def _shared_client() -> Any:
    return new_client()


class World:
    """Handlers, table, queue, secrets and Daraja, driven step by step."""

    def __init__(
        self,
        seed: int = 1,
        *,
        network: Network | None = None,
        environment: Mapping[str, str] | None = None,
        daraja_config: Mapping[str, object] | None = None,
        engine_of: EngineOf = plain_engine,
    ) -> None:
        self.clock = VirtualClock(START)
        self.chance = random.Random(seed)
        self.engine = new_engine(self.clock, engine_of)
        self.queue = Queue()
        self.money_queue = Queue()
        self.sqs = Queues(self.queue, self.money_queue)
        self.secrets = SecretsManager(SECRETS)
        self.daraja = Daraja(
            clock=self.clock,
            seed=seed,
            config=Config().changed({"query_per_minute": None, **(daraja_config or {})}),
        )
        self.environment = dict(environment or {})
        self.invoker = RefundsInvoker(self)
        # One client serves all worlds that nobody fails: to make one takes longer than most tests.
        client = new_client() if network else _shared_client()
        lines = network or Lines()
        self._detach = attach(client, self.engine, lines.dynamodb)
        use_virtual_time(client, sleep=self.clock.sleep, random=self.chance.random)
        self.dynamodb = client
        services = {
            "dynamodb": client,
            "sqs": self.sqs,
            "secretsmanager": self.secrets,
            "lambda": self.invoker,
        }
        self.adapters = Adapters(
            clock=self.clock,
            sleep=self.clock.sleep,
            ids=SeededIds(self.chance),
            jitter=self.chance,
            aws_client=services.__getitem__,
            http_session=lambda: new_session(self.daraja, lines.daraja),
            at_once=in_turn,
        )
        self._lambdas: dict[str, Lambda] = {}
        self.kept: list[Any] = []

    def close(self) -> None:
        """Let go of the shared client."""
        self._detach()

    def function(self, name: str) -> Lambda:
        """The warm instance of a function."""
        if name not in self._lambdas:
            self._lambdas[name] = self.fresh_function(name)
        return self._lambdas[name]

    def fresh_function(self, name: str) -> Lambda:
        """A cold start."""
        return Lambda(name, self.adapters, self.environment)

    def call(self, name: str, method: str, route: str, **options: Any) -> Answer:
        """One HTTP request to a function."""
        event = http_event(method, route, now=self.clock(), **options)
        return self.answer(self.function(name).invoke(event))

    def answer(self, response: Mapping[str, Any]) -> Answer:
        """Read a handler's response."""
        return Answer(
            status=response["statusCode"],
            body=json.loads(response["body"]),
            headers=dict(response["headers"]),
        )

    def register(
        self, booking_id: str = "1", *, client_id: str = "7", price_kes: int = 1000, **more: Any
    ) -> Answer:
        """The booking system registers a consultation."""
        body = {"client_id": client_id, "price_kes": price_kes, "status": "Pending", **more}
        return self.call(
            "consultations",
            "PUT",
            CONSULTATION,
            path=f"/api/consultations/{booking_id}",
            body=body,
            client_id="booking-system",
            scopes="consultations:write",
        )

    def consultation(self, booking_id: str = "1") -> dict[str, Any]:
        """What the booking system reads back."""
        path = f"/api/consultations/{booking_id}"
        answer = self.call(
            "consultations",
            "GET",
            CONSULTATION,
            path=path,
            client_id="booking-system",
            scopes="consultations:write",
        )
        return answer.body

    def initiate(
        self,
        booking_id: object = "1",
        *,
        client_id: str = "7",
        phone: str = PHONE,
        amount: object = 1000,
        key: str | None = None,
        **more: Any,
    ) -> Answer:
        """A customer asks to pay."""
        body = {"phone_number": phone, "amount": amount, "booking_id": booking_id, **more}
        headers = {"Idempotency-Key": key} if key else {}
        return self.call(
            "stk_push", "POST", STK_PUSH, body=body, client_id=client_id, headers=headers
        )

    def status(self, identifier: str, *, client_id: str = "7", language: str = "en") -> Answer:
        """A customer's frontend polls."""
        return self.call(
            "status",
            "GET",
            STATUS,
            path=f"/api/payment/mpesa/status/{identifier}",
            client_id=client_id,
            headers={"Accept-Language": language},
        )

    def post_callback(self, url: str, body: bytes | str, *, source_ip: str = LISTED_IP) -> Answer:
        """Somebody posts to a callback URL."""
        text = body.decode(errors="replace") if isinstance(body, bytes) else body
        path = urlsplit(url).path
        return self.call("callback", "POST", CALLBACK, path=path, body=text, source_ip=source_ip)

    def post_to_paybill(self, url: str, body: bytes | str, *, source_ip: str = LISTED_IP) -> Answer:
        """Somebody posts to a C2B URL."""
        text = body.decode(errors="replace") if isinstance(body, bytes) else body
        path = urlsplit(url).path
        is_result = path.startswith("/api/result/")
        known = VALIDATION if path.endswith("/validation") else CONFIRMATION
        route = RESULT if is_result else known
        return self.call("paybill", "POST", route, path=path, body=text, source_ip=source_ip)

    def deliver(self, delivery: CallbackDelivery) -> Answer:
        """Make one of Daraja's posts, and tell it what was answered."""
        is_paybills = "/api/c2b/" in delivery.url or "/api/result/" in delivery.url
        post = self.post_to_paybill if is_paybills else self.post_callback
        answer = post(delivery.url, delivery.body, source_ip=delivery.source_ip)
        self.daraja.callback_answered(delivery.id, answer.status, json.dumps(answer.body).encode())
        return answer

    def pay_by_hand(self, **order: Any) -> str:
        """A customer pays the paybill by hand, without any prompt; the receipt."""
        usual = {"number": "174379", "amount_kes": 1000, "account": "RENT7"}
        paid = self.daraja.pay_by_hand(order.pop("payer", PHONE), **{**usual, **order})
        return paid.receipt

    def register_c2b(self) -> None:
        """The operator registers the deployment's C2B addresses, and its Pull."""
        settings = read_settings({**ENVIRONMENT, **self.environment})
        client = new_money_client(Runtime(settings, self.adapters, observer=Notes()))
        urls = {f"{kind}_url": self.c2b_url(kind) for kind in ("confirmation", "validation")}
        done = client.register_urls(version="v2", response_type="Completed", **urls)
        pull = client.register_pull(nominated_number=PHONE, callback_url=f"https://{DOMAIN}/pull")
        assert done.is_accepted
        assert pull.is_accepted

    def c2b_url(self, kind: str = "confirmation", *, token: str = C2B_TOKEN) -> str:
        """The deployment's C2B address."""
        return f"https://{DOMAIN}/api/c2b/{token}/{kind}"

    def pass_time(
        self, seconds: float, *, delivers: bool = True, cleans_up: bool = False
    ) -> list[Answer]:
        """Let time pass, delivering callbacks as they fall due, and cleaning up every minute."""
        answers = []
        until = self.clock() + seconds
        next_cleanup = self.clock() + 60
        while self.clock() < until:
            event_at = self.daraja.next_event_at()
            step = min(filter(None, (event_at, next_cleanup, until)))
            self.clock.now = max(self.clock.now, step)
            for delivery in self.daraja.due_callbacks():
                if delivers:
                    answers.append(self.deliver(delivery))
            if cleans_up and self.clock() >= next_cleanup:
                self.clean_up()
            if self.clock() >= next_cleanup:
                next_cleanup += 60
        return answers

    def clean_up(self) -> dict[str, Any]:
        """EventBridge fires the schedule."""
        return self.function("cleanup").invoke({})

    def redrive(self) -> dict[str, Any]:
        """SQS hands its messages to the callback function; what fails stays."""
        return self._redrive(self.queue, "callback")

    def redrive_money(self) -> dict[str, Any]:
        """The same of the money queue, to the paybill function."""
        return self._redrive(self.money_queue, "paybill")

    def _redrive(self, queue: Queue, function: str) -> dict[str, Any]:
        records, queue.messages = queue.messages, []
        answer = self.function(function).invoke({"Records": records})
        failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
        queue.messages += [record for record in records if record["messageId"] in failed]
        return answer

    def enter_pin(self, pin: str = "1234", *, phone: str = PHONE) -> None:
        """The person types a PIN into the prompt that is open on their phone."""
        self.answer_prompt("pin", pin=pin, phone=phone)

    def answer_prompt(self, action: str, *, phone: str = PHONE, **options: Any) -> None:
        """The person answers the prompt that is open on their phone."""
        prompts = [each for each in self.daraja.prompts() if each.order.msisdn == phone]
        self.daraja.answer_prompt(prompts[-1].checkout_request_id, action, **options)

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """The stored items whose pk starts so, as plain values."""
        stored = json.dumps(list(self.engine.items(TABLE_NAME)))
        found = map(from_item, json.loads(stored, object_hook=with_bytes))
        return [values for values in found if values["pk"].startswith(prefix)]

    def store_item(self, values: Mapping[str, Any]) -> None:
        """Put an item that no function of this release would write."""
        self.engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": to_item(values)})

    def receipt_rows(self) -> dict[str, dict[str, Any]]:
        """Every receipt row as stored, by its receipt."""
        found = [item for item in self.items("RCPT#") if item["sk"] == "STATE"]
        return {item["pk"].removeprefix("RCPT#"): item for item in found}

    def payment(self, payment_id: str) -> Payment:
        """A payment as stored."""
        [values] = [v for v in self.items(f"PAY#{payment_id}") if v["sk"] == "STATE"]
        return to_payment(values)

    def events(self, payment_id: str) -> list[str]:
        """The types of a payment's events, in order."""
        found = self.items(f"PAY#{payment_id}")
        return [values["type"] for values in found if values["sk"].startswith("EVENT#")]


class RefundsInvoker:
    """The Lambda service, as far as it invokes the refund function."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.calls: list[dict[str, Any]] = []
        self.is_down = False

    def invoke(
        self,
        *,
        FunctionName: str,  # noqa: N803
        InvocationType: str,  # noqa: N803
        Payload: bytes,  # noqa: N803
    ) -> dict[str, Any]:
        """Run the function once, as an event too: what it raises then reaches nobody."""
        assert FunctionName == REFUNDS_FUNCTION
        if self.is_down:
            raise ConnectionError("Lambda is down")
        call = json.loads(Payload)
        self.calls.append(call)
        answer = self._world.function("refunds").invoke(call)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}
