from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip import Chip, manufacture
from cardwright.hsm.port import ChipToPersonalize
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import StripeError
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretBytes, SecretText
from services.encoding.adapters.sections import SectionError, read_chip, read_stripe
from services.encoding.domain import (
    ChipPlan,
    SpoiledError,
    check_blank,
    check_reading,
    check_refused,
    check_script,
    check_session,
    check_stripe,
    chip_plan,
    session_commands,
    stripe_bits,
)
from tests.unit.encoding.encoding_kit import (
    KMC,
    SEALED,
    FakeModule,
    badge_sections,
    debit_sections,
)

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
CHALLENGE = bytes(8)
OK = b"\x90\x00"


def plan(kind: str) -> ChipPlan:
    sections = {"debit": debit_sections, "badge": badge_sections}[kind](CARD)
    return read_chip(SecretBytes(sections["chip"]), SEALED[kind])


def tracks() -> dict[int, BitStream]:
    return read_stripe(SecretBytes(debit_sections(CARD)["stripe"]))


def spoiled(code: str) -> pytest.RaisesExc[SpoiledError]:
    return pytest.raises(SpoiledError, check=lambda error: error.code == code)


def run(chip: Chip, commands: tuple[bytes, ...]) -> list[bytes]:
    """As a machine does: stop at the first failure."""
    responses: list[bytes] = []
    for command in commands:
        responses.append(chip.process(command))
        if responses[-1][-2:] != OK:
            break
    return responses


async def script_for(chip: Chip, wanted: ChipPlan) -> tuple[bytes, ...]:
    presented = check_session(run(chip, session_commands(CHALLENGE)))
    item = ChipToPersonalize(
        CARD, wanted.kmc, CHALLENGE, presented, wanted.prologue, wanted.dgis, wanted.sealed_keys
    )
    (script,) = await FakeModule().personalize([item])
    assert isinstance(script, tuple)
    return script


async def made(kind: str) -> tuple[Chip, ChipPlan]:
    chip, wanted = manufacture(bytes(10), KMC.reveal()), plan(kind)
    script = await script_for(chip, wanted)
    check_script(wanted, len(script), run(chip, script))
    chip.power_on()
    return chip, wanted


@pytest.mark.parametrize(("kind", "asked"), [("debit", 5), ("badge", 3)])
async def test_a_chip_made_by_plan_reads_as_planned(kind: str, asked: int) -> None:
    chip, wanted = await made(kind)
    assert len(wanted.reading.commands) == asked
    check_reading(wanted.reading, run(chip, wanted.reading.commands))


async def test_a_badge_keeps_its_number_from_those_who_prove_nothing() -> None:
    chip, wanted = await made("badge")
    assert len(wanted.reading.refused) == 1
    run(chip, wanted.reading.commands)
    check_refused(run(chip, wanted.reading.refused))


@pytest.mark.parametrize("answer", ["9000", "6A82", "DF0505060000000090009000"])
def test_a_file_that_asks_for_no_proof_is_a_fault(answer: str) -> None:
    with spoiled("CHIP_UNPROTECTED"):
        check_refused([bytes.fromhex(answer)])


async def test_another_cards_chip_does_not_read_as_planned() -> None:
    chip, _ = await made("debit")
    with spoiled("CHIP_READBACK"):
        check_reading(plan("badge").reading, run(chip, plan("badge").reading.commands))


async def test_a_chip_that_was_never_finished_does_not_read_as_planned() -> None:
    chip, wanted = manufacture(bytes(10), KMC.reveal()), plan("debit")
    script = await script_for(chip, wanted)
    run(chip, script[:-1])
    chip.power_on()
    with spoiled("CHIP_READBACK"):
        check_reading(wanted.reading, run(chip, wanted.reading.commands))


async def test_a_chip_takes_one_personalization_alone() -> None:
    chip, wanted = await made("badge")
    again = await script_for(chip, wanted)
    with spoiled("CHIP_INSTALL"):
        check_script(wanted, len(again), run(chip, again))


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], "CHIP_CRYPTOGRAM"),
        ([b"\x63\x00"], "CHIP_CRYPTOGRAM"),
        ([OK, b"\x6a\x88"], "CHIP_INSTALL"),
        ([OK, OK], "CHIP_INSTALL"),
        ([OK, OK, OK, b"\x6a\x80"], "CHIP_STORE_DATA"),
        ([OK, OK, OK], "CHIP_STORE_DATA"),
    ],
)
def test_where_a_script_stopped_names_the_fault(answers: list[bytes], code: str) -> None:
    with spoiled(code):
        check_script(plan("badge"), 5, answers)


def test_a_card_manager_that_refuses_is_told() -> None:
    with spoiled("CHIP_SESSION"):
        check_session([b"\x6a\x82"])
    with spoiled("CHIP_SESSION"):
        check_session([])


@given(st.data())
async def test_any_changed_octet_of_an_answer_is_found(data: st.DataObject) -> None:
    reading = plan("debit").reading
    answers = [expected + OK for expected in reading.expected]
    number = data.draw(st.integers(0, len(answers) - 1))
    at = data.draw(st.integers(0, len(answers[number]) - 1))
    changed = bytearray(answers[number])
    changed[at] ^= data.draw(st.integers(1, 255))
    answers[number] = bytes(changed)
    with spoiled("CHIP_READBACK"):
        check_reading(reading, answers)


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


def test_an_application_that_asks_the_terminal_gets_zeros() -> None:
    # A5 with a PDOL (9F38) of terminal country code (9F1A) and transaction type (9C).
    fci = bytes.fromhex("91020AA5089F38059F1A029C01")
    options = bytes.fromhex("91040A82021800940408010100")
    wanted = chip_plan(b"\xf0CWEMV\x01", b"\xf0CARDW\x01", [fci, options], "chip/KMC#1", b"")
    command = CommandApdu.parse(wanted.reading.commands[1])
    assert (command.ins, command.data) == (0xA8, bytes.fromhex("8303000000"))


def test_sections_that_make_no_sense_are_refused_with_a_code() -> None:
    for section, read in (
        (b"\xff", lambda octets: read_chip(octets, b"")),
        (b"\xff", read_stripe),
        (b"", lambda octets: read_chip(octets, b"")),
    ):
        with pytest.raises(SectionError) as caught:
            read(SecretBytes(section))
        assert caught.value.code in {"SECTION_MALFORMED", "SCP03_COMMAND"}
