"""The test numbers and what each does. Any other valid number is a phone that waits for a person.

Numbers on 2547000000xx are used so that they are easy to remember; they ring nobody here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPhone:
    """A test number. Shape: `balance_kes` None is the configured opening balance."""

    msisdn: str
    says: str
    scenario: str = "normal"
    balance_kes: int | None = None
    is_on: bool = True
    is_locked: bool = False
    is_safaricom: bool = True


KNOWN_PHONES = (
    KnownPhone("254708374149", "pays with the right PIN", "pays"),
    KnownPhone("254700000001", "pays, but has no money: 1", "pays", balance_kes=0),
    KnownPhone("254700000002", "is switched off: 1037", is_on=False),
    KnownPhone("254700000003", "ignores the prompt: 1037 at its end", "ignores"),
    KnownPhone("254700000004", "cancels: 1032", "cancels"),
    KnownPhone("254700000005", "enters a wrong PIN: 2001", "wrong_pin"),
    KnownPhone("254700000006", "has a locked PIN: 8006", "pays", is_locked=True),
    KnownPhone("254700000007", "lets the prompt expire: 1019", "expires"),
    KnownPhone("254700000008", "is no live Safaricom line: Missing ICCID", is_safaricom=False),
    KnownPhone("254700000009", "ignores it, and the handset says 1032", "closes_itself"),
    KnownPhone("254700000010", "is never shown the accepted prompt: 1037", "prompt_lost"),
    KnownPhone("254700000021", "pays; the push's answer never comes", "pays+push_hang"),
    KnownPhone("254700000022", "pays; the push's connection is reset", "pays+push_reset"),
    KnownPhone("254700000023", "pays; the push is answered 500", "pays+push_500"),
    KnownPhone("254700000024", "pays; the push is answered HTML 403", "pays+push_html_403"),
    KnownPhone("254700000025", "is refused: System is busy", "push_busy"),
    KnownPhone("254700000026", "gets ResponseCode 1", "push_refused"),
    KnownPhone("254700000031", "pays; callback before the push's answer", "callback_first"),
    KnownPhone("254700000032", "pays; callback ten minutes late", "pays+callback_late"),
    KnownPhone("254700000033", "pays; callback never comes", "pays+callback_lost"),
    KnownPhone("254700000034", "pays; three callbacks at once", "pays+callback_three_times"),
    KnownPhone("254700000035", "1037 first, a success later", "pays+callback_reversed"),
    KnownPhone("254700000036", "pays; wrong amount reported", "pays+callback_wrong_amount"),
    KnownPhone("254700000037", "pays; an old receipt reported", "pays+callback_reused_receipt"),
    KnownPhone("254700000038", "pays; ResultCode is a string", "pays+callback_string_code"),
    KnownPhone("254700000039", "pays; phone number masked", "pays+callback_masked_phone"),
    KnownPhone("254700000040", "pays; no CallbackMetadata", "pays+callback_missing_metadata"),
    KnownPhone("254700000041", "pays; broken JSON", "pays+callback_malformed"),
    KnownPhone("254700000042", "pays; callback from an unlisted address", "pays+callback_unlisted"),
    KnownPhone("254700000043", "pays; callback dribbles in", "pays+callback_slow"),
    KnownPhone("254700000051", "pays; the query says 1037", "pays+query_false_failure"),
    KnownPhone(
        "254700000052", "ignores; the query says 0 meanwhile", "ignores+query_success_before_pin"
    ),
    KnownPhone(
        "254700000053",
        "pays; the query says that it does not exist",
        "pays+query_does_not_exist",
    ),
    KnownPhone("254700000061", "pays; C2B confirmation, no callback", "pays+twin_only"),
    KnownPhone("254700000062", "pays; C2B confirmation before the callback", "pays+twin_before"),
    KnownPhone("254700000063", "pays; two C2B confirmations", "pays+twin_twice"),
    KnownPhone("254700000064", "pays; C2B confirmation lost", "pays+twin_lost"),
    KnownPhone(
        "254700000065", "pays; C2B confirmation of another amount", "pays+twin_wrong_amount"
    ),
    KnownPhone(
        "254700000066", "pays; C2B confirmation from an unlisted address", "pays+twin_unlisted"
    ),
    KnownPhone(
        "254700000067",
        "pays; neither callback nor C2B confirmation",
        "pays+callback_lost+twin_lost",
    ),
    KnownPhone("254700000071", "pays; a refund's acknowledgement never comes", "pays+ack_hang"),
    KnownPhone("254700000072", "pays; a refund never reaches M-Pesa", "pays+ack_hang_lost"),
    KnownPhone("254700000073", "pays; a refund's Result never comes", "pays+outcome_lost"),
    KnownPhone("254700000074", "pays; a refund's Result comes twice", "pays+outcome_twice"),
    KnownPhone(
        "254700000075", "pays; a refund times out, and succeeds", "pays+queue_timeout_then_success"
    ),
    KnownPhone(
        "254700000076", "pays; reversed on the portal before: R000001", "pays+reversed_on_portal"
    ),
    KnownPhone("254700000077", "pays; the money went to the bank: 1", "pays+settled_to_bank"),
    KnownPhone("254700000078", "pays, and spends what comes back", "pays+customer_spent"),
    KnownPhone("254700000079", "pays; the initiator is locked: 8006", "pays+outcome_8006"),
)
