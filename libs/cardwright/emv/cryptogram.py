"""EMV Book 2 chapter 8: application cryptograms, and the issuer's answer to them.

Issuers, and QA that proves a chip holds the keys which were ordered, recompute a card's cryptogram
from what terminals send in field 55. Which data go into it, and under which key, is what the
cryptogram version in the issuer application data (tag 9F10) says.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from enum import Enum

from cardwright.cipher import BlockCipher
from cardwright.emv.errors import EmvError
from cardwright.emv.session import Padding, ac_session_key, cipher_like, mac

__all__ = [
    "CryptogramVersion",
    "application_cryptogram",
    "arpc_method_1",
    "arpc_method_2",
    "cryptogram_data",
    "transaction_key",
    "verify_arqc",
    "version_of",
]

_ATC, _ISSUER_APPLICATION_DATA = 0x9F36, 0x9F10

# Table 28 of Book 2, in its order: amounts, country, verification results, currency, date, type,
# unpredictable number, then the card's interchange profile and counter.
_LENGTHS = {
    0x9F02: 6, 0x9F03: 6, 0x9F1A: 2, 0x95: 5, 0x5F2A: 2, 0x9A: 3, 0x9C: 1, 0x9F37: 4,
    0x82: 2, _ATC: 2,
}  # fmt: skip


class CryptogramVersion(Enum):
    """The versions that issuers choose from."""

    CVN_10 = "10"  # Visa: the master key itself, padding method 1, ARPC method 1
    CVN_18 = "18"  # Visa: session keys, ARPC method 2
    CCD_5 = "5"  # Common Core Definitions: the same; master keys by option B
    CCD_6 = "6"  # the same of AES; master keys by option C

    @property
    def block(self) -> int:
        """Octets of the cipher's block."""
        return 16 if self is CryptogramVersion.CCD_6 else 8


def version_of(issuer_application_data: bytes) -> CryptogramVersion:
    """Read the cryptogram version out of the issuer application data (tag 9F10).

    Visa's begin with the length 06, key index and version; CCD's 32 octets with 0F and the common
    core identifier (Book 3, C9.1).

    Raises:
        EmvError: CRYPTOGRAM_VERSION for another one.
    """
    data = issuer_application_data
    if len(data) == 32 and data[0] == 0x0F and data[1] in {0xA5, 0xA6}:
        return CryptogramVersion.CCD_5 if data[1] == 0xA5 else CryptogramVersion.CCD_6
    if len(data) >= 7 and data[0] == 0x06 and data[2] in {10, 18}:
        return CryptogramVersion.CVN_10 if data[2] == 10 else CryptogramVersion.CVN_18
    raise EmvError("CRYPTOGRAM_VERSION", "The card's cryptogram version is not known here")


def cryptogram_data(version: CryptogramVersion, values: Mapping[int, bytes]) -> bytes:
    """Return what the card signs, in order: Book 2's table 28 and, of 9F10, the version's part.

    Args:
        version: whose data to take.
        values: by tag; others than these are passed over.

    Raises:
        EmvError: CRYPTOGRAM_DATA for a value that is missing or of another length.
    """
    for tag, length in _LENGTHS.items():
        if len(values.get(tag, b"")) != length:
            raise EmvError("CRYPTOGRAM_DATA", f"A cryptogram needs tag {tag:X}, {length} octets")
    issuer = values.get(_ISSUER_APPLICATION_DATA, b"")
    if not 7 <= len(issuer) <= 32:
        raise EmvError("CRYPTOGRAM_DATA", "A cryptogram needs tag 9F10, 7 to 32 octets")
    # Version 10 signs the card verification results alone: length 03 and three octets.
    signed = issuer[3:7] if version is CryptogramVersion.CVN_10 else issuer
    return b"".join(values[tag] for tag in _LENGTHS) + signed


def transaction_key(
    version: CryptogramVersion, master_key: BlockCipher, values: Mapping[int, bytes]
) -> BlockCipher:
    """Return the key of one transaction, for its cryptograms and the answers to them.

    Args:
        version: what makes the key.
        master_key: the card's for application cryptograms: triple DES, or AES for CCD's 6.
        values: by tag; 9F36, the counter, is enough.

    Raises:
        EmvError: KEY_ALGORITHM, KEY_LENGTH or CRYPTOGRAM_DATA.
    """
    if master_key.block != version.block:
        raise EmvError("KEY_ALGORITHM", f"Cryptogram version {version.value} takes another key")
    if version is CryptogramVersion.CVN_10:
        return master_key
    counter = values.get(_ATC, b"")
    if len(counter) != 2:
        raise EmvError("CRYPTOGRAM_DATA", "A session key needs tag 9F36, 2 octets")
    return cipher_like(master_key, ac_session_key(master_key, int.from_bytes(counter, "big")))


def application_cryptogram(
    version: CryptogramVersion, master_key: BlockCipher, values: Mapping[int, bytes]
) -> bytes:
    """Return the 8-octet cryptogram (ARQC, TC or AAC) that a card makes of these values.

    Raises:
        EmvError: KEY_ALGORITHM, KEY_LENGTH or CRYPTOGRAM_DATA.
    """
    data = cryptogram_data(version, values)
    padding = Padding.METHOD_1 if version is CryptogramVersion.CVN_10 else Padding.METHOD_2
    return mac(transaction_key(version, master_key, values), data, padding)


def verify_arqc(
    version: CryptogramVersion,
    master_key: BlockCipher,
    values: Mapping[int, bytes],
    cryptogram: bytes,
) -> bool:
    """Tell whether a cryptogram is the card's; TC and AAC verify alike.

    Raises:
        EmvError: KEY_ALGORITHM, KEY_LENGTH or CRYPTOGRAM_DATA.
    """
    return hmac.compare_digest(application_cryptogram(version, master_key, values), cryptogram)


def arpc_method_1(key: BlockCipher, cryptogram: bytes, response_code: bytes) -> bytes:
    """Return the issuer's answer to a cryptogram (8.2.1): enciphered with its response code.

    Tag 91 holds these 8 octets and the response code.

    Args:
        key: the one that made the cryptogram.
        cryptogram: 8 octets.
        response_code: 2 octets, the authorisation response code.

    Raises:
        EmvError: DERIVATION_INPUT.
    """
    if len(cryptogram) != 8 or len(response_code) != 2:
        raise EmvError("DERIVATION_INPUT", "An answer needs 8 octets cryptogram and 2 of response")
    mixed = int.from_bytes(cryptogram, "big") ^ int.from_bytes(response_code, "big") << 48
    return key.encrypt(mixed.to_bytes(8, "big").ljust(key.block, b"\0"))[:8]


def arpc_method_2(
    key: BlockCipher, cryptogram: bytes, status_update: bytes, proprietary: bytes = b""
) -> bytes:
    """Return the issuer's answer to a cryptogram (8.2.2): a MAC with the card status update.

    Tag 91 holds these 4 octets, the status update and the proprietary data.

    Args:
        key: the one that made the cryptogram.
        cryptogram: 8 octets.
        status_update: 4 octets, what the card shall do (Book 3, C10).
        proprietary: up to 8 octets; CCD cards want none unless the status update's first bit says
            that there are some.

    Raises:
        EmvError: DERIVATION_INPUT or KEY_LENGTH.
    """
    if len(cryptogram) != 8 or len(status_update) != 4 or len(proprietary) > 8:
        raise EmvError("DERIVATION_INPUT", "An answer needs 8 octets cryptogram and 4 of status")
    return mac(key, cryptogram + status_update + proprietary)[:4]
