"""The settings of C2B: payments that no prompt asked for, and the second notice of those that did.

Units: every `_seconds` in seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class C2bSettings:
    """A part of `Config`."""

    c2b_confirmation_url: str = ""  # where a C2B confirmation of each debit goes as well
