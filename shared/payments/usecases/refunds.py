"""What people do about refunds, short of sending one: request, withdraw, settle, resume.

Who a person is comes from the caller: `staff:<sub>` of a staff token, `client:<sub>` of the booking
system's, `operator:<ARN>` at a terminal. A typed name is never an identity.
"""

import hashlib
import json

from payments.errors import ConflictError
from payments.ports import Actor
from payments.protocol.payment import Payment
from payments.protocol.refund_evidence import RefundRequested, RefundSettled, RefundWithdrawn
from payments.store.instructions import Instruction
from payments.usecases.apply_refund import apply_refund, read_payment
from payments.usecases.services import Services


def refund_request_key(client_id: str, idempotency_key: str) -> str:
    """Return the digest by which a repeated request is recognised."""
    pair = json.dumps([client_id, idempotency_key])
    return hashlib.sha256(pair.encode()).hexdigest()[:32]


def request_refund(
    services: Services,
    payment_id: str,
    *,
    by: str,
    why: str,
    request_id: str,
    request_key: str | None = None,
    shown_version: int | None = None,
) -> Payment:
    """Request a refund of owed money, and ask for the balance that the approver will see.

    Errors: NotFoundError; ConflictError where it is not possible, with a sentence that says why.
    Idempotent: by `request_key`, the digest of the caller's Idempotency-Key.
    """
    payment = read_payment(services, payment_id)
    if request_key is not None and payment.refund and payment.refund.request_key == request_key:
        return payment
    after = apply_refund(
        services,
        payment,
        RefundRequested(by=by, why=why, request_key=request_key),
        actor=Actor(by=by, request_id=request_id, reason=why),
        only_version=shown_version,
    )
    services.refunds().function.ask_balance()
    return after


def withdraw_refund(
    services: Services,
    payment_id: str,
    *,
    by: str,
    why: str,
    request_id: str,
    shown_version: int | None = None,
) -> Payment:
    """Take a request back, or reject it: nothing has been sent.

    Errors: NotFoundError; ConflictError where no request waits.
    """
    return apply_refund(
        services,
        read_payment(services, payment_id),
        RefundWithdrawn(),
        actor=Actor(by=by, request_id=request_id, reason=why),
        only_version=shown_version,
    )


def settle_refund(
    services: Services,
    payment_id: str,
    *,
    was_reversed: bool,
    receipt_number: str | None,
    by: str,
    why: str,
    request_id: str,
    shown_version: int | None = None,
) -> Payment:
    """End a refund that M-Pesa did not answer for in a day, by M-Pesa's statement.

    Errors: NotFoundError; ConflictError where none was sent, or not 24 hours ago.
    """
    return apply_refund(
        services,
        read_payment(services, payment_id),
        RefundSettled(was_reversed=was_reversed, receipt_number=receipt_number),
        actor=Actor(by=by, request_id=request_id, reason=why),
        only_version=shown_version,
    )


def resume_refunds(services: Services, *, by: str, why: str, request_id: str) -> None:
    """Let refunds run again after M-Pesa refused the initiator or the shortcode.

    Errors: ConflictError where they run, where the credential was refused and is still the same
        one, or where they stopped again meanwhile.
    """
    gate = services.refunds().gates.read()
    if gate.stopped is None:
        raise ConflictError("Refunds are not stopped", code="refunds_not_stopped")
    if gate.needs_new_credential:
        raise ConflictError(
            "M-Pesa refused the initiator's credential, and it is still the same one: set it anew "
            "first (hakika initiator set), or M-Pesa locks it",
            code="credential_not_renewed",
        )
    instruction = Instruction(
        at=services.now(),
        by=by,
        reason=why,
        asked=f"resume refunds, stopped by {gate.stopped}",
        request_id=request_id,
    )
    if not services.refunds().gates.resume(gate, instruction, op_id=services.ids.hex(32)):
        raise ConflictError("Refunds have changed meanwhile: look again", code="changed_meanwhile")
