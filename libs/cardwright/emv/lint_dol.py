"""Contradictions of data object lists: what a card must be told, and what it can't be."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.emv.dictionary import Source, element
from cardwright.emv.lint_finding import Finding, error, warning
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP
from cardwright.emv.profile_dol import Dol

__all__ = ["lint_dol"]

_CRYPTOGRAM = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37)
"""What a cryptogram of each version covers of the terminal's data (Book 2, table 28)."""

_CARRIED_BACK = frozenset({0x9F45, 0x9F4C})
"""Of the card, and yet the terminal has to say what it recovered of them."""

_COMMAND_DATA_MAX = 255
_COMMAND_TEMPLATE_MAX = 252  # within template 83
_CONSTRUCTED = 0x20


def lint_dol(profile: Profile) -> Iterator[Finding]:
    """Check the lists of each interface."""
    for interface in profile.interfaces:
        settings = profile.settings(interface)
        yield from _cdol1(settings.cdol1, interface)
        yield from _cdol2(profile, interface)
        for name, dol, most in (
            ("cdol1", settings.cdol1, _COMMAND_DATA_MAX),
            ("cdol2", settings.cdol2, _COMMAND_DATA_MAX),
            ("pdol", settings.pdol, _COMMAND_TEMPLATE_MAX),
        ):
            yield from _list(dol, f"{interface.value}.{name}", most)
        asked = [t for t in settings.pdol.tags if element(t).source is not Source.TERMINAL]
        if asked:
            yield error(
                "PDOL_SOURCE",
                f"{interface.value}.pdol",
                f"Only the terminal's own data may be asked: not {_named(asked)} (Book 3, 10.1)",
            )
    if profile.authentication is not None:
        yield from _list(profile.authentication.ddol, "authentication.ddol", _COMMAND_DATA_MAX)


def _cdol1(dol: Dol, interface: Interface) -> Iterator[Finding]:
    lacking = [tag for tag in _CRYPTOGRAM if tag not in dol.tags]
    if lacking:
        yield error(
            "CDOL1_LACKS",
            f"{interface.value}.cdol1",
            f"The cryptogram covers {_named(lacking)}, which the card is not told",
        )


def _cdol2(profile: Profile, interface: Interface) -> Iterator[Finding]:
    where, settings = f"{interface.value}.cdol2", profile.settings(interface)
    tags = settings.cdol2.tags
    if AIP.has(settings.aip, "cda") and 0x9F37 not in tags:
        yield error(
            "CDOL2_LACKS", where, "CDA needs the unpredictable number, 9F37 (Book 2, 6, note 10)"
        )
    if 0x8A not in tags:
        yield warning("CDOL2_LACKS", where, "The card is not told the issuer's answer, 8A")
    external = AIP.has(settings.aip, "issuer_authentication")
    if external and 0x91 in tags:
        yield error(
            "ISSUER_AUTHENTICATION_TWICE",
            where,
            "The AIP has a command for it of its own, EXTERNAL AUTHENTICATE, yet 91 is asked too",
        )
    if not external and 0x91 not in tags:
        yield warning(
            "ISSUER_AUTHENTICATION_MISSING",
            where,
            "Neither the AIP nor 91 lets the card tell the issuer's answer from a forged one "
            "(Book 3, 10.9)",
        )


def _list(dol: Dol, where: str, most: int) -> Iterator[Finding]:
    twice = sorted({tag for tag in dol.tags if dol.tags.count(tag) > 1})
    if twice:
        yield error("DOL_TWICE", where, f"Asks twice for {_named(twice)}")
    if dol.data_length > most:
        yield error("DOL_LENGTH", where, f"Asks for {dol.data_length} octets; {most} can be sent")
    templates = [tag for tag in dol.tags if tag.to_bytes(2, "big").lstrip(b"\0")[0] & _CONSTRUCTED]
    if templates:
        yield error("DOL_TEMPLATE", where, f"{_named(templates)} is a template (Book 3, 5.4)")
    known = [
        tag
        for tag in dol.tags
        if element(tag).source is Source.CARD and tag not in {*_CARRIED_BACK, *templates}
    ]
    if known and not where.endswith("pdol"):
        yield warning("DOL_OWN_DATA", where, f"The card knows {_named(known)} itself")
    wrong = [e for e in dol.entries if not _may_have(e.tag, e.length)]
    if wrong:
        yield warning(
            "DOL_ENTRY_LENGTH",
            where,
            f"{', '.join(map(str, wrong))} will be cut or padded (Book 3, 5.4)",
        )


def _may_have(tag: int, length: int) -> bool:
    return element(tag).minimum <= length <= element(tag).maximum


def _named(tags: list[int]) -> str:
    return ", ".join(f"{tag:X} ({element(tag).name})" for tag in tags)
