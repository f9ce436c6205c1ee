"""Dynamic QR: a code that a customer can scan. Source: docs/daraja.md 9.8.

A scan proves nothing: the money is known when its C2B confirmation comes. What the real code holds
is undocumented; this one holds the request's fields as text.
"""

import base64
import re

from simulator.core import chance, gateway
from simulator.core.http import HttpAnswer, HttpRequest, json_answer
from simulator.core.identifiers import eat
from simulator.core.prompts import Prompt
from simulator.core.push_fields import WHOLE_AMOUNT, Fields, InvalidFieldError, matching
from simulator.core.qr_image import TEXT_BYTES_MAX, qr_png
from simulator.core.world import World

TRANSACTION_CODES = ("BG", "WA", "PB", "SM", "SB")
SIZE_PIXELS_MAX = 1_000
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_PARTY = re.compile(r"[0-9]{5,12}", re.ASCII)


def generate(world: World, request: HttpRequest, now: float) -> tuple[HttpAnswer, Prompt | None]:
    """The answer with the picture in base64. Errors: gateway.RefusedError."""
    gateway.check_token(world, request, now)
    fields = gateway.json_fields(world, request)
    try:
        text, size = _text(fields), _size(fields)
    except InvalidFieldError as error:
        raise gateway.invalid(world, error.name, error.why) from error
    serial = chance.hexadecimal(20, world.seed, "qr", world.requests)
    long_code = f"AG_{eat(now).strftime('%Y%m%d')}_{serial}"
    answer = json_answer(
        200,
        {
            "ResponseCode": "00" if world.config.qr_code_is_short else long_code,
            "RequestID": world.request_id(),
            "ResponseDescription": "The service request is processed successfully.",
            "QRCode": base64.b64encode(qr_png(text, size)).decode(),
        },
    )
    return answer, None


def _text(fields: Fields) -> str:
    parts = [
        matching(fields, "TrxCode", TRANSACTION_CODES.__contains__),
        matching(fields, "CPI", _PARTY.fullmatch),
        matching(fields, "Amount", WHOLE_AMOUNT.fullmatch),
        matching(fields, "RefNo", _TEXT.fullmatch),
        matching(fields, "MerchantName", _TEXT.fullmatch),
    ]
    return "|".join(parts).encode()[:TEXT_BYTES_MAX].decode(errors="ignore")


def _size(fields: Fields) -> int:
    size = int(matching(fields, "Size", WHOLE_AMOUNT.fullmatch))
    if size > SIZE_PIXELS_MAX:
        raise InvalidFieldError("Size", f"more than {SIZE_PIXELS_MAX} pixels")
    return size
