"""The entry point of a contactless reader (EMV Contactless Book B), as far as records.

This is no kernel: it selects by the PPSE, sends GET PROCESSING OPTIONS and reads what the AFL
names. It makes no decision, verifies no signature and asks for no cryptogram; one that comes with
the processing options is kept among the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_bytes

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.secret import SecretBytes
from cardwright.terminal.card import Card, Exchange
from cardwright.terminal.directory import Candidate, candidates_of_record, order, read_fci
from cardwright.terminal.errors import CardLinkError, TerminatedError
from cardwright.terminal.flags import Aip
from cardwright.terminal.flow import begin
from cardwright.terminal.initiate import initiate
from cardwright.terminal.profile import Profile, TransactionRequest
from cardwright.terminal.reading import read_records
from cardwright.terminal.selection import no_application, select, select_name
from cardwright.terminal.session import Session

__all__ = ["ContactlessReading", "read_contactless"]

PPSE = b"2PAY.SYS.DDF01"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactlessReading:
    """What a contactless card let be read.

    Attributes:
        code: ``READ``, or the code of the ``TerminatedError`` or ``CardLinkError`` that ended it;
            ``PPSE_MISSING`` and ``PPSE_FORMAT`` are of contactless cards alone.
        findings: codes of what went wrong on the way, in order.
        candidates: names of the applications in common, in the order to try them.
        aid: name of the selected application; empty when it did not come so far.
        aip: what the application can do.
        objects: data objects that came from the card, by tag.
        log: commands and status words.
    """

    code: str
    findings: tuple[str, ...]
    candidates: tuple[bytes, ...]
    aid: bytes
    aip: Aip
    objects: Mapping[int, SecretBytes] = field(repr=False)
    log: tuple[Exchange, ...]


def read_contactless(
    card: Card,
    profile: Profile,
    request: TransactionRequest,
    *,
    random: Callable[[int], bytes] = token_bytes,
) -> ContactlessReading:
    """Select and read a card in the contactless field; whatever the card does, it ends.

    Args:
        card: after its activation.
        profile: the terminal.
        request: what the PDOL may ask about.
        random: returns so many unpredictable octets.
    """
    session = begin(card, profile, request, random)
    session.terminal[0x9F39] = b"\x07"  # contactless chip
    found: list[Candidate] = []
    try:
        found += _by_directory(session)
        _read(session, found)
        code = "READ"
    except (TerminatedError, CardLinkError) as error:
        code = error.code
    return ContactlessReading(
        code=code,
        findings=tuple(session.findings),
        candidates=tuple(each.name for each in found),
        aid=session.aid,
        aip=session.aip,
        objects={tag: SecretBytes(value) for tag, value in session.card.items()},
        log=tuple(session.channel.log),
    )


def _by_directory(session: Session) -> list[Candidate]:
    """Return what the PPSE lists (Book B, 3.3.2); there is no list of AIDs to fall back to."""
    response = select_name(session.channel, PPSE)
    if not response.ok:
        raise TerminatedError("PPSE_MISSING", f"SELECT of the PPSE ended with {response.sw:04X}")
    fci = read_fci(response.data)
    entries = fci.value(0xBF0C) if fci and fci.name == PPSE else None
    if entries is None:
        raise _ppse_format()
    try:
        found = candidates_of_record(tlv.parse(entries), session.profile.aids)
    except TlvError as error:
        raise _ppse_format() from error
    return order(found, confirms=session.profile.confirms_application)


def _read(session: Session, found: list[Candidate]) -> None:
    for choice in found:
        if select(session, choice) and initiate(session):
            read_records(session)
            return
    raise no_application()


def _ppse_format() -> TerminatedError:
    return TerminatedError("PPSE_FORMAT", "The PPSE's answer lists no applications")
