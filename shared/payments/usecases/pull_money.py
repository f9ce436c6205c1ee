"""Asks Pull which money arrived, and books what no other witness brought (docs/protocol.md)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from payments.errors import PaymentError
from payments.ports import Actor, PullGateway
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.protocol.policy import DAY_SECONDS
from payments.protocol.pull import (
    PulledRow,
    PullState,
    Window,
    calibrated,
    covered,
    windows_due,
)
from payments.protocol.receipts import ReceiptRow, RowState
from payments.store.pull_gate import PullGate
from payments.usecases.record_money import record_money
from payments.usecases.services import Services

PAGES_MAX = 40
"""The most pages of one window."""
ASK_WITH_SECONDS_LEFT = 30
"""An answer (11 s) and its writes must still fit."""
BOOK_WITH_SECONDS_LEFT = 8
"""One receipt's reads and write must still fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Puller:
    """Pull of one shortcode: its gate, and Daraja."""

    gate: PullGate
    daraja: PullGateway


@dataclass(slots=True, kw_only=True)
class _Listed:
    """What the pages of one window list, each receipt once."""

    window: Window
    rows: dict[str, PulledRow] = field(default_factory=dict)
    is_finished: bool = False
    is_nothing_found: bool = False


def pull_due(
    services: Services, puller: Puller, *, remaining_seconds: Callable[[], float], actor: Actor
) -> bool:
    """Run Pull where its gate is open; whether it ran to its end. It never raises.

    A receipt that has its row with this amount costs a read and no write. A run that fails moves no
    coverage; the next one asks about the same time again.
    """
    now = services.now()
    try:
        if puller.gate.read().next_at > now:
            return False
        if not puller.gate.take(now=now, spacing_seconds=services.policy.pull_seconds):
            return False
        services.observer.counted("PullRun")
        run = _Run(services, puller, remaining_seconds=remaining_seconds, actor=actor, now=now)
        puller.gate.finish(run.carry_out(puller.gate.read()), run_at=now)
    except Exception as error:
        # The recheck of due payments comes next, and must not wait for Pull.
        cause = error.code if isinstance(error, PaymentError) else type(error).__name__
        services.observer.noted("pull failed", cause=cause)
        services.observer.counted("PullUnfinished")
        return False
    return True


class _Run:
    """One run: the newest window is booked before the sweep is asked for."""

    def __init__(
        self,
        services: Services,
        puller: Puller,
        *,
        remaining_seconds: Callable[[], float],
        actor: Actor,
        now: int,
    ) -> None:
        self._services = services
        self._puller = puller
        self._remaining_seconds = remaining_seconds
        self._actor = actor
        self._now = now

    def carry_out(self, state: PullState) -> PullState:
        """Ask about each window that is due, and book what it lists."""
        finished, is_nothing_found = [], True
        windows = windows_due(state, now=self._now)
        for window in windows:
            listed = self._list(window)
            rows = self._puller.gate.known_rows(list(listed.rows))
            state = self._with_hits(state, listed, rows)
            if self._book(listed, rows, state) and listed.is_finished:
                finished.append(window)
            is_nothing_found = is_nothing_found and listed.is_nothing_found
            self._count("PullListed", len(listed.rows))
        self._count("PullUnfinished", int(len(finished) < len(windows)))
        self._count("PullNothingFound", int(is_nothing_found))
        blind_seconds = self._now - (state.hit_at or state.since or self._now)
        self._services.observer.counted("PullBlindSeconds", blind_seconds, unit="Seconds")
        return self._with_coverage(state, finished)

    def _list(self, window: Window) -> _Listed:
        """Ask for page after page, until one is empty or lists nothing new.

        Sources disagree whether the offset counts rows or pages. The second question tells: where
        it counts rows, offset 1 repeats all of the first answer but its first row.
        """
        listed = _Listed(window=window)
        offset, counts_rows = 0, False
        for number in range(PAGES_MAX):
            if self._remaining_seconds() < ASK_WITH_SECONDS_LEFT:
                return listed
            page = self._puller.daraja.pull(window, offset)
            if page is None or page.unreadable:
                return listed
            found = {row.money.receipt_number: row for row in page.rows}
            repeated = found.keys() & listed.rows.keys()
            if number == 0:
                listed.is_nothing_found = page.is_nothing_found
            elif number == 1:
                counts_rows = len(repeated) >= len(listed.rows) - 1 > 0
            listed.rows = found | listed.rows
            if len(repeated) == len(found):
                listed.is_finished = True
                return listed
            offset = len(listed.rows) if counts_rows else number + 1
        return listed

    def _with_hits(
        self, state: PullState, listed: _Listed, rows: Mapping[str, ReceiptRow]
    ) -> PullState:
        """Calibrate Pull's clock by the receipts that another witness brought."""
        known = {receipt: row for receipt, row in rows.items() if row.source is not Proof.PULL}
        self._count("PullKnown", len(known))
        if not known:
            return state
        timed = [
            (listed.rows[receipt], row.paid_at) for receipt, row in known.items() if row.paid_at
        ]
        return replace(state, hit_at=self._now, clock=calibrated(state.clock, timed))

    def _with_coverage(self, state: PullState, finished: Iterable[Window]) -> PullState:
        """Extend what is covered, where Pull shows our money at all.

        "Nothing found" is also the answer to a shortcode without the product.
        """
        if state.hit_at is None or self._now - state.hit_at >= DAY_SECONDS:
            return state
        for window in finished:
            state = covered(state, window)
            is_sweep = window.end != self._now
            state = replace(state, swept_at=self._now) if is_sweep else state
        return state

    def _book(self, listed: _Listed, rows: Mapping[str, ReceiptRow], state: PullState) -> bool:
        """Book each receipt that has no row, or one of another amount; whether all were."""
        skipped = 0
        for receipt, row in listed.rows.items():
            money = row.by(state.clock)
            if _is_repeat(money, rows.get(receipt)):
                continue
            if self._remaining_seconds() < BOOK_WITH_SECONDS_LEFT:
                return False
            try:
                record_money(self._services, money, actor=self._actor)
            except Exception as error:
                cause = error.code if isinstance(error, PaymentError) else type(error).__name__
                self._services.observer.noted("receipt skipped", receipt=receipt, cause=cause)
                skipped += 1
        self._count("PullSkipped", skipped)
        return skipped == 0

    def _count(self, name: str, value: int) -> None:
        if value:
            self._services.observer.counted(name, value)


def _is_repeat(money: MoneySeen, row: ReceiptRow | None) -> bool:
    """Whether a machine wrote the receipt's row with this amount, whatever became of it since.

    A row without a known amount that no payment has can learn none, and only an account could give
    its money to a payment.
    """
    if row is None or row.source is Proof.OPERATOR:
        return False
    if row.state is RowState.UNCLAIMED and row.reference is None and money.reference:
        return False  # it waits for want of the very name that Pull brings
    if row.payment_id is None and row.amount_kes is None and not money.reference:
        return True
    return (row.amount_kes, row.amount_text) == (money.amount_kes, money.amount_text)
