from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.globalplatform.errors import DataGroupingError
from cardwright.globalplatform.store_data import (
    DataGrouping,
    P1Coding,
    Packing,
    encode_dgi,
    store_data,
)

groupings = st.lists(
    st.builds(
        lambda dgi, value, encrypted: DataGrouping(encode_dgi(dgi, value), encrypted),
        st.integers(1, 0xFFFF),
        st.binary(max_size=700),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(groupings, st.integers(1, 255), st.sampled_from(Packing))
def test_blocks_hold_all_octets_in_order_and_never_mix(
    parts: list[DataGrouping], limit: int, packing: Packing
) -> None:
    expected = b"".join(part.encoded for part in parts)
    if sum(-(-len(part.encoded) // limit) for part in parts) > 256:
        return
    apdus = store_data(parts, max_data=limit, packing=packing)
    assert b"".join(apdu[5:] for apdu in apdus) == expected
    assert all(len(apdu) == 5 + apdu[4] <= 5 + limit for apdu in apdus)
    assert [apdu[3] for apdu in apdus] == list(range(len(apdus)))
    assert [bool(apdu[2] & 0x80) for apdu in apdus] == [False] * (len(apdus) - 1) + [True]
    by_kind = {True: b"", False: b""}
    for apdu in apdus:
        by_kind[bool(apdu[2] & 0x60)] += apdu[5:]
    for kind, octets in by_kind.items():
        assert octets == b"".join(part.encoded for part in parts if part.encrypted is kind)


def test_short_neighbours_share_a_block_and_long_ones_start_their_own() -> None:
    short = DataGrouping(encode_dgi(0x0101, bytes(100)))
    long = DataGrouping(encode_dgi(0x0102, bytes(300)))
    sizes = [apdu[4] for apdu in store_data([short, short, long], max_data=239)]
    assert sizes == [206, 239, 66]


def test_separate_groupings_have_commands_of_their_own() -> None:
    short = DataGrouping(encode_dgi(0x0101, bytes(100)))
    long = DataGrouping(encode_dgi(0x0102, bytes(300)))
    parts = [short, short, long]
    apdus = store_data(parts, max_data=239, packing=Packing.SEPARATE)
    assert [apdu[4] for apdu in apdus] == [103, 103, 239, 66]
    assert [apdu[2] & 0x80 for apdu in apdus] == [0, 0, 0, 0x80]


def test_a_card_of_extended_length_takes_long_groupings_whole() -> None:
    long = DataGrouping(encode_dgi(0x0102, bytes(300)))
    (apdu,) = store_data([long], max_data=1000)
    assert apdu == bytes.fromhex("80E28800 000131") + long.encoded


@pytest.mark.parametrize(
    ("coding", "expected", "plain_last"),
    [
        (P1Coding.GLOBALPLATFORM, [0x08, 0x68, 0xE8], 0x88),
        (P1Coding.EMV_CPS, [0x00, 0x60, 0xE0], 0x80),
        (P1Coding.EMV_CPS_LAST_DGI, [0x00, 0x60, 0xE0], 0x88),
    ],
)
def test_p1_of_each_kind(coding: P1Coding, expected: list[int], plain_last: int) -> None:
    plain = DataGrouping(encode_dgi(0x0101, bytes(200)))
    secret = DataGrouping(encode_dgi(0x8000, bytes(200)), encrypted=True)
    apdus = store_data([plain, secret, secret], max_data=239, coding=coding)
    assert [apdu[2] for apdu in apdus] == expected
    assert store_data([plain], max_data=239, coding=coding)[0][2] == plain_last


@pytest.mark.parametrize(
    ("size", "head"), [(0, "910200"), (254, "9102FE"), (255, "9102FF00FF"), (300, "9102FF012C")]
)
def test_grouping_length(size: int, head: str) -> None:
    assert encode_dgi(0x9102, bytes(size)) == bytes.fromhex(head) + bytes(size)


def test_what_can_not_be_stored_is_refused() -> None:
    for refused in (
        lambda: store_data([], max_data=239),
        lambda: store_data([DataGrouping(encode_dgi(1, bytes(300)))], max_data=1),
        lambda: store_data([DataGrouping(b"\1\1\0")], max_data=0x10000),
        lambda: encode_dgi(0x10000, b""),
        lambda: encode_dgi(1, bytes(0x10000)),
    ):
        with pytest.raises(DataGroupingError):
            refused()


def test_a_grouping_does_not_print_its_value() -> None:
    shown = repr(DataGrouping(encode_dgi(0x0101, b"4111111111111111")))
    assert "4111" not in shown
    assert "0101" in shown
