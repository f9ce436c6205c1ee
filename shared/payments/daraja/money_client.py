"""Daraja's C2B and Pull: registers our addresses, and lists the money of a stretch of time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from payments.daraja.money_wire import FOUND, NOTHING_FOUND, HashPhone, read_pull_page
from payments.daraja.wire import Answer, clean_description
from payments.errors import ProviderUnavailableError
from payments.ports import Observer
from payments.protocol.pull import PullPage, Window
from payments.values import EAT

C2B_REGISTER_PATH = "/mpesa/c2b/{version}/registerurl"
PULL_REGISTER_PATH = "/pulltransactions/v1/register"
PULL_PATH = "/pulltransactions/v1/query"
PULL_TIMEOUT_SECONDS = (3, 8)
REGISTER_TIMEOUT_SECONDS = (5, 20)
TIMED_OUT = 500

type Call = Callable[[str, str, Mapping[str, Any], tuple[float, float]], Answer]
"""Posts to Daraja with the shared token: kind, path, body, timeouts. Errors: RequestException."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What Safaricom answered. Shape: `says` is its sentence, with its code where it has one."""

    is_accepted: bool
    says: str


class MoneyClient:
    """C2B and Pull of one shortcode; implements ports.PullGateway."""

    def __init__(
        self, call: Call, *, shortcode: str, hash_phone: HashPhone, observer: Observer
    ) -> None:
        self._call = call
        self._shortcode = shortcode
        self._hash_phone = hash_phone
        self._observer = observer

    def pull(self, window: Window, offset: int) -> PullPage | None:
        """Return the rows from an offset on; None where Daraja gave no answer."""
        body = {
            "ShortCode": self._shortcode,
            "StartDate": _moment(window.start),
            "EndDate": _moment(window.end),
            "OffSetValue": str(offset),
        }
        try:
            answer = self._call("Pull", PULL_PATH, body, PULL_TIMEOUT_SECONDS)
        except (ProviderUnavailableError, requests.RequestException) as error:
            self._observer.noted("pull unanswered", cause=type(error).__name__)
            return None
        page = read_pull_page(answer, shortcode=self._shortcode, hash_phone=self._hash_phone)
        if page is None:
            cause = answer.error_code or f"HTTP {answer.status}"
            self._observer.noted("pull unanswered", cause=cause)
        return page

    def register_urls(
        self, *, version: str, confirmation_url: str, validation_url: str, response_type: str
    ) -> Registration:
        """Register the addresses of C2B, in production once.

        Shape: `version` is v1 or v2, the product of the app; `response_type` says what becomes of a
            payment whose validation is not answered: Completed or Cancelled.
        Errors: ProviderUnavailableError where it is not known whether they are registered.
        """
        body = {
            "ShortCode": self._shortcode,
            "ResponseType": response_type,
            "ConfirmationURL": confirmation_url,
            "ValidationURL": validation_url,
        }
        answer = self._register(C2B_REGISTER_PATH.format(version=version), body)
        # Zeros: "0" in the documents, eight of them in the sandbox.
        code = str(answer.body.get("ResponseCode", ""))
        return Registration(is_accepted=code.strip("0") == "" != code, says=_says(answer))

    def register_pull(self, *, nominated_number: str, callback_url: str) -> Registration:
        """Register the shortcode for Pull, once; a second time is accepted too.

        Errors: ProviderUnavailableError where it is not known whether it is registered.
        """
        body = {
            "ShortCode": self._shortcode,
            "RequestType": "Pull",
            "NominatedNumber": nominated_number,
            "CallBackURL": callback_url,
        }
        answer = self._register(PULL_REGISTER_PATH, body)
        status = answer.body.get("ResponseStatus", answer.body.get("Response Status"))
        return Registration(is_accepted=str(status) in (FOUND, NOTHING_FOUND), says=_says(answer))

    def _register(self, path: str, body: Mapping[str, Any]) -> Answer:
        try:
            answer = self._call("Register", path, body, REGISTER_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise ProviderUnavailableError(type(error).__name__) from error
        if answer.status >= TIMED_OUT and not answer.error_code:
            raise ProviderUnavailableError(f"HTTP {answer.status}")
        return answer


def _moment(epoch_seconds: int) -> str:
    """Pull's time: Nairobi's clock."""
    return datetime.fromtimestamp(epoch_seconds, EAT).strftime("%Y-%m-%d %H:%M:%S")


def _says(answer: Answer) -> str:
    """Return Safaricom's own sentence, whatever key it has, with its code."""
    keys = ("errorMessage", "ResponseDescription", "Response Description", "ResponseMessage")
    texts = (clean_description(answer.body.get(key)) for key in keys)
    text = next((text for text in texts if text), f"HTTP {answer.status}")
    return f"{answer.error_code} {text}".strip()
