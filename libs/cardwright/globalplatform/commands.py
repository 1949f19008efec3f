"""The card manager's other commands (GlobalPlatform 2.3.1, chapter 11), in clear and unchained."""

from __future__ import annotations

from enum import IntEnum

from cardwright.globalplatform.errors import CommandError

__all__ = [
    "ISSUER_SECURITY_DOMAIN",
    "CardState",
    "StatusType",
    "delete",
    "delete_keys",
    "get_data",
    "get_status",
    "install_for_install",
    "install_for_personalization",
    "select",
    "set_card_state",
    "set_status",
]

ISSUER_SECURITY_DOMAIN = bytes.fromhex("A000000151000000")
"""The default AID of the Issuer Security Domain."""

_APPLICATION, _KEY_IDENTIFIER, _KEY_VERSION = 0x4F, 0xD0, 0xD2
_WITH_RELATED, _NEXT, _TLV = 0x80, 0x01, 0x02


class CardState(IntEnum):
    """The card's life cycle, which the Issuer Security Domain inherits (11.1.1, table 11-6)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


class StatusType(IntEnum):
    """What SET STATUS changes (11.10.2.1)."""

    ISSUER_SECURITY_DOMAIN = 0x80
    APPLICATION = 0x40
    SECURITY_DOMAIN_AND_APPLICATIONS = 0x60


def select(aid: bytes) -> bytes:
    """SELECT by name, first or only occurrence (11.9)."""
    return bytes((0x00, 0xA4, 0x04, 0x00)) + _lv(_aid(aid)) + b"\0"


def install_for_install(
    package: bytes,
    module: bytes,
    application: bytes,
    *,
    privileges: bytes = b"\0",
    parameters: bytes = b"\xc9\x00",
) -> bytes:
    """INSTALL [for install and make selectable], without an install token (11.5.2.3.2).

    Args:
        package: AID of the executable load file.
        module: AID of the executable module in it.
        application: AID under which the instance will be selected.
        privileges: one or three octets (11.1.2).
        parameters: data objects; C9 holds the application's own (11.5.2.3.7).

    Raises:
        CommandError: a field has a length that it can't have, or all together are too long.
    """
    if len(privileges) not in {1, 3}:
        raise CommandError("Privileges are one or three octets.")
    data = (
        _lv(_aid(package))
        + _lv(_aid(module))
        + _lv(_aid(application))
        + _lv(privileges)
        + _ber_lv(parameters)
        + b"\0"
    )
    return bytes((0x80, 0xE6, 0x0C, 0x00)) + _lv(data) + b"\0"


def install_for_personalization(application: bytes) -> bytes:
    """INSTALL [for personalization]: the STORE DATA that follow go to that application."""
    data = b"\0\0" + _lv(_aid(application)) + b"\0\0\0"
    return bytes((0x80, 0xE6, 0x20, 0x00)) + _lv(data) + b"\0"


def delete(aid: bytes, *, related: bool = False) -> bytes:
    """DELETE an application or load file, with all that came of it if ``related`` (11.2)."""
    data = bytes((_APPLICATION,)) + _lv(_aid(aid))
    return bytes((0x80, 0xE4, 0x00, _WITH_RELATED if related else 0)) + _lv(data) + b"\0"


def delete_keys(*, identifier: int | None = None, version: int | None = None) -> bytes:
    """DELETE the key with this identifier and version, or all that have the one given (11.2).

    Raises:
        CommandError: neither is given.
    """
    objects = ((_KEY_IDENTIFIER, identifier), (_KEY_VERSION, version))
    data = b"".join(bytes((tag, 1, value)) for tag, value in objects if value is not None)
    if not data:
        raise CommandError("Say which keys to delete: by identifier, version or both.")
    return bytes((0x80, 0xE4, 0x00, 0x00)) + _lv(data) + b"\0"


def get_data(tag: int) -> bytes:
    """GET DATA (11.3): 9F7F is CPLC, E0 key information, 66 card data, C1 the sequence counter."""
    return bytes((0x80, 0xCA)) + tag.to_bytes(2, "big") + b"\0"


def get_status(subset: int, criteria: bytes = b"\x4f\x00", *, more: bool = False) -> bytes:
    """GET STATUS with answers in TLV (11.4).

    Args:
        subset: 80 is the ISD, 40 applications, 20 load files, 10 load files with their modules.
        criteria: data objects to match; an empty 4F matches all.
        more: ask for what follows an answer that ended with 6310.
    """
    return bytes((0x80, 0xF2, subset, _TLV | (_NEXT if more else 0))) + _lv(criteria) + b"\0"


def set_status(kind: StatusType, state: int, aid: bytes) -> bytes:
    """SET STATUS (11.10) of an application or security domain.

    Args:
        kind: what ``aid`` is.
        state: of another's, only bit 8 counts: 80 locks it, 00 unlocks.
        aid: whose state to change.
    """
    return bytes((0x80, 0xF0, kind, state)) + _lv(_aid(aid))


def set_card_state(state: CardState) -> bytes:
    """SET STATUS of the Issuer Security Domain, and so of the card (11.10)."""
    return bytes((0x80, 0xF0, StatusType.ISSUER_SECURITY_DOMAIN, state))


def _aid(aid: bytes) -> bytes:
    if not 5 <= len(aid) <= 16:
        raise CommandError(f"An AID has 5 to 16 octets, not {len(aid)}.")
    return aid


def _lv(value: bytes) -> bytes:
    if len(value) > 0xFF:
        raise CommandError(f"{len(value)} octets don't fit a one-octet length.")
    return bytes((len(value),)) + value


def _ber_lv(value: bytes) -> bytes:
    """A length as BER codes it: one octet up to 127, two up to 255 (11.1.5)."""
    return (b"" if len(value) < 0x80 else b"\x81") + _lv(value)
