"""What a callback says, with every oddity the real ones have. Source: docs/daraja.md 5."""

import json
from dataclasses import dataclass

from simulator.core import chance
from simulator.core.identifiers import timestamp
from simulator.core.prompts import Prompt
from simulator.core.results import SUCCESS, callback_description
from simulator.core.scenario import BodyFault

_PREFIXES = {"1032": "[STK_CB - ]", "1037": "[STK DS timeout]"}
Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is reported: a code and, where money moved, the receipt and when."""

    code: str
    receipt: str | None = None
    paid_at: float | None = None
    balance_kes: int | None = None
    earlier_receipt: str | None = None


def callback_body(prompt: Prompt, outcome: Outcome, seed: int, *, is_older: bool = False) -> bytes:
    """The bytes Daraja posts for this outcome, with the scenario's faults applied."""
    faults = prompt.scenario.body_faults
    callback: dict[str, object] = {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": _code(outcome.code, faults),
        "ResultDesc": _words(outcome.code, faults, is_older=is_older),
    }
    if outcome.code == SUCCESS and BodyFault.MISSING_METADATA not in faults:
        callback["CallbackMetadata"] = {"Item": _items(prompt, outcome, seed)}
    body = json.dumps({"Body": {"stkCallback": callback}}, separators=(",", ":")).encode()
    if BodyFault.MALFORMED in faults:
        return body[: len(body) * 2 // 3]
    return body


def _code(code: str, faults: frozenset[BodyFault]) -> int | str:
    if BodyFault.STRING_CODE in faults or not code.removeprefix("-").isdigit():
        return code
    return int(code)


def _words(code: str, faults: frozenset[BodyFault], *, is_older: bool) -> str:
    words = callback_description(code, is_older=is_older)
    if BodyFault.DESC_PREFIX not in faults:
        return words
    return f"{_PREFIXES.get(code, '[MpesaCB - ]')}{words}"


def _items(prompt: Prompt, outcome: Outcome, seed: int) -> list[Item]:
    faults = prompt.scenario.body_faults
    if BodyFault.EMPTY_ITEMS in faults:
        return []
    items = [*_amount(prompt, faults), *_receipt(outcome, faults), _balance(outcome, faults)]
    date = timestamp(outcome.paid_at or prompt.accepted_at)
    as_text = BodyFault.STRING_DATE in faults
    items.append({"Name": "TransactionDate", "Value": date if as_text else int(date)})
    items.extend(_phone(prompt, faults))
    if BodyFault.SHUFFLED in faults:
        key = (prompt.order.msisdn, prompt.push_number)
        items.sort(key=lambda item: chance.unit(seed, "shuffle", *key, item["Name"]))
    return items


def _amount(prompt: Prompt, faults: frozenset[BodyFault]) -> list[Item]:
    amount: float = float(prompt.order.amount_kes)
    if BodyFault.MISSING_AMOUNT in faults:
        return []
    if BodyFault.WRONG_AMOUNT in faults:
        amount = amount - 1 if amount > 1 else amount + 1
    if BodyFault.FRACTIONAL_AMOUNT in faults:
        amount += 0.5
    if BodyFault.WHOLE_AMOUNT in faults:
        amount = int(amount)
    return [{"Name": "Amount", "Value": amount}]


def _receipt(outcome: Outcome, faults: frozenset[BodyFault]) -> list[Item]:
    if BodyFault.MISSING_RECEIPT in faults:
        return []
    reused = BodyFault.REUSED_RECEIPT in faults and outcome.earlier_receipt is not None
    receipt = outcome.earlier_receipt if reused else outcome.receipt
    return [{"Name": "MpesaReceiptNumber", "Value": receipt}]


def _balance(outcome: Outcome, faults: frozenset[BodyFault]) -> Item:
    if BodyFault.BALANCE_VALUE in faults and outcome.balance_kes is not None:
        return {"Name": "Balance", "Value": float(outcome.balance_kes)}
    return {"Name": "Balance"}


def _phone(prompt: Prompt, faults: frozenset[BodyFault]) -> list[Item]:
    payer = prompt.order.payer
    if BodyFault.MISSING_PHONE in faults:
        return []
    if BodyFault.MASKED_PHONE in faults:
        return [{"Name": "PhoneNumber", "Value": masked(payer)}]
    return [{"Name": "PhoneNumber", "Value": int(payer)}]


def masked(msisdn: str) -> str:
    """A number as newer notices show it: 25470****149."""
    return f"{msisdn[:5]}****{msisdn[-3:]}"
