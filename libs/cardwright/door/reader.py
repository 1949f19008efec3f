"""The reader at a door: who the badge is, that it is genuine, that we are, and its number."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.door.errors import DoorError
from cardwright.door.number import Number, read_number
from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, TlvError
from cardwright.secret import SecretBytes

__all__ = ["Badge", "DoorReader", "Number", "Site"]

_LABEL: Final = b"CARDWRIGHT BADGE READER"
_RECORD: Final = 0x70
_CHALLENGE: Final = 16


class Badge(Protocol):
    """A badge that was reset. Transports of T=0 resolve 61xx and 6Cxx themselves."""

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return the response data and the status word."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the readers of a site know.

    Attributes:
        application: the badges' application identifier.
        master: the key from which the badges' keys derive, AES-128.
        system: the system identifier in that derivation.
        format: H10301, H10302 or H10304.
        identity: file, record and tag of the badge's id, in free text.
        number: file, record and tag of its access number, behind the key.
    """

    application: bytes
    master: SecretBytes = field(repr=False)
    system: bytes
    format: str
    identity: tuple[int, int, int] = (1, 2, 0xDF04)
    number: tuple[int, int, int] = (21, 1, 0xDF05)


class DoorReader:
    """A reader of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def read(self, badge: Badge) -> Number:
        """Return the number that the door's controller is told.

        Raises:
            DoorError: The badge opens nothing here.
        """
        select = CommandApdu(0x00, 0xA4, 0x04, 0x00, self._site.application, 256)
        if _send(badge, select).sw != SW.OK:
            raise DoorError("BADGE_FOREIGN", "The card has no application of this site")
        key = self._key(_object(badge, self._site.identity))
        _check_badge(badge, key)
        _prove(badge, key)
        return read_number(self._site.format, _object(badge, self._site.number))

    def _key(self, identity: bytes) -> AES:
        """Derive the badge's key (NXP AN10922, 2.2.1): with its id of 16 octets it is CMAC."""
        try:
            uid = UUID(identity.decode("ascii")).bytes
        except ValueError:
            raise DoorError("BADGE_DATA", "The badge tells no id that is one") from None
        told = b"\x01" + uid + self._site.application + self._site.system
        return AES(_cmac(AES(self._site.master.reveal()), told))


def _check_badge(badge: Badge, key: AES) -> None:
    challenge = secrets.token_bytes(_CHALLENGE)
    answer = _send(badge, CommandApdu(0x00, 0x88, 0, 0, challenge, 256))
    if answer.sw != SW.OK or not compare_digest(answer.data, _cmac(key, challenge)):
        raise DoorError("BADGE_COUNTERFEIT", "The badge does not have the key of its id")


def _prove(badge: Badge, key: AES) -> None:
    challenge = _send(badge, CommandApdu(0x00, 0x84, 0, 0, b"", 256)).data
    proof = _cmac(key, _LABEL + challenge)
    if _send(badge, CommandApdu(0x00, 0x82, 0, 0, proof)).sw != SW.OK:
        raise DoorError("READER_REFUSED", "The badge does not take this reader's proof")


def _object(badge: Badge, place: tuple[int, int, int]) -> bytes:
    """Read a record and return the object in it: EMV's files have a template, others do not."""
    sfi, number, tag = place
    answer = _send(badge, CommandApdu(0x00, 0xB2, number, sfi << 3 | 4, le=256))
    path = (_RECORD, tag) if sfi <= 10 else (tag,)
    try:
        found = tlv.find(answer.data, *path) if answer.sw == SW.OK else None
    except TlvError:
        found = None
    if found is None:
        raise DoorError("BADGE_DATA", f"The badge has no object {tag:X} in record {sfi}.{number}")
    return found


def _send(badge: Badge, command: CommandApdu) -> ResponseApdu:
    try:
        return ResponseApdu.parse(badge.transmit(command.encode()))
    except ApduError:
        raise DoorError("BADGE_FOREIGN", "The card's answer is no response unit") from None


def _cmac(key: AES, message: bytes) -> bytes:
    mac = CMAC(key)
    mac.update(message)
    return mac.finalize()
