"""Signed Dynamic Application Data (EMV 4.4 Book 2, 6.5, 6.6 and annex A2.1)."""

from __future__ import annotations

import hashlib

from cardwright.chip.emv.rsa import RsaKey

__all__ = ["combined_dynamic_data", "dynamic_number", "sha1", "sign_dynamic_data"]

_HEADER, _TRAILER, _PAD = b"\x6a", b"\xbc", b"\xbb"
_FORMAT, _SHA1 = 0x05, 0x01
_OVERHEAD = 25  # header, format, hash indicator, length, hash and trailer


def sha1(data: bytes) -> bytes:
    """The one hash that EMV's RSA signatures know (annex B3.1), 20 octets."""
    return hashlib.sha1(data).digest()  # noqa: S324 - EMV fixes it


def dynamic_number(number: bytes) -> bytes:
    """ICC Dynamic Data of DDA: the ICC Dynamic Number of 2 to 8 octets behind its length."""
    return bytes((len(number),)) + number


def combined_dynamic_data(
    number: bytes, information: int, cryptogram: bytes, transaction: bytes
) -> bytes:
    """ICC Dynamic Data of CDA (table 19).

    Args:
        number: the ICC Dynamic Number.
        information: the Cryptogram Information Data.
        cryptogram: the TC or ARQC, 8 octets.
        transaction: what the terminal sent and the card answers, in the order of 6.6.1.
    """
    return dynamic_number(number) + bytes((information,)) + cryptogram + sha1(transaction)


def sign_dynamic_data(key: RsaKey, dynamic_data: bytes, terminal_data: bytes) -> bytes:
    """The signature, as long as the modulus (tables 15 and 18).

    Args:
        key: the ICC private key; its modulus is at least 25 octets longer than ``dynamic_data``.
        dynamic_data: what the terminal recovers.
        terminal_data: what it adds to the hash: DDOL data, for CDA the unpredictable number.
    """
    padding = _PAD * (key.size - len(dynamic_data) - _OVERHEAD)
    recovered = bytes((_FORMAT, _SHA1, len(dynamic_data))) + dynamic_data + padding
    return key.apply(_HEADER + recovered + sha1(recovered + terminal_data) + _TRAILER)
