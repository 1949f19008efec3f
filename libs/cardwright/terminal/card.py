"""The way to a card: commands out, answers in, and a record of both that holds no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, TlvError
from cardwright.terminal.errors import CardLinkError, TerminatedError

__all__ = ["Card", "Channel", "Exchange", "guard"]

_NAMES = {
    0x20: "VERIFY",
    0x82: "EXTERNAL AUTHENTICATE",
    0x84: "GET CHALLENGE",
    0x88: "INTERNAL AUTHENTICATE",
    0xA4: "SELECT",
    0xA8: "GET PROCESSING OPTIONS",
    0xAE: "GENERATE AC",
    0xB2: "READ RECORD",
    0xCA: "GET DATA",
}


class Card(Protocol):
    """A card that was reset. Transports of T=0 resolve 61xx and 6Cxx themselves."""

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return the response data and the status word.

        Raises:
            CardLinkError: there is no answer any more.
        """


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the log keeps of a command and its answer: no parameters, no data.

    Attributes:
        ins: the instruction octet.
        sw: the status word; None when no answer came.
    """

    ins: int
    sw: int | None

    def __str__(self) -> str:
        sw = "no answer" if self.sw is None else f"{self.sw:04X}"
        return f"{_NAMES.get(self.ins, f'INS {self.ins:02X}')}: {sw}"


class Channel:
    """A card with the log of what was said to it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.log: list[Exchange] = []

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Send a command.

        Raises:
            CardLinkError: no answer came.
            TerminatedError: ANSWER_FORMAT, the answer is no response unit.
        """
        return self.send_octets(command.encode())

    def send_octets(self, command: bytes) -> ResponseApdu:
        """Send a command as it stands, as an issuer script's are sent; raises as ``send``."""
        ins = command[1]
        try:
            response = ResponseApdu.parse(self._card.transmit(command))
        except CardLinkError:
            self.log.append(Exchange(ins, None))
            raise
        except ApduError as error:
            self.log.append(Exchange(ins, None))
            raise TerminatedError(
                "ANSWER_FORMAT", "The card's answer has no status word; see the reader"
            ) from error
        self.log.append(Exchange(ins, response.sw))
        return response

    def get_data(self, tag: int) -> bytes | None:
        """Return a data object that is in no record (Book 3, 6.5.7), None where there is none.

        A malformed answer counts as none.
        """
        response = self.send(CommandApdu(0x80, 0xCA, tag >> 8, tag & 0xFF, le=256))
        if response.sw != SW.OK:
            return None
        try:
            return tlv.find(response.data, tag)
        except TlvError:
            return None


class _Guarded:
    def __init__(self, card: Card, faults: tuple[type[Exception], ...]) -> None:
        self._card, self._faults = card, faults

    def transmit(self, command: bytes) -> bytes:
        try:
            return self._card.transmit(command)
        except self._faults as fault:
            code = str(getattr(fault, "code", "CARD_LOST"))
            raise CardLinkError(code, "The card can't be reached any more") from fault


def guard(card: Card, *faults: type[Exception]) -> Card:
    """Return a card whose transport's ``faults`` are ``CardLinkError`` with the same code."""
    return _Guarded(card, faults)
