"""What a merchant registered with Safaricom: C2B addresses, and Pull."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Registration:
    """The C2B addresses of one shortcode. Shape: `version` is v1 or v2.

    `is_completed_by_default` says what becomes of a payment whose validation is not answered.
    """

    version: str
    confirmation_url: str
    validation_url: str
    is_completed_by_default: bool
