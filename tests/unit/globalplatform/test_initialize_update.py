from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.globalplatform.authentication import (
    InitializeUpdateResponse,
    Scp,
    Scp02Option,
    SecurityLevel,
    initialize_update,
    supported_level,
)
from cardwright.globalplatform.errors import (
    CommandError,
    InitializeUpdateError,
    SecurityLevelError,
)
from tests.unit.globalplatform.scp02_vectors import KAOH_MAC
from tests.unit.globalplatform.scp03_vectors import S16_VECTORS, VECTORS

SCP02 = bytes.fromhex(KAOH_MAC.response)
SCP03 = bytes.fromhex(VECTORS[0].response)
S16 = bytes.fromhex(S16_VECTORS[0].response)
OK = b"\x90\x00"


def test_the_command() -> None:
    command = initialize_update(bytes.fromhex("b13e5f938fc108c4"), key_version=0x30)
    assert command.hex() == "8050300008b13e5f938fc108c400"
    assert initialize_update(bytes(16)).hex() == "8050000010" + "00" * 17


def test_challenges_and_versions_that_no_card_takes_are_refused() -> None:
    for challenge, version in ((bytes(7), 0), (bytes(9), 0), (bytes(8), 0x100), (bytes(8), -1)):
        with pytest.raises(CommandError):
            initialize_update(challenge, key_version=version)


@pytest.mark.parametrize("tail", [b"", OK])
def test_an_answer_of_scp02(tail: bytes) -> None:
    parsed = InitializeUpdateResponse.parse(SCP02 + tail)
    assert (parsed.scp, parsed.i, parsed.key_version) == (Scp.SCP02, None, 1)
    assert parsed.diversification_data.hex().upper() == "000074746E6E6E626262"
    assert parsed.sequence_counter == bytes.fromhex("069F")
    assert parsed.card_challenge.hex().upper() == "AA2A0591E733"
    assert parsed.card_cryptogram.hex().upper() == "67DD78794D04315E"


@pytest.mark.parametrize("tail", [b"", OK])
def test_an_answer_of_scp03(tail: bytes) -> None:
    parsed = InitializeUpdateResponse.parse(SCP03 + tail)
    assert (parsed.scp, parsed.i, parsed.key_version) == (Scp.SCP03, 0x70, 0x30)
    assert parsed.sequence_counter == b"\0\0\2"
    assert parsed.diversification_data == bytes(10)
    assert len(parsed.card_challenge) == len(parsed.card_cryptogram) == 8


@pytest.mark.parametrize("tail", [b"", OK])
def test_an_answer_of_scp03_in_s16_mode(tail: bytes) -> None:
    parsed = InitializeUpdateResponse.parse(S16 + tail)
    assert (parsed.scp, parsed.i) == (Scp.SCP03, 0x71)
    assert parsed.card_challenge.hex().upper() == "0617A2C34D50B562F7DECFC3DBF58A64"
    assert parsed.card_cryptogram.hex().upper() == "9EF733B7486D813C92E4CA61E5102F91"
    assert parsed.sequence_counter == bytes.fromhex("00082A")


@pytest.mark.parametrize("data", [SCP03, S16])
def test_a_random_challenge_comes_without_counter(data: bytes) -> None:
    octets = bytearray(data[:-3])
    octets[12] &= ~0x10
    assert InitializeUpdateResponse.parse(bytes(octets)).sequence_counter is None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:0] + b"\x6a\x88",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:11] + b"\1" + data[12:],
        lambda data: data[:11] + b"\2" + data[12:],
        lambda data: data[:12] + b"\x71" + data[13:],
        lambda data: data[:12] + b"\x60" + data[13:],
        lambda data: data[:29],
        lambda data: data + b"\x61\x00",
    ],
    ids=[
        "refusal",
        "short",
        "long",
        "scp01",
        "scp02",
        "s16",
        "counter-unasked",
        "counter-missing",
        "status",
    ],
)
def test_other_answers_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InitializeUpdateError) as refused:
        InitializeUpdateResponse.parse(change(SCP03))
    assert refused.value.code == "SCP03_INITIALIZE_UPDATE"


@given(st.binary(max_size=60))
def test_any_octets_parse_or_are_refused(data: bytes) -> None:
    try:
        parsed = InitializeUpdateResponse.parse(data)
    except InitializeUpdateError:
        return
    assert len(parsed.card_cryptogram) == (16 if parsed.i is not None and parsed.i & 1 else 8)


@given(
    st.sampled_from([SCP02, SCP03, S16]), st.integers(0, 12), st.integers(0, 255), st.integers(0, 3)
)
def test_a_changed_answer_parses_or_is_refused(data: bytes, at: int, to: int, cut: int) -> None:
    changed = data[:at] + bytes((to,)) + data[at + 1 :]
    try:
        parsed = InitializeUpdateResponse.parse(changed[: len(changed) - cut])
    except InitializeUpdateError:
        return
    assert parsed.scp == changed[11]


@pytest.mark.parametrize("option", list(Scp02Option))
def test_scp02_protects_responses_where_its_option_says_so(option: Scp02Option) -> None:
    for level in (0x01, 0x03):
        assert supported_level(level, option, Scp.SCP02) is SecurityLevel(level)
    for level in (0x11, 0x13):
        if option in {Scp02Option.I35, Scp02Option.I75}:
            assert supported_level(level, option, Scp.SCP02) is SecurityLevel(level)
        else:
            with pytest.raises(SecurityLevelError, match="protects no responses"):
                supported_level(level, option, Scp.SCP02)
    with pytest.raises(SecurityLevelError, match="SCP02 has no security level 33"):
        supported_level(0x33, option, Scp.SCP02)


@pytest.mark.parametrize(
    ("i", "levels"),
    [
        (0x00, {0x01, 0x03}),
        (0x10, {0x01, 0x03}),
        (0x21, {0x01, 0x03, 0x11, 0x13}),
        (0x70, {0x01, 0x03, 0x11, 0x13, 0x33}),
    ],
)
def test_scp03_protects_responses_where_i_says_so(i: int, levels: set[int]) -> None:
    for level in SecurityLevel:
        if level in levels:
            assert supported_level(level, i) is level
        else:
            with pytest.raises(SecurityLevelError):
                supported_level(level, i)
