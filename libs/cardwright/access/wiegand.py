"""Wiegand-format numbers: what an access reader tells its door controller, a row of bits.

A facility code tells sites apart, a card number the badges of one site. Even parity guards the
first bits and odd parity the last ones. H10301 is the industry's open 26-bit format; H10302 and
H10304 are HID's published ones of 37 bits, without and with a facility code. Their parities overlap
in the middle bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Self

from cardwright.access.errors import AccessError

__all__ = ["Credential", "Layout", "WiegandFormat", "pack", "unpack"]

_MAX_BITS: Final = 255 * 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How many bits of a format mean what, parity bits first and last.

    Attributes:
        facility: bits of the facility code, 0 where the format has none.
        number: bits of the card number.
        guarded: data bits that each parity covers: the first ones evenly, the last ones oddly.
    """

    facility: int
    number: int
    guarded: int

    @property
    def bits(self) -> int:
        """All bits, parities included."""
        return 1 + self.facility + self.number + 1


class WiegandFormat(Enum):
    """The formats that badges are made in, by their maker's order numbers."""

    H10301 = Layout(facility=8, number=16, guarded=12)
    H10302 = Layout(facility=0, number=35, guarded=18)
    H10304 = Layout(facility=16, number=19, guarded=18)

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the format called ``name``.

        Raises:
            AccessError: WIEGAND_FORMAT.
        """
        try:
            return cls[name]
        except KeyError:
            known = ", ".join(item.name for item in cls)
            raise AccessError(
                "WIEGAND_FORMAT", f"No Wiegand format is called {name!r}; there are {known}"
            ) from None

    @property
    def most(self) -> int:
        """The highest card number."""
        return (1 << self.value.number) - 1


@dataclass(frozen=True, slots=True)
class Credential:
    """One badge's number; it does not print, since whoever knows it can play a badge.

    Attributes:
        facility: the facility code, 0 in a format without one.
        number: the card number.

    Raises:
        AccessError: FACILITY_CODE or CARD_NUMBER.
    """

    format: WiegandFormat
    facility: int = field(repr=False)
    number: int = field(repr=False)

    def __post_init__(self) -> None:
        layout = self.format.value
        if not 0 <= self.facility < 1 << layout.facility:
            raise AccessError(
                "FACILITY_CODE",
                f"{self.format.name} takes facility codes 0 to {(1 << layout.facility) - 1}",
            )
        if not 0 <= self.number <= self.format.most:
            raise AccessError(
                "CARD_NUMBER", f"{self.format.name} takes card numbers 0 to {self.format.most}"
            )

    def bits(self) -> str:
        """Return the bits as a reader sends them, ``0`` and ``1``, first one first.

        >>> Credential(WiegandFormat.H10301, 118, 1603).bits()
        '10111011000000110010000110'
        """
        layout = self.format.value
        width = layout.facility + layout.number
        data = f"{self.facility << layout.number | self.number:0{width}b}"
        even = data[: layout.guarded].count("1") % 2
        odd = 1 - data[-layout.guarded :].count("1") % 2
        return f"{even}{data}{odd}"

    def printed(self) -> str:
        """Return the number as a face shows it: facility code and card number.

        >>> Credential(WiegandFormat.H10301, 118, 1603).printed()
        '118-01603'
        """
        number = f"{self.number:0{len(str(self.format.most))}d}"
        return f"{self.facility}-{number}" if self.format.value.facility else number

    @classmethod
    def parse(cls, kind: WiegandFormat, bits: str) -> Self:
        """Read a row of bits in the format that the site uses: 37 bits alone don't tell which.

        Raises:
            AccessError: WIEGAND_LENGTH or WIEGAND_PARITY.
        """
        layout = kind.value
        if len(bits) != layout.bits or set(bits) - {"0", "1"}:
            raise AccessError("WIEGAND_LENGTH", f"{kind.name} is a row of {layout.bits} bits")
        data = bits[1:-1]
        facility, number = data[: layout.facility], data[layout.facility :]
        credential = cls(kind, int(facility or "0", 2), int(number, 2))
        if credential.bits() != bits:
            raise AccessError("WIEGAND_PARITY", f"A parity of the {kind.name} number is wrong")
        return credential


def pack(bits: str) -> bytes:
    """Return bits as a chip holds them: how many of the last octet are unused, then the octets.

    It is the value of an ASN.1 BIT STRING (X.690, 8.6.2), its unused bits zero as in DER.

    >>> pack("10111011000000110010000110").hex()
    '06bb032180'
    """
    unused = -len(bits) % 8
    octets = int(bits + "0" * unused or "0", 2).to_bytes((len(bits) + unused) // 8, "big")
    return bytes((unused,)) + octets


def unpack(value: bytes) -> str:
    """Return the bits that ``pack`` packed.

    Raises:
        AccessError: BIT_STRING.
    """
    if not value or value[0] > 7 or (value[0] and len(value) == 1) or len(value) > _MAX_BITS // 8:
        raise AccessError("BIT_STRING", "A bit string has its count of unused bits, then octets")
    row = "".join(f"{octet:08b}" for octet in value[1:])
    kept = len(row) - value[0]
    if "1" in row[kept:]:
        raise AccessError("BIT_STRING", "The unused bits of a bit string are zero")
    return row[:kept]
