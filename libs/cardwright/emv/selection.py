"""EMV 4.4 Book 1 clauses 11.3.4 and 12.2: what SELECT answers, and the directories of a card.

The payment system environment (PSE) lists the applications in records, for terminals with contacts;
the proximity one (PPSE) lists them in its answer to SELECT (Contactless Book B, 3.3). Both are
made from the card's own applications.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.emv.card_values import numeric
from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.records import RECORD_MAX, RECORD_TEMPLATE
from cardwright.iso import tlv

__all__ = [
    "PPSE",
    "PSE",
    "Listed",
    "file_control_information",
    "ppse_groupings",
    "pse_groupings",
]

PSE: Final = b"1PAY.SYS.DDF01"
PPSE: Final = b"2PAY.SYS.DDF01"

_DGI_FCI = 0x9102
_DIRECTORY_SFI = 1
_CONFIRMATION = 0x80  # of the priority indicator (Book 1, table 13)
_FCI_MAX, _DISCRETIONARY_MAX = 252, 222  # templates 6F and BF0C (Book 3, annex A)


@dataclass(frozen=True, slots=True)
class Listed:
    """An application of the card, under the name of its instance."""

    aid: bytes
    profile: Profile


def file_control_information(
    profile: Profile, interface: Interface
) -> tuple[tuple[int, bytes], ...]:
    """Return what the answer to SELECT holds in template A5 (Book 1, table 10), in its order."""
    settings, preferred = profile.settings(interface), profile.preferred_name
    optional = (
        (0x9F38, settings.pdol.encode()),
        (0x5F2D, "".join(profile.languages).encode()),
        (0x9F11, numeric(f"{preferred.code_table:02d}") if preferred else b""),
        (0x9F12, preferred.encode() if preferred else b""),
        (0xBF0C, tlv.encode_all(profile.discretionary.items())),
    )
    return (
        (0x50, profile.label.encode()),
        (0x87, _priority_indicator(profile)),
        *((tag, value) for tag, value in optional if value),
    )


def _priority_indicator(profile: Profile) -> bytes:
    """Return tag 87 (Book 1, table 13)."""
    return bytes((profile.priority | (_CONFIRMATION if profile.confirmation else 0),))


def pse_groupings(applications: Sequence[Listed]) -> tuple[Dgi, ...]:
    """Return the groupings of the PSE: directory records (tables 11 and 12), answer to SELECT.

    The cardholder's languages are told where all applications agree about them.

    Raises:
        EmvError: DIRECTORY_LENGTH.
    """
    languages = {item.profile.languages for item in applications}
    agreed = "".join(next(iter(languages))).encode() if len(languages) == 1 else b""
    directory = tlv.encode(0x88, bytes((_DIRECTORY_SFI,)))
    records = _records(_entry(item) for item in applications)
    return (
        *(
            Dgi(_DIRECTORY_SFI << 8 | number, tlv.encode(RECORD_TEMPLATE, entries))
            for number, entries in enumerate(records, 1)
        ),
        _answer(PSE, directory + (tlv.encode(0x5F2D, agreed) if agreed else b"")),
    )


def ppse_groupings(applications: Iterable[Listed]) -> tuple[Dgi, ...]:
    """Return the grouping of the PPSE: an answer to SELECT that lists what is contactless.

    Raises:
        EmvError: DIRECTORY_LENGTH.
    """
    entries = b"".join(
        _entry(item, Interface.CONTACTLESS)
        for item in applications
        if item.profile.contactless is not None
    )
    if len(entries) > _DISCRETIONARY_MAX:
        raise _too_long()
    return (_answer(PPSE, tlv.encode(0xBF0C, entries)),)


def _entry(item: Listed, interface: Interface = Interface.CONTACT) -> bytes:
    profile = item.profile
    preferred, contactless = profile.preferred_name, profile.contactless
    objects = [(0x4F, item.aid), (0x50, profile.label.encode())]
    if preferred is not None:
        objects.append((0x9F12, preferred.encode()))
    objects.append((0x87, _priority_indicator(profile)))
    if interface is Interface.CONTACTLESS and contactless and contactless.kernel is not None:
        objects.append((0x9F2A, bytes((contactless.kernel,))))
    return tlv.encode(0x61, tlv.encode_all(objects))


def _records(entries: Iterable[bytes]) -> list[bytes]:
    """Put whole entries into records, in their order."""
    records: list[bytes] = []
    for entry in entries:
        if records and len(tlv.encode(RECORD_TEMPLATE, records[-1] + entry)) <= RECORD_MAX:
            records[-1] += entry
        else:
            records.append(entry)
    return records


def _answer(name: bytes, proprietary: bytes) -> Dgi:
    template = tlv.encode(0xA5, proprietary)
    if len(tlv.encode(0x84, name)) + len(template) > _FCI_MAX:
        raise _too_long()
    return Dgi(_DGI_FCI, template)


def _too_long() -> EmvError:
    return EmvError("DIRECTORY_LENGTH", "The card's applications don't fit into its directory")
