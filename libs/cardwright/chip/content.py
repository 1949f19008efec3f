"""Data fields of INSTALL, DELETE and the domain's own STORE DATA (GP 2.3.1, 11.5, 11.2, 11.11)."""

from __future__ import annotations

from typing import NamedTuple

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.mask import MODULES
from cardwright.chip.tlv import first, grouping_length, read_lv, read_tlvs

__all__ = ["Deletion", "new_application", "read_deletion", "read_domain_data", "to_personalize"]

_ISSUER_NUMBER, _IMAGE_NUMBER = 0x42, 0x45
_ONE_BLOCK_OF_GROUPINGS, _ONE_BLOCK_OF_TLVS = 0x88, 0x90
_TLV_GROUPING = 0x0070


def new_application(data: bytes) -> Applet:
    """INSTALL [for install and make selectable] (11.5.2.3.2): a new instance from the mask.

    6A88 for code that the mask lacks; 6A80 for a malformed field, and for privileges and tokens,
    of which this card knows none.
    """
    package, module, aid, privileges, parameters, token = _six_fields(data)
    applet = MODULES.get((package, module))
    if applet is None:
        raise Refusal(Status.NO_REFERENCE)
    if not 5 <= len(aid) <= 16 or len(privileges) not in (1, 3) or any(privileges) or token:
        raise Refusal(Status.WRONG_DATA)
    if first(parameters, 0xC9) is None:
        raise Refusal(Status.WRONG_DATA)
    return applet(aid)


def to_personalize(data: bytes) -> bytes:
    """INSTALL [for personalization] (11.5.2.3.6): the AID; all other fields are empty."""
    fields = _six_fields(data)
    if any(each for at, each in enumerate(fields) if at != 2):
        raise Refusal(Status.WRONG_DATA)
    return fields[2]


class Deletion(NamedTuple):
    """What DELETE names: an AID, or keys by version, identifier, or both."""

    aid: bytes | None
    version: int | None
    identifier: int | None


def read_deletion(data: bytes) -> Deletion:
    """One AID (4F), or a key's identifier (D0) and version (D2); no tokens (11.2.2.3)."""
    objects = dict(read_tlvs(data))
    if objects.keys() == {0x4F}:
        return Deletion(objects[0x4F], None, None)
    if not objects or not objects.keys() <= {0xD0, 0xD2}:
        raise Refusal(Status.WRONG_DATA)
    if any(len(value) != 1 for value in objects.values()):
        raise Refusal(Status.WRONG_DATA)
    identifier, version = objects.get(0xD0), objects.get(0xD2)
    return Deletion(None, version[0] if version else None, identifier[0] if identifier else None)


def read_domain_data(command: Command) -> dict[int, bytes]:
    """STORE DATA to the security domain itself: issuer number (42), card image number (45).

    One plain block of TLVs, or of the grouping 0070 with TLVs in it (11.11.2.3). 6985 for what can
    only be meant for an application, when none is being personalized; 6A80 for other objects: the
    card makes those itself or does not have them.
    """
    if command.p1 not in (_ONE_BLOCK_OF_GROUPINGS, _ONE_BLOCK_OF_TLVS) or command.p2:
        raise Refusal(Status.NOT_NOW)
    data = command.data
    if command.p1 == _ONE_BLOCK_OF_GROUPINGS:
        sizes = grouping_length(data)
        if sizes is None or int.from_bytes(data[:2], "big") != _TLV_GROUPING:
            raise Refusal(Status.NOT_NOW)
        if sum(sizes) != len(data):
            raise Refusal(Status.WRONG_DATA)
        data = data[sizes[0] :]
    objects = dict(read_tlvs(data))
    if not objects or not objects.keys() <= {_ISSUER_NUMBER, _IMAGE_NUMBER}:
        raise Refusal(Status.WRONG_DATA)
    if any(not 1 <= len(value) <= 16 for value in objects.values()):
        raise Refusal(Status.WRONG_DATA)
    return objects


def _six_fields(data: bytes) -> list[bytes]:
    fields = list(read_lv(data))
    if len(fields) != 6:
        raise Refusal(Status.WRONG_DATA)
    return fields
