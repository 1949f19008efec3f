from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.errors import EmvError
from cardwright.globalplatform.errors import CommandError
from cardwright.hsm.chips import ChipApplication, ChipChannel
from cardwright.iso.errors import StripeError
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretBytes, SecretText
from services.encoding.adapters.sections import SectionError, read_chip, read_stripe
from services.encoding.domain import (
    ChipPlan,
    IncompleteError,
    Memo,
    SpoiledError,
    check_blank,
    check_reading,
    check_stripe,
    chip_plan,
    stripe_bits,
)
from services.encoding.domain.reading import check_refused
from tests.unit.encoding.chip_rig import CARD, plan_of
from tests.unit.encoding.encoding_kit import badge_sections, cda_sections, debit_sections

OK = b"\x90\x00"
COUNTER = bytes.fromhex("9F360200079000")
SECTIONS = {"debit": debit_sections, "badge": badge_sections, "cda": cda_sections}


def plan(kind: str) -> ChipPlan:
    return plan_of(kind, SECTIONS[kind](CARD))


def tracks() -> dict[int, BitStream]:
    return dict(read_stripe(SecretBytes(debit_sections(CARD)["stripe"])).tracks)


def spoiled(code: str) -> pytest.RaisesExc[SpoiledError]:
    return pytest.raises(SpoiledError, check=lambda error: error.code == code)


def answers(wanted: ChipPlan) -> list[bytes]:
    """What a chip made by this plan answers."""
    return [COUNTER if each is None else each + OK for each in wanted.reading.expected]


@pytest.mark.parametrize(
    ("kind", "applications", "asked", "counter"),
    [("debit", 1, 5, 7), ("badge", 1, 3, 0), ("cda", 3, 9, 7)],
)
def test_each_record_is_read_and_the_counter_too(
    kind: str, applications: int, asked: int, counter: int
) -> None:
    reading = plan(kind).reading
    assert len(reading.applications) == applications
    assert len(reading.commands) == len(reading.expected) == asked
    assert check_reading(reading, answers(plan(kind))) == counter


def test_certificates_are_read_back() -> None:
    (debit, *_) = plan("cda").reading.applications
    # File 3, records 1 and 2: READ RECORD's P2 is the file and "by number".
    assert [command[2:4] for command in debit.commands if command[3] >> 3 == 3] == [
        bytes((1, 3 << 3 | 4)),
        bytes((2, 3 << 3 | 4)),
    ]


def test_a_chip_without_its_certificates_is_never_begun() -> None:
    sections = cda_sections(CARD) | {"certificates": b""}
    with pytest.raises(SectionError) as caught:
        plan_of("cda", sections)
    assert caught.value.code == "CERTIFICATES_MISSING"


def test_a_chip_without_applications_is_none() -> None:
    with pytest.raises(IncompleteError) as caught:
        chip_plan("chip/KMC#1", [], ChipChannel(), b"", {})
    assert caught.value.code == "CHIP_SECTION_EMPTY"


def test_another_cards_chip_does_not_read_as_planned() -> None:
    with spoiled("CHIP_READBACK"):
        check_reading(plan("badge").reading, answers(plan("debit")))


def test_a_chip_that_stops_answering_does_not_read_as_planned() -> None:
    with spoiled("CHIP_READBACK"):
        check_reading(plan("debit").reading, answers(plan("debit"))[:-1])


@pytest.mark.parametrize("answer", ["9000", "9F3601079000", "9F17010390009000", "9F36"])
def test_a_counter_that_is_none_is_found(answer: str) -> None:
    told = answers(plan("debit"))
    told[1] = bytes.fromhex(answer)
    with spoiled("CHIP_READBACK"):
        check_reading(plan("debit").reading, told)


def test_a_badge_is_asked_for_what_it_must_refuse() -> None:
    (group,) = plan("badge").reading.refused
    assert group[0][1] == 0xA4
    assert [command[1] for command in group[1:]] == [0xB2]
    check_refused([OK, b"\x69\x82"])


@pytest.mark.parametrize("answer", ["9000", "6A82", "DF0505060000000090009000"])
def test_a_file_that_asks_for_no_proof_is_a_fault(answer: str) -> None:
    with spoiled("CHIP_UNPROTECTED"):
        check_refused([OK, bytes.fromhex(answer)])


@given(st.data())
def test_any_changed_octet_of_an_answer_is_found(data: st.DataObject) -> None:
    reading, told = plan("debit").reading, answers(plan("debit"))
    fixed = [number for number, each in enumerate(reading.expected) if each is not None]
    number = data.draw(st.sampled_from(fixed))
    at = data.draw(st.integers(0, len(told[number]) - 1))
    changed = bytearray(told[number])
    changed[at] ^= data.draw(st.integers(1, 255))
    told[number] = bytes(changed)
    with spoiled("CHIP_READBACK"):
        check_reading(reading, told)


@given(st.data())
def test_any_flipped_bit_of_the_stripe_is_found(data: st.DataObject) -> None:
    written = tracks()
    check_stripe(written, written)
    track = data.draw(st.sampled_from(sorted(written)))
    at = data.draw(st.integers(0, written[track].length - 1))
    flipped = bytearray(written[track].bits)
    flipped[at // 8] ^= 0x80 >> at % 8
    with spoiled("STRIPE_READBACK"):
        check_stripe(written, written | {track: BitStream(bytes(flipped), written[track].length)})


def test_a_track_that_is_not_there_is_found() -> None:
    with spoiled("STRIPE_READBACK"):
        check_stripe(tracks(), {1: tracks()[1]})


def test_another_blank_is_found() -> None:
    check_blank("", "B-2")
    check_blank("B-2", "B-2")
    with spoiled("BLANK_SWAPPED"):
        check_blank("B-1", "B-2")


def test_a_text_that_no_track_holds_is_refused() -> None:
    assert stripe_bits({1: SecretText(""), 2: SecretText("")}) == {}
    with pytest.raises(StripeError):
        stripe_bits({2: SecretText(";ABC?")})


@pytest.mark.parametrize(
    ("application", "code"),
    [
        (ChipApplication(b"\xf0CWEMV\x01", b"\xf0", ()), "SCP03_COMMAND"),
        (ChipApplication(b"\xf0CWEMV\x01", b"\xf0CARDW\x01", (b"\x01",)), "DGI_TRUNCATED"),
    ],
)
def test_an_application_that_is_none_is_refused_with_a_code(
    application: ChipApplication, code: str
) -> None:
    coded = pytest.raises((EmvError, CommandError), check=lambda error: error.code == code)  # type: ignore[attr-defined]  # both have one
    with coded:
        chip_plan("chip/KMC#1", [application], ChipChannel(), b"", {})


@pytest.mark.parametrize(
    "read",
    [lambda octets: read_chip(octets, b"", SecretBytes(b"")), read_stripe],
)
def test_sections_that_make_no_sense_are_refused(read: Callable[[SecretBytes], object]) -> None:
    with pytest.raises(SectionError) as caught:
        read(SecretBytes(b"\xff"))
    assert caught.value.code == "SECTION_MALFORMED"


@pytest.mark.parametrize(
    "memo",
    [
        Memo(),
        Memo("00" * 10, "47" * 42, 7, 0x40),
        Memo(detail="command 2 of 20 was answered with 6985; key set 30", quarantine=True),
    ],
)
def test_a_memo_comes_back_and_fits_a_machines_ledger(memo: Memo) -> None:
    assert Memo.parse(memo.text()) == memo
    assert len(memo.text()) <= 500
