"""How a session begins: INITIALIZE UPDATE, what the card answers, and the security levels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hmac import compare_digest
from typing import Final, Self

from cardwright.globalplatform.errors import (
    CardChallengeError,
    CardCryptogramError,
    CommandError,
    InitializeUpdateError,
    SecurityLevelError,
)

__all__ = [
    "C_ENC",
    "R_ENC",
    "R_MAC",
    "InitializeUpdateResponse",
    "Scp",
    "Scp02Option",
    "SecurityLevel",
    "check_challenge",
    "check_cryptogram",
    "initialize_update",
    "supported_level",
]

C_ENC, R_MAC, R_ENC = 0x02, 0x10, 0x20
"""Bits of the security level."""

# Bits of the parameter i. R-MAC has the same bit in both protocols.
_I_S16, _I_PSEUDO_RANDOM, _I_R_MAC, _I_R_ENC = 0x01, 0x10, 0x20, 0x40
_HEAD: Final = 12  # diversification data, key version, protocol
_SCP02_LENGTH: Final = 28
_STATUS_OK: Final = b"\x90\x00"


class Scp(IntEnum):
    """A secure channel protocol's identifier (GP 2.3.1, 10.7)."""

    SCP02 = 0x02
    SCP03 = 0x03


class Scp02Option(IntEnum):
    """SCP02's parameter i (GP 2.3.1, E.1.1), which its INITIALIZE UPDATE does not tell.

    All of them: explicit initiation, three keys, C-MAC over the modified command, ICV of zeros at
    first and encrypted from then on. GP 2.3.1 asks cards for 15 or 55, neither of which protects
    responses; 35 and 75 are the same with R-MAC, as its table E-1 codes it and older cards have it.
    """

    I15 = 0x15
    I35 = 0x35
    I55 = 0x55
    I75 = 0x75

    @property
    def pseudo_random(self) -> bool:
        """Whether the card challenge can be computed from the counter (E.4.2.3)."""
        return bool(self & 0x40)


class SecurityLevel(IntEnum):
    """P1 of EXTERNAL AUTHENTICATE (GP 2.3.1, E.5.2.3; Amendment D, 7.1.2), without "none"."""

    C_MAC = 0x01
    C_MAC_C_ENC = 0x03
    C_MAC_R_MAC = 0x11
    C_MAC_C_ENC_R_MAC = 0x13
    C_MAC_C_ENC_R_MAC_R_ENC = 0x33


def initialize_update(host_challenge: bytes, *, key_version: int = 0) -> bytes:
    """Build INITIALIZE UPDATE (GP 2.3.1, E.5.1; Amendment D, 7.1.1).

    Args:
        host_challenge: 8 octets, or 16 for a card that speaks SCP03 in S16 mode.
        key_version: the key set to use; 0 means the card's first.

    Raises:
        CommandError: the challenge has another length, or the version is none.
    """
    if len(host_challenge) not in {8, 16}:
        raise CommandError("A host challenge has 8 octets, or 16 in SCP03's S16 mode.")
    if not 0 <= key_version <= 0xFF:
        raise CommandError("A key version is one octet.")
    return bytes((0x80, 0x50, key_version, 0, len(host_challenge))) + host_challenge + b"\0"


@dataclass(frozen=True, slots=True)
class InitializeUpdateResponse:
    """What the card says of itself when a session begins.

    Attributes:
        diversification_data: 10 octets from which the card's static keys were derived.
        key_version: the key set that the card used.
        scp: the protocol that it speaks.
        i: SCP03's parameter; None in SCP02, whose answer has none: see ``Scp02Option``.
        card_challenge: 6 octets in SCP02; 8 in SCP03, or 16 in its S16 mode.
        card_cryptogram: 8 octets, or 16 in S16 mode.
        sequence_counter: 2 octets in SCP02; in SCP03 3 when the card challenge is pseudo-random
            (i, bit 5), else None.
    """

    diversification_data: bytes
    key_version: int
    scp: Scp
    i: int | None
    card_challenge: bytes
    card_cryptogram: bytes
    sequence_counter: bytes | None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the response data, with or without a trailing 9000.

        GP 2.3.1, E.5.1.6 for SCP02; Amendment D, 7.1.1.1 for SCP03. The protocol identifier, at
        the same place in both, tells which.

        Raises:
            InitializeUpdateError: a refusal, another protocol, or a length that does not fit.
        """
        scp = data[_HEAD - 1] if len(data) > _HEAD else None
        if scp == Scp.SCP02:
            octets = _answer(data, _SCP02_LENGTH)
            return cls(
                octets[:10], octets[10], Scp.SCP02, None, octets[14:20], octets[20:], octets[12:14]
            )
        if scp == Scp.SCP03:
            i = data[_HEAD]
            size = 16 if i & _I_S16 else 8
            octets = _answer(data, _HEAD + 1 + 2 * size + (3 if i & _I_PSEUDO_RANDOM else 0))
            challenge, rest = octets[13 : 13 + size], octets[13 + size :]
            return cls(
                octets[:10], octets[10], Scp.SCP03, i, challenge, rest[:size], rest[size:] or None
            )
        raise InitializeUpdateError(
            "INITIALIZE UPDATE was refused: read the status word; the key version may be unknown, "
            "or the card manager not selected."
            if scp is None
            else f"The card speaks SCP{scp:02X}; this host speaks SCP02 and SCP03."
        )


def _answer(data: bytes, length: int) -> bytes:
    """Return the answer without a status word, if it has this length."""
    octets = data[:-2] if len(data) == length + 2 and data.endswith(_STATUS_OK) else data
    if len(octets) != length:
        raise InitializeUpdateError(
            f"INITIALIZE UPDATE was answered with {len(octets)} octets where the card's protocol "
            f"and parameter i ask for {length}."
        )
    return octets


def supported_level(level: int, i: int, scp: Scp = Scp.SCP03) -> SecurityLevel:
    """Return the level, if the protocol defines it and the card's ``i`` allows it.

    Raises:
        SecurityLevelError: it does not.
    """
    defined = [each for each in SecurityLevel if scp is Scp.SCP03 or not each & R_ENC]
    if level not in defined:
        known = ", ".join(f"{each:02X}" for each in defined)
        raise SecurityLevelError(f"{scp.name} has no security level {level:02X}; use {known}.")
    missing = (level & R_MAC and not i & _I_R_MAC) or (level & R_ENC and not i & _I_R_ENC)
    if missing:
        raise SecurityLevelError(
            f"The card (i={i:02X}) protects no responses as level {level:02X} asks; use 03."
        )
    return SecurityLevel(level)


def check_cryptogram(expected: bytes, received: bytes) -> None:
    """Make sure that the card holds the keys from which ``expected`` was computed.

    Raises:
        CardCryptogramError: it does not.
    """
    if not compare_digest(expected, received):
        raise CardCryptogramError(
            "The card cryptogram is wrong: the card holds other keys than these. Check the key set "
            "version and the card's lot; each further try may count against the card."
        )


def check_challenge(expected: bytes, received: bytes) -> None:
    """Make sure that a pseudo-random card challenge is the one of the card's counter.

    Raises:
        CardChallengeError: it is not.
    """
    if not compare_digest(expected, received):
        raise CardChallengeError(
            "The card challenge is not the one of its counter: another application was selected, "
            "or the card's parameter i is another, than the card profile names."
        )
