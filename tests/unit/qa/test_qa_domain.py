from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.proto.vault.v1.sections_pb2 import InspectionSection
from cardwright.secret import SecretBytes, SecretText
from services.qa.adapters.sections import read_expected
from services.qa.domain import Expected, Found, Record, chip_commands, defects
from tests.unit.encoding.encoding_kit import badge_sections, debit_sections

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
BLANK = "RTX-0001-00000001"
OK = b"\x90\x00"


def expected(kind: str = "debit") -> Expected:
    sections = {"debit": debit_sections, "badge": badge_sections}[kind](CARD)
    return read_expected(SecretBytes(sections["inspection"]), chip=True, render=True)


def encoded(texts: Mapping[int, SecretText]) -> dict[int, BitStream]:
    return {track: stripe.encode(track, text) for track, text in texts.items()}


def answers(wanted: Expected) -> tuple[bytes, ...]:
    return (OK, *(record.content.reveal() + OK for record in wanted.records))


def shown(wanted: Expected) -> Found:
    """A perfect card."""
    return Found(BLANK, (wanted.barcode,), encoded(wanted.tracks), answers(wanted))


DEBIT = expected()
PERFECT = shown(DEBIT)


def flipped(stream: BitStream, at: int) -> BitStream:
    octets = bytearray(stream.bits)
    octets[at // 8] ^= 0x80 >> at % 8
    return BitStream(bytes(octets), stream.length)


@pytest.mark.parametrize("kind", ["debit", "badge"])
def test_a_perfect_card_has_no_defect(kind: str) -> None:
    wanted = expected(kind)
    assert defects(wanted, shown(wanted), BLANK) == ()
    assert len(chip_commands(wanted)) == 1 + len(wanted.records)


def test_a_stripe_may_be_swiped_either_way() -> None:
    backwards = {track: bits.reversed() for track, bits in PERFECT.tracks.items()}
    assert defects(DEBIT, replace(PERFECT, tracks=backwards), BLANK) == ()


def test_every_single_bit_of_the_stripe_matters() -> None:
    for track, bits in PERFECT.tracks.items():
        for at in range(bits.length):
            bad = replace(PERFECT, tracks={**PERFECT.tracks, track: flipped(bits, at)})
            found = defects(DEBIT, bad, BLANK)
            assert found, (track, at)
            assert set(found) <= {"DEFECT_STRIPE_UNREADABLE", f"DEFECT_TRACK{track}"}


@settings(max_examples=300)
@given(st.data())
def test_any_changed_octet_of_a_record_is_found(data: st.DataObject) -> None:
    chip = list(answers(DEBIT))
    number = data.draw(st.integers(1, len(chip) - 1))
    at = data.draw(st.integers(0, len(chip[number]) - 1))
    octets = bytearray(chip[number])
    octets[at] ^= data.draw(st.integers(1, 255))
    chip[number] = bytes(octets)
    found = defects(DEBIT, replace(PERFECT, chip=tuple(chip)), BLANK)
    assert "DEFECT_CHIP_RECORD" in found


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_answer_of_a_chip_is_too_strange(chip: list[bytes]) -> None:
    found = defects(DEBIT, replace(PERFECT, chip=tuple(chip)), BLANK)
    assert "DEFECT_CHIP_RECORD" in found


def test_each_defect_has_its_code() -> None:
    text = DEBIT.tracks[2].reveal()
    other = SecretText(text.replace("9999990000000006", "9999990000000014"))
    cases: list[tuple[Found, tuple[str, ...]]] = [
        (replace(PERFECT, blank="RTX-0001-00000002"), ("DEFECT_BLANK_SWAPPED",)),
        (replace(PERFECT, barcodes=()), ("DEFECT_BARCODE_UNREADABLE",)),
        (replace(PERFECT, barcodes=("another",)), ("DEFECT_BARCODE_WRONG",)),
        (replace(PERFECT, chip=None), ("DEFECT_CHIP_MUTE",)),
        (replace(PERFECT, chip=(b"\x6a\x82",)), ("DEFECT_CHIP_RECORD",)),
        (replace(PERFECT, tracks={}), ("DEFECT_STRIPE_UNREADABLE",)),
        (
            replace(PERFECT, tracks=encoded({1: DEBIT.tracks[1], 2: other})),
            ("DEFECT_TRACK2", "DEFECT_CHIP_STRIPE_DISAGREE"),
        ),
        (
            replace(PERFECT, tracks=encoded({**DEBIT.tracks, 3: SecretText(";1?")})),
            ("DEFECT_TRACK3",),
        ),
    ]
    for found, codes in cases:
        assert defects(DEBIT, found, BLANK) == codes
    assert defects(DEBIT, replace(PERFECT, blank="unknown before"), "") == ()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        pytest.param(b"\x99\x99\x99", b"\x99\x99\x98", id="account"),
        pytest.param(b"\x29\x11", b"\x29\x10", id="expiry"),
        pytest.param(b"\x5f\x30\x02\x02\x01", b"\x5f\x30\x02\x02\x21", id="service code"),
    ],
)
def test_expected_values_that_contradict_each_other_fail_the_card(
    was: bytes, becomes: bytes
) -> None:
    """What data preparation got wrong is written and read perfectly: only this check sees it."""
    records = tuple(
        Record(r.sfi, r.number, SecretBytes(r.content.reveal().replace(was, becomes)))
        for r in DEBIT.records
    )
    wanted = replace(DEBIT, records=records)
    assert defects(wanted, shown(wanted), BLANK) == ("DEFECT_CHIP_STRIPE_DISAGREE",)


def test_a_chip_with_the_stripes_verification_value_is_told() -> None:
    def with_value(record: Record, old: str, new: str) -> bytes:
        return bytes.fromhex(record.content.reveal().hex().replace(old, new))

    # The issuer's part of track 2 equivalent data: 00000 and the value.
    copied = [with_value(record, "00000789", "00000123") for record in DEBIT.records]
    assert copied != [record.content.reveal() for record in DEBIT.records]
    chip = (OK, *(content + OK for content in copied))
    found = defects(DEBIT, replace(PERFECT, chip=chip), BLANK)
    assert found == ("DEFECT_CHIP_RECORD", "DEFECT_ICVV_IS_CVV")


def test_values_that_are_equal_by_chance_are_no_defect() -> None:
    content = DEBIT.records[0].content.reveal().hex().replace("00000789", "00000123")
    same = Record(1, 1, SecretBytes(bytes.fromhex(content)))
    wanted = replace(DEBIT, records=(same, *DEBIT.records[1:]))
    assert defects(wanted, shown(wanted), BLANK) == ()


def test_parts_that_the_line_does_not_make_are_not_looked_at() -> None:
    section = SecretBytes(debit_sections(CARD)["inspection"])
    wanted = read_expected(section, chip=False, render=False)
    assert chip_commands(wanted) == ()
    assert defects(wanted, replace(PERFECT, barcodes=(), chip=()), BLANK) == ()


def test_a_card_without_a_chip_or_stripe_shows_none() -> None:
    wanted = read_expected(
        SecretBytes(InspectionSection(barcode=CARD).SerializeToString()), chip=True, render=True
    )
    assert defects(wanted, Found(BLANK, (CARD,), {}, ()), BLANK) == ()
