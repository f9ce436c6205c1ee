"""Processes that carry out one call after another, and can be killed in the middle of one.

Each is a fork of the warm parent, so that a new one costs milliseconds. It says what it needs of
the world over a pipe, and waits for the answer.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

FORK = multiprocessing.get_context("fork")

type Serve = Callable[[Connection], None]
# What a process does for all its life: it receives calls and sends what became of them.


class Channel:
    """A process's side of its pipe: whatever is not the table is asked of the parent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, what: str, *facts: Any) -> Any:
        """Ask the parent, and wait."""
        self._connection.send(("asks", what, facts))
        return self._connection.recv()


@dataclass(slots=True, eq=False)
class Worker:
    """One process. `call` is what it works on, None while it is idle; `is_blocked` while it waits
    for an answer that only virtual time brings. Units: `dies_at` in seconds of time.monotonic()."""

    process: Any
    connection: Connection
    call: Any = None
    is_blocked: bool = False
    dies_at: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it computes, or waits for the engine."""
        return self.call is not None and not self.is_blocked


class Pool:
    """So many processes, always: one that is killed is replaced."""

    def __init__(self, size: int, serve: Serve) -> None:
        self._serve = serve
        self.workers: list[Worker] = []
        self.kills = 0
        for _ in range(size):
            self.workers.append(self._fork())

    def idle(self) -> Worker | None:
        """Some process that has nothing to do."""
        return next((each for each in self.workers if each.call is None), None)

    def begin(self, worker: Worker, call: Any, message: Any, *, dies_at: float | None) -> None:
        """Let an idle process carry out a call."""
        worker.call, worker.dies_at = call, dies_at
        worker.connection.send(message)

    def messages(self, timeout: float | None) -> Iterator[tuple[Worker, Any]]:
        """What the busy processes say, within so many seconds."""
        busy = {each.connection: each for each in self.workers if each.is_busy}
        for connection in wait(list(busy), timeout):
            worker = busy[connection]  # type: ignore[index]
            if worker.is_busy:
                yield worker, worker.connection.recv()

    def answer(self, worker: Worker, value: Any) -> None:
        """Give a process what it asked for."""
        worker.is_blocked = False
        worker.connection.send(value)

    def kill(self, worker: Worker) -> Any:
        """End a process with SIGKILL, in the middle of its call; return that call."""
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.join()
        worker.connection.close()
        self.workers[self.workers.index(worker)] = self._fork()
        self.kills += 1
        call, worker.call = worker.call, None  # nobody may kill it twice
        return call

    def close(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()
        self.workers.clear()

    def _fork(self) -> Worker:
        ours, theirs = FORK.Pipe()
        others = [each.connection for each in self.workers]

        def live() -> None:
            ours.close()
            for each in others:
                if not each.closed:
                    each.close()
            self._serve(theirs)

        process = FORK.Process(target=live, daemon=True)
        process.start()
        theirs.close()
        return Worker(process, ours)
