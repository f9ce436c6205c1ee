"""The controls of money without a prompt: payments by hand, and registered URLs."""

from simulator.core import hand
from simulator.core.c2b_notice import is_person
from simulator.core.controls import Controls
from simulator.core.errors import SettingError
from simulator.core.hand import HandOrder, HandPayment
from simulator.core.push_fields import SHORTCODE

KINDS = (
    "Pay Bill",
    "Customer Merchant Payment",
    "Organization To Organization Transfer",
    "OD Payment Transfer",
    "",
)
TEXT_CHARACTERS_MAX = 100


class PaymentControls(Controls):
    """What can be done with money beside answering prompts."""

    def pay_by_hand(
        self,
        payer: str,
        *,
        number: str,
        amount_kes: int,
        account: str = "",
        is_till: bool = False,
        pin: str | None = None,
        kind: str | None = None,
    ) -> HandPayment:
        """Lipa na M-PESA, as a person at the phone `payer` types it; right or wrong.

        `pin` None is the right one. A shortcode as payer is an organisation, such as a bank whose
        customer pays through it. Errors: SettingError for what no phone can send; nothing moves.
        """
        is_organisation = SHORTCODE.fullmatch(payer) is not None
        if not is_organisation:
            phone = self.phone(payer)
            if not phone.is_on:
                raise SettingError("this phone is switched off")
            pin = phone.pin if pin is None else pin
        order = HandOrder(payer, number, account, amount_kes, is_till, pin or "", kind)
        _check(order)
        now = self._advance()
        self._world.journal.write(
            now,
            "hand",
            phone=payer,
            number=number,
            account=account,
            amount_kes=amount_kes,
            is_till=is_till,
            is_organisation=not is_person(payer),
        )
        return hand.pay(self._world, order, now)

    def hand_payments(self) -> list[HandPayment]:
        """Every payment by hand there was, oldest first."""
        return list(self._world.hand_payments)

    def forget_c2b(self, shortcode: str) -> bool:
        """Deletes registered URLs, as two operators do on Safaricom's page; False: there are none.

        Errors: SettingError for an unknown shortcode.
        """
        if self._world.config.merchant(shortcode) is None:
            raise SettingError(f"there is no shortcode {shortcode!r}")
        is_known = self._world.c2b.pop(shortcode, None) is not None
        self._note_control("c2b_forgotten", shortcode=shortcode)
        return is_known


def _check(order: HandOrder) -> None:
    """What no phone can send. Errors: SettingError."""
    amount_kes = order.amount_kes
    if isinstance(amount_kes, bool) or not isinstance(amount_kes, int) or amount_kes < 1:
        raise SettingError("amount_kes must be whole shillings, at least 1")
    if order.kind is not None and order.kind not in KINDS:
        raise SettingError(f"kind must be one of {', '.join(map(repr, KINDS))}")
    if max(len(order.number), len(order.account)) > TEXT_CHARACTERS_MAX or not order.number:
        raise SettingError("number and account must be text of at most 100 characters")
