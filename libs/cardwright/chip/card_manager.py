"""The Issuer Security Domain: the card's own application (GlobalPlatform 2.3, chapters 6 to 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from cardwright.chip.apdu import Command, Handlers, Refusal, Status, dispatch
from cardwright.chip.applet import Applet
from cardwright.chip.badge_applet import BadgeApplet
from cardwright.chip.emv_applet import EmvApplet
from cardwright.chip.personalization import Personalization
from cardwright.chip.scp03 import KeySet, Session
from cardwright.chip.tlv import encode, first, read_lv

__all__ = ["ISD_AID", "MODULES", "CardManager", "CardState"]

ISD_AID = bytes.fromhex("A000000151000000")
MODULES: dict[tuple[bytes, bytes], type[Applet]] = {
    (applet.PACKAGE, applet.MODULE): applet for applet in (EmvApplet, BadgeApplet)
}
"""What the mask holds: (package AID, module AID) to the code."""

_MAX_APPLICATIONS = 8
_INITIALIZE_UPDATE, _STORE_DATA = (0x80, 0x50), (0x80, 0xE2)
_EXTERNAL_AUTHENTICATE = (0x84, 0x82)  # always under secure messaging: it carries the first MAC
_INSTALL_AND_SELECTABLE, _FOR_PERSONALIZATION = 0x0C, 0x20
_ISD, _APPLICATIONS, _PACKAGES, _PACKAGES_AND_MODULES = 0x80, 0x40, 0x20, 0x10


class CardState(IntEnum):
    """The card's life cycle (GlobalPlatform 2.3, 5.1)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


_TRANSITIONS = {
    CardState.OP_READY: {CardState.INITIALIZED, CardState.TERMINATED},
    CardState.INITIALIZED: {CardState.SECURED, CardState.TERMINATED},
    CardState.SECURED: {CardState.CARD_LOCKED, CardState.TERMINATED},
    CardState.CARD_LOCKED: {CardState.SECURED, CardState.TERMINATED},
    CardState.TERMINATED: set(),
}


