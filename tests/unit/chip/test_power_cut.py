"""What is left of a badge when the power goes between two commands, and how a host goes on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.chip import Chip, manufacture
from tests.unit.chip.badge import (
    BADGE,
    RECORDS,
    for_personalization,
    install,
    key_block,
    personalize,
    read,
    state_of,
    steps,
    store,
)
from tests.unit.chip.host import AES_SET, ISD, OK, SERIAL, Scp03Host, command

COMMANDS = 2 + 4 + 1  # INSTALL twice, plain blocks, the key's block


def new_chip() -> Chip:
    return manufacture(SERIAL, [AES_SET])


def after_power_loss(chip: Chip) -> Chip:
    """The device kept the chip's memory after its last command; all else is gone."""
    return Chip.restore(chip.serialize())


@pytest.mark.parametrize("cut", range(COMMANDS + 1))
def test_after_any_command_a_host_can_tell_where_the_badge_is(cut: int) -> None:
    chip = new_chip()
    assert len(steps(Scp03Host(chip))) == COMMANDS
    personalize(chip, cut_after=cut)
    expected = "absent" if cut == 0 else "personalized" if cut == COMMANDS else "fresh"
    assert state_of(after_power_loss(chip)) == expected


@given(st.lists(st.integers(0, COMMANDS - 2), max_size=4))
@settings(max_examples=60, deadline=None)
def test_after_any_cuts_a_personalization_that_begins_again_gives_the_same_badge(
    cuts: list[int],
) -> None:
    chip = new_chip()
    for cut in cuts:
        personalize(chip, cut_after=cut)
        chip = after_power_loss(chip)
        assert state_of(chip) != "personalized"
    personalize(chip)
    chip = after_power_loss(chip)
    assert state_of(chip) == "personalized"
    assert read(chip, 1, 2, 3, 4, 5) == [*(each + OK for each in RECORDS), b"\x6a\x83"]


@pytest.mark.parametrize("cut", range(2, COMMANDS))
def test_nothing_of_a_broken_run_is_in_the_next(cut: int) -> None:
    chip = new_chip()
    personalize(chip, cut_after=cut)
    chip = after_power_loss(chip)
    host = Scp03Host(chip).open(0x03)
    assert for_personalization(host)[-2:] == OK
    assert store(host, 0xE8, 0, key_block(host)) == OK
    assert read(chip, 1, 2, 3, 4) == [b"\x6a\x82"] * 4


def test_a_personalized_badge_is_not_personalized_again() -> None:
    chip = new_chip()
    personalize(chip)
    chip = after_power_loss(chip)
    host = Scp03Host(chip).open(0x03)
    assert install(host) == b"\x69\x85"
    assert for_personalization(host) == b"\x69\x85"
    assert host.send(0x80, 0xE4, 0, 0, b"\x4f" + bytes((len(BADGE),)) + BADGE) == b"\0" + OK
    personalize(chip)
    assert state_of(chip) == "personalized"


def test_a_session_does_not_outlive_the_power() -> None:
    host = Scp03Host(new_chip()).open(0x03)
    assert install(host)[-2:] == OK
    wrapped = host.wrap(command(0x80, 0xF2, 0x40, 2, b"\x4f\0"))
    again = after_power_loss(host.chip)
    assert again.process(wrapped) == b"\x69\x82"
    assert again.process(command(0, 0xA4, 4, 0, ISD))[-2:] == OK
