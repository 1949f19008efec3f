"""The chip as a reader sees it: power, an answer to reset, commands in and responses out."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from cardwright.chip.apdu import Command, Refusal, Status, parse_command
from cardwright.chip.applet import Applet
from cardwright.chip.card_manager import CardManager
from cardwright.chip.life_cycle import CardState
from cardwright.chip.link import Link
from cardwright.chip.memory import dump, load
from cardwright.chip.registry import ISD_AID

__all__ = ["Chip"]

_SECURE_MESSAGING = 0x04
_SELECT, _INITIALIZE_UPDATE, _EXTERNAL_AUTHENTICATE = 0xA4, 0x50, 0x82
_FIRST_OR_ONLY, _NEXT = 0x00, 0x02


class Chip:
    """A smart card chip. ``process`` answers every sequence of octets and never raises.

    A command of the card manager changes the persistent memory whole or, when it is refused, not
    at all, counters aside (failed authentications, sequence counters). So whoever keeps what
    ``serialize`` gives between two commands keeps a chip that has carried out the first and never
    heard of the second.

    Two chips share nothing; one chip is not for use by two threads at once.
    """

    def __init__(self, manager: CardManager) -> None:
        self._manager = manager
        self._selected: Applet | None = None
        self._link = Link(t0=False)
        self.power_on(contactless=not manager.profile.contact)

    @property
    def atr(self) -> bytes:
        """The answer to reset of its contacts; empty when it has none."""
        return self._manager.profile.atr

    @property
    def ats(self) -> bytes:
        """The answer to select of its antenna, without CRC; empty when it has none."""
        return self._manager.profile.ats

    def power_on(self, contactless: bool = False) -> bytes:
        """Reset: forget session and selection, select the ISD, and answer with ATR or ATS.

        An interface that the chip lacks stays mute: the answer is empty, and nothing happens.
        """
        answer = self.ats if contactless else self.atr
        if answer:
            self._link = Link(t0=self._manager.profile.t0 and not contactless)
            self._selected = None
            self._manager.power_on(contactless=contactless)
        return answer

    def serialize(self) -> bytes:
        """The persistent memory, keys included: keep it as you would keep the card."""
        return dump(self._manager)

    @classmethod
    def restore(cls, memory: bytes, *, random: Callable[[int], bytes] = token_bytes) -> Chip:
        """The chip that ``serialize`` was called on, after a power-down.

        Raises ``ChipMemoryError`` for what ``serialize`` did not write.
        """
        return cls(load(memory, random))

    def process(self, command: bytes) -> bytes:
        """Take a command APDU; give response data and status word, two octets at least.

        A T=0 chip over its contacts gives and takes TPDUs: 61xx, GET RESPONSE, 6Cxx.
        """
        try:
            parsed = parse_command(command, extended=self._manager.profile.extended)
        except Refusal as refusal:
            return _response(refusal)
        return self._link.exchange(parsed, self._execute)

    def _execute(self, command: Command) -> bytes:
        try:
            if command.cla & 0x03:
                raise Refusal(Status.NO_LOGICAL_CHANNEL)  # noqa: TRY301 - a card refuses anywhere
            if self._selected is not None and self._unwrapped_by(self._selected, command):
                data = self._selected.process(command)
            elif command.cla & _SECURE_MESSAGING and command.ins != _EXTERNAL_AUTHENTICATE:
                return self._execute_secured(command)
            else:
                data = self._execute_plain(command)
        except Refusal as refusal:
            return _response(refusal)
        return data + Status.OK.to_bytes(2, "big")

    def _unwrapped_by(self, applet: Applet, command: Command) -> bool:
        """Whether the command's secure messaging is the application's own, an issuer script's."""
        return not self._manager.secured and applet.unwraps(command)

    def _execute_plain(self, command: Command) -> bytes:
        if command.ins not in (_SELECT, _INITIALIZE_UPDATE):
            if self._manager.aborted:
                raise Refusal(Status.SECURITY_NOT_SATISFIED)
            if self._manager.secured and command.ins != _EXTERNAL_AUTHENTICATE:
                self._manager.abort_session()  # a bare command inside a session is an intrusion
                raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return self._run(command)

    def _execute_secured(self, command: Command) -> bytes:
        session = self._manager.session
        if session is None or not session.level:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        try:
            clear = session.unwrap(command)
        except Refusal:
            self._manager.abort_session()
            raise
        try:
            return session.wrap(self._run(clear), Status.OK)
        except Refusal as refusal:
            return session.wrap(refusal.data, refusal.status)

    def _run(self, command: Command) -> bytes:
        if len(command.data) > self._manager.profile.max_data:
            raise Refusal(Status.WRONG_LENGTH)
        if (command.cla, command.ins) == (0x00, _SELECT):
            return self._select(command)
        if self._selected is None:
            return self._manager.process(command)
        if self._manager.serves(command):
            return self._manager.process_for(self._selected, command)
        return self._selected.process(command)

    def _select(self, command: Command) -> bytes:
        """SELECT by full or partial name, first or next occurrence (ISO/IEC 7816-4, 7.1.1).

        A locked card selects its security domain alone (GP 2.3.1, 6.4.2.1.2), a terminated one
        nothing; after CARD BLOCK (EMV Book 3, 6.5.3) every SELECT is 6A81.
        """
        manager = self._manager
        if manager.state is CardState.TERMINATED:
            raise Refusal(Status.NOT_NOW)
        if any(each.blocks_card for each in manager.registry.applets):
            raise Refusal(Status.FUNCTION_UNSUPPORTED)
        if command.p1 != 0x04 or command.p2 not in (_FIRST_OR_ONLY, _NEXT):
            raise Refusal(Status.WRONG_P1_P2)
        name = command.data
        if len(name) > 16:
            raise Refusal(Status.WRONG_LENGTH)
        candidates: list[Applet | None] = [None] if ISD_AID.startswith(name) else []
        if name and manager.state is not CardState.CARD_LOCKED:
            candidates += [each for each in manager.registry.applets if each.aid.startswith(name)]
        if command.p2 == _NEXT:
            later = candidates.index(self._selected) + 1 if self._selected in candidates else 0
            candidates = candidates[later:]
        manager.end_session()
        if manager.state is CardState.CARD_LOCKED:
            self._selected = None
        if not candidates:
            locked = manager.state is CardState.CARD_LOCKED
            raise Refusal(Status.FUNCTION_UNSUPPORTED if locked else Status.NOT_FOUND)
        self._selected = candidates[0]
        return manager.select() if self._selected is None else self._selected.select()


def _response(refusal: Refusal) -> bytes:
    return refusal.data + refusal.status.to_bytes(2, "big")
