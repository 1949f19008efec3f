"""How a session begins: INITIALIZE UPDATE, what the card answers, and the security levels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from cardwright.globalplatform.errors import InitializeUpdateError, SecurityLevelError

__all__ = [
    "C_ENC",
    "MAX_PLAIN_DATA",
    "R_ENC",
    "R_MAC",
    "InitializeUpdateResponse",
    "SecurityLevel",
    "initialize_update",
    "supported_level",
]

_SCP_ID = 0x03
_I_S16, _I_PSEUDO_RANDOM, _I_R_MAC, _I_R_ENC = 0x01, 0x10, 0x20, 0x40

C_ENC, R_MAC, R_ENC = 0x02, 0x10, 0x20
"""Bits of the security level."""


class SecurityLevel(IntEnum):
    """P1 of EXTERNAL AUTHENTICATE (Amendment D, 7.1.2), "no security" left out."""

    C_MAC = 0x01
    C_MAC_C_ENC = 0x03
    C_MAC_R_MAC = 0x11
    C_MAC_C_ENC_R_MAC = 0x13
    C_MAC_C_ENC_R_MAC_R_ENC = 0x33


MAX_PLAIN_DATA: Final = {
    level: 239 if level & C_ENC else 247  # Lc 255 - 8 of MAC; 240 is the last whole block, and
    for level in SecurityLevel  # padding takes one octet of it at least
}
"""Longest command data, in octets, that one short APDU carries at each security level."""


def initialize_update(host_challenge: bytes, *, key_version: int = 0) -> bytes:
    """Build INITIALIZE UPDATE (Amendment D, 7.1.1); key version 0 means the card's first set."""
    return bytes((0x80, 0x50, key_version, 0, len(host_challenge))) + host_challenge + b"\0"


@dataclass(frozen=True, slots=True)
class InitializeUpdateResponse:
    """What the card says of itself when a session begins (Amendment D, 7.1.1)."""

    diversification_data: bytes
    key_version: int
    i: int
    card_challenge: bytes
    card_cryptogram: bytes
    sequence_counter: bytes | None
    """Three octets when the card challenge is pseudo-random (i, bit 5), else None."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the response data, with or without a trailing 9000.

        Raises ``InitializeUpdateError`` for a refusal, another protocol, S16 mode or a length
        that doesn't fit ``i``.
        """
        if len(data) in (31, 34) and data.endswith(b"\x90\x00"):
            data = data[:-2]
        if len(data) not in (29, 32):
            raise InitializeUpdateError(
                f"INITIALIZE UPDATE was answered with {len(data)} octets, not 29 or 32: read "
                "the status word; the key version may be unknown, or the card manager not selected."
            )
        scp, i = data[11], data[12]
        if scp != _SCP_ID or i & _I_S16:
            raise InitializeUpdateError(
                f"The card speaks SCP{scp:02X} with i={i:02X}; this host speaks SCP03 in S8 mode."
            )
        if bool(i & _I_PSEUDO_RANDOM) != (len(data) == 32):
            raise InitializeUpdateError(
                f"i={i:02X} and a response of {len(data)} octets contradict each other on the "
                "sequence counter."
            )
        return cls(data[:10], data[10], i, data[13:21], data[21:29], data[29:] or None)


def supported_level(level: int, i: int) -> SecurityLevel:
    """The level, if it is one and the card's ``i`` allows it; else ``SecurityLevelError``."""
    try:
        checked = SecurityLevel(level)
    except ValueError:
        known = ", ".join(f"{each:02X}" for each in SecurityLevel)
        raise SecurityLevelError(f"Security level {level:02X} is unknown; use {known}.") from None
    missing = (level & R_MAC and not i & _I_R_MAC) or (level & R_ENC and not i & _I_R_ENC)
    if missing:
        raise SecurityLevelError(
            f"The card (i={i:02X}) protects no responses as level {level:02X} asks; use 03."
        )
    return checked
