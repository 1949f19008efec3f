import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.devices.errors import DeviceError
from cardwright.devices.stripe import (
    CAPACITY,
    Track,
    drop_a_bit,
    pack_tracks,
    parse_tracks,
    read_stripe,
    to_file,
)

TRACKS = st.dictionaries(
    st.sampled_from([1, 2, 3]),
    st.binary(max_size=31).map(lambda bits: Track(bits, 8 * len(bits))),
    min_size=1,
)


@given(TRACKS)
def test_tracks_survive_the_wire_and_the_floor(tracks: dict[int, Track]) -> None:
    assert parse_tracks(json.loads(json.dumps(pack_tracks(tracks)))) == tracks
    assert read_stripe(to_file("hico", tracks)) == tracks


@given(st.binary(min_size=1, max_size=31), st.integers())
def test_a_weak_head_loses_exactly_one_bit(bits: bytes, seed: int) -> None:
    weak = drop_a_bit(Track(bits, 8 * len(bits)), random.Random(seed))
    lost = int.from_bytes(bits, "big") & ~int.from_bytes(weak.bits, "big")
    assert lost.bit_count() == (1 if any(bits) else 0)
    assert int.from_bytes(weak.bits, "big") | lost == int.from_bytes(bits, "big")


@pytest.mark.parametrize(
    "fields",
    [None, {}, {"4": {}}, {"1": {}}, {"1": {"bits": "zz", "length": 8}}, {"1": 5}]
    + [{"2": {"bits": "ff", "length": length}} for length in (0, 9, -1, True)],
)
def test_malformed_tracks_are_refused(fields: object) -> None:
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "BAD_TRACK"):
        parse_tracks(fields)


def test_a_track_has_an_end() -> None:
    full = {"2": {"bits": "00" * 32, "length": CAPACITY[2]}}
    assert parse_tracks(full)[2].length == CAPACITY[2]
    full["2"]["length"] = CAPACITY[2] + 1
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "TRACK_TOO_LONG"):
        parse_tracks(full)


def test_a_track_does_not_print_its_bits() -> None:
    assert repr(Track(b"\xab\xcd", 16)) == "Track(<16 bits>)"
