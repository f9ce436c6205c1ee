"""The settings of Reversal, Transaction Status, Account Balance, B2C and Dynamic QR.

Units: every `_seconds` in seconds, `_days` in days, every `_kes` in whole shillings. Where sources
disagree, the comment names the other value.
"""

from dataclasses import dataclass

from simulator.core.initiator.operators import CredentialRules, Initiator, Role

DEFAULT_INITIATORS = (
    Initiator("testapi", "Simulator#2026"),
    Initiator("testbalance", "Simulator#2026", roles=(Role.BALANCE,)),
    Initiator("testexpired", "Simulator#2026", password_age_days=91.0),
    Initiator("testlocked", "Simulator#2026", is_locked=True),
    Initiator("testinactive", "Simulator#2026", is_active=False),
)


@dataclass(frozen=True)
class InitiatorSettings:
    """A part of `Config`."""

    initiators: tuple[Initiator, ...] = DEFAULT_INITIATORS

    # All initiator APIs
    initiator_seconds: float = 2.0  # from the acknowledgement to the execution
    queue_timeout_seconds: float = 30.0  # from the acknowledgement to the post to QueueTimeOutURL
    password_valid_days: float = 90.0  # older passwords are refused
    wrong_credentials_max: int = 3  # so many in a row lock the initiator: 8006
    wrong_password_code: str = "2001"  # also seen: 18
    unknown_initiator_code: str = "2001"  # also listed: 20
    expired_password_code: str = "2001"  # undocumented; could be 8006 or 22

    # Reversal
    reversal_takes_type_4: bool = False  # old samples send RecieverIdentifierType 4 instead of 11
    partial_reversal_is_executed: bool = False  # undocumented; False: another amount is code 25
    reversal_repeats: bool = False  # True: a repeat is executed again instead of R000001

    # Transaction Status
    reversed_is_shown: bool = True  # False: a reversed payment still reads Completed
    unknown_receipt_code: str = "2032"  # the code of a receipt that is not the shortcode's
    status_by_stk_id: bool = False  # True: MerchantRequestID works as OriginalConversationID

    # B2C
    payout_min_kes: int = 10  # below it 2
    payout_max_kes: int = 250_000  # beyond it 3
    payout_daily_max_kes: int = 500_000  # beyond it, per shortcode, phone and Nairobi day, 4
    wallet_max_kes: int = 500_000  # what a wallet may hold; beyond it 8
    payout_charge_kes: int = 13  # what the shortcode is charged for each payout
    payout_v3_is_enabled: bool = True  # False: v3 answers 403.002.1001, as for some apps
    opening_utility_kes: int = 0  # what each shortcode's Utility account holds at the start

    # Dynamic QR
    qr_code_is_short: bool = True  # ResponseCode "00", as seen; False: an AG_ id, as documented

    @property
    def credential_rules(self) -> CredentialRules:
        """What decides whether a SecurityCredential is accepted."""
        return CredentialRules(
            valid_days=self.password_valid_days,
            wrong_tries_max=self.wrong_credentials_max,
            unknown_code=self.unknown_initiator_code,
            wrong_code=self.wrong_password_code,
            expired_code=self.expired_password_code,
        )


INITIATOR_CHOICES = {
    "wrong_password_code": ("2001", "18"),
    "unknown_initiator_code": ("2001", "20"),
    "expired_password_code": ("2001", "8006", "22"),
    "unknown_receipt_code": ("2032", "25", "SFC_IC0003"),
}
