"""What a card in a reader can do, whatever the reader is, and how it fails."""

from __future__ import annotations

from typing import Final, Protocol

__all__ = ["CardConnection", "ReaderError", "check_command", "check_response"]

_HEADER: Final = 4  # CLA INS P1 P2 (ISO/IEC 7816-4, 5.1)
_STATUS: Final = 2


class ReaderError(Exception):
    """The way to a card is broken; a card's own refusal is a status word instead.

    Attributes:
        code: CARD_REMOVED (or none was put in), CARD_MUTE (it is there and says nothing, or
            nothing that makes sense), READER_LOST (it is gone, or there never was one of that
            name), READER_BUSY (another program holds it), READER_LIBRARY (pyscard is not
            installed), READER_SERVICE (the PC/SC service is not running), READER_FAULT (the
            service says something else), CONNECTION_CLOSED, APDU_FORMAT (the command is none).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CardConnection(Protocol):
    """A powered card, and nobody else's while this is open.

    After CARD_REMOVED, CARD_MUTE or READER_LOST what the card did with the last command is
    unknown. One connection is not for use by two threads at once.
    """

    @property
    def atr(self) -> bytes:
        """What the card answered to its last reset."""

    def reset(self, *, cold: bool = False) -> bytes:
        """Reset the card and return its answer: selection and sessions are forgotten.

        Args:
            cold: take its power away first (ISO/IEC 7816-3, 6.2.1) instead of a warm reset.

        Raises:
            ReaderError: see its codes.
        """

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return response data and status word, two octets at least.

        61xx and 6Cxx come back as they are: ``cardwright.reader.apdu`` resolves them.

        Raises:
            ReaderError: see its codes.
        """

    def close(self) -> None:
        """Power the card down and let it go; a second time does nothing."""


def check_command(command: bytes) -> None:
    """Refuse what is no command APDU: to a vpcd, one octet would be a control code.

    Raises:
        ReaderError: APDU_FORMAT.
    """
    if len(command) < _HEADER:
        raise ReaderError("APDU_FORMAT", "a command APDU has a header of four octets")


def check_response(response: bytes) -> bytes:
    """Return a response that has a status word.

    Raises:
        ReaderError: CARD_MUTE.
    """
    if len(response) < _STATUS:
        raise ReaderError("CARD_MUTE", "the card answered without a status word: reset it")
    return response
