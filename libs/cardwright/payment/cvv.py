"""Card verification values: CVV (CVC) of the stripe, CVV2 of the panel, iCVV of the chip.

One algorithm serves all networks: account number, expiry and service code fill two DES blocks with
zeros; the first key half enciphers block one, both halves encipher its sum with block two, and the
digits of the result, then its letters less ten, give the value. What differs is the service code
(000 for CVV2, 999 for iCVV) and the expiry's order: **YYMM for CVV and iCVV, as the tracks hold it,
MMYY for CVV2, as the panel shows it.** An issuer whose host keeps YYMM for CVV2 as well calls
``cvv`` with service code ``000``.
"""

from __future__ import annotations

from cardwright.cipher import Tdes
from cardwright.payment.decimal import decimalized

__all__ = ["CvvError", "cvv", "cvv2", "icvv"]


class CvvError(ValueError):
    """CVV_KEY (not 16 octets) or CVV_INPUT (not the digits that the algorithm takes).

    Attributes:
        code: which of the two.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def cvv(key: Tdes, pan: str, expiry_yymm: str, service_code: str) -> str:
    """Return the three digits that the stripe's discretionary data carry.

    Args:
        key: the card verification key, halves A and B, 16 octets.
        pan: 12 to 19 digits.
        expiry_yymm: four digits, year first.
        service_code: the three digits of the stripe.

    Raises:
        CvvError: CVV_KEY or CVV_INPUT.

    >>> from cardwright.cipher import ClearTdes
    >>> from cardwright.secret import SecretBytes
    >>> key = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
    >>> cvv(key, "1234567890123456", "9912", "220")
    '170'
    """
    if key.length != 16:
        raise CvvError("CVV_KEY", "A card verification key has 16 octets, halves A and B")
    data = pan + expiry_yymm + service_code
    if (
        not 12 <= len(pan) <= 19
        or len(expiry_yymm) != 4
        or len(service_code) != 3
        or not (data.isascii() and data.isdigit())
    ):
        raise CvvError("CVV_INPUT", "A CVV needs a PAN, a four-digit expiry and a service code")
    blocks = int(data.ljust(32, "0"), 16).to_bytes(16, "big")
    summed = int.from_bytes(key.left.encrypt(blocks[:8])) ^ int.from_bytes(blocks[8:])
    # A, then B deciphering, then A again is triple DES with the double-length key.
    return decimalized(key.encrypt(summed.to_bytes(8)))[:3]


def cvv2(key: Tdes, pan: str, expiry_yymm: str) -> str:
    """Return the three digits printed on the card: service code 000, expiry turned to MMYY.

    Raises:
        CvvError: as for ``cvv``.
    """
    return cvv(key, pan, expiry_yymm[2:] + expiry_yymm[:2], "000")


def icvv(key: Tdes, pan: str, expiry_yymm: str) -> str:
    """Return the three digits of the chip's track 2 equivalent data: service code 999.

    Raises:
        CvvError: as for ``cvv``.
    """
    return cvv(key, pan, expiry_yymm, "999")
