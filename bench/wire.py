"""The other end of every wire, in one process: DynamoDB, Secrets Manager, SQS and Daraja.

    python -m bench.wire 9650

Functions under measurement reach it through AWS_ENDPOINT_URL and SAFARICOM_BASE, so what they ask
is counted where it arrives and what it costs to answer is not theirs. `POST /bench/<order>` steers
it: `reset`, `counts`, `settle`, `advance`.
"""

import json
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from payments.values import sha256_hex

from simulator.core import Daraja, HttpRequest
from simulator.core.config import SANDBOX_PASSKEY, Config
from simulator.core.errors import PromptClosedError
from simulator.core.initiator.certificate import CERTIFICATE_FILE
from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tests.support.aws import C2B_TOKEN, JWT_SECRET
from tests.support.dynamodb import Engine, table_from_template
from tests.support.dynamodb.errors import DynamoDBError
from tools.credential import encrypt, read_certificate

PRODUCT_TABLE = "payments"
PEER_TABLES = ("peer-payments", "peer-consultations", "peer-idempotency")
SECRETS = {
    "daraja": {
        "SAFARICOM_CONSUMER_KEY": Config().apps[0].consumer_key,
        "SAFARICOM_CONSUMER_SECRET": Config().apps[0].consumer_secret,
        "SAFARICOM_PASSKEY": SANDBOX_PASSKEY,
    },
    "pepper": {"PHONE_PEPPER": "pepper-of-the-benchmark"},
    "jwt": {"JWT_SECRET": JWT_SECRET, "JWT_SECRET_PREVIOUS": ""},
    "paybill": {"C2B_TOKEN_SHA256": sha256_hex(C2B_TOKEN)},
    "initiator": {
        "INITIATOR_NAME": DEFAULT_INITIATORS[0].name,
        "SECURITY_CREDENTIAL": encrypt(
            DEFAULT_INITIATORS[0].password, read_certificate(CERTIFICATE_FILE)
        ),
    },
    "result-key": {"RESULT_KEY": "result-key-of-the-benchmark", "RESULT_KEYS_OLD": ""},
}
SHOWN_SECONDS = 2.0  # until the last prompt is on its screen
CONFIG = {"query_per_minute": None, "person_seconds": 3.0, "same_amount_seconds": 0.0}


class Cloud:
    """Everything the functions talk to, with its counters."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.offset = 0.0
        self.reset()

    def now(self) -> float:
        """UTC epoch seconds, ahead of the real ones by what was advanced."""
        return time.time() + self.offset

    def reset(self) -> None:
        """Forget everything."""
        self.offset = 0.0
        self.engine = Engine(clock=self.now, counts_units=True)
        self.engine.create_table(table_from_template("template.yaml", table_name=PRODUCT_TABLE))
        for name in PEER_TABLES:
            self.engine.create_table(
                {
                    "TableName": name,
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                }
            )
        self.daraja = Daraja(clock=self.now, seed=1, config=Config().changed(CONFIG))
        self.calls: Counter[str] = Counter()

    def counts(self) -> dict[str, Any]:
        """What arrived since the reset."""
        return {
            "calls": dict(self.calls),
            "dynamodb_calls": sum(self.engine.calls.values()),
            "read_units": self.engine.units["read"],
            "write_units": self.engine.units["write"],
        }

    def settle(self, seconds: float) -> list[dict[str, str]]:
        """Let everybody pay and give the callbacks that Daraja now sends."""
        self.offset += SHOWN_SECONDS
        self.daraja.advance()
        for prompt in self.daraja.prompts():
            with suppress(PromptClosedError):  # answered before
                self.daraja.answer_prompt(prompt.checkout_request_id, "pin", pin="1234")
        self.offset += seconds
        return [
            {
                "url": each.url,
                "body": each.body.decode() if isinstance(each.body, bytes) else each.body,
            }
            for each in self.daraja.due_callbacks()
        ]

    def aws(self, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a JSON-protocol request of AWS."""
        service, _, operation = target.partition(".")
        self.calls[operation] += 1
        if service.startswith("DynamoDB"):
            try:
                return 200, self._dynamodb(operation, body)
            except DynamoDBError as error:
                return error.status, error.body()
        if operation == "GetSecretValue":
            name = body["SecretId"].rsplit(":", 1)[-1]
            return 200, {"ARN": body["SecretId"], "SecretString": json.dumps(SECRETS[name])}
        return 200, {"MessageId": "message", "MD5OfMessageBody": ""}

    def _dynamodb(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer also what only the peers ask for: the new item of an update."""
        wants_new = body.pop("ReturnValues", "NONE") == "ALL_NEW"
        answer = self.engine.execute(operation, body)
        if wants_new:
            answer["Attributes"] = self.engine.item(body["TableName"], body["Key"]["id"]["S"])
        return answer

    def order(self, path: str, body: dict[str, Any]) -> Any:
        """Carry out an order of the benchmark."""
        if path == "/bench/reset":
            self.reset()
        if path == "/bench/settle":
            return self.settle(float(body.get("seconds", 30)))
        if path == "/bench/transitions":
            items = self.engine.items(PRODUCT_TABLE)
            wanted = body.get("type", "PaymentCompleted")
            return sum(each.get("type", {}).get("S") == wanted for each in items)
        if path == "/bench/advance":
            self.offset += float(body["seconds"])
        return self.counts()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open."""

    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def setup(self) -> None:
        """Send each answer at once."""
        super().setup()
        self.connection.setsockopt(6, 1, 1)

    def do_GET(self) -> None:
        """Daraja's token."""
        self.do_POST()

    def do_POST(self) -> None:
        """Everything else."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.cloud.lock:
            status, answer = self._answer(content)
        self.send_response_only(status)
        kind = (
            "application/x-amz-json-1.0" if "X-Amz-Target" in self.headers else "application/json"
        )
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, content: bytes) -> tuple[int, bytes]:
        target = self.headers.get("X-Amz-Target")
        if target:
            status, body = self.cloud.aws(target, json.loads(content))
            return status, json.dumps(body).encode()
        if self.path.startswith("/bench/"):
            return 200, json.dumps(
                self.cloud.order(self.path, json.loads(content or b"{}"))
            ).encode()
        parts = urlsplit(self.path)
        self.cloud.calls[f"daraja {parts.path.rsplit('/', 1)[-1]}"] += 1
        request = HttpRequest(
            method=self.command,
            path=parts.path,
            headers=dict(self.headers),
            body=content,
            query=dict(parse_qsl(parts.query)),
        )
        answered = self.cloud.daraja.handle(request)
        return answered.status, bytes(answered.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    Handler.cloud = Cloud()
    ThreadingHTTPServer.request_queue_size = 128
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
