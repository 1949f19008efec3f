"""Records of an application: their data groupings, and the locator that points a terminal to them.

EMV Book 1 clause 10.2 and Book 3 clause 7: a record of a file with short identifier 1 to 10 is one
template 70. CPS 1.1 names a record's grouping by the file identifier and the record number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.iso import tlv

__all__ = [
    "RECORD_MAX",
    "RECORD_TEMPLATE",
    "Located",
    "RecordFile",
    "application_file_locator",
    "build_records",
    "read_locator",
]

RecordFile = tuple[int, int, Sequence[tuple[int, bytes]]]
"""Short file identifier (1 to 30), record number (1 to 255), and (tag, value) pairs in order."""

RECORD_TEMPLATE = 0x70
RECORD_MAX = 254  # with tag and length (Book 3, 7.1)


@dataclass(frozen=True, slots=True)
class Located:
    """A record that a locator names; ``signed``: offline data authentication covers it."""

    sfi: int
    number: int
    signed: bool


def build_records(records: Iterable[RecordFile]) -> list[Dgi]:
    """Return one data grouping a record: a payment application's, a badge credential's.

    Files 1 to 10 are EMV's, so their records are wrapped in template 70; records of files 11 to 30
    hold their data objects as they are.

    Raises:
        EmvError: RECORD_POSITION for a file or record number out of range or used twice,
            RECORD_LENGTH for a record of more than 254 octets.
        TlvError: a tag is none.
    """
    dgis: list[Dgi] = []
    seen: set[int] = set()
    for sfi, number, objects in records:
        identifier = sfi << 8 | number
        if not (1 <= sfi <= 30 and 1 <= number <= 255) or identifier in seen:
            raise EmvError(
                "RECORD_POSITION", "A record needs a file (1-30) and a number (1-255) of its own"
            )
        seen.add(identifier)
        value = tlv.encode_all(objects)
        if sfi <= 10:
            value = tlv.encode(RECORD_TEMPLATE, value)
        if len(value) > RECORD_MAX:
            raise EmvError(
                "RECORD_LENGTH",
                f"Record {sfi}.{number} takes {len(value)} octets and holds {RECORD_MAX}; "
                "move a data object to another record",
            )
        dgis.append(Dgi(identifier, value))
    return dgis


def application_file_locator(
    positions: Iterable[tuple[int, int]],
    signed: Collection[tuple[int, int]] = (),
    leading: int | None = None,
) -> bytes:
    """Return the AFL (tag 94) of (file, record) pairs: four octets a run of records.

    Files are in ascending order, but for the one that is to lead; so are records in a file. A run's
    signed records are its first (Book 3, 10.2), so one that follows an unsigned one begins a run.

    Args:
        positions: The records.
        signed: Those of them that offline data authentication covers.
        leading: The file to read first: that of the certificates (Book 3, 7.1, table 27).
    """
    runs: list[list[tuple[int, int]]] = []
    for position in sorted(positions, key=lambda p: (p[0] != leading, p)):
        last = runs[-1][-1] if runs else (0, 0)
        follows = position == (last[0], last[1] + 1) and (last in signed or position not in signed)
        if follows:
            runs[-1].append(position)
        else:
            runs.append([position])
    return b"".join(
        bytes((run[0][0] << 3, run[0][1], run[-1][1], sum(p in signed for p in run)))
        for run in runs
    )


def read_locator(afl: bytes) -> list[Located]:
    """Return the records of an AFL, in the order that a terminal reads them (Book 3, 10.2).

    Raises:
        EmvError: LOCATOR for an entry that is none.
    """
    records: list[Located] = []
    for at in range(0, len(afl), 4):
        entry = afl[at : at + 4]
        sound = (
            len(entry) == 4
            and not entry[0] & 7
            and 1 <= entry[0] >> 3 <= 30
            and 1 <= entry[1] <= entry[2]
            and entry[3] <= entry[2] - entry[1] + 1
        )
        if not sound:
            raise EmvError("LOCATOR", "An entry of the application file locator is none")
        records += (
            Located(entry[0] >> 3, number, number < entry[1] + entry[3])
            for number in range(entry[1], entry[2] + 1)
        )
    return records
