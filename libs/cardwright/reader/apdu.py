"""Whole answers from cards that give them in parts (ISO/IEC 7816-4, 5.3.4; 7816-3, 12.2.1)."""

from __future__ import annotations

from typing import Final

from cardwright.reader.port import CardConnection, ReaderError

__all__ = ["WholeAnswers", "transmit"]

_MORE, _WRONG_LE = 0x61, 0x6C
_GET_RESPONSE: Final = bytes.fromhex("C00000")
_CHANNEL: Final = 0x03  # the bits of CLA that tell the logical channel (ISO/IEC 7816-4, 5.4.1)
_PARTS: Final = 256
"""An answer has at most 65,536 octets, and a part of one that keeps on coming up to 256."""


def transmit(card: CardConnection, command: bytes) -> bytes:
    """Send a command; fetch what 61xx announces, and repeat it with the Le that 6Cxx tells.

    Returns:
        All data, and the last status word. An error on the way is that status word, behind the
        data that came before it.

    Raises:
        ReaderError: as the connection's; CARD_MUTE too when the card's answer never ends.
    """
    data, asked = b"", command
    response = card.transmit(command)
    for _ in range(_PARTS):
        kind, length = response[-2:]
        if kind == _WRONG_LE:
            asked = _with_le(asked, length)
        elif kind == _MORE:
            data += response[:-2]
            asked = bytes((command[0] & _CHANNEL,)) + _GET_RESPONSE + bytes((length,))
        else:
            return data + response
        response = card.transmit(asked)
    raise ReaderError("CARD_MUTE", "the card's answer never ends: reset it")


def _with_le(command: bytes, le: int) -> bytes:
    """Return a short command with another Le octet, or with one if it had none."""
    if len(command) > 5 and len(command) == 5 + command[4]:  # header, Lc, data and no Le
        return command + bytes((le,))
    return (command if len(command) == 4 else command[:-1]) + bytes((le,))


class WholeAnswers:
    """A ``CardConnection`` over another, whose answers come whole."""

    def __init__(self, card: CardConnection) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        """What the card answered to its last reset."""
        return self._card.atr

    def reset(self, *, cold: bool = False) -> bytes:
        """Reset the card and return its answer."""
        return self._card.reset(cold=cold)

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return all response data and the last status word."""
        return transmit(self._card, command)

    def close(self) -> None:
        """Power the card down and let it go."""
        self._card.close()
