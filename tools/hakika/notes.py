"""What the payment layer notes while the command runs: kept, and shown only where it explains."""

from payments.ports import Actor, Role
from payments.protocol.change import Change
from payments.protocol.payment import Payment, Proof


class Notes:
    """Implements ports.Observer without logs or metrics: the terminal is not a log group."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def changed(self, change: Change, actor: Actor) -> None:
        """The change's own event tells of it."""

    def opened(self, payment: Payment, actor: Actor) -> None:
        """The payment's own event tells of it."""

    def witnessed(self, source: Proof, role: Role) -> None:
        """Metrics are the functions' business."""

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Metrics are the functions' business."""

    def noted(self, message: str, **facts: object) -> None:
        """Keep the line; facts hold no phone, token or secret."""
        told = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
        self.lines.append(f"{message}: {told}" if told else message)
