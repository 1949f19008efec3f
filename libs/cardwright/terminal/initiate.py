"""EMV Book 3, 10.1: GET PROCESSING OPTIONS, and the locator of the records to read."""

from __future__ import annotations

from itertools import starmap

from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu
from cardwright.iso.errors import TlvError
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.flags import Aip
from cardwright.terminal.reading import is_well_formed
from cardwright.terminal.session import Session

__all__ = ["initiate", "parse_afl", "parse_options"]


def initiate(session: Session) -> bool:
    """Tell the application what it asks for (PDOL) and learn what it can do and where its data are.

    Returns:
        False when it does not want to be used here (6985): the next candidate is to be tried.

    Raises:
        TerminatedError: GPO_REFUSED, GPO_FORMAT, AFL_FORMAT or PDOL_FORMAT.
    """
    try:
        asked = session.fill(session.card.get(0x9F38, b""))
    except TlvError as error:
        raise TerminatedError("PDOL_FORMAT", "The PDOL (9F38) is no data object list") from error
    session.pdol_data = b"".join(value for _, value in asked)
    template = tlv.encode(0x83, session.pdol_data)
    response = session.channel.send(CommandApdu(0x80, 0xA8, 0, 0, template, 256))
    if response.sw == SW.CONDITIONS_NOT_SATISFIED:
        session.findings.append("GPO_NOT_HERE")
        return False
    if not response.ok:
        raise TerminatedError("GPO_REFUSED", f"GET PROCESSING OPTIONS ended with {response.sw:04X}")
    objects = parse_options(response.data)
    session.card |= objects
    session.aip = Aip(int.from_bytes(objects[0x82], "big"))
    session.afl = parse_afl(objects.get(0x94, b""))
    return True


def parse_options(data: bytes) -> dict[int, bytes]:
    """Return the objects of an answer in format 1 (80) or 2 (77), with 82 at least.

    Raises:
        TerminatedError: GPO_FORMAT.
    """
    try:
        [template] = tlv.parse(data)
        if template.tag == 0x80:
            objects = {0x82: template.value[:2], 0x94: template.value[2:]}
        elif template.tag == 0x77:
            objects = {each.tag: each.value for each in template.children()}
        else:
            objects = {}
    except (TlvError, ValueError) as error:
        raise _gpo_format() from error
    if len(objects.get(0x82, b"")) != 2 or not all(starmap(is_well_formed, objects.items())):
        raise _gpo_format()
    return objects


def parse_afl(afl: bytes) -> tuple[tuple[int, int, int, int], ...]:
    """Return file, first record, last record and count of signed records of each entry.

    Raises:
        TerminatedError: AFL_FORMAT (Book 3, 10.2).
    """
    if len(afl) % 4:
        raise _afl_format()
    entries: list[tuple[int, int, int, int]] = []
    for at in range(0, len(afl), 4):
        head, first, last, signed = afl[at : at + 4]
        if head & 0x07 or not 1 <= head >> 3 <= 30 or not 1 <= first <= last:
            raise _afl_format()
        if signed > last - first + 1:
            raise _afl_format()
        entries.append((head >> 3, first, last, signed))
    return tuple(entries)


def _gpo_format() -> TerminatedError:
    return TerminatedError("GPO_FORMAT", "The answer to GET PROCESSING OPTIONS has no AIP and AFL")


def _afl_format() -> TerminatedError:
    return TerminatedError("AFL_FORMAT", "The AFL (94) names records that can't be")
