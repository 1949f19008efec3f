"""What to ask a chip that must stay as it is, and what its answers say.

A customer's card is read and no more: GET PROCESSING OPTIONS, which would tell where the records
are, moves the transaction counter, so their places are known from data preparation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardwright.globalplatform.commands import select
from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, TlvError
from services.qa.domain.model import PPSE, Application, Expected, Piece, Position

__all__ = [
    "Reading",
    "Readings",
    "data_of",
    "read",
    "read_counter",
    "scripts",
    "select_and_count",
    "tap",
]

_READ_RECORD, _GET_DATA, _ALL = 0xB2, 0xCA, 256
_CPLC, _ATC = 0x9F7F, 0x9F36
_CPLC_LENGTH, _ATC_LENGTH = 42, 2
_RECORD_TEMPLATE = 0x70
_CARD_MANAGER = CommandApdu(0x00, 0xA4, 0x04, 0x00, le=_ALL).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an application let be read.

    Attributes:
        application: as it should be.
        fci: its answer to SELECT; None when it is not there.
        records: by position; those are missing that could not be read.
        atc: its transaction counter; None when it could not be read, or was not asked for.
    """

    application: Application
    fci: bytes | None = field(repr=False)
    records: Mapping[Position, bytes] = field(repr=False)
    atc: int | None = None

    @property
    def objects(self) -> Mapping[int, bytes]:
        """All data objects in the records, the first of equals."""
        found: dict[int, bytes] = {}
        for record in self.records.values():
            for tag, value in _objects(record):
                found.setdefault(tag, value)
        return found


@dataclass(frozen=True, slots=True)
class Readings:
    """A whole chip.

    Attributes:
        cplc: its production data (GlobalPlatform 2.3.1, 9F7F); None when they could not be read.
        applications: in the order in which they should be there.
    """

    cplc: bytes | None = None
    applications: tuple[Reading, ...] = ()

    @property
    def payment(self) -> Reading | None:
        """The first payment application."""
        return next((each for each in self.applications if each.application.pays), None)


def scripts(expected: Expected, piece: Piece) -> tuple[tuple[bytes, ...], ...]:
    """Return what to ask the chip, each script to be ended by a refusal; nothing without a chip."""
    if not expected.applications:
        return ()
    identity = ((_CARD_MANAGER, _get_data(_CPLC)),) if piece.cplc else ()
    return (*identity, *map(_script, expected.applications))


def tap(expected: Expected) -> tuple[bytes, ...]:
    """Return what to ask over the antenna: whether the directory for terminals there is there."""
    return (select(PPSE),) if expected.contactless else ()


def read(expected: Expected, piece: Piece, answers: Sequence[Sequence[bytes]]) -> Readings:
    """Return what the answers to ``scripts`` say; missing ones say nothing."""
    if not expected.applications:
        return Readings()
    cplc, rest = None, answers
    if piece.cplc:
        identity, rest = (answers[0] if answers else ()), answers[1:]
        cplc = _object(identity[1] if len(identity) > 1 else b"", _CPLC, _CPLC_LENGTH)
    filled = [*rest, *([()] * len(expected.applications))]
    return Readings(cplc, tuple(map(_reading, expected.applications, filled)))


def select_and_count(application: Application) -> tuple[bytes, ...]:
    """Return what tells the transaction counter of a payment application."""
    return select(application.aid), _get_data(_ATC)


def read_counter(answers: Sequence[bytes]) -> int | None:
    """Return what the answers to ``select_and_count`` say; None when they say nothing."""
    counter = _object(answers[1] if len(answers) > 1 else b"", _ATC, _ATC_LENGTH)
    return None if counter is None else int.from_bytes(counter, "big")


def _script(application: Application) -> tuple[bytes, ...]:
    records = (
        CommandApdu(0x00, _READ_RECORD, number, sfi << 3 | 4, le=_ALL).encode()
        for sfi, number in application.positions
    )
    first = select_and_count(application) if application.pays else (select(application.aid),)
    return (*first, *records)


def _get_data(tag: int) -> bytes:
    return CommandApdu(0x80, _GET_DATA, tag >> 8, tag & 0xFF, le=_ALL).encode()


def _reading(application: Application, answers: Sequence[bytes]) -> Reading:
    first = answers[0] if answers else b""
    rest = answers[2 if application.pays else 1 :]
    data = (
        (position, data_of(answer))
        for position, answer in zip(application.positions, rest, strict=False)
    )
    return Reading(
        application=application,
        fci=data_of(first),
        atc=read_counter(answers) if application.pays else None,
        records={position: record for position, record in data if record is not None},
    )


def data_of(response: bytes) -> bytes | None:
    """Return the data of a response; None for an error."""
    try:
        answer = ResponseApdu.parse(response)
    except ApduError:
        return None
    return answer.data if answer.sw == SW.OK else None


def _object(response: bytes, tag: int, length: int) -> bytes | None:
    try:
        value = tlv.find(data_of(response) or b"", tag)
    except TlvError:
        return None
    return value if value is not None and len(value) == length else None


def _objects(record: bytes) -> Iterator[tuple[int, bytes]]:
    for item in _parsed(record):
        if item.tag == _RECORD_TEMPLATE:
            yield from ((inner.tag, inner.value) for inner in _parsed(item.value))


def _parsed(octets: bytes) -> Iterable[tlv.Tlv]:
    try:
        return tlv.parse(octets)
    except TlvError:
        return ()  # it is not what was stored, which is a defect of its own
