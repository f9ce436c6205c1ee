"""The Daraja client over real sockets: one connection and one send a call, come what may."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from payments.daraja import wire
from payments.daraja.client import DarajaClient, ReadyDaraja, new_session, push_timeout
from payments.protocol import policy
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear
from payments.protocol.provider_calls import FetchedToken, Push

PUSH = Push(
    msisdn="254708374149",
    amount_kes=1,
    account_reference="A",
    transaction_desc="T",
    callback_url="https://shop.example/c",
)
ACCEPTED = json.dumps(
    {"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1234567890", "MerchantRequestID": "m-1234567"}
)
REFUSED_TOKEN = json.dumps({"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"})


def reply(body: str, *, status: str = "200 OK", headers: str = "", announced: int = 0) -> bytes:
    length = announced or len(body)
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}".encode()


@dataclass
class Server:
    """Answers each request with the next reply, the last one for ever; never asks to close."""

    replies: list[bytes]
    closes: bool = False
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            while request := _read(connection):
                self.requests.append(request)
                answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                connection.sendall(answer)
                if self.closes:
                    return


def _read(connection: socket.socket) -> bytes:
    raw = b""
    while b"\r\n\r\n" not in raw:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        raw += chunk
    head, _, body = raw.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1]
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    ]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(*replies: bytes, closes: bool = False) -> Iterator[Server]:
    server = Server(list(replies), closes=closes)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server


class Tokens:
    """One token after another; none is fetched."""

    def __init__(self) -> None:
        self.given = 0

    def get(self, consumer_key: str) -> str:
        return f"token-{self.given}"

    def renew(self, consumer_key: str, rejected: str) -> str:
        self.given += 1
        return self.get(consumer_key)


def client(url: str, tokens: Tokens | None = None) -> DarajaClient:
    def share(fetch: Callable[[], FetchedToken]) -> Any:
        return tokens or Tokens()

    return DarajaClient(
        new_session(),
        base_url=url,
        merchant=wire.Merchant(
            shortcode="174379", party_b="174379", transaction_type="CustomerPayBillOnline"
        ),
        credentials=lambda: {
            "SAFARICOM_CONSUMER_KEY": "k",
            "SAFARICOM_CONSUMER_SECRET": "s",
            "SAFARICOM_PASSKEY": "p",
        },
        forget_credentials=lambda: None,
        share_oauth_token=share,
        clock=lambda: 1_795_424_400.0,
        observer=SimpleNamespace(counted=lambda *a, **k: None, noted=lambda *a, **k: None),
    )


def push(url: str, *, may_send: Callable[[], bool] = lambda: True) -> object:
    return ReadyDaraja(client(url), "token", "p").push_stk(
        PUSH, may_send=may_send, seconds=lambda: 20.0
    )


@pytest.mark.parametrize(
    ("seconds", "read"), [(25.0, 18), (21.0, 18), (16.0, 13.0), (10.0, 7.0), (2.0, 1.0)]
)
def test_the_timeouts_of_a_push_fit_into_the_time_that_is_left(seconds: float, read: float) -> None:
    connect, most = push_timeout(seconds)
    assert most == read
    assert connect + most <= max(seconds, 4.0)


def test_what_must_be_left_before_a_push_covers_the_call_and_the_write() -> None:
    left = policy.REMAINING_SECONDS_MIN - policy.STORE_OUTCOME_SECONDS
    assert sum(push_timeout(left)) <= left


@pytest.mark.parametrize("closes", [False, True], ids=["keeps open", "closes after answering"])
def test_each_call_has_a_connection_of_its_own_and_none_is_lost(closes: bool) -> None:
    with serving(reply(ACCEPTED), closes=closes) as server:
        daraja = client(server.url)
        ready = ReadyDaraja(daraja, "token", "p")
        outcomes = [
            ready.push_stk(PUSH, may_send=lambda: True, seconds=lambda: 20.0) for _ in range(20)
        ]
        daraja.query_stk("ws_CO_1234567890")
    assert all(isinstance(outcome, PushAccepted) for outcome in outcomes)
    assert server.connections == len(server.requests) == 21


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(ACCEPTED, announced=len(ACCEPTED) + 50), PushUnclear),
        (reply("", status="503 Service Unavailable", headers="Retry-After: 0\r\n"), PushUnclear),
        (
            reply("", status="307 Temporary Redirect", headers="Location: /elsewhere\r\n"),
            PushUnclear,
        ),
        (b"", PushUnclear),
        (b"garbage\r\n\r\n", PushUnclear),
    ],
    ids=["half a body", "503", "redirect", "nothing", "garbage"],
)
def test_an_answer_that_says_nothing_clear_is_unknown_and_never_sent_again(
    answer: bytes, expected: type
) -> None:
    with serving(answer, closes=True) as server:
        assert isinstance(push(server.url), expected)
    assert len(server.requests) == 1


def test_a_refused_token_is_refreshed_once_and_no_third_push_is_sent() -> None:
    with serving(reply(REFUSED_TOKEN, status="404 Not Found")) as server:
        assert isinstance(push(server.url), PushRefused)
    assert len(server.requests) == 2


def test_the_second_send_asks_whether_there_is_still_time() -> None:
    answers = iter([True, False])
    with serving(reply(REFUSED_TOKEN, status="404 Not Found"), reply(ACCEPTED)) as server:
        outcome = push(server.url, may_send=lambda: next(answers))
    assert isinstance(outcome, PushRefused)
    assert len(server.requests) == 1


def test_neither_proxy_nor_netrc_of_the_machine_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(reply(ACCEPTED)) as server:
        assert isinstance(push(server.url), PushAccepted)
    assert b"authorization: bearer token" in server.requests[0].lower()
