"""STORE DATA as the card takes it (GlobalPlatform 2.3.1, 11.11; EMV CPS)."""

from __future__ import annotations

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.session import Session
from cardwright.chip.tlv import grouping_length

__all__ = ["Personalization"]

_LAST, _ENCRYPTION, _STRUCTURE = 0x80, 0x60, 0x18
_DGI_FORMAT = 0x08
_MAX_BLOCKS = 256  # P2 counts them in one octet


class Personalization:
    """One run of STORE DATA blocks to one application, within one secure channel session.

    A run begins with empty memory, so what a broken-off one left behind can't survive in a card.
    Each command is taken whole or not at all: a refused block leaves the application as it was.

    Attributes:
        over: the last block was taken.
    """

    def __init__(self, applet: Applet, session: Session, room: int) -> None:
        """Begin; 6985 unless the application is SELECTABLE. ``room``: see ``Registry.room_for``."""
        if applet.locked or applet.state is not ApplicationState.SELECTABLE:
            raise Refusal(Status.NOT_NOW)
        self._applet = applet
        self._session = session
        self._room = room
        self._next_block = 0
        self._buffer = b""
        self._buffer_encrypted = False
        self.over = False

    def store_data(self, command: Command) -> None:
        """Take one block; a grouping may go on in the next block of the same kind.

        6A86 for a wrong P1 or a block out of order, 6700 for one without data, 6A80 for a grouping
        that is cut off or malformed, 6A84 when there is no room, 6985 for a last block that leaves
        the application incomplete.
        """
        if self._applet.locked:
            raise Refusal(Status.NOT_NOW)
        encrypted = _encryption(command.p1)
        if command.p2 != self._next_block or self._next_block >= _MAX_BLOCKS:
            raise Refusal(Status.WRONG_P1_P2)
        if not command.data:
            raise Refusal(Status.WRONG_LENGTH)
        if self._buffer and encrypted != self._buffer_encrypted:
            raise Refusal(Status.WRONG_DATA)
        before = dict(self._applet.groupings)
        try:
            self._take(command, encrypted=encrypted)
        except Refusal:
            self._applet.groupings = before
            raise

    def _take(self, command: Command, *, encrypted: bool) -> None:
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
            self.over = True

    def _take_groupings(self) -> None:
        while (sizes := grouping_length(self._buffer)) is not None:
            header, size = sizes
            end = header + size
            if size > self._room:
                raise Refusal(Status.NO_MEMORY)  # it will never fit: say so at once
            if len(self._buffer) < end:
                return
            grouping = int.from_bytes(self._buffer[:2], "big")
            value, self._buffer = self._buffer[header:end], self._buffer[end:]
            if self._buffer_encrypted:
                value = self._session.decrypt_sensitive(value)
            self._applet.store(grouping, value, encrypted=self._buffer_encrypted)
            if self._applet.size > self._room:
                raise Refusal(Status.NO_MEMORY)


def _encryption(p1: int) -> bool:
    """Read P1 in both dialects: GlobalPlatform flags the DGI format, EMV CPS leaves it out."""
    if p1 & 0x07 or p1 & _STRUCTURE not in (0, _DGI_FORMAT):
        raise Refusal(Status.WRONG_P1_P2)
    if p1 & _ENCRYPTION not in (0, _ENCRYPTION):  # "application dependent" is not for these
        raise Refusal(Status.WRONG_P1_P2)
    return bool(p1 & _ENCRYPTION)
