"""Domain objects <-> items; docs/data-model.md describes each."""

from dataclasses import asdict, dataclass, fields, replace
from itertools import batched
from typing import Any

from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.filing import HEAD_CHARACTERS
from payments.protocol.payment import (
    Hint,
    Origin,
    Payment,
    PaymentStatus,
    Proof,
    Refund,
    RefundStep,
    StkResult,
)
from payments.store.attributes import Plain
from payments.values import eat_day

STATE = "STATE"
PAYMENT_PREFIX = "PAY#"
RECEIPT_PREFIX = "RCPT#"
CLAIM_PREFIX = "CLAIM#"
DAY_SHARDS = 4
PHONE_SLOTS = 10
USER_SLOTS = 5
PAYMENT_SLOTS = 10
PHONE_PAYMENT_SLOT = "i"
CONSULTATION_PAYMENT_SLOT = "pay"
"""`i1` to `i10` of a phone guard and `pay1` to `pay10` of a consultation: its last payments."""
OPEN_INDEX_KEY = "OPEN"
PERSON_INDEX_KEY = "P"
CLAIM_INDEX_KEY = "CLAIM"
NEEDS_PERSON = frozenset({PaymentStatus.REVIEW, PaymentStatus.REFUND_DUE})
OP_ID_BYTES = 6

_HEX_AS_BYTES = frozenset({"reserved_by", "phone_hmac", "secret_sha256", "body_sha256"})
_DEFAULTS = {field.name: field.default for field in fields(Payment)}
_ATTRIBUTES = {name: name for name in _DEFAULTS} | {
    "locked_until": "prompt_until",
    "secret_sha256": "token_sha256",  # pragma: allowlist secret
}
"""Field -> stored attribute. A field may be renamed; what is stored never is."""
_REFUND_ATTRIBUTES = {field.name: field.name for field in fields(Refund)} | {
    "receipt_number": "refund_receipt"
}
"""Field -> attribute inside the map `refund`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneGuard:
    """The payment that holds a phone, and its last prompts' times and payments, latest first.

    Units: UTC epoch seconds.
    """

    live_payment_id: str | None
    live_until: int
    prompted_at: tuple[int, ...]
    payment_ids: tuple[str, ...] = ()


def payment_key(payment_id: str) -> dict[str, str]:
    """Key of a payment."""
    return {"pk": f"{PAYMENT_PREFIX}{payment_id}", "sk": STATE}


def consultation_key(booking_id: str) -> dict[str, str]:
    """Key of a consultation."""
    return {"pk": f"CONSULT#{booking_id}", "sk": STATE}


def receipt_key(receipt_number: str) -> dict[str, str]:
    """Key of a receipt's row."""
    return {"pk": f"{RECEIPT_PREFIX}{receipt_number}", "sk": STATE}


def phone_key(phone_hmac: str | None) -> dict[str, str]:
    """Key of a phone's guard: the number itself is in no key.

    Errors: ValueError for a payment that had no prompt: it holds no phone.
    """
    if phone_hmac is None:
        raise ValueError("a payment without a prompt holds no phone")
    return {"pk": f"PHONE#{phone_hmac}", "sk": STATE}


def user_key(client_id: str) -> dict[str, str]:
    """Key of a user's prompt counter."""
    return {"pk": f"USER#{client_id}", "sk": STATE}


def receipt_claim_key(payment_id: str, receipt_number: str) -> dict[str, str]:
    """Key of a receipt that the payment's customer named."""
    return {"pk": f"{PAYMENT_PREFIX}{payment_id}", "sk": f"{CLAIM_PREFIX}{receipt_number}"}


def hinted_key(receipt_number: str, payment_id: str) -> dict[str, str]:
    """Key of the note that a payment's hint names a receipt."""
    return {"pk": f"HINT#{receipt_number}", "sk": payment_id}


