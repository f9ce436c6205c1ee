"""What the paybill function has besides the common runtime: its tokens, its queue, Pull's gate."""

import os
from dataclasses import dataclass
from functools import cached_property

from payments.aws.adapters import ADAPTERS, FOR_CALLBACKS, Adapters
from payments.aws.c2b_tokens import C2bTokens
from payments.aws.money_calls import new_pull_gate, new_unproven_money
from payments.aws.money_queue import MoneyQueue
from payments.aws.runtime import Runtime
from payments.aws.settings import is_listed, read_callback_settings
from payments.errors import UnavailableError
from payments.usecases.receive_confirmation import Confirmation, Paybill
from payments.values import CALLBACK_SECRET, sha256_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProof:
    """What is known about the token of a post.

    Shape: `unproven` is its SHA-256 where the accepted ones cannot be read now; else None.
    """

    is_wrong: bool = False
    unproven: str | None = None


class PaybillRuntime(Runtime):
    """The paybill function's settings and adapters."""

    @cached_property
    def tokens(self) -> C2bTokens:
        """The tokens that a C2B address may hold."""
        return C2bTokens(self.secrets, self.settings.paybill_secret_arn, self.clock)

    def prove(self, token: str) -> TokenProof:
        """Compare the token of a post with the accepted ones."""
        if not CALLBACK_SECRET.match(token):
            return TokenProof(is_wrong=True)
        digest = sha256_hex(token)
        try:
            return TokenProof(is_wrong=not self.tokens.accept(digest))
        except UnavailableError:
            return TokenProof(unproven=digest)

    def recheck(self, confirmation: Confirmation) -> bool:
        """Whether the token of a post was proven, or is now; a wrong one is counted.

        Errors: UnavailableError where the accepted ones still cannot be read.
        """
        if confirmation.unproven_token is None or self.tokens.accept(confirmation.unproven_token):
            return True
        self.observer.counted("C2BRejected")
        return False

    def is_safaricom(self, address: str) -> bool:
        """Whether an address is one of those that Safaricom posts from."""
        return is_listed(address, self.settings.callback_networks)

    @cached_property
    def money_queue(self) -> MoneyQueue:
        """The queue for confirmations that cannot be booked now."""
        client = self._adapters.aws_client("sqs")
        return MoneyQueue(client, self.settings.money_queue_url)

    @cached_property
    def paybill(self) -> Paybill:
        """The paybill or till that this deployment receives money for."""
        return Paybill(
            shortcodes=self.settings.shortcodes,
            pulls=self.settings.rules.is_pulled,
            gate=new_pull_gate(self),
            unproven=new_unproven_money(self),
        )


def prepare_paybill() -> PaybillRuntime:
    """Build the runtime without network, whatever in the settings is wrong but the table's name."""
    settings, defect = read_callback_settings(os.environ)
    runtime = PaybillRuntime(settings, ADAPTERS.get() or Adapters(aws_client=FOR_CALLBACKS))
    if defect:
        runtime.logger.error("settings cannot be read", extra={"reason": defect})
        runtime.observer.counted("C2BFailed")
    _ = runtime.money_queue
    return runtime
