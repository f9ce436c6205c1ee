"""The simulator's own RSA pair: clients encrypt with its certificate, the simulator decrypts.

The pair is for tests and is shipped, so that a stored credential stays valid after a restart.
Source: docs/daraja.md 9.1 (RSA-2048, PKCS#1 v1.5, base64, 344 characters).
"""

import base64
import binascii
from functools import lru_cache
from pathlib import Path

CERTIFICATE_FILE = Path(__file__).with_name("certificate.cer")
_KEY_FILE = Path(__file__).with_name("test_key.txt")
CREDENTIAL_CHARACTERS = 344
_KEY_BYTES = 256
_PADDING_BYTES_MIN = 8


def certificate_pem() -> bytes:
    """The X.509 certificate to encrypt initiator passwords with, as PEM text."""
    return CERTIFICATE_FILE.read_bytes()


@lru_cache(maxsize=256)
def decrypted(credential: object) -> bytes | None:
    """The password in a SecurityCredential.

    None where the text is no PKCS#1 v1.5 block for this certificate. OAEP and the certificate of
    another environment end here as well.
    """
    block = _block(credential)
    if block is None:
        return None
    modulus, exponent = _private_key()
    number = int.from_bytes(block)
    if number >= modulus:
        return None
    padded = pow(number, exponent, modulus).to_bytes(_KEY_BYTES)
    end_of_padding = padded.find(0, 2)
    if padded[:2] != b"\x00\x02" or end_of_padding < 2 + _PADDING_BYTES_MIN:
        return None
    return padded[end_of_padding + 1 :]


def _block(credential: object) -> bytes | None:
    if not isinstance(credential, str) or len(credential) != CREDENTIAL_CHARACTERS:
        return None
    try:
        block = base64.b64decode(credential, validate=True)
    except (binascii.Error, ValueError):
        return None
    return block if len(block) == _KEY_BYTES else None


@lru_cache(maxsize=1)
def _private_key() -> tuple[int, int]:
    modulus, exponent = _KEY_FILE.read_text(encoding="ascii").split("\n\n")
    return int(modulus.replace("\n", ""), 16), int(exponent.replace("\n", ""), 16)
