"""Known answers: pyemv's tests, which a hardware security module confirmed, and jPOS's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv.cvv import generate_cvc3

from cardwright.cipher import ClearTdes
from cardwright.emv.errors import EmvError
from cardwright.payment.cvc3 import card_key, cvc3, initial_vector, packed_track_2, verify
from cardwright.payment.cvv import CvvError
from cardwright.secret import SecretBytes, SecretText

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def cipher(key: str) -> ClearTdes:
    return ClearTdes(SecretBytes(bytes.fromhex(key)))


KEY = ClearTdes(card_key(cipher("01234567899876543210012345678998"), "5123456789012345", "00"))
JPOS = ClearTdes(card_key(cipher("12345678" * 4), "1234567890123456", "00"))
TRACK_1 = SecretBytes(b"B5123456789012345^KENOBI/OBIWAN^3512101000000000000000000000000")
TRACK_2 = packed_track_2(SecretText("5123456789012345=35121010000000000000"))


def test_track_2_is_packed_as_the_chip_holds_it() -> None:
    assert TRACK_2.reveal().hex().upper() == "5123456789012345D35121010000000000000F"
    assert packed_track_2(SecretText("12345=1")).reveal().hex() == "12345d1f"


def test_published_vectors() -> None:
    assert cvc3(KEY, initial_vector(KEY, TRACK_2), 899, 0x5E) == "29488"
    assert cvc3(KEY, initial_vector(KEY, TRACK_1), 899, 0x5E)[-3:] == "419"


def test_published_vectors_of_another_implementation() -> None:
    track = SecretBytes(bytes.fromhex("1234567890123456D12012061000110000000F"))
    vector = initial_vector(JPOS, track)
    assert vector.hex() == "cd76"
    assert cvc3(JPOS, vector, 2710, 0x2710) == "39464"
    padded = SecretBytes(track.reveal() + bytes.fromhex("FFFFFFFFFF"))
    assert cvc3(JPOS, initial_vector(JPOS, padded), 2710, 0x2710) == "45423"


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=1, max_size=60),
    st.integers(0, 99_999_999),
    st.integers(0, 0xFFFF),
)
def test_agrees_with_an_independent_implementation(
    key: bytes, track: bytes, number: int, atc: int
) -> None:
    ours = ClearTdes(SecretBytes(key))
    code = cvc3(ours, initial_vector(ours, SecretBytes(track)), number, atc)
    theirs = generate_cvc3(key, track, atc.to_bytes(2), bytes.fromhex(f"{number:08d}"))
    assert code == theirs.zfill(5)  # pyemv drops leading zeros


def test_a_track_carries_the_last_digits() -> None:
    vector = initial_vector(KEY, TRACK_2)
    for digits in ("488", "9488", "29488"):
        assert verify(KEY, vector, 899, 0x5E, digits)
    for digits in ("489", "294", "19488"):
        assert not verify(KEY, vector, 899, 0x5E, digits)
    assert not verify(KEY, vector, 898, 0x5E, "488")


@pytest.mark.parametrize("track", ["", "5123456789012345", "51=23=45", "5123=45x", "512\u0663=1"])
def test_what_is_no_track_2(track: str) -> None:
    with pytest.raises(CvvError) as error:
        packed_track_2(SecretText(track))
    assert error.value.code == "CVV_INPUT"


@pytest.mark.parametrize(
    ("vector", "number", "atc"),
    [(b"\0", 0, 0), (bytes(3), 0, 0), (bytes(2), -1, 0), (bytes(2), 10**8, 0),
     (bytes(2), 0, -1), (bytes(2), 0, 0x10000)],
)  # fmt: skip
def test_input_that_is_none(vector: bytes, number: int, atc: int) -> None:
    with pytest.raises(CvvError) as error:
        cvc3(KEY, vector, number, atc)
    assert error.value.code == "CVV_INPUT"


@pytest.mark.parametrize("digits", ["", "88", "129488", "4x8"])
def test_digits_that_no_track_carries(digits: str) -> None:
    with pytest.raises(CvvError) as error:
        verify(KEY, bytes(2), 899, 0x5E, digits)
    assert error.value.code == "CVV_INPUT"


def test_a_triple_length_key() -> None:
    triple = ClearTdes(SecretBytes(bytes(range(24))))
    with pytest.raises(CvvError) as error:
        cvc3(triple, bytes(2), 0, 0)
    assert error.value.code == "CVV_KEY"
    with pytest.raises(EmvError) as refused:
        initial_vector(triple, TRACK_2)
    assert refused.value.code == "KEY_LENGTH"
