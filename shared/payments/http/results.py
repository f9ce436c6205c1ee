"""The routes of M-Pesa's results: which post it is, whether its token is right, what is kept of it.

`functions/paybill` serves them. A wrong token gets a constant 404 and writes nothing. A post is
acknowledged once its facts are durable: in the table, else in the queue, without any name.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from payments.aws.refunds_function import result_keys
from payments.aws.settings import is_listed
from payments.daraja.initiator_wire import InitiatorResult, balance_kes, parse_result
from payments.daraja.wire import MalformedCallbackError
from payments.errors import StoreUnavailableError
from payments.http import api_gateway
from payments.protocol.refund_evidence import ReversalResult, StatusSeen
from payments.usecases.record_initiator_result import (
    BalancePost,
    ResultPost,
    ReversalPost,
    StatusPost,
    record_initiator_result,
)
from payments.usecases.result_addresses import RESULT_PATH, is_right_token, receipt_in_path
from payments.values import CALLBACK_SECRET, PAYMENT_ID

if TYPE_CHECKING:
    from payments.aws.runtime import Runtime

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
NOT_FOUND = {"ResultCode": 1, "ResultDesc": "Not found"}
PAYBILL_ACCOUNT = "Utility Account"
TILL_ACCOUNT = "Merchant Account"
ATTEMPT_DIGITS_MAX = 4
type Message = Mapping[str, Any]


def receive_result(
    event: api_gateway.Event, runtime: "Runtime", *, keep: Callable[[Message], None]
) -> api_gateway.Response:
    """Apply a result, or `keep` its facts where the store refuses.

    Errors: UnavailableError where the token cannot be checked, StoreUnavailableError where nothing
        could be made durable: the answer is then 5xx.
    """
    settings = runtime.settings
    post = read_post(
        api_gateway.raw_path(event),
        api_gateway.raw_body(event),
        keys=result_keys(runtime),
        comes_from_listed=is_listed(api_gateway.source_ip(event), settings.callback_networks),
        account=TILL_ACCOUNT if settings.is_till else PAYBILL_ACCOUNT,
    )
    if post is None:
        runtime.observer.counted("ResultRejected")
        return api_gateway.ok(NOT_FOUND, status=404)
    try:
        _record(post, runtime, api_gateway.request_id(event))
    except Exception as error:  # whatever went wrong is ours, and M-Pesa does not post again
        cause = error.cause if isinstance(error, StoreUnavailableError) else type(error).__name__
        runtime.observer.noted("result queued", cause=cause)
        keep(to_message(post))
        runtime.observer.counted("ResultQueued")
    return api_gateway.ok(ACCEPTED)


def read_post(
    path: str, raw: bytes, *, keys: Sequence[str], comes_from_listed: bool, account: str
) -> ResultPost | None:
    """Return the post, None unless its address is one that we made.

    Shape: `account` is the account whose balance counts.
    """
    kind, *parts = path.removeprefix(RESULT_PATH + "/").split("/")
    is_timeout = kind == "reversal" and parts[-1:] == ["timeout"]
    *facts, token = parts[:-1] if is_timeout else (parts or [""])
    if not CALLBACK_SECRET.match(token) or not is_right_token(keys, token, kind, *facts):
        return None
    result = None if is_timeout else _parsed(raw)
    match kind, facts:
        case "reversal", [payment_id, attempt] if _is_attempt(payment_id, attempt):
            told = _reversal_result(int(attempt), result)
            return ReversalPost(payment_id=payment_id, is_listed=comes_from_listed, result=told)
        case "status", [in_hex] if (receipt := receipt_in_path(in_hex)) is not None:
            return StatusPost(is_listed=comes_from_listed, seen=_status_seen(receipt, result))
        case "balance", []:
            kes = balance_kes(result, account) if result is not None else None
            code = result.code if result is not None else None
            return BalancePost(is_listed=comes_from_listed, code=code, balance_kes=kes)
        case _:
            return None


def is_result_message(message_body: str) -> bool:
    """Whether a message of the queue is a result's. Errors: ValueError."""
    message = json.loads(message_body)
    return isinstance(message, dict) and message.get("kind") == "result"


def apply_result_message(message_body: str, runtime: "Runtime", *, request_id: str) -> None:
    """Apply a queued result. Errors: whatever keeps it in the queue."""
    _record(from_message(json.loads(message_body)), runtime, request_id)


def _record(post: ResultPost, runtime: "Runtime", request_id: str) -> None:
    own = runtime.settings.shortcodes
    record_initiator_result(runtime.services, post, own_shortcodes=own, request_id=request_id)


def to_message(post: ResultPost) -> Message:
    """Return what the queue holds of a post: its facts, neither token nor body."""
    return {"kind": "result", "post": type(post).__name__, "facts": asdict(post)}


def from_message(message: Message) -> ResultPost:
    """Read a message back. Errors: KeyError, TypeError, ValueError where it is not one of ours."""
    facts = dict(message["facts"])
    match message["post"]:
        case "ReversalPost":
            result = facts.pop("result")
            return ReversalPost(**facts, result=ReversalResult(**result) if result else None)
        case "StatusPost":
            seen = facts.pop("seen")
            return StatusPost(**facts, seen=StatusSeen(**seen) if seen else None)
        case "BalancePost":
            return BalancePost(**facts)
        case _:
            raise ValueError("not a result")


def _is_attempt(payment_id: str, attempt: str) -> bool:
    is_number = attempt.isdecimal() and attempt.isascii() and len(attempt) <= ATTEMPT_DIGITS_MAX
    return is_number and PAYMENT_ID.match(payment_id) is not None


def _parsed(raw: bytes) -> InitiatorResult | None:
    try:
        return parse_result(raw)
    except MalformedCallbackError:
        return None


def _reversal_result(attempt: int, result: InitiatorResult | None) -> ReversalResult | None:
    if result is None:
        return None
    return ReversalResult(
        attempt=attempt,
        code=result.code,
        amount_kes=result.amount_kes,
        original_receipt=result.original_receipt,
        refund_receipt=result.receipt_number,
    )


def _status_seen(receipt_number: str, result: InitiatorResult | None) -> StatusSeen | None:
    """Return what the answer says about the receipt that we asked about, and about no other."""
    if result is None or result.status_receipt not in (None, receipt_number):
        return None
    return StatusSeen(
        receipt_number=receipt_number,
        status=result.transaction_status or "",
        code=result.code,
        amount_kes=result.amount_kes,
        paid_at=result.finalised_at,
        shortcode=result.credited_shortcode or "",
    )
