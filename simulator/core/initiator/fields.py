"""The request checks of the initiator APIs, in the order the fields are reported.

Source: docs/daraja.md 9.2 to 9.5. A bad field is `400.002.02 Bad Request - Invalid <name>`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.core import callback_url
from simulator.core.config import Config
from simulator.core.push_fields import SHORTCODE, WHOLE_AMOUNT, InvalidFieldError, digits, matching

Fields = Mapping[str, object]
IDENTIFIER_TYPES = ("1", "2", "4", "11")
B2C_COMMANDS = ("SalaryPayment", "BusinessPayment", "PromotionPayment")
_PARTY = re.compile(r"[0-9]{5,15}", re.ASCII)
_RECEIPT = re.compile(r"[0-9A-Za-z]{8,15}", re.ASCII)
_REMARKS_CHARACTERS = (2, 100)
_ORIGINATOR_ID = re.compile(r"[0-9A-Za-z_.:-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which shortcode, and where the Result goes."""

    initiator: str
    credential: str
    shortcode: str
    result_url: str
    timeout_url: str
    remarks: str


@dataclass(frozen=True, slots=True)
class ReversalOrder:
    """A reversal whose every field is in order. Units: KES."""

    caller: Caller
    receipt: str
    amount_kes: int


@dataclass(frozen=True, slots=True)
class StatusOrder:
    """A status query: by receipt, by conversation, or by both."""

    caller: Caller
    receipt: str
    conversation_id: str
    occasion: str


@dataclass(frozen=True, slots=True)
class BalanceOrder:
    """A balance query."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """A B2C payment. Units: KES. `originator_id` is empty in v1, which has none."""

    caller: Caller
    originator_id: str
    command: str
    amount_kes: int
    party_b: str


def reversal_order(fields: Fields, config: Config) -> ReversalOrder:
    """The reversal that the fields describe. Errors: InvalidFieldError."""
    _one_of(fields, "CommandID", ("TransactionReversal",))
    receipt = matching(fields, "TransactionID", _RECEIPT.fullmatch)
    amount = int(matching(fields, "Amount", WHOLE_AMOUNT.fullmatch))
    shortcode = matching(fields, "ReceiverParty", SHORTCODE.fullmatch)
    kinds = ("11", "4") if config.reversal_takes_type_4 else ("11",)
    _one_of(fields, "RecieverIdentifierType", kinds)
    return ReversalOrder(_caller(fields, "Initiator", shortcode, config), receipt, amount)


def status_order(fields: Fields, config: Config) -> StatusOrder:
    """The status query that the fields describe. Errors: InvalidFieldError."""
    _one_of(fields, "CommandID", ("TransactionStatusQuery",))
    receipt = _optional(fields, "TransactionID", _RECEIPT)
    conversation_id = _optional(fields, "OriginalConversationID", _ORIGINATOR_ID)
    if not receipt and not conversation_id:
        raise InvalidFieldError("TransactionID", "neither it nor OriginalConversationID is given")
    shortcode = matching(fields, "PartyA", SHORTCODE.fullmatch)
    _one_of(fields, "IdentifierType", IDENTIFIER_TYPES)
    occasion = _text(fields, "Occasion", 0)
    caller = _caller(fields, "Initiator", shortcode, config)
    return StatusOrder(caller, receipt, conversation_id, occasion)


def balance_order(fields: Fields, config: Config) -> BalanceOrder:
    """The balance query that the fields describe. Errors: InvalidFieldError."""
    _one_of(fields, "CommandID", ("AccountBalance",))
    shortcode = matching(fields, "PartyA", SHORTCODE.fullmatch)
    _one_of(fields, "IdentifierType", IDENTIFIER_TYPES)
    return BalanceOrder(_caller(fields, "Initiator", shortcode, config))


def payout_order(fields: Fields, config: Config, *, has_originator_id: bool) -> PayoutOrder:
    """The B2C payment that the fields describe. Errors: InvalidFieldError.

    A PartyB that is no phone number is accepted here: its Result is SFC_IC0003.
    """
    originator_id = ""
    if has_originator_id:
        originator_id = matching(fields, "OriginatorConversationID", _ORIGINATOR_ID.fullmatch)
    command = _one_of(fields, "CommandID", B2C_COMMANDS)
    amount = int(matching(fields, "Amount", WHOLE_AMOUNT.fullmatch))
    shortcode = matching(fields, "PartyA", SHORTCODE.fullmatch)
    party_b = matching(fields, "PartyB", _PARTY.fullmatch)
    caller = _caller(fields, "InitiatorName", shortcode, config)
    _text(fields, "Occassion", 0)
    return PayoutOrder(caller, originator_id, command, amount, party_b)


def _caller(fields: Fields, name_field: str, shortcode: str, config: Config) -> Caller:
    name = fields.get(name_field)
    if not isinstance(name, str) or not name.strip():
        raise InvalidFieldError(name_field, "missing")
    credential = fields.get("SecurityCredential")
    if not isinstance(credential, str) or not credential:
        raise InvalidFieldError("SecurityCredential", "missing")
    return Caller(
        initiator=name,
        credential=credential,
        shortcode=shortcode,
        result_url=_url(fields, "ResultURL", config),
        timeout_url=_url(fields, "QueueTimeOutURL", config),
        remarks=_text(fields, "Remarks", _REMARKS_CHARACTERS[0]),
    )


def _optional(fields: Fields, name: str, shape: re.Pattern[str]) -> str:
    if fields.get(name) in (None, ""):
        return ""
    return matching(fields, name, shape.fullmatch)


def _one_of(fields: Fields, name: str, allowed: tuple[str, ...]) -> str:
    text = digits(fields.get(name))
    if text is None or text not in allowed:
        raise InvalidFieldError(name, f"it must be {' or '.join(allowed)}")
    return text


def _text(fields: Fields, name: str, characters_min: int) -> str:
    value = fields.get(name, "" if characters_min == 0 else None)
    characters_max = _REMARKS_CHARACTERS[1]
    if not isinstance(value, str) or not characters_min <= len(value) <= characters_max:
        raise InvalidFieldError(name, f"it must have {characters_min} to {characters_max} letters")
    return value


def _url(fields: Fields, name: str, config: Config) -> str:
    url = fields.get(name)
    why = callback_url.refusal(
        url,
        production=config.production_callback_rules,
        allow_local=config.allow_local_callbacks,
    )
    if why is not None:
        raise InvalidFieldError(name, why)
    return str(url)
