"""Scans what the product logs and answers during every test for what must never be there.

A test whose product output shows a phone number, a token, a secret or an unmasked
CheckoutRequestID fails when it ends, whatever it was about. In answers a CheckoutRequestID may
stand, since it goes to its owner, but only as the value of that field.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tests.support.aws import SECRETS as STORED

SECRETS = {
    DEFAULT_INITIATORS[0].password,
    *(value for secret in STORED.values() for value in secret.values() if value),
}
"""Every value of every secret of a deployment under test, and the initiator's own password."""
LEAKS = {
    "a phone number": re.compile(r"(?<![0-9A-Za-z.])(?:\+?254|0)[17][0-9]{8}(?![0-9A-Za-z])"),
    "a 64-hex token or hash": re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])"),
    "a JWT": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "credentials": re.compile(r"\b(?:Bearer|Basic) +[\w.+/=-]{12,}"),
    "an encrypted password": re.compile(r"[A-Za-z0-9+/]{342}=="),
    "a secret": re.compile("|".join(re.escape(secret) for secret in sorted(SECRETS))),
}
CHECKOUT_ID = re.compile(r"ws_CO_[0-9]{26}")
PRODUCT_LINE = re.compile(r'"service": ?"hakika"|"_aws"|hakika[.:]|\[ERROR\]|Traceback')


def leaks_in(text: str) -> Iterator[str]:
    """Names each kind of thing in the text that must be in no output at all."""
    for kind, pattern in LEAKS.items():
        if pattern.search(text):
            yield kind


def leaks_in_log(line: str) -> list[str]:
    """Names what a log line shows that it must not."""
    found = list(leaks_in(line))
    if CHECKOUT_ID.search(line):
        found.append("an unmasked CheckoutRequestID")
    return found


def leaks_in_response(response: Mapping[str, Any]) -> list[str]:
    """Names what an HTTP response shows that it must not."""
    body = _without_what_staff_asked_for(str(response.get("body", "")))
    headers = json.dumps(response.get("headers", {}))
    found = [*leaks_in(body), *leaks_in(headers)]
    if CHECKOUT_ID.search(_without_owners_field(body) + headers):
        found.append("a CheckoutRequestID outside its field")
    return found


SESSION = {"token", "expires_in", "sub", "name", "role"}
"""The answer to a link of the desk: the one answer that holds a token."""


def _without_what_staff_asked_for(body: str) -> str:
    """Leave out a new session's token, and a number that was revealed with a reason."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if not isinstance(document, dict) or set(document) not in ({"phone_number"}, SESSION):
        return body
    asked_for = {"phone_number", "token"}
    return json.dumps({name: value for name, value in document.items() if name not in asked_for})


def product_lines(output: str) -> Iterable[str]:
    """Picks the lines that the product wrote from all that a test printed."""
    return (line for line in output.splitlines() if PRODUCT_LINE.search(line))


def _without_owners_field(body: str) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if isinstance(document, dict):
        # The booking system's list has the same shape for each payment.
        for payment in (document, *document.get("payments", [])):
            payment.pop("CheckoutRequestID", None)
    return json.dumps(document)
