"""A badge's proof that it has its key: what to ask, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cardwright.globalplatform.commands import select
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from services.encoding.domain.faults import SpoiledError

__all__ = ["CHALLENGE", "cryptogram", "proof_commands"]

CHALLENGE: Final = 16
"""Octets of a challenge; shorter than what a reader proves itself by (docs/chip.md)."""

_INTERNAL_AUTHENTICATE: Final = 0x88
_ALL: Final = 256


def proof_commands(aid: bytes, challenge: bytes) -> tuple[bytes, bytes]:
    """SELECT, then INTERNAL AUTHENTICATE with the badge's first key (ISO/IEC 7816-4, 11.5.2)."""
    asked = CommandApdu(0x00, _INTERNAL_AUTHENTICATE, 0, 0, challenge, _ALL)
    return select(aid), asked.encode()


def cryptogram(responses: Sequence[bytes]) -> bytes:
    """Return what the badge answered to the challenge.

    Raises:
        SpoiledError: CHIP_KEY.
    """
    answer = ResponseApdu.parse(responses[-1])
    if len(responses) != 2 or answer.sw != SW.OK:
        raise SpoiledError("CHIP_KEY", f"the badge proves nothing: it answers {answer.sw:04X}")
    return answer.data