def gate_key(shortcode: str) -> dict[str, str]:
    """Key of the query gate that all Lambdas share."""
    return {"pk": f"QUERY#{shortcode}", "sk": STATE}


def evidence_key(payment_id: str, digest: str) -> dict[str, str]:
    """Key of a callback filed for an operator."""
    return {"pk": f"{PAYMENT_PREFIX}{payment_id}", "sk": f"EVIDENCE#{digest}"}


def event_key(payment_id: str, version: int, event_type: str) -> dict[str, str]:
    """Key of an event: it carries the item's version, so one write has one dedupe id."""
    return {"pk": f"{PAYMENT_PREFIX}{payment_id}", "sk": f"EVENT#{version:06d}#{event_type}"}


def row_event_key(receipt_number: str, at: int, event_type: str) -> dict[str, str]:
    """Key of an event about a receipt that no payment has."""
    return {"pk": f"{RECEIPT_PREFIX}{receipt_number}", "sk": f"EVENT#{at:010d}#{event_type}"}


def pull_key(shortcode: str) -> dict[str, str]:
    """Key of the gate of Pull, with the time that finished runs have covered."""
    return {"pk": f"PULL#{shortcode}", "sk": STATE}


def delivery_key(occurred_at: str, dedupe_id: str) -> dict[str, str]:
    """Key of an event's delivery, by the EAT day of the event: a day's deliveries are one query."""
    return {"pk": f"DELIVERY#{occurred_at[:10]}", "sk": dedupe_id}


def day_shard(payment: Payment) -> str:
    """Return the `by_day` partition: the EAT day it was created, and a fixed shard."""
    return _shard_of(payment, payment.created_at)


def _shard_of(payment: Payment, at: int) -> str:
    shard = int(payment.payment_id[-2:], 16) % DAY_SHARDS
    return f"{eat_day(at)}#{shard}"


def payment_values(payment: Payment) -> dict[str, Plain | None]:
    """Return every attribute of a payment's item but its key.

    Shape: as `Payment`; hex digests and op ids as bytes (half the size); attributes at their
        default are left out; `open`, `day_shard`, `public_status` and `person` serve the
        indexes.
    """
    values: dict[str, Plain | None] = {}
    for name in _DEFAULTS:
        value = getattr(payment, name)
        if value is None or (value == _DEFAULTS[name] and name != "holds_locks"):
            continue
        values[_ATTRIBUTES[name]] = bytes.fromhex(value) if name in _HEX_AS_BYTES else value
    values["op_ids"] = [op_id_head(op_id) for op_id in payment.op_ids]
    if payment.evidence_heads:
        values["evidence_heads"] = bytes.fromhex("".join(payment.evidence_heads))
    if payment.hint is not None:
        values["hint"] = _hint_values(payment.hint, payment.checkout_request_id)
    if payment.refund is not None:
        values["refund"] = _refund_values(payment.refund)
    values["open"] = OPEN_INDEX_KEY if payment.due_at is not None else None
    values["day_shard"] = day_shard(payment)
    values["public_status"] = payment.public_status
    if payment.received_at is not None:
        values["received_shard"] = _shard_of(payment, payment.received_at)
    needs_person = payment.status in NEEDS_PERSON or payment.attention is not None
    values["person"] = PERSON_INDEX_KEY if needs_person else None
    del values["payment_id"]
    return values


def to_payment(values: dict[str, Any]) -> Payment:
    """Read a payment; unknown attributes are ignored."""
    known = {name: values[stored] for name, stored in _ATTRIBUTES.items() if stored in values}
    for name in _HEX_AS_BYTES & known.keys():
        known[name] = known[name].hex()
    known["payment_id"] = values["pk"].removeprefix(PAYMENT_PREFIX)
    known["status"] = PaymentStatus(known["status"])
    known["op_ids"] = tuple(op_id.hex() for op_id in known["op_ids"])
    for name in {"proof", "checkout_source"} & known.keys():
        known[name] = Proof(known[name])
    if "evidence_heads" in known:
        heads = known["evidence_heads"].hex()
        known["evidence_heads"] = tuple(map("".join, batched(heads, HEAD_CHARACTERS, strict=True)))
    if "hint" in known:
        known["hint"] = _to_hint(known["hint"], known.get("checkout_request_id"))
    if "origin" in known:
        known["origin"] = Origin(known["origin"])
    if "refund" in known:
        known["refund"] = _to_refund(known["refund"])
    return Payment(**known)


