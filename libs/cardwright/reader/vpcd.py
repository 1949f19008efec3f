"""A card reader without a PC/SC service: the reader's end of vsmartcard's vpcd protocol.

Every message is behind its length in two octets, big-endian. One octet is a control code to the
card: 0 power off, 1 power on, 2 reset, 4 send the answer to reset. Anything else is a command APDU.
Only commands and code 4 are answered.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

from cardwright.reader.port import ReaderError, check_command, check_response

__all__ = ["PORT", "VpcdCard", "VpcdReader"]

PORT: Final = 35963
"""Where cards dial unless they are told otherwise."""

_OFF, _ON, _RESET, _SEND_ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_LENGTH: Final = 2
_LONGEST: Final = 0xFFFF
_LOOPBACK: Final = "127.0.0.1"


class VpcdReader:
    """A slot on a loopback port, for one card at a time; a context manager.

    Raises:
        ReaderError: READER_BUSY, the port is taken.
    """

    def __init__(self, port: int = PORT) -> None:
        try:
            self._slot = socket.create_server((_LOOPBACK, port), backlog=1)
        except OSError as error:
            raise ReaderError(
                "READER_BUSY", f"port {port} is taken ({error.strerror}): choose another"
            ) from error

    @property
    def port(self) -> int:
        """Where a card is to dial."""
        return int(self._slot.getsockname()[1])

    def connect(self, *, insert_within: float = 10.0, answer_within: float = 30.0) -> VpcdCard:
        """Wait for a card and power it.

        Args:
            insert_within: seconds until a card must have been put in.
            answer_within: seconds until it must have answered a command.

        Raises:
            ReaderError: CARD_REMOVED, none was put in; READER_LOST, the reader was closed.
        """
        try:
            self._slot.settimeout(insert_within)
            link, _ = self._slot.accept()
        except TimeoutError as error:
            raise ReaderError(
                "CARD_REMOVED", "no card was put in: start one, then retry"
            ) from error
        except OSError as error:
            raise ReaderError("READER_LOST", "this reader was closed: open another") from error
        link.settimeout(answer_within)
        try:
            return VpcdCard(link)
        except ReaderError:
            link.close()
            raise

    def close(self) -> None:
        """Take no more cards; one that is connected stays so."""
        self._slot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class VpcdCard:
    """A ``CardConnection`` to a card that has dialled; ``VpcdReader.connect`` makes it.

    A card that is silent for too long is dropped: a late answer would pass for the next one.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._gone: ReaderError | None = None
        self._atr = self._powered(_ON)

    @property
    def atr(self) -> bytes:
        """What the card answered to its last reset."""
        return self._atr

    def reset(self, *, cold: bool = False) -> bytes:
        """Reset the card and return its answer."""
        self._atr = self._powered(_OFF, _ON) if cold else self._powered(_RESET)
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU of at most 65,535 octets; return response data and status word."""
        self._require_open()
        check_command(command)
        if len(command) > _LONGEST:
            raise ReaderError("APDU_FORMAT", "a vpcd carries 65,535 octets at most: use chaining")
        return check_response(self._exchange(command))

    def close(self) -> None:
        """Power the card down and hang up."""
        if self._gone is None:
            with suppress(OSError):  # it may have left first
                self._send(_OFF)
            self._drop(
                ReaderError("CONNECTION_CLOSED", "this connection was closed: connect again")
            )

    def _powered(self, *controls: bytes) -> bytes:
        def answer() -> bytes:
            for each in controls:
                self._send(each)
            self._send(_SEND_ATR)
            return self._receive()

        self._require_open()
        atr = self._told(answer)
        if not atr:
            raise ReaderError("CARD_MUTE", "the card has no answer to reset: take another")
        return atr

    def _exchange(self, command: bytes) -> bytes:
        def answer() -> bytes:
            self._send(command)
            return self._receive()

        return self._told(answer)

    def _told(self, exchange: Callable[[], bytes]) -> bytes:
        """Run an exchange; what breaks it is told now, and again to whoever tries later."""
        try:
            return exchange()
        except TimeoutError as error:
            gone = ReaderError("CARD_MUTE", "the card gave no answer in time: put it in again")
            self._drop(gone)
            raise gone from error
        except (ConnectionError, EOFError) as error:
            gone = ReaderError("CARD_REMOVED", "the card hung up: put it in again")
            self._drop(gone)
            raise gone from error

    def _require_open(self) -> None:
        if self._gone is not None:
            raise ReaderError(self._gone.code, str(self._gone))

    def _drop(self, reason: ReaderError) -> None:
        self._gone = reason
        self._link.close()

    def _send(self, message: bytes) -> None:
        self._link.sendall(len(message).to_bytes(_LENGTH, "big") + message)

    def _receive(self) -> bytes:
        return self._read(int.from_bytes(self._read(_LENGTH), "big"))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            # A card that writes length and body apart waits for our acknowledgement (Nagle), which
            # the kernel delays by 40 ms. The option wears off, so set it each time.
            if self._link.family == socket.AF_INET:
                self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            chunk = self._link.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data
