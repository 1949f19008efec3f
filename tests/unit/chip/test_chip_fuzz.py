from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.chip import PROFILES, Chip, manufacture
from cardwright.chip.memory import ChipMemoryError
from cardwright.globalplatform.commands import select
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from tests.unit.chip.host import (
    AES_SET,
    SERIAL,
    TDES_SET,
    Host,
    Scp02Host,
    Scp03Host,
    Scp03S16Host,
    fetch,
)
from tests.unit.chip.personalizer import (
    BADGE_AID,
    BADGE_CODE,
    EMV_AID,
    EMV_CODE,
    badge_groupings,
    check_values_by_psec,
    emv_groupings,
    new_chip,
    open_session,
    run,
    script,
)


def full_memory() -> bytes:
    chip = new_chip()
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, emv_groupings(channel, check_values_by_psec()))
    steps += script(BADGE_CODE, BADGE_AID, badge_groupings(channel, bytes(16)))
    assert {each[-2:].hex() for each in run(chip, channel, steps)} == {"9000"}
    return chip.serialize()


MEMORY = full_memory()
MEMORIES = [MEMORY] + [
    manufacture(SERIAL, [AES_SET, TDES_SET], profile=profile).serialize()
    for profile in PROFILES.values()
]

raw = st.binary(max_size=300)
# Headers the chip knows, so that the fuzz gets past its door.
instructions = [0xA4, 0xCA, 0xCB, 0xC0, 0x50, 0x82, 0xE6, 0xE4, 0xE2, 0xD8, 0xF2, 0xF0]
instructions += [0xB2, 0xA8, 0xAE, 0x88, 0x20]


def lc(data: bytes, *, extended: bool) -> bytes:
    if extended:
        return b"\0" + len(data).to_bytes(2, "big") + data
    return bytes((len(data),)) + data if data else b""


header = st.tuples(
    st.sampled_from([0x00, 0x80, 0x84, 0x8C, 0x04]),
    st.sampled_from(instructions),
    st.sampled_from([0x00, 0x04, 0x0C, 0x20, 0x40, 0x60, 0x80, 0x81, 0x9F, 0x08, 0x88, 0x68])
    | st.integers(0, 255),
    st.sampled_from([0x00, 0x02, 0x03, 0x0C, 0x36, 0x66, 0x7F, 0x80, 0x81]) | st.integers(0, 255),
).map(bytes)
data = st.sampled_from(
    [b"", EMV_AID, BADGE_AID, b"\x83\x02\x08\x40", b"\x4f\0", b"\xd2\1\x30", bytes(8), bytes(29)]
) | st.binary(max_size=255)
plausible = st.builds(
    lambda head, body, extended, le: head + lc(body, extended=extended) + le,
    header,
    data,
    st.booleans(),
    st.sampled_from([b"", b"\0", b"\x08"]),
)
script_of_commands = st.lists(raw | plausible, max_size=12)


@given(st.sampled_from(MEMORIES), script_of_commands, st.booleans())
@settings(max_examples=400)
def test_any_octets_get_a_status_word(
    memory: bytes, commands: list[bytes], contactless: bool
) -> None:
    chip = Chip.restore(memory)
    chip.power_on(contactless=contactless)
    for command in commands:
        answer = chip.process(command)
        assert 2 <= len(answer) <= 258
        assert answer[-2] >> 4 in (6, 9)
    assert Chip.restore(chip.serialize()).serialize() == chip.serialize()


sessions: list[tuple[bytes, type[Host], int, int]] = [
    (manufacture(SERIAL, [AES_SET, TDES_SET], profile=profile).serialize(), host, version, level)
    for profile in PROFILES.values()
    for host, version, levels in (
        (Scp03S16Host if (profile.scp03_i or 0) & 1 else Scp03Host, 0x30, (0x01, 0x33)),
        (Scp02Host, 0x20, (0x01, 0x03)),
    )
    for level in levels
]


@given(
    st.sampled_from(sessions),
    st.lists(plausible.filter(lambda apdu: len(apdu) < 240 and apdu[4:5] != b"\0"), max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_any_commands_of_an_authenticated_host_get_an_answer(
    opened: tuple[bytes, type[Host], int, int], commands: list[bytes]
) -> None:
    memory, host, version, level = opened
    chip = Chip.restore(memory)
    session = host(chip, version).open(level)
    for command in commands:
        assert len(fetch(chip, session.wrap(command))) >= 2
    assert Chip.restore(chip.serialize()).serialize() == chip.serialize()


@given(
    st.sampled_from(sessions),
    st.sampled_from([0xE4, 0xE6, 0xE2, 0xD8, 0xF0, 0xF2, 0xCA]),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=200),
)
@settings(max_examples=300, deadline=None)
def test_a_refused_command_of_the_card_manager_changes_nothing(
    opened: tuple[bytes, type[Host], int, int], ins: int, p1: int, p2: int, sent: bytes
) -> None:
    memory, host, version, level = opened
    chip = Chip.restore(memory)
    session = host(chip, version).open(level)
    before = chip.serialize()
    answer = session.send(0x80, ins, p1, p2, sent)
    if answer[-2:] != b"\x90\x00":
        assert chip.serialize() == before


groupings = st.lists(
    st.tuples(
        st.sampled_from([0x0101, 0x0C01, 0x8000, 0x8001, 0x8010, 0x9000, 0x9102, 0x9104, 0xA001])
        | st.integers(0, 0xFFFF),
        st.binary(max_size=60),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(groupings, st.sampled_from([EMV_CODE, BADGE_CODE]), script_of_commands)
@settings(max_examples=150)
def test_any_groupings_get_an_answer(
    parts: list[tuple[int, bytes, bool]], code: tuple[bytes, bytes], commands: list[bytes]
) -> None:
    chip = new_chip()
    channel = open_session(chip)
    encoded = [DataGrouping(encode_dgi(dgi, value), secret) for dgi, value, secret in parts]
    run(chip, channel, script(code, EMV_AID, encoded))
    assert chip.process(select(EMV_AID))[-2:] == b"\x90\x00"
    for command in commands:
        assert len(chip.process(command)) >= 2
    assert Chip.restore(chip.serialize()).serialize() == chip.serialize()


def test_memory_of_another_version_is_refused() -> None:
    with pytest.raises(ChipMemoryError, match="of this version"):
        Chip.restore(MEMORY.replace(b'"version":2', b'"version":1', 1))


@given(raw)
def test_only_chip_memory_is_restored(memory: bytes) -> None:
    with pytest.raises(ChipMemoryError):
        Chip.restore(memory)


@given(st.integers(0, len(MEMORY) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_damaged_memory_is_refused_or_is_still_a_chip(at: int, change: int) -> None:
    damaged = MEMORY[:at] + bytes((MEMORY[at] ^ change,)) + MEMORY[at + 1 :]
    try:
        chip = Chip.restore(damaged)
    except ChipMemoryError as refused:
        assert refused.code == "CHIP_MEMORY"  # noqa: PT017 - both outcomes are right
        return
    assert len(chip.process(bytes.fromhex("80CA9F7F00"))) >= 2