def op_id_head(op_id: str) -> bytes:
    """Return the stored part of an operation id: six random bytes identify a writer."""
    return bytes.fromhex(op_id)[:OP_ID_BYTES]


def _hint_values(hint: Hint, known_id: str | None) -> dict[str, Plain]:
    """Keep what a query cannot tell; the whole body is filed as evidence."""
    result = hint.result
    values: dict[str, Plain | None] = {
        "code": result.code,
        "checkout_request_id": (
            None if result.checkout_request_id == known_id else result.checkout_request_id
        ),
        "amount_kes": result.amount_kes,
        "receipt_number": result.receipt_number,
        "transaction_at": result.transaction_at,
        "received_at": hint.received_at,
    }
    return {name: value for name, value in values.items() if value is not None}


def _to_hint(values: dict[str, Any], known_id: str | None) -> Hint:
    received_at = values.pop("received_at")
    values.setdefault("checkout_request_id", known_id)
    return Hint(result=StkResult(description="", **values), received_at=received_at)


def _refund_values(refund: Refund) -> dict[str, Plain]:
    values = {name: getattr(refund, field) for field, name in _REFUND_ATTRIBUTES.items()}
    return {name: value for name, value in values.items() if value not in (None, 0, False)}


def _to_refund(values: dict[str, Any]) -> Refund:
    known = {field: values[name] for field, name in _REFUND_ATTRIBUTES.items() if name in values}
    refund = Refund(**known)
    return replace(refund, step=RefundStep(refund.step)) if refund.step else refund


def to_consultation(values: dict[str, Any]) -> Consultation:
    """Read a consultation."""
    return Consultation(
        booking_id=values["pk"].removeprefix("CONSULT#"),
        client_id=values["client_id"],
        price_kes=values["price_kes"],
        status=BookingStatus(values["status"]),
        payment_status=ConsultationPaymentStatus(values["payment_status"]),
        active_payment_id=values.get("active_payment_id"),
        paid_payment_id=values.get("paid_payment_id"),
        lock_until=values.get("lock_until"),
        version=values["version"],
        payment_ids=_listed_payments(values, CONSULTATION_PAYMENT_SLOT)[::-1],
    )


def consultation_values(consultation: Consultation) -> dict[str, Plain | None]:
    """Return every attribute of a consultation's item but its key and its list of payments.

    Only a reservation adds to that list.
    """
    values = asdict(consultation)
    del values["booking_id"], values["payment_ids"]
    return values


def to_phone_guard(values: dict[str, Any]) -> PhoneGuard:
    """Read a phone guard."""
    return PhoneGuard(
        live_payment_id=values.get("live_payment_id"),
        live_until=values.get("live_until", 0),
        prompted_at=prompt_times(values, PHONE_SLOTS),
        payment_ids=_listed_payments(values, PHONE_PAYMENT_SLOT),
    )


def _listed_payments(values: dict[str, Any], slot_name: str) -> tuple[str, ...]:
    """Return the payments of a register, latest first; an empty slot holds 0."""
    slots = (values.get(f"{slot_name}{slot}") for slot in range(1, PAYMENT_SLOTS + 1))
    return tuple(slot.hex() for slot in slots if slot)


def prompt_times(values: dict[str, Any], slots: int) -> tuple[int, ...]:
    """Return the shift register's times, latest first."""
    return tuple(values.get(f"p{slot}", 0) for slot in range(1, slots + 1))
