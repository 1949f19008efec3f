"""A card against itself: chip, stripe and print must tell of one account and one person.

So what was ordered wrongly is found too: it was written and reads as it was ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from cardwright.iso.errors import PanError, TrackError
from cardwright.iso.tracks import Track1, Track2
from cardwright.secret import SecretText
from services.qa.domain.model import Expected
from services.qa.domain.reading import Reading, Readings

__all__ = ["disagreements"]

_TRACK2_EQUIVALENT, _PAN, _EXPIRY, _SERVICE_CODE, _NAME = 0x57, 0x5A, 0x5F24, 0x5F30, 0x5F20
_NOT_IN_A_NAME = str.maketrans("", "", "'.")


@dataclass(frozen=True, slots=True, repr=False)
class _Account:
    """What one part of the card says of the account; empty where it says nothing.

    Attributes:
        pan: its digits.
        expiry: YYMM.
        service_code: three digits.
        name: given names first, without apostrophes and full stops, which a stripe can't hold.
    """

    pan: str = ""
    expiry: str = ""
    service_code: str = ""
    name: str = ""

    def agrees(self, other: _Account) -> bool:
        """Whether nothing that both say differs."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return all(mine == theirs for mine, theirs in pairs if mine and theirs)


def disagreements(
    expected: Expected, tracks: Mapping[int, SecretText], readings: Readings
) -> Iterator[str]:
    """Yield how chip, stripe and print contradict each other."""
    stripe = tuple(_of_stripe(tracks))
    chip = tuple(account for each in readings.applications for account in _of_chip(each.objects))
    printed = _of_print(expected.print)
    if not all(one.agrees(other) for one in stripe for other in stripe):
        yield "DEFECT_TRACKS_DISAGREE"
    if not all(one.agrees(other) for one in chip for other in stripe):
        yield "DEFECT_CHIP_STRIPE_DISAGREE"
    if not all(one.agrees(printed) for one in chip):
        yield "DEFECT_CHIP_PRINT_DISAGREE"
    if not all(one.agrees(printed) for one in stripe):
        yield "DEFECT_STRIPE_PRINT_DISAGREE"
    if any(_copied(each, tracks.get(2)) for each in readings.applications):
        yield "DEFECT_ICVV_IS_CVV"


def _copied(reading: Reading, track2: SecretText | None) -> bool:
    """Whether the chip holds the stripe's verification value in place of its own.

    The two agree by chance on one card in a thousand: that alone is no defect. It is one where the
    chip should hold another value than the stripe and does not.
    """
    if track2 is None:
        return False
    swiped = track2.reveal().strip(";?").replace("=", "D")
    wanted = _wanted_equivalent(reading)
    found = _digits(reading.objects.get(_TRACK2_EQUIVALENT, b""))
    return bool(found) and found == swiped != wanted


def _wanted_equivalent(reading: Reading) -> str:
    records = {each.position: each.content.reveal() for each in reading.application.records}
    ordered = Reading(application=reading.application, fci=None, records=records)
    return _digits(ordered.objects.get(_TRACK2_EQUIVALENT, b""))


def _of_stripe(tracks: Mapping[int, SecretText]) -> Iterator[_Account]:
    for kind, text in ((Track1, tracks.get(1)), (Track2, tracks.get(2))):
        try:
            track = kind.parse(text) if text is not None else None
        except (TrackError, PanError):
            continue  # it is not what was ordered, which is a defect of its own, or no account's
        if track is not None:
            name = track.name.reveal() if isinstance(track, Track1) else ""
            yield _Account(
                track.pan.digits(), track.expiry.yymm, track.service_code.digits, _spoken(name)
            )


def _of_chip(objects: Mapping[int, bytes]) -> Iterator[_Account]:
    """Yield what an application says, plainly and in its track 2 equivalent data.

    EMV Book 3, annex A: 5A and 57 end with F where their count is odd, 5F24 is YYMMDD, 5F30 has a
    leading zero.
    """
    yield _Account(
        _digits(objects.get(_PAN, b"")),
        objects.get(_EXPIRY, b"").hex()[:4] if _PAN in objects else "",
        objects.get(_SERVICE_CODE, b"").hex()[1:],
        _spoken(objects.get(_NAME, b"").decode("latin-1")) if _PAN in objects else "",
    )
    pan, separator, rest = _digits(objects.get(_TRACK2_EQUIVALENT, b"")).partition("D")
    if separator:
        yield _Account(pan, rest[:4], rest[4:7])


def _of_print(shown: Mapping[str, SecretText]) -> _Account:
    """Return what the faces were ordered to show, from the fields that payment cards have."""
    expiry = _only_digits(shown.get("expiry_mmyy"))
    return _Account(
        pan=_only_digits(shown.get("pan_groups")),
        expiry=expiry[2:] + expiry[:2],
        name=_spoken(shown["name"].reveal()) if "pan_groups" in shown and "name" in shown else "",
    )


def _spoken(name: str) -> str:
    """Return a name as it is spoken: ``SURNAME/GIVEN`` turned round (ISO/IEC 7813)."""
    surname, _, given = name.strip().partition("/")
    return " ".join(f"{given} {surname}".translate(_NOT_IN_A_NAME).upper().split())


def _only_digits(text: SecretText | None) -> str:
    return "".join(filter(str.isdigit, text.reveal())) if text is not None else ""


def _digits(octets: bytes) -> str:
    return octets.hex().upper().rstrip("F")
