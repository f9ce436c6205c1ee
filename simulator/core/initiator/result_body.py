"""The body of a Result, with every oddity the real ones have. Source: docs/daraja.md 9.1."""

import json

from simulator.core.identifiers import receipt_letters, timestamp
from simulator.core.initiator.asks import Ask, Outcome, Parameter
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.day import OutcomeFault
from simulator.core.initiator.fields import StatusOrder

BALANCE = "balance"
QUEUE_URL = "https://internalsandbox.safaricom.co.ke/mpesa/{api}results/v1/submit"
_AMOUNT_KEYS = ("Amount", "TransactionAmount")
_RECEIPT_KEYS = ("OriginalTransactionID", "ReceiptNo", "TransactionReceipt")
_OTHER_RECEIPT = "SKE52PAWR9"
Document = dict[str, object]


def result_body(ask: Ask, outcome: Outcome, at: float) -> bytes:
    """The bytes that are posted to ResultURL."""
    faults = ask.day.outcome_faults
    is_balance_success = ask.api == BALANCE and outcome.code == SUCCESS
    is_number = not is_balance_success and OutcomeFault.STRING_CODE not in faults
    result: Document = {
        "ResultType": 0 if is_number else "0",
        "ResultCode": int(outcome.code) if is_number and outcome.code.isdigit() else outcome.code,
        "ResultDesc": outcome.description,
        "OriginatorConversationID": ask.originator_id,
        "ConversationID": ask.conversation_id,
        "TransactionID": outcome.receipt or f"{receipt_letters(at)}0000000",
    }
    parameters = outcome.parameters if outcome.is_success else _of_failure(ask, outcome, at)
    if parameters and OutcomeFault.MISSING_PARAMETERS not in faults:
        result["ResultParameters"] = {"ResultParameter": _parameters(parameters, faults)}
    item = _reference(ask)
    as_list = OutcomeFault.REFERENCE_LIST in faults
    result["ReferenceData"] = {"ReferenceItem": [item] if as_list else item}
    body = json.dumps({"Result": result}, separators=(",", ":")).encode()
    return body[: len(body) * 2 // 3] if OutcomeFault.MALFORMED in faults else body


def _of_failure(ask: Ask, outcome: Outcome, at: float) -> tuple[Parameter, ...]:
    """Only a failed balance query has parameters."""
    if ask.api != BALANCE:
        return ()
    return (
        ("ActionType", "AccountBalance"),
        ("ErrorMsg", outcome.description),
        ("BOCompletedTime", int(timestamp(at))),
    )


def _reference(ask: Ask) -> Document:
    """The ReferenceItem as the sandbox sends it: an address of Safaricom's own, or none."""
    if isinstance(ask.order, StatusOrder):
        return _item("Occasion", ask.order.occasion or None)
    if ask.api == BALANCE:
        return _item("QueueTimeoutURL", None)
    return _item("QueueTimeoutURL", QUEUE_URL.format(api=ask.api))


def timeout_body(ask: Ask) -> bytes:
    """The bytes that are posted to QueueTimeOutURL.

    The real body is undocumented; a production console reads OriginatorConversationID in it.
    """
    result = {
        "ResultType": 1,
        "ResultCode": 1,
        "ResultDesc": "The request timed out in the queue.",
        "OriginatorConversationID": ask.originator_id,
        "ConversationID": ask.conversation_id,
    }
    return json.dumps({"Result": result}, separators=(",", ":")).encode()


def _parameters(
    parameters: tuple[Parameter, ...], faults: frozenset[OutcomeFault]
) -> list[Document] | Document:
    items = [_item(key, _told(key, value, faults)) for key, value in parameters]
    if OutcomeFault.REPEATED_KEY in faults:
        items.append(items[0])
    return items[0] if OutcomeFault.SINGLE_PARAMETER in faults else items


def _told(key: str, value: object, faults: frozenset[OutcomeFault]) -> object:
    if OutcomeFault.WRONG_AMOUNT in faults and key in _AMOUNT_KEYS:
        return float(str(value)) + 1
    if OutcomeFault.WRONG_RECEIPT in faults and key in _RECEIPT_KEYS:
        return _OTHER_RECEIPT
    return value


def _item(key: str, value: object) -> Document:
    return {"Key": key} if value is None else {"Key": key, "Value": value}
