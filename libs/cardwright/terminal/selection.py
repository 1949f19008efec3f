"""EMV Book 1, 12: which application card and terminal use, by the PSE or by the terminal's list."""

from __future__ import annotations

from cardwright.iso import tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import TlvError
from cardwright.terminal.card import Channel
from cardwright.terminal.directory import (
    Candidate,
    FileControl,
    candidate,
    candidates_of_record,
    order,
    read_fci,
)
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.profile import TerminalAid
from cardwright.terminal.reading import is_well_formed
from cardwright.terminal.session import Session

__all__ = ["candidates", "no_application", "select", "select_name"]

PSE = b"1PAY.SYS.DDF01"
_FIRST, _NEXT = 0x00, 0x02


def candidates(session: Session) -> list[Candidate]:
    """Return the applications in common, in the order to try them.

    Raises:
        TerminatedError: CARD_BLOCKED; NO_APPLICATION where there is none in common.
    """
    found = _by_directory(session)
    session.selected_by = "PSE"
    if not found:
        found = _by_list(session)
        session.selected_by = "AID_LIST"
    usable = order(found, confirms=session.profile.confirms_application)
    if not usable:
        raise no_application()
    return usable


def select(session: Session, choice: Candidate) -> bool:
    """Select an application for good (Book 1, 12.4); False when the card has it no more.

    Its template A5 goes to the card's data objects.
    """
    response = select_name(session.channel, choice.name)
    fci = read_fci(response.data) if response.ok else None
    if fci is None or fci.name != choice.name or not _well_formed(fci):
        session.findings.append("SELECT_REFUSED" if not response.ok else "FCI_FORMAT")
        return False
    session.aid = choice.name
    session.card = {each.tag: each.value for each in reversed(fci.proprietary)}
    session.card[0x84] = fci.name
    session.terminal[0x9F06] = choice.accepted.aid
    session.terminal[0x9F09] = choice.accepted.version
    return True


def select_name(channel: Channel, name: bytes, occurrence: int = _FIRST) -> ResponseApdu:
    """Send SELECT by name."""
    return channel.send(CommandApdu(0x00, 0xA4, 0x04, occurrence, name, 256))


def no_application() -> TerminatedError:
    """Return the error for a card with which the terminal has nothing in common (left)."""
    return TerminatedError("NO_APPLICATION", "Card and terminal have no application in common")


def _well_formed(fci: FileControl) -> bool:
    return all(is_well_formed(each.tag, each.value) for each in fci.proprietary)


def _by_directory(session: Session) -> list[Candidate]:
    """Return what the PSE lists; nothing where it is missing or malformed (Book 1, 12.3.2)."""
    response = select_name(session.channel, PSE)
    _refuse_blocked(response)
    if not response.ok:
        session.findings.append("PSE_MISSING")
        return []
    fci = read_fci(response.data)
    sfi = fci.value(0x88) if fci else None
    if fci is None or fci.name != PSE or sfi is None or len(sfi) != 1 or not 1 <= sfi[0] <= 10:
        session.findings.append("PSE_FORMAT")
        return []
    try:
        return _read_directory(session, sfi[0])
    except TlvError:
        session.findings.append("PSE_FORMAT")
        return []


def _read_directory(session: Session, sfi: int) -> list[Candidate]:
    found: list[Candidate] = []
    for number in range(1, 256):
        response = session.channel.send(CommandApdu(0x00, 0xB2, number, sfi << 3 | 4, le=256))
        if response.sw == SW.RECORD_NOT_FOUND:
            break
        record = tlv.find(response.data, 0x70) if response.ok else None
        if record is None:
            session.findings.append("PSE_FORMAT")
            return []
        found += candidates_of_record(tlv.parse(record), session.profile.aids)
    return found


def _by_list(session: Session) -> list[Candidate]:
    """Return what the card answers to the terminal's names (Book 1, 12.3.3)."""
    found: dict[bytes, Candidate] = {}
    for aid in session.profile.aids:
        for each in _occurrences(session.channel, aid):
            found.setdefault(each.name, each)
    return list(found.values())


def _occurrences(channel: Channel, aid: TerminalAid) -> list[Candidate]:
    found: list[Candidate] = []
    seen: set[bytes] = set()
    response = select_name(channel, aid.aid)
    _refuse_blocked(response)
    while response.ok or response.sw >> 8 in {0x62, 0x63}:
        fci = read_fci(response.data)
        # A card that knows no next occurrence may give the same one for ever.
        if fci is None or not fci.name.startswith(aid.aid) or fci.name in seen:
            break
        seen.add(fci.name)
        if response.ok and aid.accepts(fci.name):
            found.append(candidate(fci.name, aid, fci.value(0x50), fci.value(0x87)))
        if fci.name == aid.aid and not aid.partial:
            break
        response = select_name(channel, aid.aid, _NEXT)
    return found


def _refuse_blocked(response: ResponseApdu) -> None:
    if response.sw == SW.FUNCTION_NOT_SUPPORTED:
        raise TerminatedError("CARD_BLOCKED", "The card is blocked, or does not know SELECT")
