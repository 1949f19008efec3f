"""The card manager's other commands that a personalization script holds (GP 2.3, chapter 11)."""

from __future__ import annotations

from cardwright.globalplatform.errors import CommandError

__all__ = [
    "ISSUER_SECURITY_DOMAIN",
    "get_status",
    "install_for_install",
    "install_for_personalization",
    "select",
]

ISSUER_SECURITY_DOMAIN = bytes.fromhex("A000000151000000")
"""The default AID of the Issuer Security Domain."""


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
    """INSTALL [for install and make selectable], without an install token (11.5.2.3.2)."""
    data = (
        _lv(_aid(package))
        + _lv(_aid(module))
        + _lv(_aid(application))
        + _lv(privileges)
        + _lv(parameters)
        + b"\0"
    )
    return bytes((0x80, 0xE6, 0x0C, 0x00)) + _lv(data) + b"\0"


def install_for_personalization(application: bytes) -> bytes:
    """INSTALL [for personalization]: the STORE DATA that follow go to that application."""
    data = b"\0\0" + _lv(_aid(application)) + b"\0\0\0"
    return bytes((0x80, 0xE6, 0x20, 0x00)) + _lv(data) + b"\0"


def get_status(subset: int, criteria: bytes = b"\x4f\x00") -> bytes:
    """GET STATUS with answers in TLV; subset 80 is the ISD, 40 applications, 20 packages."""
    return bytes((0x80, 0xF2, subset, 0x02)) + _lv(criteria) + b"\0"


def _aid(aid: bytes) -> bytes:
    if not 5 <= len(aid) <= 16:
        raise CommandError(f"An AID has 5 to 16 octets, not {len(aid)}.")
    return aid


def _lv(value: bytes) -> bytes:
    if len(value) > 0xFF:
        raise CommandError(f"{len(value)} octets don't fit a one-octet length.")
    return bytes((len(value),)) + value
