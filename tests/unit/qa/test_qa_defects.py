"""Each defect by itself: a perfect card, one thing about it changed, and the code that follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretText
from services.qa.domain import Expected, Found, Piece, defects, scripts
from services.qa.domain.model import PPSE, PSE
from tests.unit.qa.qa_kit import (
    ACCOUNT,
    AID,
    BLANK,
    CARD,
    CPLC,
    OK,
    PIECE,
    PRINT,
    TRACKS,
    Made,
    encoded,
    listing,
    record,
)
from tests.unit.terminal.rsa_kit import Chain

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def judged(made: Made, found: Found | None = None, piece: Piece = PIECE) -> tuple[str, ...]:
    return defects(made.expected, found or made.found(), piece, [made.chain.ca_public])


def flipped(stream: BitStream, at: int) -> BitStream:
    octets = bytearray(stream.bits)
    octets[at // 8] ^= 0x80 >> at % 8
    return BitStream(bytes(octets), stream.length)


def test_a_perfect_card_has_no_defect(made: Made) -> None:
    assert judged(made) == ()


def test_nothing_that_is_asked_of_a_chip_changes_it(made: Made) -> None:
    asked = [command[1] for script in scripts(made.expected, PIECE) for command in script]
    assert set(asked) == {0xA4, 0xB2, 0xCA}  # SELECT, READ RECORD, GET DATA
    assert len(asked) == 2 + 5 + 2 + 1


def test_a_chip_that_told_no_production_data_is_not_asked_for_them(made: Made) -> None:
    piece = Piece(BLANK)
    found = replace(made.found(), chip=made.chip.answers(made.expected, piece))
    assert judged(made, found, piece) == ()


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"blank": "RTX-0001-00000002"}, ("DEFECT_BLANK_SWAPPED",)),
        ({"test": True}, ("DEFECT_TEST_MARK",)),
        ({"barcodes": ()}, ("DEFECT_BARCODE_UNREADABLE",)),
        ({"barcodes": ("another",)}, ("DEFECT_BARCODE_WRONG",)),
        ({"chip": None}, ("DEFECT_CHIP_MUTE",)),
        ({"antenna": None}, ("DEFECT_CONTACTLESS_MUTE",)),
        ({"antenna": (b"\x6a\x82",)}, ("DEFECT_CONTACTLESS_PPSE_MISSING",)),
        ({"antenna": ()}, ("DEFECT_CONTACTLESS_PPSE_MISSING",)),
        ({"tracks": {}}, ("DEFECT_STRIPE_UNREADABLE",)),
        ({"tracks": encoded({1: TRACKS[1]})}, ("DEFECT_STRIPE_UNREADABLE",)),
        ({"tracks": encoded({**TRACKS, 3: SecretText(";1?")})}, ("DEFECT_TRACK3",)),
        (
            {"tracks": encoded({1: TRACKS[1], 2: SecretText(";1?")})},
            ("DEFECT_TRACK2",),
        ),
    ],
)
def test_what_the_machine_sees(made: Made, change: dict[str, Any], codes: tuple[str, ...]) -> None:
    assert judged(made, replace(made.found(), **change)) == codes


def test_a_test_card_must_be_marked_as_one(made: Made) -> None:
    piece = replace(PIECE, test_card=True)
    assert judged(made, made.found(), piece) == ("DEFECT_TEST_MARK",)
    assert judged(made, replace(made.found(), test=True), piece) == ()


CHIPS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda chip: replace(chip, cplc=CPLC[::-1]), "DEFECT_CHIP_SWAPPED"),
    (lambda chip: replace(chip, cplc=b""), "DEFECT_CHIP_SWAPPED"),
    (lambda chip: chip.without(AID), "DEFECT_CHIP_APPLICATION"),
    (lambda chip: chip.without(PSE), "DEFECT_CHIP_APPLICATION"),
    (lambda chip: chip.without(PPSE), "DEFECT_CHIP_APPLICATION"),
    (lambda chip: replace(chip, atc=1), "DEFECT_CHIP_ATC"),
    (lambda chip: chip.with_record(AID, 3, None), "DEFECT_CHIP_RECORD"),
    (lambda chip: chip.with_record(PSE, 1, None), "DEFECT_CHIP_RECORD"),
    (lambda chip: chip.with_record(PSE, 1, listing(b"other")), "DEFECT_CHIP_RECORD"),
    (lambda chip: replace(chip, fcis=chip.fcis | {PPSE: b"\x6f\0"}), "DEFECT_CHIP_DIRECTORY"),
]


@pytest.mark.parametrize(("change", "code"), CHIPS)
def test_what_the_chip_says(made: Made, change: Callable[[Any], Any], code: str) -> None:
    assert judged(made, made.found(change(made.chip)))[0] == code


def test_a_directory_that_was_ordered_with_a_stranger_in_it(chain: Chain) -> None:
    assert judged(Made(chain, ppse=b"another")) == ("DEFECT_CHIP_DIRECTORY",)


def test_a_test_cards_counter_may_have_moved(made: Made) -> None:
    found = replace(made.found(replace(made.chip, atc=7)), test=True)
    assert judged(made, found, replace(PIECE, test_card=True)) == ()
    assert judged(made, made.found(replace(made.chip, atc=7))) == ("DEFECT_CHIP_ATC",)


@pytest.mark.parametrize(
    ("ordered", "code"),
    [
        ({"issuer": {0x8F: b"\x06"}}, "DEFECT_CA_KEY_MISSING"),
        # A month before the card does.
        ({"expiry": b"\x11\x28"}, "DEFECT_ISSUER_CERTIFICATE_EXPIRED"),
        ({"issuer": {0x90: bytes(176)}}, "DEFECT_ISSUER_CERTIFICATE_FORMAT"),
        ({"issuer": {0x90: bytes(10)}}, "DEFECT_ISSUER_CERTIFICATE_LENGTH"),
        ({"issuer": {0x92: bytes(20)}}, "DEFECT_ISSUER_CERTIFICATE_HASH"),
        ({"icc": {0x9F46: bytes(160)}}, "DEFECT_ICC_CERTIFICATE_FORMAT"),
        ({"icc": {0x9F47: b"\1\0\1"}}, "DEFECT_ICC_CERTIFICATE_HASH"),
        ({"account": ACCOUNT | {0x9F4A: b"\x95"}}, "DEFECT_SDA_TAG_LIST"),
        (
            {"account": {tag: each for tag, each in ACCOUNT.items() if tag != 0x5A}},
            "DEFECT_ICC_DATA_MISSING",
        ),
    ],
)
def test_certificates(chain: Chain, ordered: dict[str, Any], code: str) -> None:
    assert judged(Made(chain, **ordered)) == (code,)


def test_certificates_over_other_data_than_the_card_shows(chain: Chain) -> None:
    good, other = Made(chain), Made(chain, account=ACCOUNT | {0x9F4A: b"\x82", 0x5F34: b"\1"})
    chip = good.chip.with_record(AID, 3, other.certificates[1])
    assert judged(good, good.found(chip)) == ("DEFECT_ICC_CERTIFICATE_HASH",)


def test_a_certificate_of_another_account(made: Made) -> None:
    certificate = made.chain.icc_objects(made.static, "9999990000000014")
    chip = made.chip.with_record(AID, 3, record(certificate))
    assert judged(made, made.found(chip)) == ("DEFECT_ICC_CERTIFICATE_PAN",)


def test_an_authority_whose_key_ends_before_the_card(made: Made) -> None:
    early = replace(made.chain.ca_public, expiry=dt.date(2028, 12, 30))
    assert defects(made.expected, made.found(), PIECE, [early]) == ("DEFECT_CA_KEY_EXPIRED",)
    assert defects(made.expected, made.found(), PIECE) == ("DEFECT_CA_KEY_MISSING",)


def test_a_static_signature(chain: Chain) -> None:
    made = Made(chain)
    payment, *rest = made.expected.applications
    wanted = replace(made.expected, applications=(replace(payment, authentication="SDA"), *rest))
    assert _with_signature(wanted, made, made.static) == ()
    assert _with_signature(wanted, made, b"other") == ("DEFECT_SSAD_HASH",)


def _with_signature(wanted: Expected, made: Made, static: bytes) -> tuple[str, ...]:
    chip = made.chip.with_record(AID, 3, record({0x93: made.chain.static_signature(static)}))
    return defects(wanted, made.found(chip), PIECE, [made.chain.ca_public])


def texts(was: str, becomes: str, *tracks: int) -> dict[int, SecretText]:
    return {
        track: SecretText(text.reveal().replace(was, becomes) if track in tracks else text.reveal())
        for track, text in TRACKS.items()
    }


@pytest.mark.parametrize(
    ("ordered", "codes"),
    [
        pytest.param(
            {"print": PRINT | {"pan_groups": SecretText("9999 9900 0000 0014")}},
            ("DEFECT_CHIP_PRINT_DISAGREE", "DEFECT_STRIPE_PRINT_DISAGREE"),
            id="printed account",
        ),
        pytest.param(
            {"print": PRINT | {"expiry_mmyy": SecretText("11/28")}},
            ("DEFECT_CHIP_PRINT_DISAGREE", "DEFECT_STRIPE_PRINT_DISAGREE"),
            id="printed expiry",
        ),
        pytest.param(
            {"print": PRINT | {"name": SecretText("INES MARLOW")}},
            ("DEFECT_CHIP_PRINT_DISAGREE", "DEFECT_STRIPE_PRINT_DISAGREE"),
            id="printed name",
        ),
        pytest.param(
            {"tracks": texts("281220", "281120", 1)},
            (
                "DEFECT_TRACKS_DISAGREE",
                "DEFECT_CHIP_STRIPE_DISAGREE",
                "DEFECT_STRIPE_PRINT_DISAGREE",
            ),
            id="expiry on one track",
        ),
        pytest.param(
            {"tracks": texts("2812201", "2812221", 1, 2)},
            ("DEFECT_CHIP_STRIPE_DISAGREE",),
            id="service code of the stripe",
        ),
        pytest.param(
            {"tracks": texts("INES", "AGNES", 1)},
            ("DEFECT_CHIP_STRIPE_DISAGREE", "DEFECT_STRIPE_PRINT_DISAGREE"),
            id="name on the stripe",
        ),
        pytest.param(
            {"account": ACCOUNT | {0x5F30: b"\2\x21"}},
            ("DEFECT_CHIP_STRIPE_DISAGREE",),
            id="service code of the chip",
        ),
        pytest.param(
            {"account": ACCOUNT | {0x5F20: b"MARLOWE/AGNES"}},
            ("DEFECT_CHIP_STRIPE_DISAGREE", "DEFECT_CHIP_PRINT_DISAGREE"),
            id="name on the chip",
        ),
        pytest.param(
            {"account": ACCOUNT | {0x57: bytes.fromhex("9999990000000014D281220100000789")}},
            ("DEFECT_CHIP_STRIPE_DISAGREE", "DEFECT_CHIP_PRINT_DISAGREE"),
            id="account in track 2 equivalent data",
        ),
    ],
)
def test_what_was_ordered_wrongly_and_made_as_ordered(
    chain: Chain, ordered: dict[str, Any], codes: tuple[str, ...]
) -> None:
    """It is written and read perfectly: only the card against itself tells."""
    assert judged(Made(chain, **ordered)) == codes


def test_names_are_compared_as_they_are_spoken(chain: Chain) -> None:
    made = Made(
        chain,
        account=ACCOUNT | {0x5F20: b"OBRIEN/MARY ANNE"},
        tracks=texts("MARLOWE/INES", "OBRIEN/MARY ANNE", 1),
        print=PRINT | {"name": SecretText("MARY ANNE O'BRIEN")},
    )
    assert judged(made) == ()


def test_a_chip_with_the_stripes_verification_value_is_told(chain: Chain) -> None:
    made = Made(chain)
    copied = record(ACCOUNT | {0x57: bytes.fromhex("9999990000000006D281220100000123")})
    codes = judged(made, made.found(made.chip.with_record(AID, 1, copied)))
    assert codes == (
        "DEFECT_CHIP_RECORD",
        "DEFECT_ICC_CERTIFICATE_HASH",
        "DEFECT_ICVV_IS_CVV",
    )


def test_values_that_are_equal_by_chance_are_no_defect(chain: Chain) -> None:
    same = ACCOUNT | {0x57: bytes.fromhex("9999990000000006D281220100000123")}
    assert judged(Made(chain, account=same)) == ()


def test_a_stripe_may_be_swiped_either_way(made: Made) -> None:
    backwards = {track: bits.reversed() for track, bits in made.found().tracks.items()}
    assert judged(made, replace(made.found(), tracks=backwards)) == ()


def test_every_single_bit_of_the_stripe_matters(made: Made) -> None:
    perfect = made.found()
    for track, bits in perfect.tracks.items():
        for at in range(bits.length):
            bad = {**perfect.tracks, track: flipped(bits, at)}
            found = set(judged(made, replace(perfect, tracks=bad)))
            assert found & {"DEFECT_STRIPE_UNREADABLE", f"DEFECT_TRACK{track}"}, (track, at)


@ONCE
@given(st.data())
def test_any_changed_octet_of_a_record_is_found(made: Made, data: st.DataObject) -> None:
    octets = bytearray(made.record)
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    found = judged(made, made.found(made.chip.with_record(AID, 1, bytes(octets))))
    assert "DEFECT_CHIP_RECORD" in found


@ONCE
@given(st.data())
def test_any_changed_octet_of_a_certificate_is_found(made: Made, data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([2, 3]))
    octets = bytearray(made.certificates[number - 2])
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    assert judged(made, made.found(made.chip.with_record(AID, number, bytes(octets))))


@ONCE
@given(st.lists(st.lists(st.binary(max_size=40), max_size=6).map(tuple), max_size=5).map(tuple))
def test_no_answer_of_a_chip_is_too_strange(made: Made, chip: Any) -> None:
    found = judged(made, replace(made.found(), chip=chip))
    assert set(found) & {"DEFECT_CHIP_APPLICATION", "DEFECT_CHIP_RECORD"}


def test_parts_that_the_line_does_not_make_are_not_looked_at(made: Made) -> None:
    wanted = replace(made.expected, barcode="", applications=())
    assert scripts(wanted, PIECE) == ()
    assert defects(wanted, replace(made.found(), barcodes=(), chip=()), PIECE) == ()


def test_a_card_without_a_chip_or_stripe_shows_none() -> None:
    wanted = Expected(CARD, {})
    assert defects(wanted, Found(BLANK, (CARD,), {}, ()), PIECE) == ()


def test_answers_after_a_refusal_are_not_missed(made: Made) -> None:
    found = replace(made.found(), chip=((OK,), *made.chip.answers(made.expected)[1:]))
    assert judged(made, found) == ("DEFECT_CHIP_SWAPPED",)
