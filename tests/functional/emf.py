"""The metrics that handlers print, read as CloudWatch would, on the world's clock."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any, TextIO

from tests.support.lambdas import Lambda
from tests.support.world import World


@dataclass(frozen=True)
class Datum:
    """One value of one metric. Units: `at` in the world's epoch seconds."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str]
    value: float
    at: float


@dataclass
class Metrics(io.TextIOBase):
    """Stands in for stdout: keeps the metrics, passes every line on for the tests' scans."""

    clock: Callable[[], float]
    data: list[Datum] = field(default_factory=list)
    outer: TextIO = field(default_factory=lambda: sys.stdout)

    def write(self, text: str) -> int:
        """Read the metrics in what is printed."""
        self.outer.write(text)
        for line in text.splitlines():
            if line.startswith('{"_aws"'):
                self.data += data_in(json.loads(line), self.clock())
        return len(text)

    def sums(self, **dimensions: str) -> dict[str, float]:
        """Sum of the values by name, of exactly these dimensions."""
        found: dict[str, float] = {}
        for datum in self.data:
            if dict(datum.dimensions) == dimensions:
                found[datum.name] = found.get(datum.name, 0) + datum.value
        return found

    def last(self, name: str) -> float:
        """The latest value of a gauge."""
        return [datum.value for datum in self.data if datum.name == name][-1]


class Heard(Lambda):
    """A function whose output is listened to."""

    metrics: Metrics

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Run the handler once."""
        if sys.stdout is not self.metrics:  # one function invokes another
            self.metrics.outer = sys.stdout
        with redirect_stdout(self.metrics):
            return super().invoke(event)


def listen_to(world: World) -> Metrics:
    """Hear what the world's functions print from now on; they start cold."""
    metrics = Metrics(world.clock)

    def fresh_function(name: str) -> Lambda:
        function = Heard(name, world.adapters, world.environment)
        function.metrics = metrics
        return function

    world.fresh_function = fresh_function  # type: ignore[method-assign]
    world._lambdas.clear()
    return metrics


def data_in(document: Mapping[str, Any], at: float) -> Iterator[Datum]:
    """The data of one document in CloudWatch's embedded metric format."""
    for group in document["_aws"]["CloudWatchMetrics"]:
        for names in group["Dimensions"]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in group["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield Datum(
                        namespace=group["Namespace"],
                        name=metric["Name"],
                        unit=metric["Unit"],
                        dimensions=dimensions,
                        value=float(value),
                        at=at,
                    )
