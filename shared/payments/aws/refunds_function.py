"""Both ends of the invocation of functions/refunds, and what that function is composed of.

Desk, cleanup and the operator's command invoke it by IAM. It has no route: whoever may invoke it is
the caller that it trusts, and a person's identity is part of the call.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from payments.aws.settings import Settings
from payments.errors import (
    ConflictError,
    NotFoundError,
    PaymentError,
    SettingsError,
    UnavailableError,
)
from payments.ports import Observer
from payments.store.refund_gate import RefundGates
from payments.store.table import Table
from payments.usecases.result_addresses import ResultAddresses
from payments.usecases.send_refund import RefundSender
from payments.usecases.services import RefundParts

if TYPE_CHECKING:
    from payments.aws.runtime import Runtime

RESULT_KEY = "RESULT_KEY"
RESULT_KEYS_OLD = "RESULT_KEYS_OLD"
NOT_ANSWERED = "The refund function did not answer: look at the payment before trying again"
_ERRORS: Mapping[int, type[ConflictError] | type[NotFoundError]] = {
    ConflictError.http_status: ConflictError,
    NotFoundError.http_status: NotFoundError,
}


class InvokedRefundsFunction:
    """Implements ports.RefundsFunction by invoking the deployed function, never twice."""

    def __init__(self, client: Callable[[], Any], name: str, observer: Observer) -> None:
        self._client = client
        self._name = name
        self._observer = observer

    def ask_status(self, payment_id: str) -> None:
        """Have M-Pesa asked about a sent refund; what goes wrong is only counted."""
        self._tell({"act": "ask_status", "payment_id": payment_id})

    def ask_balance(self) -> None:
        """Have M-Pesa asked for the balance; what goes wrong is only counted."""
        self._tell({"act": "ask_balance"})

    def ask_receipt(self, receipt_number: str, *, by: str) -> None:
        """Have M-Pesa asked about a receipt. Errors: ConflictError, UnavailableError."""
        self._call({"act": "ask_receipt", "receipt_number": receipt_number, "by": by})

    def approve(
        self, payment_id: str, *, by: str, why: str, request_id: str, shown_version: int | None
    ) -> None:
        """Approve and send a refund. Errors: as RefundSender.approve, and UnavailableError."""
        self._call(
            {
                "act": "approve",
                "payment_id": payment_id,
                "by": by,
                "why": why,
                "request_id": request_id,
                "shown_version": shown_version,
            }
        )

    def _tell(self, call: Mapping[str, object]) -> None:
        """Invoke without waiting for the answer; a deployment without the function asks nothing."""
        if not self._name:
            return
        try:
            self._invoke(call, "Event")
        except Exception as error:  # the question is repeated by its schedule, or by a person
            self._observer.counted("RefundsNotInvoked")
            self._observer.noted("refunds not invoked", cause=type(error).__name__)

    def _call(self, call: Mapping[str, object]) -> None:
        if not self._name:
            raise ConflictError(
                "This deployment has no refund function", code="refunds_not_configured"
            )
        try:
            response = self._invoke(call, "RequestResponse")
            answer = json.loads(response["Payload"].read())
        except Exception as error:
            raise UnavailableError(NOT_ANSWERED, code="refunds_no_answer") from error
        if "FunctionError" in response or not isinstance(answer, dict):
            raise UnavailableError(NOT_ANSWERED, code="refunds_no_answer")
        if "error" in answer:
            raise _read_error(answer)

    def _invoke(self, call: Mapping[str, object], kind: str) -> Any:
        return self._client().invoke(
            FunctionName=self._name, InvocationType=kind, Payload=json.dumps(call).encode()
        )


def carry_out(
    sender: RefundSender, call: Mapping[str, Any], *, remaining_seconds: Callable[[], float]
) -> dict[str, object]:
    """Carry out one act of the function; the answer is what `_call` reads.

    Errors: KeyError, TypeError for a call that is none of ours.
    """
    try:
        match call["act"]:
            case "approve":
                sender.approve(
                    str(call["payment_id"]),
                    by=str(call["by"]),
                    why=str(call["why"]),
                    request_id=str(call["request_id"]),
                    shown_version=call["shown_version"],
                    remaining_seconds=remaining_seconds,
                )
            case "ask_status":
                sender.ask_about_refund(str(call["payment_id"]))
            case "ask_receipt":
                sender.ask_about_receipt(str(call["receipt_number"]), by=str(call["by"]))
            case "ask_balance":
                sender.ask_balance()
            case _:
                raise KeyError("act")
    except PaymentError as error:
        return {
            "error": error.public_sentence,
            "code": error.code,
            "status": error.http_status,
            "retry_after_seconds": error.retry_after_seconds,
        }
    return {}


def new_refund_parts(
    table: Table, settings: Settings, client: Callable[[], Any], observer: Observer
) -> RefundParts:
    """Compose what every function but one knows of refunds; `client` is made when it is used."""
    return RefundParts(
        gates=RefundGates(table, settings.merchant.shortcode),
        function=InvokedRefundsFunction(client, settings.refunds_function, observer),
    )


def new_refund_sender(runtime: "Runtime") -> RefundSender:
    """Compose what speaks to Safaricom as the initiator. Errors: SettingsError."""
    from payments.daraja.initiator import INITIATOR_NAME, SECURITY_CREDENTIAL, InitiatorClient
    from payments.store.staff import StaffRegister

    settings = runtime.settings
    if not settings.callback_url_base:
        raise SettingsError("CALLBACK_URL_BASE is not set: M-Pesa needs an address for results")
    names = (INITIATOR_NAME, SECURITY_CREDENTIAL)
    return RefundSender(
        services=runtime.services,
        register=StaffRegister(runtime.table),
        initiator=InitiatorClient(
            runtime.gateway,
            secret=lambda: runtime.read_secret(settings.initiator_secret_arn, names),
            observer=runtime.observer,
        ),
        addresses=ResultAddresses(settings.callback_url_base, lambda: result_keys(runtime)),
        shortcode=settings.merchant.shortcode,
    )


def result_keys(runtime: "Runtime") -> tuple[str, ...]:
    """Return the keys that prove our result addresses, newest first. Errors: UnavailableError."""
    secret = runtime.read_secret(runtime.settings.result_key_secret_arn, (RESULT_KEY,))
    old = secret.get(RESULT_KEYS_OLD, "").split(",")
    return (secret[RESULT_KEY], *(key for key in old if key))


def _read_error(answer: Mapping[str, Any]) -> PaymentError:
    kind = _ERRORS.get(int(answer["status"]))
    sentence, code = str(answer["error"]), str(answer["code"])
    if kind is None:
        return UnavailableError(sentence, code=code)
    return kind(sentence, code=code, retry_after_seconds=answer.get("retry_after_seconds"))
