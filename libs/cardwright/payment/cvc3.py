"""Mastercard's dynamic code CVC3, which a contactless card puts into its tracks.

The card holds one key and, for each track, an initial vector made from the track's static data. For
a transaction it enciphers that vector, the terminal's unpredictable number and its own counter; the
result's last two octets, as a decimal number, are the code, of which a track carries the last
digits that it has room for.
"""

from __future__ import annotations

import hmac

from cardwright.cipher import Tdes
from cardwright.emv.keys import derive_option_a
from cardwright.emv.session import mac_algorithm_3
from cardwright.payment.cvv import CvvError
from cardwright.secret import SecretBytes, SecretText

__all__ = ["card_key", "cvc3", "initial_vector", "packed_track_2", "verify"]


def card_key(master: Tdes, pan: str, psn: str) -> SecretBytes:
    """Return the card's 16-octet CVC3 key (EMV Book 2, A1.4.1, option A).

    Raises:
        EmvError: as for ``derive_option_a``.
    """
    return derive_option_a(master, pan, psn)


def packed_track_2(track: SecretText) -> SecretBytes:
    """Return a track 2 as the chip holds it: digits packed, D for the separator, F to fill up.

    Args:
        track: account number, ``=`` or ``D``, expiry, service code and discretionary data, zero
            where counter, unpredictable number and code will be.

    Raises:
        CvvError: CVV_INPUT.
    """
    text = track.reveal().replace("=", "D")
    digits = text.replace("D", "", 1)
    if not (len(digits) == len(text) - 1 and digits.isascii() and digits.isdigit()):
        raise CvvError("CVV_INPUT", "A track 2 is digits and one separator")
    return SecretBytes(bytes.fromhex(text + "F" * (len(text) % 2)))


def initial_vector(key: Tdes, static_track: SecretBytes) -> bytes:
    """Return a track's initial vector (IVCVC3), 2 octets.

    Args:
        key: the card's CVC3 key, 16 octets.
        static_track: track 1's characters, or track 2 as ``packed_track_2`` makes it.

    Raises:
        EmvError: KEY_LENGTH.
    """
    return mac_algorithm_3(key, static_track.reveal())[-2:]


def cvc3(key: Tdes, vector: bytes, unpredictable_number: int, atc: int) -> str:
    """Return the code, five digits; a track with room for three carries the last three.

    Args:
        key: the card's CVC3 key, 16 octets.
        vector: the track's initial vector, 2 octets.
        unpredictable_number: the terminal's, 0 to 99,999,999.
        atc: the application transaction counter, 0 to 65,535.

    Raises:
        CvvError: CVV_KEY or CVV_INPUT.
    """
    if key.length != 16:
        raise CvvError("CVV_KEY", "A CVC3 key has 16 octets")
    if len(vector) != 2 or not (0 <= unpredictable_number < 10**8 and 0 <= atc <= 0xFFFF):
        raise CvvError("CVV_INPUT", "A CVC3 needs a vector, a number of 8 digits and a counter")
    number = bytes.fromhex(f"{unpredictable_number:08d}")
    result = key.encrypt(vector + number + atc.to_bytes(2, "big"))
    return f"{int.from_bytes(result[-2:], 'big'):05d}"


def verify(key: Tdes, vector: bytes, unpredictable_number: int, atc: int, digits: str) -> bool:
    """Tell whether a track's digits are the last ones of the code.

    Args:
        key: the card's CVC3 key, 16 octets.
        vector: the track's initial vector, 2 octets.
        unpredictable_number: the terminal's, 0 to 99,999,999.
        atc: the application transaction counter, 0 to 65,535.
        digits: as many as the track has room for, 3 to 5.

    Raises:
        CvvError: CVV_KEY or CVV_INPUT.
    """
    if not (3 <= len(digits) <= 5 and digits.isascii() and digits.isdigit()):
        raise CvvError("CVV_INPUT", "A track carries 3 to 5 digits of a CVC3")
    expected = cvc3(key, vector, unpredictable_number, atc)[-len(digits) :]
    return hmac.compare_digest(expected.encode(), digits.encode())
