"""What kinds of chips there are: interfaces, answers to reset, protocols, limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

__all__ = ["CONTACTLESS", "EXTENDED", "PROFILES", "SMALL", "STANDARD", "T0", "Profile"]

_SCP02_OPTIONS: Final = (0x15, 0x35, 0x55, 0x75)
_SCP03_OPTIONS: Final = tuple(
    size | rest for rest in (0x00, 0x10, 0x20, 0x30, 0x60, 0x70) for size in (0x00, 0x01)
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of chip.

    Attributes:
        contact: it has contacts.
        contactless: it has an antenna.
        t0: over its contacts it speaks T=0, and otherwise T=1 (ISO/IEC 7816-3).
        extended: it takes commands of extended length.
        max_data: octets of command data that it takes, after secure messaging is taken off.
        memory: octets for applications and their data.
        applications: how many instances there may be.
        key_sets: how many key versions the security domain keeps.
        scp02_i: the options of SCP02 (GP 2.3.1, table E-1), or None for a chip without it: 15,
            and more 40 (pseudo-random card challenge) and 20 (R-MAC).
        scp03_i: the options of SCP03 (Amendment D, table 5-1), or None: 10 (pseudo-random
            challenge), 20 (R-MAC), 40 (R-ENC), 01 (challenges and MACs of 16 octets).
        minimum_level: the security level below which the card manager lets nobody do anything;
            the standard's own minimum is 00, authenticated and no more.

    Raises:
        ValueError: no chip can be like that.
    """

    name: str
    contact: bool = True
    contactless: bool = True
    t0: bool = False
    extended: bool = False
    max_data: int = 255
    memory: int = 32768
    applications: int = 8
    key_sets: int = 8
    scp02_i: int | None = 0x55
    scp03_i: int | None = 0x70
    minimum_level: int = 0x01

    def __post_init__(self) -> None:
        if not (self.contact or self.contactless):
            raise ValueError("A chip has contacts or an antenna.")
        if self.extended and self.t0:
            raise ValueError("T=0 carries extended length in ENVELOPE, which this card lacks.")
        if not 255 <= self.max_data <= (65535 if self.extended else 255):
            raise ValueError(f"max_data of {self.max_data} octets does not fit the APDUs.")
        if self.scp02_i is None and self.scp03_i is None:
            raise ValueError("A security domain has a secure channel protocol.")
        if self.scp02_i not in (None, *_SCP02_OPTIONS):
            raise ValueError(f"This card knows no SCP02 with i={self.scp02_i:02X}.")
        if self.scp03_i not in (None, *_SCP03_OPTIONS):
            raise ValueError(f"SCP03 defines no i={self.scp03_i:02X}.")

    def option(self, protocol: int) -> int | None:
        """The parameter i of secure channel protocol 2 or 3; None for one that the chip lacks."""
        return self.scp02_i if protocol == 2 else self.scp03_i

    @property
    def historical(self) -> bytes:
        """The historical octets: category 80, then card capabilities (ISO/IEC 7816-4, 8.1).

        Selection by full and by partial name, short file identifiers, record numbers; data units
        of one octet; extended length or not.
        """
        return bytes((0x80, 0x73, 0xC6, 0x01, 0x40 if self.extended else 0x00))

    @property
    def atr(self) -> bytes:
        """The answer to reset (ISO/IEC 7816-3, 8.2); empty without contacts.

        A card that speaks T=0 alone has no TD1 and no check octet.
        """
        if not self.contact:
            return b""
        if self.t0:
            return bytes((0x3B, len(self.historical))) + self.historical
        body = bytes((0x80 | len(self.historical), 0x01)) + self.historical
        return b"\x3b" + body + bytes((reduce(xor, body),))

    @property
    def ats(self) -> bytes:
        """The answer to select (ISO/IEC 14443-4, 5.2), without its CRC; empty without an antenna.

        Frames of 256 octets, 106 kbit/s alone, a waiting time of 39 ms, CID supported.
        """
        if not self.contactless:
            return b""
        body = bytes.fromhex("78007002") + self.historical
        return bytes((len(body) + 1,)) + body


STANDARD: Final = Profile("standard")
"""Two interfaces, T=1, short commands; what a chip is when nobody says otherwise."""

T0: Final = Profile("t0", contactless=False, t0=True, scp02_i=0x15)
"""Contacts alone and T=0: the host meets 61xx, GET RESPONSE and 6Cxx."""

EXTENDED: Final = Profile("extended", extended=True, max_data=2048)
"""Two interfaces and commands of up to 2048 octets of data."""

SMALL: Final = Profile("small", contactless=False, memory=2048, applications=2, key_sets=2)
"""Little memory: a second application with much data meets 6A84."""

CONTACTLESS: Final = Profile("contactless", contact=False, scp03_i=0x71)
"""An antenna alone, and SCP03 with challenges and MACs of 16 octets."""

PROFILES: Final = {each.name: each for each in (STANDARD, T0, EXTENDED, SMALL, CONTACTLESS)}
"""Profiles by name."""
