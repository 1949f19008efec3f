"""STORE DATA as the card takes it (GlobalPlatform 2.3, 11.11; EMV CPS)."""

from __future__ import annotations

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.scp03 import Session
from cardwright.chip.tlv import grouping_length

__all__ = ["Personalization"]

_LAST, _ENCRYPTION, _STRUCTURE = 0x80, 0x60, 0x18
_DGI_FORMAT = 0x08


class Personalization:
    """One run of STORE DATA blocks to one application, within one secure channel session.

    A run begins with empty memory, so what a broken-off one left behind can't survive in a card.
    """

    def __init__(self, applet: Applet, session: Session) -> None:
        if applet.locked or applet.state is not ApplicationState.SELECTABLE:
            raise Refusal(Status.NOT_NOW)
        self._applet = applet
        self._session = session
        self._next_block = 0
        self._buffer = b""
        self._buffer_encrypted = False

    def store_data(self, command: Command) -> bytes:
        """Take one block; a grouping may go on in the next block of the same kind."""
        if self._applet.state is not ApplicationState.SELECTABLE:
            raise Refusal(Status.NOT_NOW)
        encrypted = _encryption(command.p1)
        if command.p2 != self._next_block & 0xFF:
            raise Refusal(Status.WRONG_P1_P2)
        if not command.data:
            raise Refusal(Status.WRONG_LENGTH)
        if self._buffer and encrypted != self._buffer_encrypted:
            raise Refusal(Status.WRONG_DATA)
        if self._next_block == 0:
            self._applet.groupings.clear()
        self._next_block += 1
        self._buffer += command.data
        self._buffer_encrypted = encrypted
        self._take_groupings()
        if command.p1 & _LAST:
            if self._buffer:
                raise Refusal(Status.WRONG_DATA)
            self._applet.close_personalization()
        return b""

    def _take_groupings(self) -> None:
        while (sizes := grouping_length(self._buffer)) is not None:
            header, size = sizes
            end = header + size
            if len(self._buffer) < end:
                return
            grouping = int.from_bytes(self._buffer[:2], "big")
            value, self._buffer = self._buffer[header:end], self._buffer[end:]
            if self._buffer_encrypted:
                value = self._session.decrypt_sensitive(value)
            self._applet.store(grouping, value, encrypted=self._buffer_encrypted)


def _encryption(p1: int) -> bool:
    """Read P1 in both dialects: GlobalPlatform flags the DGI format, EMV CPS leaves it out."""
    if p1 & 0x07 or p1 & _STRUCTURE not in (0, _DGI_FORMAT):
        raise Refusal(Status.WRONG_P1_P2)
    if p1 & _ENCRYPTION not in (0, _ENCRYPTION):  # "application dependent" is not for these
        raise Refusal(Status.WRONG_P1_P2)
    return bool(p1 & _ENCRYPTION)
