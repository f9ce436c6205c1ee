"""Encrypts an initiator's password with the certificate of M-Pesa's environment.

The password is never stored and never leaves this process: M-Pesa gets the ciphertext.
`cryptography` is needed here only, never in the layer. Source: docs/daraja.md 9.1.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS = 2048
PASSWORD_SPECIAL = "#&%$"  # noqa: S105 -- the characters that M-Pesa's portal allows
PASSWORD_CHARACTERS_MIN = 8


class CredentialError(Exception):
    """One sentence that says what is wrong; never a part of the password."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate to encrypt with. Shape: `fingerprint` is the SHA-256 of its DER form in hex."""

    key: rsa.RSAPublicKey
    fingerprint: str

    @property
    def is_simulators(self) -> bool:
        """Whether it is the simulator's own, whose private key is public."""
        # The whole simulator is loaded with it, and only this question needs it.
        from simulator.core.initiator.certificate import certificate_pem

        return self.fingerprint == _read(certificate_pem()).fingerprint


def read_certificate(file: Path) -> Certificate:
    """Read a certificate, PEM or DER, as M-Pesa's portal gives it. Errors: CredentialError."""
    try:
        return _read(file.read_bytes())
    except OSError as error:
        raise CredentialError(f"{file} cannot be read") from error


def encrypt(password: str, certificate: Certificate) -> str:
    """Return the SecurityCredential: RSA with PKCS#1 v1.5, in base64.

    Errors: CredentialError for a password that M-Pesa's portal does not take.
    """
    is_plain = password.isascii() and all(
        each.isalnum() or each in PASSWORD_SPECIAL for each in password
    )
    if len(password) < PASSWORD_CHARACTERS_MIN or not is_plain:
        raise CredentialError(
            f"M-Pesa takes letters, digits and {' '.join(PASSWORD_SPECIAL)}, at least "
            f"{PASSWORD_CHARACTERS_MIN} of them: this password would lock the initiator"
        )
    return base64.b64encode(certificate.key.encrypt(password.encode(), padding.PKCS1v15())).decode()


def _read(content: bytes) -> Certificate:
    is_pem = content.lstrip().startswith(b"-----BEGIN")
    load = x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate
    try:
        certificate = load(content)
    except ValueError as error:
        raise CredentialError("This file holds no X.509 certificate") from error
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != KEY_BITS:
        raise CredentialError(f"M-Pesa's certificate has an RSA key of {KEY_BITS} bits")
    return Certificate(key, certificate.fingerprint(hashes.SHA256()).hex())
