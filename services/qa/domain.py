"""From what a card shows to its defects: each a code of README.md, none with a value in it.

Nothing here talks to a machine, and nothing stops at the first defect: all are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardwright.globalplatform.commands import select
from cardwright.iso import stripe, tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, PanError, StripeError, TlvError, TrackError
from cardwright.iso.stripe import BitStream
from cardwright.iso.tracks import Track2
from cardwright.secret import SecretBytes, SecretText

__all__ = ["Expected", "Found", "Record", "chip_commands", "defects"]

_READ_RECORD, _ALL = 0xB2, 256
_RECORD_TEMPLATE = 0x70
_TRACK2_EQUIVALENT, _PAN, _EXPIRY, _SERVICE_CODE = 0x57, 0x5A, 0x5F24, 0x5F30


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the chip's application as it should read."""

    sfi: int
    number: int
    content: SecretBytes


@dataclass(frozen=True, slots=True)
class Expected:
    """What the card should show; empty parts are not on this product, or not to be looked at.

    Attributes:
        barcode: what the code on the back says.
        tracks: the stripe's texts by track, with sentinels.
        aid: the chip's application.
        records: its records.
    """

    barcode: str
    tracks: Mapping[int, SecretText]
    aid: bytes
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine and the barcode reader saw.

    Attributes:
        blank: serial number of the blank.
        barcodes: the texts of all codes on the back.
        tracks: the stripe's bits by track.
        chip: the responses to ``chip_commands``; None when the chip answers no reset.
    """

    blank: str
    barcodes: tuple[str, ...]
    tracks: Mapping[int, BitStream] = field(repr=False)
    chip: tuple[bytes, ...] | None = field(repr=False)


def chip_commands(expected: Expected) -> tuple[bytes, ...]:
    """Return what to ask the chip: SELECT, then READ RECORD for each; nothing without a chip."""
    if not expected.aid:
        return ()
    return (
        select(expected.aid),
        *(
            CommandApdu(0x00, _READ_RECORD, record.number, record.sfi << 3 | 4, le=_ALL).encode()
            for record in expected.records
        ),
    )


def defects(expected: Expected, found: Found, blank_serial: str) -> tuple[str, ...]:
    """Return every defect of a card, the gravest first; none means that it passes.

    Args:
        expected: what was ordered.
        found: what was seen.
        blank_serial: the blank that was printed; empty when it is not known.
    """
    tracks, unreadable = _read_tracks(found.tracks)
    records = _read_records(found.chip or ())
    return tuple(
        dict.fromkeys(
            (
                *_blank(blank_serial, found.blank),
                *_barcode(expected.barcode, found.barcodes),
                *_stripe(expected.tracks, tracks, unreadable),
                *_chip(expected, found.chip, records),
                *_agreement(expected, tracks.get(2), records),
            )
        )
    )


def _blank(expected: str, found: str) -> Iterator[str]:
    if expected and expected != found:
        yield "DEFECT_BLANK_SWAPPED"


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


def _read_records(responses: Sequence[bytes]) -> list[bytes | None]:
    """Return the data of the responses after SELECT's; None for one that is an error."""
    return [_data(response) for response in responses[1:]]


def _data(response: bytes) -> bytes | None:
    try:
        answer = ResponseApdu.parse(response)
    except ApduError:
        return None
    return answer.data if answer.sw == SW.OK else None


def _chip(
    expected: Expected, responses: Sequence[bytes] | None, records: Sequence[bytes | None]
) -> Iterator[str]:
    if not expected.aid:
        return
    if responses is None:
        yield "DEFECT_CHIP_MUTE"
        return
    wanted = [record.content for record in expected.records]
    read = [SecretBytes(record or b"") for record in records]
    if not responses or _data(responses[0]) is None or read != wanted:
        yield "DEFECT_CHIP_RECORD"


def _agreement(
    expected: Expected, track2: SecretText | None, records: Iterable[bytes | None]
) -> Iterator[str]:
    """Compare the account on the chip with that on the stripe.

    The two verification values agree by chance on one card in a thousand, so that alone is no
    defect. It is one where the chip should hold another value than the stripe and does not.
    """
    swiped = _stripe_account(track2)
    chip = _objects(records)
    if swiped is None:
        return
    if any(chip.get(tag, value) != value for tag, value in swiped.plain.items()):
        yield "DEFECT_CHIP_STRIPE_DISAGREE"
    equivalent = _track2_equivalent(chip)
    if equivalent is None:
        return
    if not equivalent.startswith(swiped.head):
        yield "DEFECT_CHIP_STRIPE_DISAGREE"
    wanted = _track2_equivalent(_objects(r.content.reveal() for r in expected.records))
    if equivalent == swiped.whole != wanted:
        yield "DEFECT_ICVV_IS_CVV"


@dataclass(frozen=True, slots=True, repr=False)
class _Account:
    """The stripe's account as a chip codes it.

    Attributes:
        plain: PAN, expiry (year and month) and service code, by tag.
        head: track 2 equivalent data up to the issuer's own.
        whole: track 2 equivalent data with the issuer's own.
    """

    plain: Mapping[int, str]
    head: str
    whole: str


def _stripe_account(text: SecretText | None) -> _Account | None:
    if text is None:
        return None
    try:
        track = Track2.parse(text)
    except (TrackError, PanError):
        return None
    pan, expiry, service_code = track.pan.digits(), track.expiry.yymm, track.service_code.digits
    head = f"{pan}D{expiry}{service_code}"
    plain = {_PAN: pan, _EXPIRY: expiry, _SERVICE_CODE: service_code}
    return _Account(plain, head, head + track.discretionary.reveal())


def _objects(records: Iterable[bytes | None]) -> dict[int, str]:
    """Return the account's data objects in the records, in the stripe's own digits.

    EMV Book 3, annex A: 5A and 57 end with F where their count is odd, 5F24 is YYMMDD, 5F30 has a
    leading zero.
    """
    raw: dict[int, str] = {}
    for record in records:
        try:
            inner = tlv.find(record or b"", _RECORD_TEMPLATE) or b""
            raw |= {item.tag: item.value.hex().upper() for item in tlv.parse(inner)}
        except TlvError:
            continue  # it is not what was stored, which is a defect of its own
    digits = {
        _PAN: lambda value: value.rstrip("F"),
        _TRACK2_EQUIVALENT: lambda value: value.rstrip("F"),
        _EXPIRY: lambda value: value[:4],
        _SERVICE_CODE: lambda value: value[1:],
    }
    return {tag: digits[tag](value) for tag, value in raw.items() if tag in digits}


def _track2_equivalent(objects: Mapping[int, str]) -> str | None:
    return objects.get(_TRACK2_EQUIVALENT)
