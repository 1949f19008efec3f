"""EMV Book 2, 8: application cryptograms, and what the issuer answers to them."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from cardwright.issuerhost.ciphers import Algorithm, encrypt, mac
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import session_key
from cardwright.issuerhost.messages import ChipData
from cardwright.secret import SecretBytes

__all__ = [
    "VERSIONS",
    "CryptogramVersion",
    "arpc_method_1",
    "arpc_method_2",
    "cryptogram_key",
    "is_genuine",
    "version_of",
]

_TERMINAL_DATA = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37)
_CARD_DATA = (0x82, 0x9F36)
_LENGTHS = {
    0x9F02: 6, 0x9F03: 6, 0x9F1A: 2, 0x95: 5, 0x5F2A: 2, 0x9A: 3, 0x9C: 1, 0x9F37: 4,
    0x82: 2, 0x9F36: 2, 0x9F26: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CryptogramVersion:
    """How a cryptogram is made.

    Attributes:
        algorithm: of its key.
        derives: whether each transaction has a session key; else the card's master key is used.
        issuer_data: which octets of the issuer application data (9F10) it covers.
        zero_padding: whether its message is padded with zeros alone.
    """

    algorithm: Algorithm
    derives: bool
    issuer_data: slice
    zero_padding: bool = False


VERSIONS = {
    # Visa's 10 covers the card verification results alone, its 18 all of 9F10; A5 and A6 are the
    # common core definitions' for triple DES and AES (Book 3, C9.2).
    0x0A: CryptogramVersion(Algorithm.TDES, False, slice(3, 7), zero_padding=True),
    0x12: CryptogramVersion(Algorithm.TDES, True, slice(None)),
    0xA5: CryptogramVersion(Algorithm.TDES, True, slice(None)),
    0xA6: CryptogramVersion(Algorithm.AES, True, slice(None)),
}
"""Cryptogram versions by their number in the issuer application data."""


def version_of(issuer_data: bytes) -> CryptogramVersion:
    """Return the version that issuer application data (9F10) name.

    Two formats are known: 06, key index, version, 03 and results; and the common core's 32 octets
    with the version second.

    Raises:
        IssuerHostError: CRYPTOGRAM_VERSION.
    """
    core = len(issuer_data) == 32 and issuer_data[0] == 0x0F
    short = 7 <= len(issuer_data) <= 32 and issuer_data[0] == 0x06
    number = issuer_data[1] if core else issuer_data[2] if short else -1
    if number not in VERSIONS:
        raise IssuerHostError("CRYPTOGRAM_VERSION", "9F10 names no cryptogram version known here")
    return VERSIONS[number]


def cryptogram_key(version: CryptogramVersion, key: SecretBytes, atc: int) -> SecretBytes:
    """Return the key of one transaction's cryptograms.

    Raises:
        IssuerHostError: KEY_LENGTH.
    """
    if not version.derives:
        return key
    return session_key(version.algorithm, key, atc.to_bytes(2, "big") + bytes(6))


def is_genuine(version: CryptogramVersion, key: SecretBytes, chip: ChipData) -> bool:
    """Whether a cryptogram is what the card with that session key makes over these data (8.1).

    Raises:
        IssuerHostError: CHIP_DATA when objects are missing or of a wrong length; KEY_LENGTH.
    """
    for tag, length in _LENGTHS.items():
        if len(chip.value(tag)) != length:
            raise IssuerHostError("CHIP_DATA", f"The object {tag:X} is missing or malformed")
    message = b"".join(chip.value(tag) for tag in _TERMINAL_DATA + _CARD_DATA)
    message += chip.value(0x9F10)[version.issuer_data]
    expected = mac(version.algorithm, key, message, zero_padding=version.zero_padding)[:8]
    return compare_digest(expected, chip.value(0x9F26))


def arpc_method_1(
    algorithm: Algorithm, key: SecretBytes, cryptogram: bytes, response_code: str
) -> bytes:
    """Return issuer authentication data (91): ARPC of 8 octets and response code (8.2.1).

    AES enciphers the 8 octets with 8 of zeros after them, and the first 8 of the result count.

    Raises:
        IssuerHostError: AUTHENTICATION_DATA or KEY_LENGTH.
    """
    code = response_code.encode("ascii")
    if len(cryptogram) != 8 or len(code) != 2:
        raise _malformed()
    y = bytes(a ^ b for a, b in zip(cryptogram, code + bytes(6), strict=True))
    arpc = encrypt(algorithm, key, y + bytes(algorithm.value - 8))[:8]
    return arpc + code


def arpc_method_2(
    algorithm: Algorithm,
    key: SecretBytes,
    cryptogram: bytes,
    status_update: bytes,
    proprietary: bytes = b"",
) -> bytes:
    """Return issuer authentication data (91): ARPC of 4 octets and what it covers (8.2.2).

    Args:
        algorithm: of the key.
        key: the one that made the cryptogram.
        cryptogram: 8 octets.
        status_update: card status update, 4 octets (Book 3, C10).
        proprietary: up to 8 octets more; bit 8 of the update's first octet tells of them.

    Raises:
        IssuerHostError: AUTHENTICATION_DATA or KEY_LENGTH.
    """
    if len(cryptogram) != 8 or len(status_update) != 4 or len(proprietary) > 8:
        raise _malformed()
    arpc = mac(algorithm, key, cryptogram + status_update + proprietary)[:4]
    return arpc + status_update + proprietary


def _malformed() -> IssuerHostError:
    return IssuerHostError(
        "AUTHENTICATION_DATA", "An answer needs a cryptogram, and a code or a status update"
    )
