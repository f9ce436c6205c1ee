"""The settings of C2B: payments by hand, and the second notice of a payment that was prompted.

Where sources disagree both values are here and the default is named. Units: seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class C2bSettings:
    """A part of `Config`."""

    # Registering
    c2b_confirmation_url: str = ""  # confirmations go here where no URL was registered
    c2b_production_rules: bool = False  # True: URLs once and https only, no simulate
    c2b_product: str = "both"  # the app's product: v1 or v2 alone refuses the other: 401.003.01
    c2b_register_code: str = "0"  # or 00000000, seen in the sandbox
    c2b_held_by_aggregator: bool = False  # True: "Duplicate notification info"
    c2b_validation_url_required: bool = True  # 174379 was seen to refuse an empty one
    c2b_simulate_forgets: bool = False  # True: each simulation uses the registration up

    # Validation
    c2b_validation: bool = False  # Safaricom switches it on by request, for a registered URL
    c2b_validation_seconds: float = 8.0  # then ResponseType decides

    # The confirmation
    c2b_twin: str = "after"  # a confirmation of each STK payment too: off, before, after
    c2b_seconds: float = 0.5  # from a payment by hand, or a twin's callback, to the confirmation
    c2b_loss: float = 0.0  # so many of the confirmations never come: 0.03 is 3 in 100
    c2b_attempts: int = 1  # more: repeated where it is answered late or not 2xx
    c2b_msisdn: str = "by_version"  # or hash, masked_hash, mask, full, blank, shortcode
    c2b_type: str = "as_paid"  # or a TransactionType; blank for none
    c2b_third_party_id: str = "blank"  # or merchant_request_id, seen at one merchant
    c2b_amount: str = "two_decimals"  # 5.00; whole: the number 5; cents: 5.50 for 5
    c2b_reference: str = "as_paid"  # or blank, truncated (10 characters)
    c2b_shortcode: str = "store"  # a till's BusinessShortCode: its store number; or till
    c2b_balance: bool = True  # False: OrgAccountBalance is always blank


C2B_CHOICES = {
    "c2b_product": ("both", "v1", "v2"),
    "c2b_register_code": ("0", "00000000"),
    "c2b_twin": ("off", "before", "after"),
    "c2b_msisdn": ("by_version", "hash", "masked_hash", "mask", "full", "blank", "shortcode"),
    "c2b_type": (
        "as_paid",
        "Pay Bill",
        "Customer Merchant Payment",
        "Organization To Organization Transfer",
        "OD Payment Transfer",
        "blank",
    ),
    "c2b_third_party_id": ("blank", "merchant_request_id"),
    "c2b_amount": ("two_decimals", "whole", "cents"),
    "c2b_reference": ("as_paid", "blank", "truncated"),
    "c2b_shortcode": ("store", "till"),
}
"""The settings that take one of a few words."""
