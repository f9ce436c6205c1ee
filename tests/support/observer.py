"""An observer that keeps what it is told, for tests of parts that have no runtime."""

from collections import Counter

from payments.ports import Actor, Role
from payments.protocol.change import Change
from payments.protocol.payment import Payment, Proof


class Notes:
    """Implements ports.Observer."""

    def __init__(self) -> None:
        self.noted_lines: list[tuple[str, dict[str, object]]] = []
        self.counts: Counter[str] = Counter()

    def changed(self, change: Change, actor: Actor) -> None:
        """No part under test here changes a payment."""
        raise AssertionError(change)

    def opened(self, payment: Payment, actor: Actor) -> None:
        """No part under test here makes a payment."""
        raise AssertionError(payment)

    def witnessed(self, source: Proof, role: Role) -> None:
        """No part under test here hears a witness."""
        raise AssertionError(source)

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Keep the sum."""
        self.counts[name] += int(value)

    def noted(self, message: str, **facts: object) -> None:
        """Keep the line."""
        self.noted_lines.append((message, facts))
