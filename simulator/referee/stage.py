"""Plays one play: sets the phone, clicks, lets the attacker act, and looks until it is over."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from simulator.referee import forgery
from simulator.referee.adapter import Adapter, Order
from simulator.referee.control import Control
from simulator.referee.plays import Act, Play
from simulator.referee.rules import Judgement, Look, Status, judge

AMOUNT_KES = 100
UNLISTED_SOURCE = "41.90.64.12"
LOOK_SECONDS = 0.5
RESULT_SECONDS_MAX = 60.0
ACT_SECONDS_MAX = 60.0
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Times:
    """How long a play lasts. Units: seconds.

    Shape: both count from the answer to the last click. After `dwell` a play may end with the
    right word; at `patience` it ends anyway.
    """

    dwell: float = 16.0
    patience: float = 45.0


@dataclass(slots=True)
class Played:
    """One play with everything that was seen."""

    play: Play
    judgement: Judgement
    looks: list[Look]
    journal: list[Document]


@dataclass
class Stage:
    """Where plays are played. `new_phone` gives a number that nothing else uses."""

    control: Control
    adapter: Adapter
    push_url: str
    new_phone: Callable[[], str]
    times: Times = field(default_factory=Times)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def perform(self, play: Play) -> Played:
        """Plays it and judges it by the ledger."""
        start = self.control.last_sequence()
        order = self._order(play.scenarios, play.balance_kes, is_on=play.is_on)
        old = self._pay_before() if _needs_old(play) else None
        looks: list[Look] = []
        notes: list[Document] = []
        with ThreadPoolExecutor(3) as pool:
            clicks = [pool.submit(self._click, order)]
            if Act.CLICK_AT_ONCE in play.acts:
                clicks.append(pool.submit(self._click, order))
            acting = pool.submit(self._act, play, order, old, notes)
            self._watch(play, order, looks, [acting, *clicks])
        judgement = judge(
            looks,
            play.expected,
            play.at_stake,
            was_pushed=self.control.was_pushed(order.phone_number, after=start),
        )
        return Played(play, judgement, looks, [*self._journal(order), *notes])

    def _order(
        self, scenarios: tuple[object, ...], balance_kes: int | None = None, *, is_on: bool = True
    ) -> Order:
        phone = self.new_phone()
        changes: dict[str, object] = {"scenario": scenarios[-1], "is_on": is_on}
        if balance_kes is not None:
            changes["balance_kes"] = balance_kes
        self.control.set_phone(phone, changes)
        for scenario in scenarios[:-1]:
            self.control.set_next(phone, scenario)
        return Order(f"R{phone[-9:]}", phone, AMOUNT_KES, self.push_url)

    def _click(self, order: Order) -> None:
        with suppress(Exception):  # the backend's answer is no evidence
            self.adapter.charge(order)

    def _pay_before(self) -> str:
        """Makes somebody else pay first; gives that payment's callback body."""
        order = self._order(("pays",))
        self._click(order)
        self._until(lambda: bool(self._callbacks(order)), RESULT_SECONDS_MAX)
        return next(iter(self._callbacks(order)), "")

    def _callbacks(self, order: Order) -> list[str]:
        return [
            entry["body"]
            for checkout_id in self.control.prompt_ids(order.phone_number)
            for entry in self.control.entries(
                kind="callback_posted", checkout_request_id=checkout_id
            )
        ]

    def _watch(
        self, play: Play, order: Order, looks: list[Look], running: list[Future[None]]
    ) -> None:
        begun = started = self.clock()
        while True:
            verdict = self.adapter.word(order)
            looks.append(Look(verdict, self.control.debits(order.phone_number)))
            now = self.clock()
            is_acting = not all(each.done() for each in running)
            if is_acting and now - begun < self.times.patience:
                started = now  # the time counts from the last click's answer
            is_over = _is_right(play, looks[-1]) and now - started >= self.times.dwell
            if is_over or now - started >= self.times.patience:
                return
            self.sleep(LOOK_SECONDS)

    def _act(self, play: Play, order: Order, old: str | None, notes: list[Document]) -> None:
        for act in play.acts:
            match act:
                case Act.CLICK_AT_ONCE:
                    pass
                case Act.CLICK_SOON:
                    self.sleep(1.0)
                    self._click(order)
                case Act.CLICK_AFTER_RESULT:
                    self._wait_for_result(order)
                    self._click(order)
                case Act.REPEAT_CALLBACK:
                    self._wait_for_result(order)
                    for checkout_id in self.control.prompt_ids(order.phone_number):
                        self.control.repeat_callback(checkout_id)
                case _:
                    self._forge(act, order, old)
            notes.append({"kind": "act", "at": self.control.now(), "what": str(act)})

    def _wait_for_result(self, order: Order) -> None:
        phone = order.phone_number
        self._until(
            lambda: bool(self.control.entries(kind="result", phone=phone)), RESULT_SECONDS_MAX
        )
        self.sleep(2.0)

    def _forge(self, act: Act, order: Order, old: str | None) -> None:
        self._until(lambda: bool(self.control.prompt_ids(order.phone_number)), ACT_SECONDS_MAX)
        for checkout_id in self.control.prompt_ids(order.phone_number):
            url = self.control.callback_url(checkout_id)
            ids = (checkout_id, self.control.merchant_request_id(checkout_id))
            body = self._forged_body(act, order, ids, old)
            if act in (Act.FORGE_SUCCESS_ELSEWHERE, Act.FORGE_SUCCESS_LISTED):
                is_listed = act is Act.FORGE_SUCCESS_LISTED and forgery.guessed(url) != url
                url = forgery.guessed(url)
                self.control.forge(url, body, None if is_listed else UNLISTED_SOURCE)
            else:
                self.control.forge(url, body, UNLISTED_SOURCE)

    def _forged_body(self, act: Act, order: Order, ids: tuple[str, str], old: str | None) -> object:
        if act is Act.FORGE_FAILURE:
            return forgery.failure(*ids)
        if act is Act.REPLAY_OLD_BODY and old:
            return old
        if act is Act.REPLAY_OLD_SUCCESS and old:
            return forgery.with_ids(old, *ids)
        amount = 1 if act is Act.FORGE_OTHER_AMOUNT else order.amount_kes
        return forgery.success(*ids, amount_kes=amount, phone_number=order.phone_number)

    def _until(self, is_true: Callable[[], bool], seconds_max: float) -> None:
        started = self.clock()
        while not is_true() and self.clock() - started < seconds_max:
            self.sleep(LOOK_SECONDS)

    def _journal(self, order: Order) -> list[Document]:
        entries = {
            each["sequence"]: each for each in self.control.entries(phone=order.phone_number)
        }
        for checkout_id in self.control.prompt_ids(order.phone_number):
            for each in self.control.entries(checkout_request_id=checkout_id):
                entries[each["sequence"]] = each
        return [entries[number] for number in sorted(entries)]


def _needs_old(play: Play) -> bool:
    needs = {Act.REPLAY_OLD_BODY, Act.REPLAY_OLD_SUCCESS}
    return bool(needs & set(play.acts)) or "callback_reused_receipt" in str(play.scenarios)


def _is_right(play: Play, look: Look) -> bool:
    """Whether the play could end now with nothing lost."""
    if look.debits:
        return look.verdict.status in play.expected.accepted
    is_possible = 0 in play.expected.debits
    return is_possible and look.verdict.status in (play.expected.accepted_unpaid - {Status.PAID})
