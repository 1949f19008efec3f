"""The worked examples are section 9 of the MSR605 programmer's manual (rev. B, 2009)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.msr.errors import MsrError, status_error
from cardwright.msr.frames import ending_length, leading_zeros, raw_block, read_bits
from cardwright.secret import SecretText

THREE = {1: "%ABC123?", 2: ";12345?", 3: ";12345?"}


def test_the_manuals_example_of_raw_writing() -> None:
    tracks = {number: stripe.encode(number, SecretText(text)) for number, text in THREE.items()}
    assert raw_block(tracks).hex() == (
        "1b731b0108c5b07814954e3e2a1b02052b8849eaaf1b03052b8849eaaf3f1c"
    )


def test_a_track_that_is_not_written_has_no_octets() -> None:
    block = raw_block({2: stripe.encode(2, SecretText(";12345?"))})
    assert block.hex() == "1b731b01001b02052b8849eaaf1b03003f1c"


def test_leading_zeros_are_those_before_the_first_one() -> None:
    assert leading_zeros(stripe.encode(1, SecretText("%A?"))) == 62
    assert leading_zeros(stripe.encode(2, SecretText(";1?"))) == 22
    assert leading_zeros(BitStream(b"\x00", 5)) == 5


def test_a_track_longer_than_its_length_octet_is_refused() -> None:
    with pytest.raises(MsrError) as error:
        raw_block({1: BitStream(b"\xff" * 256, 2048)})
    assert error.value.code == "MSR_DATA"


raw_tracks = st.dictionaries(st.sampled_from([1, 2, 3]), st.binary(min_size=1, max_size=255))


def as_read(tracks: dict[int, bytes]) -> bytes:
    body = b"".join(
        bytes((0x1B, n, len(tracks.get(n, b"")))) + tracks.get(n, b"") for n in (1, 2, 3)
    )
    return b"\x1bs" + body + b"?\x1c\x1b0"


@given(raw_tracks)
def test_a_block_is_whole_with_its_last_octet_and_not_before(tracks: dict[int, bytes]) -> None:
    block = as_read(tracks)
    assert [ending_length(block[:n]) for n in range(len(block))] == [None] * len(block)
    assert ending_length(block) == ending_length(block + b"more") == len(block)
    read = read_bits(block)
    assert {n: bits.bits for n, bits in read.items()} == {n: d for n, d in tracks.items() if any(d)}


def test_tracks_that_are_not_sent_are_empty() -> None:
    block = b"\x1bs\x1b\x02\x01\x80?\x1c\x1b0"
    assert ending_length(block) == len(block)
    assert read_bits(block) == {2: BitStream(b"\x80", 8)}


@given(st.binary(max_size=40))
def test_garbage_is_out_of_step_or_not_whole_and_never_anything_else(octets: bytes) -> None:
    try:
        end = ending_length(octets)
    except MsrError as error:
        code = error.code
        assert code == "MSR_OUT_OF_STEP"
    else:
        assert end is None or octets.startswith(b"\x1bs")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0x31, "MSR_WRITE"),
        (0x32, "MSR_REFUSED"),
        (0x34, "MSR_REFUSED"),
        (0x39, "MSR_SWIPE"),
        (0x41, "MSR_REFUSED"),
        (0x7F, "MSR_OUT_OF_STEP"),
    ],
)
def test_a_status_means_what_the_manual_says(status: int, code: str) -> None:
    assert status_error(status).code == code
