"""GET STATUS: what is told of domain, applications and load files (GP 2.3.1, 11.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.life_cycle import CardState
from cardwright.chip.mask import MODULES
from cardwright.chip.registry import ISD_AID
from cardwright.chip.tlv import encode, first, read_tags

__all__ = ["Listing", "list_status"]

_AID, _STATE, _PRIVILEGES, _MODULE = 0x4F, 0x9F70, 0xC5, 0x84
_LOAD_FILE, _DOMAIN, _TAG_LIST = 0xC4, 0xCC, 0x5C
_UNASKED = frozenset({_AID, _STATE, _PRIVILEGES, _MODULE})  # without a tag list
_LOADED = b"\x01"

# Security domain, card lock, card terminate, card reset; authorized management, global delete,
# global lock, global registry, final application (11.1.2).
_DOMAIN_PRIVILEGES = bytes.fromhex("9C5E00")

_PAGE = 224
"""Octets of one answer: with the padding and the MAC of any level they are 256 at most."""


_ISD, _APPLICATIONS, _PACKAGES, _PACKAGES_AND_MODULES = 0x80, 0x40, 0x20, 0x10
_FIRST_OR_ALL, _NEXT = 0x02, 0x03  # P2, both with answers in TLV


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line: the data objects of tables 11-36 and 11-37, the AID first."""

    objects: tuple[tuple[int, bytes], ...]

    @property
    def aid(self) -> bytes:
        return self.objects[0][1]

    def encoded(self, tags: frozenset[int]) -> bytes:
        """Template E3 with those of its objects that are asked for."""
        asked = (encode(tag, value) for tag, value in self.objects if tag in tags)
        return encode(0xE3, b"".join(asked))


@dataclass(slots=True)
class Listing:
    """How far the host has read."""

    left: list[bytes] | None = None


def list_status(
    command: Command, state: CardState, applications: Iterable[Applet], listing: Listing
) -> bytes:
    """GET STATUS: whole entries, as many as one answer carries; 6310 when there are more.

    6A86 for another form of answer, and for "next" of the domain; 6985 for "next" without a
    first; 6A88 when there is nothing.
    """
    entries = _entries(command.p1, state, applications)
    if command.p2 not in (_FIRST_OR_ALL, _NEXT) or (command.p2 == _NEXT and command.p1 == _ISD):
        raise Refusal(Status.WRONG_P1_P2)
    if command.p2 == _FIRST_OR_ALL:
        listing.left = _search(entries, command.data, ignored=command.p1 == _ISD)
    if listing.left is None:
        raise Refusal(Status.NOT_NOW)
    page, listing.left = _page(listing.left)
    if not page:
        raise Refusal(Status.NO_REFERENCE)
    if listing.left:
        raise Refusal(Status.MORE_DATA, page)
    return page


def _entries(p1: int, state: CardState, applications: Iterable[Applet]) -> list[_Entry]:
    if p1 == _ISD:
        return [_domain(state)]
    if p1 == _APPLICATIONS:
        return [_application(each) for each in applications]
    if p1 in (_PACKAGES, _PACKAGES_AND_MODULES):
        return _load_files(with_modules=p1 == _PACKAGES_AND_MODULES)
    raise Refusal(Status.WRONG_P1_P2)


def _domain(state: CardState) -> _Entry:
    """The Issuer Security Domain, whose state is the card's."""
    own = ((_AID, ISD_AID), (_STATE, bytes((state,))), (_PRIVILEGES, _DOMAIN_PRIVILEGES))
    return _Entry((*own, (_DOMAIN, ISD_AID)))


def _application(applet: Applet) -> _Entry:
    return _Entry(
        (
            (_AID, applet.aid),
            (_STATE, bytes((applet.life_cycle,))),
            (_PRIVILEGES, bytes(3)),
            (_LOAD_FILE, applet.PACKAGE),
            (_DOMAIN, ISD_AID),
        )
    )


def _load_files(*, with_modules: bool) -> list[_Entry]:
    """The mask's packages, each once."""
    packages: dict[bytes, list[bytes]] = {}
    for package, module in MODULES:
        packages.setdefault(package, []).append(module)
    return [
        _Entry(
            (
                (_AID, package),
                (_STATE, _LOADED),
                *((_MODULE, module) for module in modules if with_modules),
                (_DOMAIN, ISD_AID),
            )
        )
        for package, modules in packages.items()
    ]


def _search(entries: list[_Entry], criteria: bytes, *, ignored: bool) -> list[bytes]:
    """The entries whose AID begins as 4F says, with the objects that 5C lists (11.4.2.3).

    Other criteria are ignored; of the domain, 4F too. 6A80 without 4F.
    """
    wanted = first(criteria, _AID)
    if wanted is None:
        raise Refusal(Status.WRONG_DATA)
    listed = first(criteria, _TAG_LIST)
    tags = _UNASKED if listed is None else frozenset(read_tags(listed))
    return [each.encoded(tags) for each in entries if ignored or each.aid.startswith(wanted)]


def _page(found: list[bytes]) -> tuple[bytes, list[bytes]]:
    page = b""
    for at, entry in enumerate(found):
        if page and len(page) + len(entry) > _PAGE:
            return page, found[at:]
        page += entry
    return page, []
