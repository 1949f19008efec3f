"""Every defect of a card, the gravest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cardwright.iso import stripe, tlv
from cardwright.iso.errors import StripeError, TlvError
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretBytes, SecretText
from cardwright.terminal import CaPublicKey
from services.qa.domain.agreement import disagreements
from services.qa.domain.authentication import certificate_defects
from services.qa.domain.model import PPSE, PSE, Expected, Found, Piece
from services.qa.domain.reading import Reading, Readings, data_of, read

__all__ = ["defects"]

_FCI, _PROPRIETARY, _DISCRETIONARY = 0x6F, 0xA5, 0xBF0C
_RECORD_TEMPLATE, _ENTRY, _NAME = 0x70, 0x61, 0x4F


def defects(
    expected: Expected, found: Found, piece: Piece, ca_keys: Collection[CaPublicKey] = ()
) -> tuple[str, ...]:
    """Return every defect of a card, the gravest first; none means that it passes.

    Args:
        expected: what was ordered.
        found: what was seen.
        piece: which piece of plastic it should be.
        ca_keys: the payment systems' keys, for applications that a terminal must authenticate.
    """
    tracks, unreadable = _read_tracks(found.tracks)
    readings = read(expected, piece, found.chip or ())
    return tuple(
        dict.fromkeys(
            (
                *_blank(piece.blank_serial, found.blank),
                *_mark(piece, found),
                *_identity(piece, found, readings),
                *_barcode(expected.barcode, found.barcodes),
                *_stripe(expected.tracks, tracks, unreadable),
                *_chip(expected, found, readings),
                *_antenna(expected, found),
                *_counter(piece, found, readings),
                *_authenticity(found, readings, ca_keys),
                *disagreements(expected, tracks, readings),
            )
        )
    )


def _blank(expected: str, found: str) -> Iterator[str]:
    if expected and expected != found:
        yield "DEFECT_BLANK_SWAPPED"


def _mark(piece: Piece, found: Found) -> Iterator[str]:
    """A test card lies on plastic that is marked as one, and no customer's card does."""
    if piece.test_card != found.test:
        yield "DEFECT_TEST_MARK"


def _identity(piece: Piece, found: Found, readings: Readings) -> Iterator[str]:
    """The chip is the one that was encoded: it says so itself, and nothing can change it."""
    if piece.cplc and found.chip and readings.applications and readings.cplc != piece.cplc:
        yield "DEFECT_CHIP_SWAPPED"


def _barcode(expected: str, found: Sequence[str]) -> Iterator[str]:
    if expected and not found:
        yield "DEFECT_BARCODE_UNREADABLE"
    elif expected and expected not in found:
        yield "DEFECT_BARCODE_WRONG"


def _read_tracks(bits: Mapping[int, BitStream]) -> tuple[dict[int, SecretText], bool]:
    """Decode what can be decoded; the second part says whether a track could not."""
    texts: dict[int, SecretText] = {}
    unreadable = False
    for track, stream in bits.items():
        try:
            texts[track] = stripe.decode(track, stream)
        except StripeError:
            unreadable = True
    return texts, unreadable


def _stripe(
    expected: Mapping[int, SecretText], found: Mapping[int, SecretText], unreadable: bool
) -> Iterator[str]:
    if unreadable or expected.keys() - found.keys():
        yield "DEFECT_STRIPE_UNREADABLE"
    for track, text in found.items():
        if expected.get(track) != text:
            yield f"DEFECT_TRACK{track}"


def _chip(expected: Expected, found: Found, readings: Readings) -> Iterator[str]:
    if not expected.applications:
        return
    if found.chip is None:
        yield "DEFECT_CHIP_MUTE"
        return
    names = {each.aid for each in expected.applications}
    for reading in readings.applications:
        if reading.fci is None:
            yield "DEFECT_CHIP_APPLICATION"
            continue
        if not _reads_as_ordered(reading):
            yield "DEFECT_CHIP_RECORD"
        listed = _listed(reading)
        if listed is not None and not (listed and listed <= names):
            yield "DEFECT_CHIP_DIRECTORY"


def _reads_as_ordered(reading: Reading) -> bool:
    wanted = {each.position: each.content for each in reading.application.records}
    read = {position: SecretBytes(content) for position, content in reading.records.items()}
    complete = all(position in read for position in reading.application.positions)
    return complete and all(read[position] == content for position, content in wanted.items())


def _listed(reading: Reading) -> set[bytes] | None:
    """Return the names that a directory lists; None for what is no directory (EMV Book 1, 12.2)."""
    try:
        if reading.application.aid == PPSE:
            fci = tlv.find(reading.fci or b"", _FCI, _PROPRIETARY, _DISCRETIONARY) or b""
            return _names(fci)
        if reading.application.aid == PSE:
            lists = (tlv.find(each, _RECORD_TEMPLATE) or b"" for each in reading.records.values())
            return set().union(*map(_names, lists))
    except TlvError:
        return set()
    return None


def _names(entries: bytes) -> set[bytes]:
    listed = (tlv.find(item.value, _NAME) for item in tlv.parse(entries) if item.tag == _ENTRY)
    return {name for name in listed if name is not None}


def _antenna(expected: Expected, found: Found) -> Iterator[str]:
    """The antenna leads to the chip, and the chip lists its applications there."""
    if not expected.contactless or found.chip is None:
        return
    if found.antenna is None:
        yield "DEFECT_CONTACTLESS_MUTE"
    elif not found.antenna or data_of(found.antenna[0]) is None:
        yield "DEFECT_CONTACTLESS_PPSE_MISSING"


def _counter(piece: Piece, found: Found, readings: Readings) -> Iterator[str]:
    """A customer's card has not paid since it was encoded; one that can't count can't pay."""
    payment = readings.payment
    if found.chip is None or payment is None or payment.fci is None:
        return
    moved = bool(piece.cplc) and not piece.test_card and payment.atc != piece.atc
    if payment.atc is None or moved:
        yield "DEFECT_CHIP_ATC"


def _authenticity(
    found: Found, readings: Readings, ca_keys: Collection[CaPublicKey]
) -> Iterator[str]:
    if found.chip is not None:
        for reading in readings.applications:
            if reading.fci is not None:
                yield from certificate_defects(reading, ca_keys)
