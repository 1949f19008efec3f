"""What may befall a chip at each command of a whole personalization, and what is then stated.

The commands are those of a debit card with issuer's keys: looking, the session with the initial
keys, the script, the session with the issuer's, and reading back. Of every outcome the key set that
is stated is held against the one that the chip really has.
"""

from __future__ import annotations

import functools
import re

import pytest

from cardwright.chip import Chip, manufacture
from cardwright.hsm.port import ChipStage, HsmError
from cardwright.secret import SecretBytes
from services.encoding.domain import ChipPlan, SpoiledError
from services.encoding.domain.reading import check_reading
from services.encoding.procedure import MadeChip
from tests.unit.encoding.chip_rig import (
    CARD,
    PIECE,
    Answering,
    Bench,
    Rig,
    broken,
    changed,
    plan_of,
    pulled_after,
    pulled_before,
    refused,
)
from tests.unit.encoding.encoding_kit import KMC, FakeModule, cda_sections

SERIAL = bytes.fromhex("00010000427700001234")
INITIAL, ISSUERS = 0x30, 0x40
COMMANDS = 41
LOOK, OPEN, SCRIPT = range(7), range(7, 9), range(9, 29)
PROOF, READ = range(29, 32), range(32, COMMANDS)
PUT_KEY = SCRIPT.stop - 3
"""Numbers of the commands, by what they are for; a test holds them to be so."""


@functools.cache
def plan() -> ChipPlan:
    return plan_of("cda", cda_sections(CARD))


def new_chip() -> Chip:
    return manufacture(SERIAL, KMC.reveal())


async def attempt(rig: Rig, bench: Bench | None = None) -> MadeChip | SpoiledError:
    try:
        return await (bench or Bench()).personalizer().make(rig, PIECE, CARD, plan())
    except SpoiledError as spoiled:
        return spoiled


def assert_told(spoiled: SpoiledError, rig: Rig) -> None:
    """The key set that is stated is the chip's, or whoever reads it knows that it may not be."""
    stated = re.search(r"key set ([0-9A-F]{2})(, or the one to come)?", str(spoiled))
    if stated is None:
        assert rig.versions == {INITIAL}, "nothing is stated where nothing was begun"
    elif stated[2]:
        assert rig.versions in ({INITIAL}, {ISSUERS})
        assert spoiled.quarantine
    else:
        assert rig.versions == {int(stated[1], 16)}


async def assert_whole(rig: Rig) -> None:
    """The card has everything, and nobody but its issuer opens it."""
    assert (rig.versions, rig.secured) == ({ISSUERS}, True)
    reading = Rig(rig.chip)
    check_reading(plan().reading, await reading.transmit(plan().reading.commands, reset=True))


async def test_the_commands_are_as_the_other_tests_name_them() -> None:
    rig = Rig(new_chip())
    assert isinstance(await attempt(rig), MadeChip)
    instructions = [command[1] for command in rig.sent]
    assert len(instructions) == COMMANDS
    assert [instructions[n] for n in LOOK] == [0xA4, 0xCA, 0xCA, 0xCA, 0xA4, 0xA4, 0xA4]
    assert [instructions[n] for n in OPEN] == [0xA4, 0x50]
    script = [instructions[n] for n in SCRIPT]
    assert script[0] == 0x82
    assert {0xE6, 0xE2} == set(script[1:-3])
    assert script[-3:] == [0xD8, 0xF0, 0xF0]
    assert [instructions[n] for n in PROOF] == [0xA4, 0x50, 0x82]
    assert {instructions[n] for n in READ} == {0xA4, 0xB2, 0xCA}
    assert 0xA8 not in instructions, "GET PROCESSING OPTIONS would move the transaction counter"


@pytest.mark.parametrize("how", [pulled_before, pulled_after])
@pytest.mark.parametrize("number", range(COMMANDS))
async def test_a_chip_that_comes_back_is_finished(number: int, how: Answering) -> None:
    """A power cut between any two commands: resumed by what the chip says of itself."""
    rig, bench = Rig(new_chip(), {number: how}), Bench()
    made = await attempt(rig, bench)
    assert isinstance(made, MadeChip), f"{made!r}: {made}"
    assert (made.atc, made.key_version) == (0, ISSUERS)
    await assert_whole(rig)
    assert bench.attempts.tried == {}


@pytest.mark.parametrize("how", [pulled_before, pulled_after])
@pytest.mark.parametrize("number", range(COMMANDS))
async def test_of_a_chip_that_is_gone_the_key_set_is_told(number: int, how: Answering) -> None:
    rig = Rig(new_chip(), {number: how}, comes_back=False)
    spoiled = await attempt(rig)
    assert isinstance(spoiled, SpoiledError)
    assert spoiled.code == "CARD_REMOVED"
    assert_told(spoiled, rig)
    assert spoiled.quarantine == (number == PUT_KEY), "only PUT KEY leaves a doubt"


@pytest.mark.parametrize("how", [pulled_before, pulled_after])
@pytest.mark.parametrize("number", range(COMMANDS))
async def test_a_station_that_dies_with_its_chip_in_the_head_goes_on(
    number: int, how: Answering
) -> None:
    """The same with nothing in memory but the count of attempts."""
    rig, bench = Rig(new_chip(), {number: how}, comes_back=False), Bench()
    await attempt(rig, bench)
    rig.comes_back = True
    made = await attempt(rig, bench)
    assert isinstance(made, MadeChip), f"{made!r}: {made}"
    await assert_whole(rig)


