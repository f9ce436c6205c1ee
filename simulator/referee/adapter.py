"""The adapter file: how to ask a backend for a payment, and how to ask for its verdict.

Shape: a Python file with `charge(order)` and `verdict(order)`; optionally `start(context)` and
`stop()`. `verdict` gives {"status": "paid" | "failed" | "pending" | "review"} and, where the
backend shows them, "amount" and "receipt".
"""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.referee.rules import Status, Verdict


class AdapterError(Exception):
    """The adapter file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """One wish to collect one amount for one reference; a second click is the same order.

    Units: KES. Shape: `reference` has at most 12 letters and digits.
    """

    reference: str
    phone_number: str
    amount_kes: int
    push_url: str


@dataclass(frozen=True, slots=True)
class Context:
    """What `start` is given."""

    simulator_url: str
    push_url: str


@dataclass(frozen=True, slots=True)
class Adapter:
    """The functions of an adapter file."""

    name: str
    charge: Callable[[Order], object]
    verdict: Callable[[Order], object]
    start: Callable[[Context], object] = lambda context: None
    stop: Callable[[], object] = lambda: None

    def word(self, order: Order) -> Verdict:
        """The backend's word about an order; an error or nonsense counts as pending."""
        try:
            return read_verdict(self.verdict(order))
        except Exception:
            return Verdict(Status.PENDING)


def read_verdict(given: object) -> Verdict:
    """The verdict in a document. Errors: ValueError, TypeError."""
    if not isinstance(given, Mapping):
        raise TypeError("a verdict is an object")
    amount, receipt = given.get("amount"), given.get("receipt")
    return Verdict(
        Status(str(given.get("status"))),
        None if amount is None else int(float(str(amount))),
        None if not receipt else str(receipt),
    )


def load_adapter(file: Path) -> Adapter:
    """The adapter in a file. Errors: AdapterError."""
    spec = importlib.util.spec_from_file_location(f"adapter_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise AdapterError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise AdapterError(f"{file} cannot be read: {error}") from error
    found = {
        name: getattr(module, name)
        for name in ("charge", "verdict", "start", "stop")
        if callable(getattr(module, name, None))
    }
    if not {"charge", "verdict"} <= set(found):
        raise AdapterError(f"{file} must define charge(order) and verdict(order)")
    return Adapter(name=file.stem, **found)
