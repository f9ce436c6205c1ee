"""docs/daraja.md 9.8, Dynamic QR: a picture that scans to the request's fields."""

import base64
import hashlib
import zlib

import pytest

from simulator.core import Config
from simulator.core.qr_image import qr_png
from tests.unit.simulator.test_conformance_openapi import QR
from tests.unit.simulator.virtual_merchant import VirtualMerchant, error_code, invalid

PATH = "/mpesa/qrcode/v1/generate"
SCANNED = "PB|174379|100|ABC123|HAKIKA CLINIC"
DOTS_OF_SCANNED = "b276a585329f0eaf6ef14c4ecb2d62bc21d3a0ba027cc3f27af7f393e237b200"
"""Of the picture that jsQR 1.4 read as that text on 28 November 2026."""


def dots(png: bytes) -> str:
    """A hash of the picture's dots, however they were compressed."""
    size = int.from_bytes(png[33:37])
    return hashlib.sha256(zlib.decompress(png[41 : 41 + size])).hexdigest()


def test_a_picture_is_the_one_that_a_scanner_read() -> None:
    assert dots(qr_png(SCANNED, 300)) == DOTS_OF_SCANNED
    assert dots(qr_png(SCANNED.replace("100", "101"), 300)) != DOTS_OF_SCANNED
    with pytest.raises(ValueError, match="106 bytes"):
        qr_png("x" * 107, 300)


@pytest.mark.parametrize(("is_short", "begins"), [(True, "00"), (False, "AG_20261123_")])
def test_the_answer_has_the_picture_and_either_code(is_short: bool, begins: str) -> None:
    answer = VirtualMerchant(Config(qr_code_is_short=is_short)).post(PATH, QR).json()
    assert str(answer["ResponseCode"]).startswith(begins)
    png = base64.b64decode(str(answer["QRCode"]))
    assert dots(png) == dots(qr_png("PB|174379|5|ABC|HAKIKA CLINIC", 300))


@pytest.mark.parametrize(("name", "value"), [*((each, None) for each in QR), ("Size", "5000")])
def test_a_bad_field_is_named(name: str, value: object) -> None:
    answer = VirtualMerchant().post(PATH, {**QR, name: value})
    assert error_code(answer) == invalid(name)
