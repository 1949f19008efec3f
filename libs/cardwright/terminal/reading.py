"""EMV Book 3, 10.2 and 7: the records of an application, each checked, and what must be there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import TlvError
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.session import Session

__all__ = ["account_number", "is_well_formed", "parse_date", "read_application", "read_records"]

_MANDATORY = (0x5F24, 0x5A, 0x8C, 0x8D)  # Book 3, table 26
_LAST_EMV_SFI = 10  # files 1 to 10 hold templates 70; what others hold is their scheme's affair


def read_application(session: Session) -> None:
    """Read all records that the AFL names and check what they hold.

    Raises:
        TerminatedError: AFL_FORMAT, RECORD_REFUSED, RECORD_FORMAT, DATA_REDUNDANT, DATA_FORMAT or
            DATA_MISSING.
    """
    if not session.afl:
        raise TerminatedError("AFL_FORMAT", "The AFL (94) names no record")
    read_records(session)
    for tag in _MANDATORY:
        if tag not in session.card:
            raise TerminatedError("DATA_MISSING", f"No record holds the mandatory object {tag:X}")


def read_records(session: Session) -> None:
    """Read all records that the AFL names; raises as ``read_application``, DATA_MISSING apart.

    Objects of files 1 to 10 go to the card's data; signed records to the static data, or there
    are no static data when one of them can't be signed (Book 3, 10.3).
    """
    known = set(session.card)
    for sfi, number, signed in _positions(session):
        record = _read(session, sfi, number)
        if sfi <= _LAST_EMV_SFI:
            _take(session, record, known)
        if signed:
            _sign(session, sfi, record)


def is_well_formed(tag: int, value: bytes) -> bool:
    """Whether an object is as the terminal can work with it; unknown ones are."""
    return _WELL_FORMED.get(tag, _anything)(value)


def account_number(value: bytes) -> str | None:
    """Return the digits of an account number (5A), or None for what is none."""
    digits = value.hex().rstrip("f")
    return digits if digits.isdigit() and 8 <= len(digits) <= 19 else None


def parse_date(value: bytes) -> dt.date | None:
    """Return the date of YYMMDD, years 50 to 99 in the 1900s (Book 4, 6.7.3), or None."""
    digits = value.hex()
    if len(digits) != 6 or not digits.isdigit():
        return None
    year = int(digits[:2])
    try:
        return dt.date(year + (1900 if year >= 50 else 2000), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None


def _positions(session: Session) -> Iterator[tuple[int, int, bool]]:
    for sfi, first, last, signed in session.afl:
        for number in range(first, last + 1):
            yield sfi, number, number < first + signed


def _read(session: Session, sfi: int, number: int) -> bytes:
    response = session.channel.send(CommandApdu(0x00, 0xB2, number, sfi << 3 | 4, le=256))
    if not response.ok:
        raise TerminatedError(
            "RECORD_REFUSED", f"READ RECORD {sfi}.{number} ended with {response.sw:04X}"
        )
    return response.data


def _take(session: Session, record: bytes, known: set[int]) -> None:
    try:
        [template] = tlv.parse(record)
        objects = template.children()
    except (TlvError, ValueError) as error:
        raise _record_format() from error
    if template.tag != 0x70:
        raise _record_format()
    for each in objects:
        if each.tag in session.card and each.tag not in known:
            raise TerminatedError("DATA_REDUNDANT", f"Two records hold the object {each.tag:X}")
        if not is_well_formed(each.tag, each.value):
            raise TerminatedError("DATA_FORMAT", f"The object {each.tag:X} is malformed")
        session.card[each.tag] = each.value
        known.discard(each.tag)


def _sign(session: Session, sfi: int, record: bytes) -> None:
    if session.static_data is None:
        return
    if sfi <= _LAST_EMV_SFI:
        session.static_data += tlv.find(record, 0x70) or b""
    elif record[:1] == b"\x70":
        session.static_data += record
    else:
        session.static_data = None


def _record_format() -> TerminatedError:
    return TerminatedError("RECORD_FORMAT", "A record of files 1 to 10 is no template 70")


def _anything(_value: bytes) -> bool:
    return True


def _of_length(*lengths: int) -> Callable[[bytes], bool]:
    return lambda value: len(value) in lengths


def _is_list(value: bytes) -> bool:
    return 8 <= len(value) <= 252 and len(value) % 2 == 0


# Objects that the terminal works with (Book 3, annex A); those of certificates are checked where
# they are used, as being wrong does not end the transaction there.
_WELL_FORMED: Final[dict[int, Callable[[bytes], bool]]] = {
    0x57: lambda value: 1 <= len(value) <= 19,
    0x5A: lambda value: account_number(value) is not None,
    0x5F24: lambda value: parse_date(value) is not None,
    0x5F25: lambda value: parse_date(value) is not None,
    0x5F28: _of_length(2),
    0x5F30: _of_length(2),
    0x5F34: _of_length(1),
    0x8C: lambda value: 1 <= len(value) <= 252,
    0x8D: lambda value: 1 <= len(value) <= 252,
    0x8E: lambda value: not value or _is_list(value),
    0x9F07: _of_length(2),
    0x9F08: _of_length(2),
    0x9F0D: _of_length(5),
    0x9F0E: _of_length(5),
    0x9F0F: _of_length(5),
    0x9F14: _of_length(1),
    0x9F23: _of_length(1),
    0x9F42: _of_length(2),
}
