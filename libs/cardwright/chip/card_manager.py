"""The Issuer Security Domain: the card's own application (GlobalPlatform 2.3.1, 5 to 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cardwright.chip import data_objects
from cardwright.chip.apdu import Command, Handlers, Refusal, Status, dispatch
from cardwright.chip.applet import Applet
from cardwright.chip.channel import begin_session
from cardwright.chip.content import (
    new_application,
    read_deletion,
    read_domain_data,
    to_personalize,
)
from cardwright.chip.keys import KeyStore
from cardwright.chip.life_cycle import CardState, transition
from cardwright.chip.listing import Listing, list_status
from cardwright.chip.personalization import Personalization
from cardwright.chip.profile import Profile
from cardwright.chip.put_key import read_keys
from cardwright.chip.registry import ISD_AID, Registry
from cardwright.chip.session import Session
from cardwright.chip.tlv import encode

__all__ = ["CardManager"]

_DELETE, _INSTALL, _PUT_KEY = (0x80, 0xE4), (0x80, 0xE6), (0x80, 0xD8)
_INITIALIZE_UPDATE, _STORE_DATA = (0x80, 0x50), (0x80, 0xE2)
_EXTERNAL_AUTHENTICATE = (0x84, 0x82)  # always under secure messaging: it carries the first MAC
_GET_DATA = (0xCA, 0xCB)
_CONTENT_CHANGES = frozenset({_DELETE, _INSTALL, _PUT_KEY, _STORE_DATA})
_FOR_APPLICATIONS = frozenset({_INITIALIZE_UPDATE, _EXTERNAL_AUTHENTICATE, _STORE_DATA})

_INSTALL_AND_SELECTABLE, _FOR_PERSONALIZATION = 0x0C, 0x20
_DOMAIN, _APPLICATION, _DOMAIN_AND_APPLICATIONS = 0x80, 0x40, 0x60  # whose status to set
_LOCK, _AUTHENTICATED = 0x80, 0x80


@dataclass(slots=True, repr=False)
class CardManager:
    """Persistent: identity, keys, life cycle, applications. Volatile: session, personalization.

    Attributes:
        objects: data objects of the security domain by tag, as STORE DATA left them.
        aborted: a session ended by a security error; only a new one, SELECT or a reset help.
    """

    profile: Profile
    cplc: bytes
    diversification_data: bytes
    keys: KeyStore
    random: Callable[[int], bytes]
    state: CardState = CardState.OP_READY
    objects: dict[int, bytes] = field(default_factory=dict)
    session: Session | None = None
    aborted: bool = False
    registry: Registry = field(init=False)
    _listing: Listing = field(default_factory=Listing)
    _personalization: Personalization | None = None
    _handlers: Handlers = field(init=False)

    def __post_init__(self) -> None:
        self.registry = Registry(self.profile, self.random)
        self._handlers = {
            _INITIALIZE_UPDATE: lambda command: self._initialize_update(command, ISD_AID),
            _EXTERNAL_AUTHENTICATE: self._external_authenticate,
            (0x80, 0xCA): self._get_data,
            (0x00, 0xCA): self._get_data,
            (0x00, 0xCB): self._get_data,
            _INSTALL: self._install,
            _DELETE: self._delete,
            _PUT_KEY: self._put_key,
            (0x80, 0xF2): self._get_status,
            (0x80, 0xF0): self._set_status,
            _STORE_DATA: self._store_data,
        }

    def power_on(self, *, contactless: bool) -> None:
        """Forget everything volatile, here and in the applications."""
        self.end_session()
        self.registry.power_on(contactless=contactless)

    def end_session(self) -> None:
        """Drop the secure channel and whatever ran in it: SELECT, INITIALIZE UPDATE, a reset."""
        self.session = None
        self.aborted = False
        self._personalization = None
        self._listing = Listing()

    def abort_session(self) -> None:
        """The same after a security error; what follows is refused (GP 2.3.1, E.1.6)."""
        self.end_session()
        self.aborted = True

    @property
    def secured(self) -> bool:
        """A host has authenticated itself and its commands carry MACs."""
        return self.session is not None and bool(self.session.level)

    def select(self) -> bytes:
        """The domain's file control information (11.9.3.1); of a locked card with a warning."""
        longest = self.profile.max_data
        octets = encode(0x9F65, longest.to_bytes(1 if longest < 256 else 2, "big"))
        answer = encode(0x6F, encode(0x84, ISD_AID) + encode(0xA5, octets))
        if self.state is CardState.CARD_LOCKED:
            raise Refusal(Status.SELECTED_LOCKED, answer)
        return answer

    def process(self, command: Command) -> bytes:
        """Run a command while the domain is selected; secure messaging is already taken off."""
        if self.state is CardState.TERMINATED and command.ins not in _GET_DATA:
            raise Refusal(Status.NOT_NOW)
        locked = self.state is CardState.CARD_LOCKED
        if locked and (command.cla, command.ins) in _CONTENT_CHANGES:
            raise Refusal(Status.NOT_NOW)
        return dispatch(self._handlers, command)

    def serves(self, command: Command) -> bool:
        """Whether a selected application leaves this command to its security domain."""
        return (command.cla, command.ins) in _FOR_APPLICATIONS

    def process_for(self, applet: Applet, command: Command) -> bytes:
        """Run a command that the selected application leaves to its security domain."""
        if (command.cla, command.ins) == _INITIALIZE_UPDATE:
            return self._initialize_update(command, applet.aid)
        if (command.cla, command.ins) == _STORE_DATA and self._personalization is None:
            self._begin_personalization(applet)
        return self.process(command)

    def _require_session(self) -> Session:
        session = self.session
        if session is None or not session.has(self.profile.minimum_level):
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return session

    def _initialize_update(self, command: Command, aid: bytes) -> bytes:
        self.end_session()
        self.session = begin_session(command, self.keys, self.profile, aid, self.random)
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
        """GET DATA (11.3): a whole data object, or with an ISO class its value alone."""
        tag = command.p1 << 8 | command.p2
        if tag == 0x2F00 and command.data == b"\x5c\x00":
            aids = (each.aid for each in self.registry.applets)
            return data_objects.application_list((ISD_AID, *aids))
        command.require_length(0)
        value = self._data_object(tag)
        if value is None or command.ins == 0xCB:
            raise Refusal(Status.NO_REFERENCE)
        return encode(tag, value) if command.cla else value

    def _data_object(self, tag: int) -> bytes | None:
        match tag:
            case 0x9F7F:
                return self.cplc
            case 0x00E0:
                return data_objects.key_information(self.keys)
            case 0x00C1:
                return data_objects.sequence_counter(self.keys, self.profile)
            case 0x0066:
                return data_objects.card_data(self.profile)
            case 0x0067:
                return data_objects.card_capabilities(self.profile)
            case 0x00D3:
                level = None if self.session is None else self.session.level
                return bytes((0 if level is None else _AUTHENTICATED | level,))
        return self.objects.get(tag)

    def _install(self, command: Command) -> bytes:
        self._require_session()
        if command.p2 or command.p1 not in (_INSTALL_AND_SELECTABLE, _FOR_PERSONALIZATION):
            raise Refusal(Status.WRONG_P1_P2)
        if command.p1 == _INSTALL_AND_SELECTABLE:
            self.registry.add(new_application(command.data))
        else:
            self._begin_personalization(self.registry.find(to_personalize(command.data)))
        return b"\0"

    def _begin_personalization(self, applet: Applet) -> None:
        room = self.registry.room_for(applet)
        self._personalization = Personalization(applet, self._require_session(), room)

    def _delete(self, command: Command) -> bytes:
        """DELETE (11.2) of an application or of keys."""
        self._require_session()
        if command.p1 or command.p2 not in (0x00, 0x80):
            raise Refusal(Status.WRONG_P1_P2)
        aid, version, identifier = read_deletion(command.data)
        if aid is None:
            self.keys.delete(version, identifier)
        else:
            self.registry.delete(aid)
            self._personalization = None
        return b"\0"

    def _put_key(self, command: Command) -> bytes:
        """PUT KEY (11.8): all keys of the command, or none; 6A80 for a cipher without protocol."""
        version, keys = read_keys(command, self._require_session())
        if any(self.profile.option(key.protocol) is None for key in keys.values()):
            raise Refusal(Status.WRONG_DATA)
        self.keys.put(command.p1, version, keys)
        return bytes((version,)) + b"".join(key.check_value for key in keys.values())

    def _store_data(self, command: Command) -> bytes:
        """STORE DATA (11.11), to the application under personalization or to the domain itself."""
        self._require_session()
        if self._personalization is None:
            self.objects |= read_domain_data(command)
            return b""
        try:
            self._personalization.store_data(command)
        except Refusal:
            self._personalization = None  # a run with a hole in it can't be gone on with
            raise
        if self._personalization.over:
            self._personalization = None
        return b""

    def _get_status(self, command: Command) -> bytes:
        """GET STATUS (11.4)."""
        self._require_session()
        return list_status(command, self.state, self.registry.applets, self._listing)

    def _set_status(self, command: Command) -> bytes:
        """SET STATUS (11.10): the card's life cycle, or the lock of applications."""
        self._require_session()
        locked = bool(command.p2 & _LOCK)
        if command.p1 == _DOMAIN:
            self.state = transition(self.state, command.p2)
        elif command.p1 == _APPLICATION:
            self.registry.lock(command.data, locked=locked)
        elif command.p1 == _DOMAIN_AND_APPLICATIONS and command.data == ISD_AID:
            self.registry.lock_all(locked=locked)
        else:
            raise Refusal(Status.WRONG_P1_P2)
        return b""
