"""The settings of Pull, which lists the payments of the last 48 hours.

Where sources disagree both values are here and the default is named. Units: seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PullSettings:
    """A part of `Config`."""

    pull_is_provisioned: bool = True  # False: always 1001, as for a shortcode without the product
    pull_rows: int = 10  # so many payments an answer
    pull_offset: str = "rows"  # what OffSetValue counts: rows, or pages from 0
    pull_empty: str = "1001"  # or bare (no Response), http_500, nested ([[]]), text ("[[]]")
    pull_clock: str = "eat"  # trxDate: Nairobi time written as Z; or utc, or offset (+03:00)
    pull_hours: float = 48.0  # it reaches no further back
    pull_delay_seconds_max: float = 0.0  # a payment is listed up to so much later; 300 was seen
    pull_lists_sweeps: bool = True  # settlements to the bank are rows too
    pull_lists_reversed: bool = True  # False: a payment that went back is no row any more
    pull_keys: str = "portal"  # live: RequestID, "Response Status", "Response Description"
    pull_msisdn: str = "mask"  # or hash, masked_hash, full, blank
    pull_amount: str = "one_decimal"  # 5.0; or two_decimals 5.00, whole 5


PULL_CHOICES = {
    "pull_offset": ("rows", "pages"),
    "pull_empty": ("1001", "bare", "http_500", "nested", "text"),
    "pull_clock": ("eat", "utc", "offset"),
    "pull_keys": ("portal", "live"),
    "pull_msisdn": ("mask", "hash", "masked_hash", "full", "blank"),
    "pull_amount": ("one_decimal", "two_decimals", "whole"),
}
"""The settings that take one of a few words."""
