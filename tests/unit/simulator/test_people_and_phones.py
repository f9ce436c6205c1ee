"""The person with the phone: PIN, cancel, ignore, and what the screen and the inbox say."""

import pytest

from simulator.core import Config
from simulator.core.errors import PromptClosedError, SettingError, UnknownPromptError
from tests.unit.simulator.virtual_merchant import PAYS, WAITS, VirtualMerchant


def shown(merchant: VirtualMerchant, msisdn: str = WAITS) -> str:
    """A prompt that is on the screen."""
    checkout_id = merchant.pushed(msisdn)
    merchant.wait(1)
    return checkout_id


@pytest.mark.parametrize(
    ("msisdn", "pin", "action", "code", "balance_kes"),
    [
        (WAITS, "1234", "pin", 0, 49_900),
        (WAITS, "0000", "pin", 2001, 50_000),  # the PIN is the prompted phone's
        (WAITS, "1234", "cancel", 1032, 50_000),
        (PAYS, "1234", "cancel", 1032, 50_000),  # faster than the automatic person
    ],
)
def test_what_the_person_does_ends_the_prompt(
    merchant: VirtualMerchant, msisdn: str, pin: str, action: str, code: int, balance_kes: int
) -> None:
    merchant.daraja.set_phone(msisdn, pin=pin)
    checkout_id = shown(merchant, msisdn)
    merchant.daraja.answer_prompt(checkout_id, action, "1234")
    merchant.run()
    assert [each["ResultCode"] for each in merchant.results(checkout_id)] == [code]
    assert merchant.daraja.ledger.wallets[msisdn] == balance_kes


def test_an_ignored_prompt_keeps_the_phone_locked_until_it_runs_out(
    merchant: VirtualMerchant,
) -> None:
    checkout_id = shown(merchant)
    merchant.daraja.answer_prompt(checkout_id, "ignore")
    assert merchant.push(WAITS, Amount=5).status == 500
    merchant.run()
    assert merchant.results(checkout_id)[0]["ResultCode"] == 1037


@pytest.mark.parametrize("action", ["pin", "cancel", "ignore"])
def test_a_prompt_is_answered_once(merchant: VirtualMerchant, action: str) -> None:
    checkout_id = shown(merchant)
    merchant.daraja.answer_prompt(checkout_id, "cancel")
    with pytest.raises(PromptClosedError):
        merchant.daraja.answer_prompt(checkout_id, action, "1234")
    merchant.run()
    assert len(merchant.received) == 1


def test_a_prompt_that_is_not_shown_yet_cannot_be_answered(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.pushed(WAITS)
    with pytest.raises(PromptClosedError):
        merchant.daraja.answer_prompt(checkout_id, "pin", "1234")


def test_a_pin_after_the_end_of_the_prompt_does_nothing(merchant: VirtualMerchant) -> None:
    checkout_id = shown(merchant)
    merchant.now += 60
    with pytest.raises(PromptClosedError):
        merchant.daraja.answer_prompt(checkout_id, "pin", "1234")
    merchant.run()
    assert merchant.daraja.ledger.debits == {}


def test_unknown_prompts_and_actions_are_named(merchant: VirtualMerchant) -> None:
    with pytest.raises(UnknownPromptError, match="ws_CO_1"):
        merchant.daraja.answer_prompt("ws_CO_1", "cancel")
    with pytest.raises(SettingError, match="dance"):
        merchant.daraja.answer_prompt(shown(merchant), "dance")


def test_the_prompt_reads_in_english_and_swahili(merchant: VirtualMerchant) -> None:
    prompt = merchant.daraja.prompt(shown(merchant))
    assert prompt.text("en") == (
        "Do you want to pay Ksh 100 to HAKIKA CLINIC, Account ABCD12345678?"
    )
    assert prompt.text("sw") == "Lipa Ksh 100 kwa HAKIKA CLINIC, Akaunti ABCD12345678?"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Confirmed. Ksh100.00 sent to HAKIKA CLINIC for account ABCD12345678 on 23/11/26"),
        ("sw", "Imethibitishwa. Ksh100.00 imetumwa kwa HAKIKA CLINIC kwa akaunti ABCD12345678"),
    ],
)
def test_the_sms_carries_the_receipt_and_the_balance(
    merchant: VirtualMerchant, language: str, words: str
) -> None:
    merchant.daraja.set_phone(PAYS, language=language)
    merchant.finished(PAYS)
    (message,) = merchant.daraja.phone(PAYS).messages
    (receipt,) = merchant.daraja.ledger.debits
    assert message.text.startswith(f"{receipt} {words}")
    assert "Ksh49,900.00" in message.text


@pytest.mark.parametrize(
    ("msisdn", "words"),
    [("254700000001", "do not have enough money"), ("254700000005", "wrong PIN")],
)
def test_a_failure_the_customer_caused_is_told_by_sms(
    merchant: VirtualMerchant, msisdn: str, words: str
) -> None:
    merchant.finished(msisdn)
    assert words in merchant.daraja.phone(msisdn).messages[0].text


def test_a_cancelled_prompt_sends_no_sms(merchant: VirtualMerchant) -> None:
    merchant.finished("254700000004")
    assert merchant.daraja.phone("254700000004").messages == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pin", "12345"),
        ("pin", 1234),
        ("balance_kes", -1),
        ("balance_kes", 1.5),
        ("balance_kes", True),
        ("language", "fr"),
        ("is_on", "yes"),
        ("colour", "red"),
    ],
)
def test_a_setting_a_phone_cannot_have_changes_nothing(
    merchant: VirtualMerchant, name: str, value: object
) -> None:
    with pytest.raises(SettingError, match=name):
        merchant.daraja.set_phone(WAITS, **{"language": "sw", name: value})
    assert merchant.daraja.phone(WAITS).language == "en"


@pytest.mark.parametrize("number", ["0712345678", "254212345678", "25471234567", "abc", ""])
def test_a_number_no_phone_can_have_is_refused(merchant: VirtualMerchant, number: str) -> None:
    with pytest.raises(SettingError):
        merchant.daraja.phone(number)


def test_any_other_number_is_a_phone_with_a_wallet() -> None:
    merchant = VirtualMerchant(Config(opening_balance_kes=70, opening_pin="9999"))
    phone = merchant.daraja.phone("254110000000")
    assert (phone.pin, merchant.daraja.ledger.wallets["254110000000"]) == ("9999", 70)
