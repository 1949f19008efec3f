import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.errors import KeyBlockError
from tests.unit.keyblock.keyblock_kit import Case, cases
from tests.unit.keyblock.keyblock_vectors import VECTORS, Vector, kbpk_of

SHORT = [vector for vector in VECTORS if len(vector.block) < 1000]
LONG = [vector for vector in VECTORS if len(vector.block) >= 1000]
STRUCTURE = {
    "KEYBLOCK_FORMAT",
    "KEYBLOCK_LENGTH",
    "KEYBLOCK_VERSION",
    "KEYBLOCK_HEADER",
    "KEYBLOCK_OPTIONAL",
    "KEYBLOCK_COMBINATION",
    "KEYBLOCK_KBPK",  # another version
}


def refusal(vector: Vector, block: str) -> str:
    with pytest.raises(KeyBlockError) as caught:
        unwrap(kbpk_of(vector), block)
    return caught.value.code


def flipped(block: str, index: int, bit: int) -> str:
    return block[:index] + chr(ord(block[index]) ^ 1 << bit) + block[index + 1 :]


@pytest.mark.parametrize("vector", SHORT, ids=lambda vector: vector.source)
def test_a_bit_flipped_in_any_character_is_refused(vector: Vector) -> None:
    for index in range(len(vector.block)):
        for bit in range(8):
            assert refusal(vector, flipped(vector.block, index, bit)) in STRUCTURE | {
                "KEYBLOCK_MAC"
            }


@pytest.mark.parametrize("vector", LONG, ids=lambda vector: vector.source)
def test_a_bit_flipped_in_any_character_of_a_long_block_is_refused(vector: Vector) -> None:
    chosen = random.Random(143)
    for index in range(len(vector.block)):
        code = refusal(vector, flipped(vector.block, index, chosen.randrange(8)))
        assert code in STRUCTURE | {"KEYBLOCK_MAC"}


@given(cases(), st.data())
def test_a_bit_flipped_anywhere_in_any_block_is_refused(case: Case, data: st.DataObject) -> None:
    block = wrap(case.cipher(), case.header, case.key)
    index = data.draw(st.integers(0, len(block) - 1))
    with pytest.raises(KeyBlockError) as caught:
        unwrap(case.cipher(), flipped(block, index, data.draw(st.integers(0, 7))))
    assert caught.value.code in STRUCTURE | {"KEYBLOCK_MAC"}


@pytest.mark.parametrize("vector", SHORT, ids=lambda vector: vector.source)
def test_every_octet_behind_the_header_is_under_one_code(vector: Vector) -> None:
    # What deciphers to another length, another key or other padding must not be told apart.
    start = len(vector.block) - len(vector.block) % 2
    length = 2 * {"A": 28, "B": 32, "C": 28, "D": 48}[vector.block[0]]
    for index in range(start - length, start):
        for digit in "0123456789ABCDEF":
            if digit != vector.block[index]:
                block = vector.block[:index] + digit + vector.block[index + 1 :]
                assert refusal(vector, block) == "KEYBLOCK_MAC"


@pytest.mark.parametrize("vector", SHORT, ids=lambda vector: vector.source)
def test_other_attributes_are_refused_where_they_would_be_allowed(vector: Vector) -> None:
    for index, letters in ((9, "0Zc"), (10, "0Z"), (11, "ENS"), (14, "012")):
        for letter in letters:
            block = vector.block[:index] + letter + vector.block[index + 1 :]
            if block != vector.block:
                assert refusal(vector, block) == "KEYBLOCK_MAC"


@pytest.mark.parametrize("vector", SHORT, ids=lambda vector: vector.source)
def test_a_block_cut_or_grown_is_refused(vector: Vector) -> None:
    for length in range(len(vector.block)):
        cut = vector.block[:length]
        assert refusal(vector, cut) == "KEYBLOCK_LENGTH"
        relabelled = cut[:1] + f"{length:04}" + cut[5:]
        if length >= 16:
            assert refusal(vector, relabelled) in {
                "KEYBLOCK_LENGTH",
                "KEYBLOCK_FORMAT",
                "KEYBLOCK_OPTIONAL",
                "KEYBLOCK_MAC",
            }
    for more in ("0", "00", "0" * 16, "0" * 32):
        grown = vector.block + more
        assert refusal(vector, grown) == "KEYBLOCK_LENGTH"
        assert refusal(vector, grown[:1] + f"{len(grown):04}" + grown[5:]) in {
            "KEYBLOCK_LENGTH",
            "KEYBLOCK_FORMAT",
            "KEYBLOCK_MAC",
        }


def test_the_halves_of_two_blocks_make_none() -> None:
    first = next(v for v in VECTORS if v.source == "X9.143-2021, 8.1")
    second = first._replace(block=first.block[:11] + "N" + first.block[12:])
    assert refusal(first, second.block) == "KEYBLOCK_MAC"


@pytest.mark.parametrize(
    "block", ["", "D", "D0000", "\u0661" * 112, "D0112" + "\n" * 107, "é" * 16]
)
def test_text_that_is_no_key_block_is_refused(block: str) -> None:
    assert refusal(SHORT[0], block) in {"KEYBLOCK_LENGTH", "KEYBLOCK_FORMAT"}


@given(st.text(max_size=200))
def test_any_text_is_refused_by_code(text: str) -> None:
    assert refusal(SHORT[0], text) in STRUCTURE


@given(st.sampled_from("ABCD"), st.integers(0, 30), st.text("0123456789ABCDEF", max_size=300))
def test_any_digits_behind_a_good_header_are_refused_by_code(
    version: str, count: int, digits: str
) -> None:
    vector = next(v for v in VECTORS if v.block[0] == version)
    block = f"{version}{16 + len(digits):04}P0TE00E{count:02}00{digits}"
    assert refusal(vector, block) in STRUCTURE | {"KEYBLOCK_MAC"}
