"""Key check values: X9.24-1:2017 annex A, as the optional blocks KC, KP and PK hold them.

Triple DES keys have the legacy value, a zero block enciphered, three octets; AES keys have the CMAC
of a zero block, five octets. A reader takes any first octets of them, and the CMAC of DES keys too.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum

from cardwright.cipher import BlockCipher
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.text import hex_octets

__all__ = ["CheckMethod", "CheckValue", "check_value"]


class CheckMethod(Enum):
    """How a check value is computed."""

    LEGACY = 0
    CMAC = 1


@dataclass(frozen=True, slots=True)
class CheckValue:
    """A check value and its method (X9.143 tables 15 and 20).

    Attributes:
        method: legacy or CMAC.
        octets: the value's first octets, at most 3 of the legacy one, 5 of the CMAC.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL for other lengths.
    """

    method: CheckMethod
    octets: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.octets) <= (5 if self.method is CheckMethod.CMAC else 3):
            raise KeyBlockError(
                "KEYBLOCK_OPTIONAL", "A check value has up to 3 octets, 5 of a CMAC"
            )

    @classmethod
    def parse(cls, data: str) -> CheckValue:
        """Read an optional block's data.

        Raises:
            KeyBlockError: KEYBLOCK_OPTIONAL.
        """
        octets = hex_octets(data)
        if octets[:1] not in {b"\x00", b"\x01"}:
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "A check value is of method 00 or 01")
        return cls(CheckMethod(octets[0]), octets[1:])

    def encode(self) -> str:
        """Return an optional block's data."""
        return f"{self.method.value:02X}{self.octets.hex().upper()}"

    def belongs_to(self, cipher: BlockCipher) -> bool:
        """Whether this value, perhaps shortened, is that of the key behind ``cipher``."""
        return hmac.compare_digest(self.octets, _full(self.method, cipher)[: len(self.octets)])


def check_value(cipher: BlockCipher) -> CheckValue:
    """Return the check value of the key behind ``cipher``, the longest that annex A allows."""
    method, length = (CheckMethod.CMAC, 5) if cipher.block == 16 else (CheckMethod.LEGACY, 3)
    return CheckValue(method, _full(method, cipher)[:length])


def _full(method: CheckMethod, cipher: BlockCipher) -> bytes:
    zero = bytes(cipher.block)
    return cipher.cmac(zero) if method is CheckMethod.CMAC else cipher.encrypt(zero)
