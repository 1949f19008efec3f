"""Read-back: what to ask each application after a reset, and what it must answer.

GET PROCESSING OPTIONS is not among it: it counts as a transaction, and customers' cards have made
none. The transaction counter is read by GET DATA (EMV Book 3, 6.5.7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cardwright.emv.dgi import Dgi
from cardwright.emv.records import read_locator
from cardwright.globalplatform.commands import select
from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import TlvError
from services.encoding.domain.faults import SpoiledError

__all__ = ["ReadApplication", "Reading", "check_reading", "check_refused", "located", "reading_of"]

_DGI_FCI, _DGI_CONTACTS, _DGI_ANTENNA = 0x9102, 0x9104, 0x9207
_LAST_RECORD_FILE = 30
_LAST_FREE_FILE = 20  # of a badge
_FCI, _DF_NAME, _LOCATOR, _COUNTER = 0x6F, 0x84, 0x94, 0x9F36
_GET_DATA, _READ_RECORD = 0xCA, 0xB2
_ALL: Final = 256
_COUNTER_OCTETS: Final = 2

Groupings = Mapping[int, Dgi]
Records = Mapping[tuple[int, int], bytes]
"""Contents by file and number."""


@dataclass(frozen=True, slots=True)
class ReadApplication:
    """What one application must answer.

    Attributes:
        commands: SELECT first.
        expected: the data of each answer; None: any data object 9F36.
        refused: what it must refuse to show: a badge's files for readers that prove themselves.
        aid: its instance.
        paying: it is a payment application.
    """

    commands: tuple[bytes, ...]
    expected: tuple[bytes | None, ...] = field(repr=False)
    refused: tuple[bytes, ...] = ()
    aid: bytes = b""
    paying: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What to ask a finished chip after a reset.

    Attributes:
        applications: in the order of their installation.
    """

    applications: tuple[ReadApplication, ...]

    @property
    def commands(self) -> tuple[bytes, ...]:
        """All of them, one application after the other."""
        return tuple(command for each in self.applications for command in each.commands)

    @property
    def expected(self) -> tuple[bytes | None, ...]:
        """What they are answered with."""
        return tuple(data for each in self.applications for data in each.expected)

    @property
    def refused(self) -> tuple[tuple[bytes, ...], ...]:
        """What must be refused, each group behind the SELECT of its application."""
        guarded = [each for each in self.applications if each.refused]
        return tuple((each.commands[0], *each.refused) for each in guarded)


def reading_of(aid: bytes, groupings: Groupings, certificates: Records) -> ReadApplication:
    """SELECT, the transaction counter of a payment application, and each record.

    EMV Book 1, 11.3; Book 3, 6.5.7 and 6.5.11. Of a badge's records those that are free to read.
    """
    fci = groupings[_DGI_FCI].value if _DGI_FCI in groupings else b""
    asked: list[tuple[bytes, bytes | None]] = [
        (select(aid), tlv.encode(_FCI, tlv.encode(_DF_NAME, aid) + fci))
    ]
    paying = not groupings.keys().isdisjoint((_DGI_CONTACTS, _DGI_ANTENNA))
    if paying:
        asked.append((_get_data(_COUNTER), None))
    free = _LAST_RECORD_FILE if paying else _LAST_FREE_FILE
    records = {
        (dgi.id >> 8, dgi.id & 0xFF): dgi.value
        for dgi in groupings.values()
        if 1 <= dgi.id >> 8 <= _LAST_RECORD_FILE
    }
    whole = {**records, **certificates}
    asked += [(_read_record(*at), content) for at, content in whole.items() if at[0] <= free]
    return ReadApplication(
        tuple(command for command, _ in asked),
        tuple(data for _, data in asked),
        tuple(_read_record(*at) for at in whole if at[0] > free),
        aid,
        paying,
    )


def located(groupings: Groupings) -> set[tuple[int, int]]:
    """Return file and number of each record that an application file locator names."""
    options = [groupings[each].value for each in (_DGI_CONTACTS, _DGI_ANTENNA) if each in groupings]
    locators = [tlv.find(each, _LOCATOR) or b"" for each in options]
    return {(item.sfi, item.number) for each in locators for item in read_locator(each)}


def check_reading(reading: Reading, responses: Sequence[bytes]) -> int:
    """Compare what the chip tells after a reset with what it was given.

    Returns:
        The first payment application's transaction counter; 0 without one.

    Raises:
        SpoiledError: CHIP_READBACK.
    """
    counters: list[int] = []
    for number, expected in enumerate(reading.expected):
        where = f"answer {number + 1} of {len(reading.expected)}"
        if number >= len(responses):
            raise SpoiledError("CHIP_READBACK", f"the chip gave no {where}")
        answer = ResponseApdu.parse(responses[number])
        if answer.sw != SW.OK:
            raise SpoiledError("CHIP_READBACK", f"{where} ends with {answer.sw:04X}")
        if expected is None:
            counters.append(_counter(answer.data, where))
        elif answer.data != expected:
            raise SpoiledError("CHIP_READBACK", f"{where} is not what was stored")
    return counters[0] if counters else 0


def check_refused(responses: Sequence[bytes]) -> None:
    """Make sure that what is kept for readers that prove themselves is kept from others.

    Args:
        responses: to SELECT and to what must be refused.

    Raises:
        SpoiledError: CHIP_UNPROTECTED.
    """
    for response in responses[1:]:
        if ResponseApdu.parse(response).sw != SW.SECURITY_STATUS_NOT_SATISFIED:
            raise SpoiledError("CHIP_UNPROTECTED", "a protected file does not ask for a proof")


def _counter(data: bytes, where: str) -> int:
    try:
        value = tlv.find(data, _COUNTER)
    except TlvError:
        value = None
    if value is None or len(value) != _COUNTER_OCTETS:
        raise SpoiledError("CHIP_READBACK", f"{where} is no transaction counter")
    return int.from_bytes(value, "big")


def _get_data(tag: int) -> bytes:
    return CommandApdu(0x80, _GET_DATA, tag >> 8, tag & 0xFF, le=_ALL).encode()


def _read_record(sfi: int, number: int) -> bytes:
    return CommandApdu(0x00, _READ_RECORD, number, sfi << 3 | 4, le=_ALL).encode()
