"""EMV Book 3, 6.5.5, 9.2 and 10.8: GENERATE AC and what the card answers."""

from __future__ import annotations

from hashlib import sha1

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv
from cardwright.issuerhost.messages import ChipData
from cardwright.secret import SecretText
from cardwright.terminal.analysis import Decision
from cardwright.terminal.dol import parse_dol
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.flags import Tsi, Tvr
from cardwright.terminal.offline import verify_signed_cryptogram
from cardwright.terminal.reading import account_number
from cardwright.terminal.results import OdaMethod
from cardwright.terminal.session import Session

__all__ = ["generate", "parse_answer"]

CDOL1, CDOL2 = 0x8C, 0x8D
_SIGN = 0x10
_TC_HASH, _TDOL = 0x98, 0x97
_SIGNATURE = 0x9F4B

# Why a card declines, as its cryptogram information data say (Book 3, table 14).
_REASONS = {
    1: ("CARD_SERVICE_NOT_ALLOWED",),
    2: ("CARD_PIN_TRY_LIMIT",),
    3: ("CARD_ISSUER_AUTHENTICATION_FAILED",),
}

# What goes to the issuer beside the cryptogram itself (ISO 8583 field 55, as EMV Book 4 has it).
_REPORTED = (
    0x82, 0x84, 0x95, 0x9A, 0x9C, 0x5F2A, 0x9F02, 0x9F03, 0x9F1A, 0x9F33, 0x9F34, 0x9F35, 0x9F37,
)  # fmt: skip


def generate(session: Session, asked: Decision, dol_tag: int) -> Decision:
    """Ask for a cryptogram, signed where CDA was chosen and has not failed; keep it in the session.

    Args:
        session: gets the cryptogram as ``final``, and as ``first`` if it has none.
        asked: what the terminal wants.
        dol_tag: ``CDOL1`` the first time, ``CDOL2`` the second.

    Returns:
        What the card did: as asked, or less.

    Raises:
        TerminatedError: CDOL_FORMAT, CRYPTOGRAM_REFUSED, CRYPTOGRAM_FORMAT or CRYPTOGRAM_KIND.
        CardLinkError: the card does not answer.
    """
    values = _fill(session, dol_tag)
    signed = _wants_signature(session, asked)
    p1 = asked | (_SIGN if signed else 0)
    response = session.channel.send(CommandApdu(0x80, 0xAE, p1, 0, values, 256))
    if not response.ok:
        raise TerminatedError("CRYPTOGRAM_REFUSED", f"GENERATE AC ended with {response.sw:04X}")
    answer = parse_answer(response.data)
    objects = {each.tag: each.value for each in answer}
    got = _kind(objects, asked, session.first)
    session.tsi |= Tsi.CARD_RISK_MANAGEMENT
    session.findings += _REASONS.get(objects[0x9F27][0] & 0x07, ())
    chip = _chip_data(session, objects)
    if signed and got is not Decision.DECLINE:
        dynamic = verify_signed_cryptogram(session, answer)
        cryptogram = objects.get(0x9F26, b"") if dynamic is None else dynamic.rest[1:9]
        chip = _chip_data(session, objects | {0x9F26: cryptogram})
    elif 0x9F26 not in objects:
        raise _format()
    session.first, session.final = session.first or chip, chip
    return got


def parse_answer(data: bytes) -> list[Tlv]:
    """Return the objects of an answer in format 1 (80) or 2 (77), in order.

    Raises:
        TerminatedError: CRYPTOGRAM_FORMAT for one without 9F27, 9F36 and a cryptogram.
    """
    try:
        [template] = tlv.parse(data)
        answer = _format_1(template.value) if template.tag == 0x80 else template.children()
    except (TlvError, ValueError) as error:
        raise _format() from error
    sizes = {each.tag: len(each.value) for each in answer}
    has_cryptogram = sizes.get(0x9F26) == 8 or (0x9F26 not in sizes and _SIGNATURE in sizes)
    if template.tag not in {0x77, 0x80} or len(sizes) != len(answer) or not has_cryptogram:
        raise _format()
    if (sizes.get(0x9F27), sizes.get(0x9F36)) != (1, 2) or sizes.get(0x9F10, 0) > 32:
        raise _format()
    return answer


def _format_1(value: bytes) -> list[Tlv]:
    parts = ((0x9F27, value[:1]), (0x9F36, value[1:3]), (0x9F26, value[3:11]), (0x9F10, value[11:]))
    return [Tlv(tag, part) for tag, part in parts if part]


def _fill(session: Session, dol_tag: int) -> bytes:
    """Return the values that a CDOL asks, and remember them for signature and issuer."""
    dol = session.card[dol_tag]
    try:
        if _TC_HASH in dict(parse_dol(dol)):
            session.terminal[_TC_HASH] = _tc_hash(session)
        given = session.fill(dol)
    except TlvError as error:
        raise TerminatedError("CDOL_FORMAT", "A CDOL or TDOL is no data object list") from error
    session.given |= dict(given)
    values = b"".join(value for _, value in given)
    session.cdol_data += values
    return values


def _tc_hash(session: Session) -> bytes:
    """Hash what the TDOL names (Book 3, 9.2.2)."""
    if _TDOL not in session.card:
        session.tvr |= Tvr.DEFAULT_TDOL_USED
    tdol = session.card.get(_TDOL, session.profile.default_tdol)
    data = b"".join(value for _, value in session.fill(tdol))
    return sha1(data, usedforsecurity=False).digest()


def _wants_signature(session: Session, asked: Decision) -> bool:
    """Whether the cryptogram is to be signed (Book 4, 6.3.2.1): never one that declines."""
    ready = session.oda.method is OdaMethod.CDA and session.icc_key is not None
    return ready and not session.tvr & Tvr.CDA_FAILED and asked is not Decision.DECLINE


def _kind(objects: dict[int, bytes], asked: Decision, first: ChipData | None) -> Decision:
    """Return what kind came, which may be less than was asked, and at last is no ARQC."""
    octet = objects[0x9F27][0] & 0xC0
    allowed = {
        Decision.DECLINE: {Decision.DECLINE},
        Decision.GO_ONLINE: {Decision.DECLINE, Decision.GO_ONLINE},
        Decision.APPROVE: {Decision.DECLINE, Decision.APPROVE}
        | ({Decision.GO_ONLINE} if first is None else set()),
    }
    if octet not in allowed[asked]:
        raise TerminatedError("CRYPTOGRAM_KIND", "The card gave a cryptogram that was not asked")
    return Decision(octet)


def _chip_data(session: Session, objects: dict[int, bytes]) -> ChipData:
    """Return a cryptogram with what it was made over: what the card was last given counts."""
    reported = {tag: session.given.get(tag, session.value(tag)) for tag in _REPORTED}
    present = {tag: value for tag, value in reported.items() if value is not None}
    ours = {tag: value for tag, value in objects.items() if tag != _SIGNATURE}
    pan = account_number(session.card[0x5A]) or ""
    psn = session.card.get(0x5F34, b"\0").hex()
    return ChipData(SecretText(pan), psn, present | ours)


def _format() -> TerminatedError:
    return TerminatedError("CRYPTOGRAM_FORMAT", "The answer to GENERATE AC is not as EMV has it")
