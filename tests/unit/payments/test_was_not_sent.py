"""Which transport errors prove that a push never left: as `requests` really raises them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import requests
from payments.daraja.client import new_session, was_not_sent


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def post(url: str) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as caught:
        new_session().post(url, json={}, timeout=(2, 2))
    return caught.value


def answer_once(server: socket.socket, behave: Callable[[socket.socket], object]) -> None:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            behave(connection)

    threading.Thread(target=serve, daemon=True).start()


def test_a_refused_connection_was_not_sent(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert was_not_sent(post(f"http://127.0.0.1:{port}/"))


def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    assert was_not_sent(post("http://nobody.invalid/"))


def test_a_connection_dropped_after_the_send_may_have_been_sent(listener: socket.socket) -> None:
    answer_once(listener, lambda connection: connection.recv(65536))
    assert not was_not_sent(post(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
