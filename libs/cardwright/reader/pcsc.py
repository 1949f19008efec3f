"""Cards in readers of the PC/SC service (PC/SC part 5), by pyscard."""

from __future__ import annotations

import time
from typing import Any, Final

from cardwright.reader.port import ReaderError, check_command, check_response
from cardwright.reader.scard import checked, library, reader_error

__all__ = ["PcscCard", "connect", "readers"]

_NOTICE_MS = 1000
"""How long to wait for the service to notice that a silent card has left; it looks each 400 ms."""
_LOOK_MS: Final = 200
_MAY_COME: Final = frozenset({"CARD_REMOVED", "CARD_MUTE"})  # mute: one that is just leaving


def readers() -> list[str]:
    """Return the names of the readers that are plugged in now.

    Raises:
        ReaderError: READER_LIBRARY, READER_SERVICE.
    """
    scard = library()
    context = checked(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
    try:
        none = scard.SCARD_E_NO_READERS_AVAILABLE
        return list(checked(scard.SCardListReaders(context, []), none))
    finally:
        scard.SCardReleaseContext(context)


def connect(reader: str, *, exclusive: bool = True, within: float = 0.0) -> PcscCard:
    """Power the card in a reader.

    Args:
        reader: the reader's name, as ``readers`` gives it.
        exclusive: nobody else may use the card meanwhile.
        within: seconds until one must have been put in.

    Raises:
        ReaderError: CARD_REMOVED, CARD_MUTE, READER_LOST, READER_BUSY, READER_SERVICE,
            READER_LIBRARY.
    """
    scard = library()
    context = checked(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
    share = scard.SCARD_SHARE_EXCLUSIVE if exclusive else scard.SCARD_SHARE_SHARED
    until = time.monotonic() + within
    try:
        while True:
            try:
                handle, protocol = checked(
                    scard.SCardConnect(context, reader, share, scard.SCARD_PROTOCOL_ANY)
                )
                return PcscCard(scard, context, handle, protocol, reader, share)
            except ReaderError as error:
                if error.code not in _MAY_COME or time.monotonic() >= until:
                    raise
            _await_news(scard, context, reader)
    except ReaderError:
        scard.SCardReleaseContext(context)
        raise


def _await_news(scard: Any, context: Any, reader: str) -> None:
    """Wait until something happens in a reader, a moment at most."""
    seen = [(reader, scard.SCARD_STATE_UNAWARE)]
    ((_, state, _),) = checked(scard.SCardGetStatusChange(context, 0, seen))
    seen = [(reader, state & ~scard.SCARD_STATE_CHANGED)]
    checked(scard.SCardGetStatusChange(context, _LOOK_MS, seen), scard.SCARD_E_TIMEOUT)


class PcscCard:
    """A ``CardConnection`` to the card in a PC/SC reader; ``connect`` makes it."""

    def __init__(
        self, scard: Any, context: Any, handle: Any, protocol: int, reader: str, share: int
    ) -> None:
        self._scard, self._context, self._handle = scard, context, handle
        self._protocol, self._reader, self._share = protocol, reader, share
        self._open = True
        self._atr = self._answer_to_reset()

    @property
    def atr(self) -> bytes:
        """What the card answered to its last reset; a contactless reader makes it of an ATS."""
        return self._atr

    def reset(self, *, cold: bool = False) -> bytes:
        """Reset the card and return its answer."""
        self._require_open()
        scard = self._scard
        how = scard.SCARD_UNPOWER_CARD if cold else scard.SCARD_RESET_CARD
        result, protocol = scard.SCardReconnect(
            self._handle, self._share, scard.SCARD_PROTOCOL_ANY, how
        )
        self._require(result)
        self._protocol = protocol
        self._atr = self._answer_to_reset()
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return response data and status word."""
        self._require_open()
        check_command(command)
        scard = self._scard
        t0 = self._protocol == scard.SCARD_PROTOCOL_T0
        header = scard.SCARD_PCI_T0 if t0 else scard.SCARD_PCI_T1
        result, response = scard.SCardTransmit(self._handle, header, list(command))
        self._require(result)
        return check_response(bytes(response))

    def close(self) -> None:
        """Power the card down and let it go."""
        if self._open:
            self._open = False
            self._scard.SCardDisconnect(self._handle, self._scard.SCARD_UNPOWER_CARD)
            self._scard.SCardReleaseContext(self._context)

    def _answer_to_reset(self) -> bytes:
        _, _, _, atr = checked(self._scard.SCardStatus(self._handle))
        return bytes(atr)

    def _require_open(self) -> None:
        if not self._open:
            raise ReaderError("CONNECTION_CLOSED", "this connection was closed: connect again")

    def _require(self, result: int) -> None:
        """Raise for a failed call; drivers say the same of a silent card and of one that left."""
        if result == self._scard.SCARD_S_SUCCESS:
            return
        error = reader_error(result)
        if error.code in ("CARD_MUTE", "READER_FAULT") and not self._still_there():
            error = reader_error(self._scard.SCARD_W_REMOVED_CARD)
        raise error

    def _still_there(self) -> bool:
        """Whether the service still sees the card after it had the time to look."""
        scard = self._scard
        seen = [(self._reader, scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_INUSE)]
        timeout = scard.SCARD_E_TIMEOUT
        for _ in range(2):  # the first time tells what differs from our guess, the second waits
            answer = scard.SCardGetStatusChange(self._context, _NOTICE_MS, seen)
            if answer[0] == timeout:
                return True
            ((_, state, _),) = checked(answer)
            if not state & scard.SCARD_STATE_PRESENT:
                return False
            seen = [(self._reader, state & ~scard.SCARD_STATE_CHANGED)]
        return True
