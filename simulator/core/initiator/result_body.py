"""The body of a Result, with every oddity the real ones have. Source: docs/daraja.md 9.1."""

import json

from simulator.core.identifiers import receipt_letters
from simulator.core.initiator.asks import Ask, Outcome, Parameter
from simulator.core.initiator.day import OutcomeFault

BALANCE = "balance"
_AMOUNT_KEYS = ("Amount", "TransactionAmount")
_RECEIPT_KEYS = ("OriginalTransactionID", "ReceiptNo", "TransactionReceipt")
_OTHER_RECEIPT = "SKE52PAWR9"
Document = dict[str, object]


def result_body(ask: Ask, outcome: Outcome, at: float) -> bytes:
    """The bytes that are posted to ResultURL."""
    faults = ask.day.outcome_faults
    result: Document = {
        "ResultType": _number("0", ask, faults),
        "ResultCode": _number(outcome.code, ask, faults),
        "ResultDesc": outcome.description,
        "OriginatorConversationID": ask.originator_id,
        "ConversationID": ask.conversation_id,
        "TransactionID": outcome.receipt or f"{receipt_letters(at)}0000000",
    }
    if outcome.is_success and OutcomeFault.MISSING_PARAMETERS not in faults:
        result["ResultParameters"] = {"ResultParameter": _parameters(outcome.parameters, faults)}
    item = _item("QueueTimeoutURL", ask.order.caller.timeout_url)
    as_list = OutcomeFault.REFERENCE_LIST in faults
    result["ReferenceData"] = {"ReferenceItem": [item] if as_list else item}
    body = json.dumps({"Result": result}, separators=(",", ":")).encode()
    return body[: len(body) * 2 // 3] if OutcomeFault.MALFORMED in faults else body


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


def _number(code: str, ask: Ask, faults: frozenset[OutcomeFault]) -> int | str:
    is_text = ask.api == BALANCE or OutcomeFault.STRING_CODE in faults
    return code if is_text or not code.isdigit() else int(code)


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
