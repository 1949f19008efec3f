"""The chip as a reader sees it: power, an answer to reset, commands in and responses out."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from cardwright.chip.apdu import Command, Refusal, Status, parse_command
from cardwright.chip.applet import Applet
from cardwright.chip.card_manager import ISD_AID, CardManager, CardState
from cardwright.chip.memory import dump, load
from cardwright.chip.scp03 import KeySet, card_keys

__all__ = ["Chip", "blank_chip", "manufacture"]

_SECURE_MESSAGING = 0x04
_SELECT, _INITIALIZE_UPDATE, _EXTERNAL_AUTHENTICATE = 0xA4, 0x50, 0x82
_FIRST_OR_ONLY, _NEXT = 0x00, 0x02
_KEY_VERSION = 0x30  # the first of those meant for SCP03

# T=1; historical octets: category 80, then card capabilities (7): selection by full and by
# partial name; and a check octet (ISO/IEC 7816-3, 8.2 and 7816-4, 8.1).
_ATR_BODY = bytes.fromhex("84018072C000")


def _answer_to_reset() -> bytes:
    check = 0
    for octet in _ATR_BODY:
        check ^= octet
    return b"\x3b" + _ATR_BODY + bytes((check,))


class Chip:
    """A smart card chip. ``process`` answers every sequence of octets and never raises.

    Two chips share nothing; one chip is not for use by two threads at once.
    """

    def __init__(self, manager: CardManager) -> None:
        self._manager = manager
        self._selected: Applet | None = None
        self.power_on()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return _answer_to_reset()

    def power_on(self) -> bytes:
        """Reset: forget session and selection, select the ISD, and answer."""
        self._manager.end_session()
        self._selected = None
        return self.atr

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
        """Take a command APDU; give response data and status word, two octets at least."""
        try:
            parsed = parse_command(command)
            if parsed.cla & 0x03:
                raise Refusal(Status.NO_LOGICAL_CHANNEL)  # noqa: TRY301 - a card refuses anywhere
            if parsed.cla & _SECURE_MESSAGING and parsed.ins != _EXTERNAL_AUTHENTICATE:
                return self._process_secured(parsed)
            return self._process_plain(parsed) + Status.OK.to_bytes(2, "big")
        except Refusal as refusal:
            return refusal.status.to_bytes(2, "big")

    def _process_plain(self, command: Command) -> bytes:
        if command.ins == _EXTERNAL_AUTHENTICATE:
            return self._run(command)
        if self._manager.secured and command.ins not in (_SELECT, _INITIALIZE_UPDATE):
            self._manager.end_session()  # a bare command inside a session is an intrusion
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return self._run(command)

    def _process_secured(self, command: Command) -> bytes:
        session = self._manager.session
        if session is None or not session.level:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        try:
            clear = session.unwrap(command)
        except Refusal:
            self._manager.end_session()
            raise
        try:
            return session.wrap(self._run(clear), Status.OK)
        except Refusal as refusal:
            return session.wrap(b"", refusal.status)

    def _run(self, command: Command) -> bytes:
        if (command.cla, command.ins) == (0x00, _SELECT):
            return self._select(command)
        if self._selected is None:
            return self._manager.process(command)
        if self._manager.serves(command):
            return self._manager.process_for(self._selected, command)
        return self._selected.process(command)

    def _select(self, command: Command) -> bytes:
        """SELECT by full or partial name, first or next occurrence (ISO/IEC 7816-4, 7.1.1)."""
        if command.p1 != 0x04 or command.p2 not in (_FIRST_OR_ONLY, _NEXT):
            raise Refusal(Status.WRONG_P1_P2)
        name = command.data
        if len(name) > 16:
            raise Refusal(Status.WRONG_LENGTH)
        manager = self._manager
        manager.end_session()
        candidates: list[Applet | None] = [None] if ISD_AID.startswith(name) else []
        if name and manager.state < CardState.CARD_LOCKED:
            candidates += [
                applet for aid, applet in manager.applications.items() if aid.startswith(name)
            ]
        if command.p2 == _NEXT:
            later = candidates.index(self._selected) + 1 if self._selected in candidates else 0
            candidates = candidates[later:]
        if not candidates:
            raise Refusal(Status.NOT_FOUND)
        self._selected = candidates[0]
        return manager.select() if self._selected is None else self._selected.select()


def blank_chip(
    cplc: bytes,
    diversification_data: bytes,
    *,
    enc: bytes,
    mac: bytes,
    dek: bytes,
    scp_i: int = 0x70,
    random: Callable[[int], bytes] = token_bytes,
) -> Chip:
    """A chip as it leaves the mask, with these static keys and no application installed.

    ``cplc`` has 42 octets (9F7F), ``diversification_data`` 10; ``scp_i`` is 00, 10, 20, 30, 60
    or 70: pseudo-random challenge (10), R-MAC (20), R-ENC (40). The keys are AES keys of one
    length. Raises ``ValueError`` for others.
    """
    if len(cplc) != 42 or len(diversification_data) != 10:
        raise ValueError("CPLC has 42 octets and diversification data 10.")
    if scp_i not in (0x00, 0x10, 0x20, 0x30, 0x60, 0x70):
        raise ValueError(f"SCP03 defines no i={scp_i:02X} in S8 mode.")
    if len(enc) not in (16, 24, 32) or not len(enc) == len(mac) == len(dek):
        raise ValueError("Static keys are three AES keys of one length.")
    keys = KeySet(_KEY_VERSION, scp_i, enc, mac, dek)
    return Chip(CardManager(cplc, diversification_data, keys, random))


def manufacture(
    serial: bytes,
    kmc: bytes,
    *,
    scp_i: int = 0x70,
    random: Callable[[int], bytes] = token_bytes,
) -> Chip:
    """A chip as its manufacturer delivers it: keys diversified from a transport master key.

    ``serial`` is the 10 octets of diversification data that the chip will tell; its last four are
    the IC serial number in CPLC, the two before them the batch.
    """
    enc, mac, dek = card_keys(kmc, serial)
    fabricator_to_date = bytes.fromhex("479051684791202601006001")
    cplc = fabricator_to_date + serial[6:10] + serial[4:6]
    return blank_chip(
        cplc.ljust(42, b"\0"),
        serial,
        enc=enc,
        mac=mac,
        dek=dek,
        scp_i=scp_i,
        random=random,
    )