@pytest.mark.parametrize("how", [refused, broken])
@pytest.mark.parametrize("number", range(COMMANDS))
async def test_a_wrong_status_word_ends_it_with_a_code(number: int, how: Answering) -> None:
    rig = Rig(new_chip(), {number: how})
    outcome = await attempt(rig)
    if number in LOOK[1:4]:  # what a chip need not tell
        assert isinstance(outcome, MadeChip)
        await assert_whole(rig)
        return
    if number in LOOK[4:]:  # an instance that says neither yes nor no is taken for there
        assert isinstance(outcome, SpoiledError)
        assert outcome.code == "CHIP_DELETE"
        return
    assert isinstance(outcome, SpoiledError)
    codes = {
        **dict.fromkeys((LOOK[0], *OPEN), "CHIP_SESSION"),
        **dict.fromkeys(READ, "CHIP_READBACK"),
        **dict.fromkeys(PROOF[:2], "CHIP_SESSION"),
    }
    by_instruction = {
        0x82: "CHIP_CRYPTOGRAM",
        0xE6: "CHIP_INSTALL",
        0xE2: "CHIP_STORE_DATA",
        0xD8: "CHIP_PUT_KEY",
        0xF0: "CHIP_STATUS",
    }
    command = rig.sent[number]
    sent = LOOK.stop if number in LOOK else number + 1  # looking is asked in one go
    assert len(rig.sent) == sent, "nothing is sent after a refusal"
    # At level 33 a status word of an error has a MAC too, and these have none.
    assert outcome.code in {codes.get(number, by_instruction.get(command[1])), "CHIP_RESPONSE_MAC"}
    assert_told(outcome, rig)


@pytest.mark.parametrize("number", [*OPEN[1:], *SCRIPT[1:]])
async def test_a_changed_answer_is_for_a_person(number: int) -> None:
    """INITIALIZE UPDATE's has the cryptogram, all later ones are MACed (level 33)."""
    rig = Rig(new_chip(), {number: changed})
    outcome = await attempt(rig)
    assert isinstance(outcome, SpoiledError)
    assert outcome.quarantine
    assert outcome.code in {"CHIP_CRYPTOGRAM", "CHIP_RESPONSE_MAC"}
    assert_told(outcome, rig)


@pytest.mark.parametrize("number", READ)
async def test_a_changed_record_is_found(number: int) -> None:
    outcome = await attempt(Rig(new_chip(), {number: changed}))
    assert isinstance(outcome, SpoiledError)
    assert outcome.code == "CHIP_READBACK"
    assert str(outcome).endswith("key set 40")


async def test_a_chip_of_another_lot_gets_three_attempts_over_restarts() -> None:
    rig, bench = Rig(new_chip()), Bench(FakeModule(SecretBytes(bytes(range(1, 17)))))
    outcomes = [await attempt(rig, bench) for _ in range(5)]
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, SpoiledError)]
    assert codes == ["CHIP_CRYPTOGRAM"] * 3 + ["CHIP_ATTEMPTS"] * 2
    sessions = [command for command in rig.sent if command[1] == 0x50]
    assert len(sessions) == 3, "the fourth attempt never reaches the chip"
    assert not any(command[1] == 0x82 for command in rig.sent), "we never authenticate to it"


async def test_a_chip_that_doubts_us_gets_three_attempts() -> None:
    """EXTERNAL AUTHENTICATE is what chips count."""
    rig, bench = Rig(new_chip()), Bench()
    for _ in range(5):
        rig.befall = {len(rig.sent) + SCRIPT.start: refused}
        assert isinstance(await attempt(rig, bench), SpoiledError)
    assert sum(command[1] == 0x82 for command in rig.sent) == 3


async def test_a_chip_that_blocked_itself_is_for_a_person() -> None:
    rig = Rig(new_chip(), {OPEN[1]: lambda _command, _chip: b"\x69\x83"})
    outcome = await attempt(rig)
    assert isinstance(outcome, SpoiledError)
    assert (outcome.code, outcome.quarantine) == ("CHIP_BLOCKED", True)


async def test_keys_that_never_came_are_not_put_twice() -> None:
    """Lost right after PUT KEY: the chip says that it has them, and that is proved."""
    rig, bench = Rig(new_chip(), {PUT_KEY: pulled_after}), Bench()
    assert isinstance(await attempt(rig, bench), MadeChip)
    assert bench.module.stages == [ChipStage.PERSONALIZE, ChipStage.SECURE_CARD]
    assert sum(command[1] == 0xD8 for command in rig.sent) == 1


async def test_while_the_module_is_away_the_chip_waits_in_its_session() -> None:
    rig, bench = Rig(new_chip()), Bench()
    bench.module.fault = HsmError("HSM_UNAVAILABLE", "away")
    assert isinstance(await attempt(rig, bench), MadeChip)
    assert sum(command[1] == 0x50 for command in rig.sent) == 2


async def test_without_response_macs_a_wrong_answer_to_put_key_is_still_found() -> None:
    """At level 03 nobody signs answers; PUT KEY's tells check values of the keys all the same."""
    rig, bench = Rig(new_chip()), Bench()
    wanted = plan_of("cda", cda_sections(CARD, level="03"))
    rig.befall = {PUT_KEY: changed}
    with pytest.raises(SpoiledError) as caught:
        await bench.personalizer().make(rig, PIECE, CARD, wanted)
    assert (caught.value.code, caught.value.quarantine) == ("CHIP_RESPONSE_KEY_CHECK_VALUES", True)
    assert "or the one to come" in str(caught.value)
