"""The controls of the initiator APIs: operators, settlements and what people do on the portal."""

from simulator.core.accounts import Account, Movement
from simulator.core.controls import Controls
from simulator.core.errors import SettingError, UnknownPaymentError
from simulator.core.initiator.operators import DAY_SECONDS, Operator
from simulator.core.initiator.parties import merchant_of
from simulator.core.initiator.reversal import reverse, reversed_kes


class InitiatorControls(Controls):
    """What can be chosen about operators and a shortcode's accounts while it runs."""

    def initiators(self) -> list[Operator]:
        """Every API operator."""
        self._advance()
        return list(self._world.initiator.operators.operators.values())

    def password_age_days(self, operator: Operator) -> float:
        """How old an operator's password is now. Units: days."""
        return (self._advance() - operator.password_set_at) / DAY_SECONDS

    def set_initiator(self, name: str, **changes: object) -> Operator:
        """Changes an operator: password, roles, password_age_days, is_locked, is_active.

        Errors: SettingError; nothing changes then.
        """
        now = self._advance()
        operator = self._world.initiator.operators.set_operator(name, now, **changes)
        self._note_control("initiator", initiator=name, changed=sorted(changes))
        return operator

    def settle(self, shortcode: str) -> list[Movement]:
        """Sends everything that customers paid to the shortcode's bank. Errors: SettingError."""
        now = self._advance()
        merchant = merchant_of(self._world.config, shortcode)
        if merchant is None:
            raise SettingError(f"there is no shortcode {shortcode!r}")
        movements = self._world.ledger.settle(merchant.shortcode, now)
        total = sum(each.amount_kes for each in movements)
        self._note_control("settled", shortcode=merchant.shortcode, amount_kes=total)
        return movements

    def set_utility(self, shortcode: str, balance_kes: int) -> None:
        """Fills or empties the account that pays reversals and payouts. Errors: SettingError."""
        now = self._advance()
        merchant = merchant_of(self._world.config, shortcode)
        if merchant is None or isinstance(balance_kes, bool) or not isinstance(balance_kes, int):
            raise SettingError("name a shortcode, and whole shillings as balance_kes")
        if not 0 <= balance_kes <= 1_000_000_000:
            raise SettingError("balance_kes is from 0 to 1,000,000,000")
        account = Account(merchant.account, merchant.shortcode)
        self._world.ledger.set_balance(account, balance_kes, now)
        self._note_control("utility", shortcode=shortcode, balance_kes=balance_kes)

    def reverse_on_portal(self, receipt: str) -> str:
        """A person at the merchant reverses a payment by hand; gives the reversal's receipt.

        Errors: UnknownPaymentError; SettingError where the account lacks the money.
        """
        now = self._advance()
        debit = self._world.ledger.debits.get(receipt)
        if debit is None or reversed_kes(self._world, debit):
            raise UnknownPaymentError(f"no payment {receipt!r}, or it was reversed before")
        try:
            return reverse(self._world, debit, now, debit.amount_kes)
        except ValueError as error:
            raise SettingError(str(error)) from error
