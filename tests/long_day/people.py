"""People at the deployed stack, over real HTTP, each with a day of their own."""

from __future__ import annotations

import random
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from local.client import Answer, ApiClient, SimulatorClient
from local.demo import new_booking, new_phone
from local.state import StackState

PRICES_KES = (1, 150, 1000, 2500)
PEOPLE = ("pays", "pays", "pays", "cancels", "wrong_pin", "ignores", "prompt_lost")
BAD_DAYS = (
    *("push_hang", "push_reset", "push_500", "push_html_503", "push_hang_lost", "push_busy"),
    *("callback_first", "callback_late", "callback_lost", "callback_twice", "callback_retried"),
    *("callback_unlisted", "callback_wrong_amount", "callback_missing_amount", "callback_slow"),
    *("twin_off", "twin_lost", "twin_before", "twin_after", "twin_twice", "query_never_final"),
)
"""What a payer's day may be besides; each is a scenario of the simulator."""
BAD_SHARE, TWICE_SHARE, CANCEL_SHARE, BY_HAND_SHARE, POLLS = 0.6, 0.35, 0.15, 0.15, 4
THINKS_SECONDS = 1.5
NO_ANSWER = "no answer"


class Crowd:
    """So many people at once, until they are told to go home; `seen` counts what they saw."""

    def __init__(
        self, stack: StackState, make_token: Callable[[str], str], seed: int, size: int
    ) -> None:
        assert stack.simulator_url is not None
        self._stack, self._make_token = stack, make_token
        self._simulator_url = stack.simulator_url
        self._leaves, self._lock = threading.Event(), threading.Lock()
        self.seen: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(size)
        self._futures = [
            self._pool.submit(self._live, random.Random(f"{seed} {number}"))
            for number in range(size)
        ]

    def go_home(self) -> None:
        """Nobody begins anything any more. Errors: what a person could not bear."""
        self._leaves.set()
        for each in self._futures:
            each.result()
        self._pool.shutdown()

    def _live(self, chance: random.Random) -> None:
        while not self._leaves.is_set():
            self._one_booking(chance)
            self._leaves.wait(THINKS_SECONDS * 2 * chance.random())

    def _one_booking(self, chance: random.Random) -> None:
        client, phone = f"customer-{secrets.token_hex(6)}", new_phone()
        api = ApiClient(self._stack.api_url, self._make_token(client))
        system = ApiClient(self._stack.api_url, self._stack.booking_token)
        simulator = SimulatorClient(self._simulator_url)
        booking, price = new_booking(), chance.choice(PRICES_KES)
        if self._try("register", lambda: system.register(booking, client, price)) is None:
            return
        simulator.set_next(_day(chance), phone)
        answer = self._pay(chance, api, booking, phone, price)
        identifier = answer.body.get("payment_id") if answer and answer.body else None
        if chance.random() < BY_HAND_SHARE:
            order = {"number": self._stack.paybill, "amount_kes": price, "account": str(booking)}
            self._try("by hand", lambda: simulator.call("POST", f"/phones/{phone}/pay", order))
        for _ in range(POLLS if identifier else 0):
            self._leaves.wait(THINKS_SECONDS)
            self._try("poll", lambda: api.read_status(str(identifier)))
        if chance.random() < CANCEL_SHARE:
            body = {"client_id": client, "price_kes": price, "status": "Cancelled"}
            path = f"/api/consultations/{booking}"
            self._try("cancel", lambda: system.call("PUT", path, body))

    def _pay(
        self, chance: random.Random, api: ApiClient, booking: str | int, phone: str, price: int
    ) -> Answer | None:
        """Click once or twice, with a key or without, and once more where nothing came back."""
        key = chance.choice((None, secrets.token_hex(8)))
        clicks = 2 if chance.random() < TWICE_SHARE else 1

        def click() -> Answer | None:
            return self._try("pay", lambda: api.initiate(booking, phone, price, key=key))

        if clicks == 1:
            return click() or click()
        with ThreadPoolExecutor(clicks) as pool:
            answers = [each.result() for each in [pool.submit(click) for _ in range(clicks)]]
        good = [each for each in answers if each is not None and each.status in (200, 202)]
        return good[0] if good else answers[0]

    def _try(self, what: str, call: Callable[[], Answer]) -> Answer | None:
        """One request; a connection that breaks, and an answer of 5xx, are no answer."""
        try:
            answer: Answer | None = call()
        except requests.RequestException:
            answer = None
        word: Any = answer.status if answer else NO_ANSWER
        with self._lock:
            self.seen[f"{what}: {word}"] += 1
        return answer if answer is not None and answer.status < 500 else None


def _day(chance: random.Random) -> str:
    parts = [chance.choice(PEOPLE)]
    if chance.random() < BAD_SHARE:
        parts.append(chance.choice(BAD_DAYS))
    return "+".join(parts)
