"""A software chip held in hand: no reader between."""

from __future__ import annotations

from typing import Protocol

from cardwright.reader.port import ReaderError, check_command, check_response

__all__ = ["InProcessCard", "PowerableChip"]


class PowerableChip(Protocol):
    """What a connection needs of a chip."""

    def power_on(self, contactless: bool = False) -> bytes:
        """Reset the chip; its ATR, or its ATS for the contactless interface."""

    def process(self, command: bytes, /) -> bytes:
        """Carry out a command APDU; the response APDU ends with its status word."""


class InProcessCard:
    """A ``CardConnection`` to a chip object of this process.

    Over the antenna its ``atr`` is the chip's ATS; a PC/SC reader would make an ATR of that.

    Raises:
        ReaderError: CARD_MUTE, the chip lacks that interface.
    """

    def __init__(self, chip: PowerableChip, *, contactless: bool = False) -> None:
        self._chip: PowerableChip | None = chip
        self._contactless = contactless
        self._open = True
        self._atr = b""
        self.reset()

    @property
    def atr(self) -> bytes:
        """What the chip answered to its last reset."""
        return self._atr

    def reset(self, *, cold: bool = False) -> bytes:
        """Reset the chip; cold and warm are the same, since it keeps nothing in between."""
        del cold
        answer = self._inserted().power_on(contactless=self._contactless)
        if not answer:
            raise ReaderError("CARD_MUTE", "the chip lacks this interface: try the other one")
        self._atr = answer
        return answer

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return response data and status word."""
        chip = self._inserted()
        check_command(command)
        return check_response(chip.process(command))

    def remove(self) -> None:
        """Take the card out, as a hand may in the middle of anything."""
        self._chip = None

    def close(self) -> None:
        """Let the chip go."""
        self._open = False

    def _inserted(self) -> PowerableChip:
        if not self._open:
            raise ReaderError("CONNECTION_CLOSED", "this connection was closed: connect again")
        if self._chip is None:
            raise ReaderError("CARD_REMOVED", "the card was taken out: put it back and connect")
        return self._chip