@dataclass(slots=True, repr=False)
class CardManager:
    """Persistent: identity, keys, life cycle, applications. Volatile: session, personalization."""

    cplc: bytes
    diversification_data: bytes
    keys: KeySet
    random: Callable[[int], bytes]
    state: CardState = CardState.OP_READY
    applications: dict[bytes, Applet] = field(default_factory=dict)
    session: Session | None = None
    _personalization: Personalization | None = None
    _handlers: Handlers = field(init=False)

    def __post_init__(self) -> None:
        self._handlers = {
            _INITIALIZE_UPDATE: self._initialize_update,
            _EXTERNAL_AUTHENTICATE: self._external_authenticate,
            (0x80, 0xCA): self._get_data,
            (0x00, 0xCA): self._get_data,
            (0x80, 0xE6): self._install,
            (0x80, 0xF2): self._get_status,
            (0x80, 0xF0): self._set_status,
            _STORE_DATA: self._store_data,
        }

    def end_session(self) -> None:
        """Drop the secure channel and whatever personalization ran in it."""
        self.session = None
        self._personalization = None

    @property
    def secured(self) -> bool:
        """A host has authenticated itself and its commands carry MACs."""
        return self.session is not None and bool(self.session.level)

    def select(self) -> bytes:
        """The ISD's file control information (11.9.3.1)."""
        return encode(0x6F, encode(0x84, ISD_AID) + encode(0xA5, encode(0x9F65, b"\xff")))

    def process(self, command: Command) -> bytes:
        """Run a command while the ISD is selected; secure messaging is already taken off."""
        if self.state is CardState.TERMINATED and command.ins != 0xCA:
            raise Refusal(Status.NOT_NOW)
        return dispatch(self._handlers, command)

    def serves(self, command: Command) -> bool:
        """Whether a selected application leaves this command to its security domain."""
        return (command.cla, command.ins) in {
            _INITIALIZE_UPDATE,
            _EXTERNAL_AUTHENTICATE,
            _STORE_DATA,
        }

    def process_for(self, applet: Applet, command: Command) -> bytes:
        """Run a command that the selected application leaves to its security domain."""
        if (command.cla, command.ins) == _STORE_DATA and self._personalization is None:
            self._personalization = Personalization(applet, self._required_session())
        return self.process(command)

    def _required_session(self) -> Session:
        if self.session is None or not self.session.level:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return self.session

    def _initialize_update(self, command: Command) -> bytes:
        self.end_session()
        if command.p2 or command.p1 not in (0, self.keys.version):
            raise Refusal(Status.NO_REFERENCE if not command.p2 else Status.WRONG_P1_P2)
        command.require_length(8)
        if self.keys.blocked:
            raise Refusal(Status.BLOCKED)
        challenge = self.keys.card_challenge(ISD_AID, self.random)
        self.session = Session(self.keys, command.data, challenge)
        return self.session.answer(self.diversification_data)

    def _external_authenticate(self, command: Command) -> bytes:
        if self.session is None:
            raise Refusal(Status.NOT_NOW)
        try:
            self.session.authenticate(command)
        except Refusal:
            self.end_session()
            raise
        return b""

    def _get_data(self, command: Command) -> bytes:
        """CPLC (9F7F), key information (E0), the sequence counter of the keys (C1)."""
        command.require_length(0)
        keys = self.keys
        key_kinds = b"".join(
            encode(0xC0, bytes((identifier, keys.version, 0x88, len(keys.enc))))
            for identifier in (1, 2, 3)
        )
        data = {
            0x9F7F: self.cplc,
            0x00E0: key_kinds,
            0x00C1: keys.sequence.to_bytes(3, "big"),
        }
        tag = command.p1 << 8 | command.p2
        if tag not in data:
            raise Refusal(Status.NO_REFERENCE)
        return encode(tag, data[tag])

    def _install(self, command: Command) -> bytes:
        session = self._required_session()
        if command.p2 or command.p1 not in (_INSTALL_AND_SELECTABLE, _FOR_PERSONALIZATION):
            raise Refusal(Status.WRONG_P1_P2)
        if self.state is CardState.CARD_LOCKED:
            raise Refusal(Status.NOT_NOW)
        fields = list(read_lv(command.data))
        if len(fields) != 6:
            raise Refusal(Status.WRONG_DATA)
        if command.p1 == _FOR_PERSONALIZATION:
            self._personalization = self._begin_personalization(fields, session)
        else:
            self._make_selectable(fields)
        return b"\0"

    def _begin_personalization(self, fields: list[bytes], session: Session) -> Personalization:
        """INSTALL [for personalization] (11.5.2.3.6)."""
        *unused, aid = fields[:3]
        if any(unused) or any(fields[3:]):
            raise Refusal(Status.WRONG_DATA)
        if aid not in self.applications:
            raise Refusal(Status.NO_REFERENCE)
        return Personalization(self.applications[aid], session)

    def _make_selectable(self, fields: list[bytes]) -> None:
        """INSTALL [for install and make selectable] (11.5.2.3.2); tokens are not used."""
        package, module, aid, privileges, parameters, token = fields
        applet = MODULES.get((package, module))
        if applet is None:
            raise Refusal(Status.NO_REFERENCE)
        if not 5 <= len(aid) <= 16 or len(privileges) not in (1, 3) or token:
            raise Refusal(Status.WRONG_DATA)
        if first(parameters, 0xC9) is None:
            raise Refusal(Status.WRONG_DATA)
        if aid in self.applications or aid == ISD_AID:
            raise Refusal(Status.NOT_NOW)
        if len(self.applications) >= _MAX_APPLICATIONS:
            raise Refusal(Status.NO_MEMORY)
        self.applications[aid] = applet(aid)

    def _store_data(self, command: Command) -> bytes:
        self._required_session()
        if self._personalization is None:
            raise Refusal(Status.NOT_NOW)
        try:
            return self._personalization.store_data(command)
        except Refusal:
            self._personalization = None  # a run with a hole in it can't be gone on with
            raise

    def _get_status(self, command: Command) -> bytes:
        """GET STATUS in TLV (11.4); all fits one response, so there is no "next occurrence"."""
        self._required_session()
        wanted = first(command.data, 0x4F)
        if command.p2 != 0x02:
            raise Refusal(Status.WRONG_P1_P2)
        if wanted is None:
            raise Refusal(Status.WRONG_DATA)
        entries = b"".join(
            encode(0xE3, encode(0x4F, aid) + encode(0x9F70, bytes((state,))) + extra)
            for aid, state, extra in self._subset(command.p1)
            if aid.startswith(wanted)
        )
        if not entries:
            raise Refusal(Status.NO_REFERENCE)
        return entries

    def _subset(self, p1: int) -> list[tuple[bytes, int, bytes]]:
        if p1 == _ISD:
            return [(ISD_AID, self.state, b"")]
        if p1 == _APPLICATIONS:
            return [(aid, applet.life_cycle, b"") for aid, applet in self.applications.items()]
        if p1 in (_PACKAGES, _PACKAGES_AND_MODULES):
            shows_modules = p1 == _PACKAGES_AND_MODULES
            return [
                (package, 0x01, encode(0x84, module) if shows_modules else b"")
                for package, module in MODULES
            ]
        raise Refusal(Status.WRONG_P1_P2)

    def _set_status(self, command: Command) -> bytes:
        """SET STATUS (11.10): the card's life cycle, or an application's lock."""
        self._required_session()
        if command.p1 == _ISD:
            try:
                wanted = CardState(command.p2)
            except ValueError:
                raise Refusal(Status.WRONG_P1_P2) from None
            if wanted not in _TRANSITIONS[self.state]:
                raise Refusal(Status.NOT_NOW)
            self.state = wanted
        elif command.p1 == _APPLICATIONS:
            applet = self.applications.get(command.data)
            if applet is None:
                raise Refusal(Status.NO_REFERENCE)
            applet.locked = bool(command.p2 & 0x80)
        else:
            raise Refusal(Status.WRONG_P1_P2)
        return b""
