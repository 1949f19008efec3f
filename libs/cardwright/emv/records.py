"""Records of an application: their data groupings, and the locator that points a terminal to them.

EMV Book 1 clause 10.2 and Book 3 clause 7: a record of a file with short identifier 1 to 10 is one
template 70. CPS 1.1 names a record's grouping by the file identifier and the record number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.iso import tlv

__all__ = ["RecordFile", "application_file_locator", "build_records"]

RecordFile = tuple[int, int, Sequence[tuple[int, bytes]]]
"""Short file identifier (1 to 30), record number (1 to 255), and (tag, value) pairs in order."""

_RECORD_TEMPLATE = 0x70
_RECORD_MAX = 254


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
            value = tlv.encode(_RECORD_TEMPLATE, value)
        if len(value) > _RECORD_MAX:
            raise EmvError(
                "RECORD_LENGTH",
                f"Record {sfi}.{number} takes {len(value)} octets and holds {_RECORD_MAX}; "
                "move a data object to another record",
            )
        dgis.append(Dgi(identifier, value))
    return dgis


def application_file_locator(positions: Iterable[tuple[int, int]]) -> bytes:
    """Return the AFL (tag 94) of (file, record) pairs: four octets a run of records.

    No record is named as signed off line. Runs are in ascending order.
    """
    entries: list[bytes] = []
    # Consecutive records share the difference between their number and their rank.
    ranked = enumerate(sorted(positions))
    for (sfi, _), run in groupby(ranked, lambda r: (r[1][0], r[1][1] - r[0])):
        numbers = [number for _, (_, number) in run]
        entries.append(bytes((sfi << 3, numbers[0], numbers[-1], 0)))
    return b"".join(entries)
