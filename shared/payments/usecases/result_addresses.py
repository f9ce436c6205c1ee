"""The addresses that M-Pesa posts results to: each proves itself by an HMAC, and none is stored."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from payments.protocol.provider_calls import InitiatorUrls
from payments.values import normalise_receipt

RESULT_PATH = "/api/result"
type ResultKeys = Callable[[], Sequence[str]]
"""The result keys, newest first: new addresses use the first, all are accepted."""


@dataclass(frozen=True, slots=True)
class ResultAddresses:
    """Makes addresses with the newest key."""

    base: str
    keys: ResultKeys

    def in_hand(self) -> "ResultAddresses":
        """Return the addresses with the keys read: nothing can fail from here on."""
        keys = self.keys()
        return ResultAddresses(self.base, lambda: keys)

    def reversal(self, payment_id: str, attempt: int) -> InitiatorUrls:
        """Return the addresses for the result of one attempt."""
        return self._urls("reversal", payment_id, str(attempt))

    def status(self, receipt_number: str) -> InitiatorUrls:
        """Return the addresses for the answer about a receipt, written in hex.

        A receipt could spell a word that Safaricom refuses in a URL; hex cannot.
        """
        return self._urls("status", receipt_number.encode().hex())

    def balance(self) -> InitiatorUrls:
        """Return the addresses for the shortcode's balances."""
        return self._urls("balance")

    def _urls(self, *parts: str) -> InitiatorUrls:
        token = result_token(self.keys()[0], *parts)
        result = "/".join((self.base + RESULT_PATH, *parts, token))
        has_timeout = parts[0] == "reversal"
        return InitiatorUrls(result=result, timeout=f"{result}/timeout" if has_timeout else result)


def result_token(key: str, *parts: str) -> str:
    """Return the token of an address: HMAC-SHA-256 of its parts, 64 hex."""
    return hmac.new(key.encode(), json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def is_right_token(keys: Sequence[str], token: str, *parts: str) -> bool:
    """Whether the token was made of these parts with one of the keys, each compared in full."""
    matches = [hmac.compare_digest(result_token(key, *parts), token) for key in keys]
    return any(matches)


def receipt_in_path(text: str) -> str | None:
    """Return the receipt that is written in hex in an address, None where it is none."""
    try:
        return normalise_receipt(bytes.fromhex(text).decode("ascii"))
    except ValueError:
        return None
