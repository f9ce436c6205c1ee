"""The settings of OAuth, the push, the phone, the query and the callback, with their defaults.

Units: every `_seconds` in seconds, every `_kes` in whole shillings.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StkSettings:
    """A part of `Config`."""

    older_shapes: bool = False  # True: ids and words as older captures show them
    not_found_code: str = "404.001.01"  # also printed: 404.003.01

    # OAuth
    token_seconds: float = 3599.0  # how long a token really lives
    token_seconds_said: int = 3599  # what `expires_in` says
    expires_in_as_number: bool = False  # the sandbox sends a string, the portal prints a number
    token_rotates: bool = True  # a new token kills the old one
    bad_credentials_empty_body: bool = False  # some report a 400 without a body
    query_unauthorized_code: str = "400.003.01"  # also seen: 401.003.01, 401.002.01

    # The push
    amount_max_kes: int = 250_000  # beyond it a push ends with 3
    daily_max_kes: int = 500_000  # beyond it, per phone and Nairobi day, 4
    long_text_is_refused: bool = False  # True: AccountReference 12 and TransactionDesc 13 at most
    long_reference_is_prompted: bool = True  # False: beyond 12 accepted, never shown; seen once
    prompt_characters_max: int = 182  # beyond it 1025
    timestamp_skew_max_seconds: float | None = None  # None: any moment that exists is taken
    same_amount_seconds: float = 120.0  # the same amount within this time of a debit ends with 17
    same_amount_is_strict: bool = False  # True: any push counts, not only a completed debit
    transaction_type_is_trimmed: bool = True  # False: mpesa-api's blank behind it is refused
    production_callback_rules: bool = False  # True: https only, no tunnels, no mpesa in the path
    allow_local_callbacks: bool = False  # True: localhost and private addresses are taken

    # The phone
    prompt_seconds: float = 60.0  # how long it stays on the screen
    show_seconds: float = 1.0  # from acceptance to the prompt on the screen
    person_seconds: float = 3.0  # how long an automatic person takes
    settle_seconds: float = 1.0  # from the PIN to the debit
    unreachable_seconds: float = 30.0  # until Daraja gives a switched-off phone up
    refusal_seconds: float = 1.0  # until a push that fails without a prompt is reported
    opening_balance_kes: int = 50_000  # a new phone's wallet
    opening_pin: str = "1234"  # a new phone's PIN
    wrong_pins_max: int = 3  # so many in a row lock the PIN: 8006

    # The query
    query_per_minute: int | None = 5  # None switches the gate off
    query_visible_seconds: float = 2.0  # before, an id is "Invalid CheckoutRequestID"
    query_unknown_id: str = "invalid"  # or does_not_exist (500.001.1001), seen too
    query_pending: str = "4999"  # or "being_processed", or "mixed"

    # The callback
    callback_seconds_min: float = 0.5  # from the result to its callback, drawn between
    callback_seconds_max: float = 3.0  # these two
    callback_attempts: int = 1  # 3 for the other reading of the documents
    redelivery_seconds: float = 30.0  # between the tries
    callback_timeout_seconds: float = 5.0  # how long Daraja waits for your answer

    hang_seconds: float = 60.0  # how long the HTTP face keeps a hanging caller
    journal_max: int = 500_000  # entries kept
