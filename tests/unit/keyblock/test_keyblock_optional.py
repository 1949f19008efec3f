import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import ClearAes
from cardwright.keyblock.block import wrap
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import Header
from cardwright.keyblock.optional import OptionalBlock, encode_all, parse_all
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_kit import DATA, printable

AES = ClearAes(SecretBytes(bytes(range(32))))
KEY = SecretBytes(bytes(16))
HEADER = Header(
    version=Version.DERIVATION_AES,
    usage=Usage.KEY_DERIVATION,
    algorithm=Algorithm.AES,
    mode=Mode.DERIVE,
    exportability=Exportability.NONE,
)

lengths = st.one_of(st.integers(0, 40), st.sampled_from([250, 251, 252, 253, 300, 5000]))
identifiers = st.sampled_from([*DATA, "ZZ", "00", "a1"])
blocks = st.builds(OptionalBlock, identifiers, lengths.map(lambda n: "x" * n) | printable)
sequences = st.lists(blocks, max_size=6, unique_by=lambda block: block.id)


def refused(text: str, count: int) -> str:
    with pytest.raises(KeyBlockError) as caught:
        parse_all(text, count, 8)
    return caught.value.code


@given(sequences, st.sampled_from([8, 16]), st.text("0F ", max_size=20))
def test_reads_what_it_writes_in_order(
    sequence: list[OptionalBlock], multiple: int, rest: str
) -> None:
    count, text = encode_all(sequence, multiple)
    assert len(text) % multiple == 0
    assert parse_all(text + rest, count, multiple) == (tuple(sequence), len(text))
    padded = "".join(block.encode() for block in sequence)
    assert count - len(sequence) == (len(padded) % multiple != 0)
    assert len(text) - len(padded) < multiple + 4


@pytest.mark.parametrize(
    ("length", "head"),
    [(0, "LB04"), (251, "LBFF"), (252, "LB00040106"), (4086, "LB00041000")],
)
def test_lengths_count_the_whole_block_in_the_shortest_form(length: int, head: str) -> None:
    text = OptionalBlock("LB", "x" * length).encode()
    assert text == head + "x" * length
    assert int(head[-4:] if length > 251 else head[-2:], 16) == len(text)


def test_both_ways_to_count_an_extended_length_are_read() -> None:
    for count in ("04", "02"):
        text = f"LB00{count}0108" + "x" * 254
        assert parse_all(text, 1, 8) == ((OptionalBlock("LB", "x" * 254),), 264)
    assert parse_all("LB0004000Cab" + "PB04", 2, 8)[0] == (OptionalBlock("LB", "ab"),)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("LB", 1),
        ("LB0", 1),
        ("LB03xxxx", 1),
        ("LB01xxxx", 1),
        ("LB0Gxxxx", 1),
        ("LB0axxxxxx", 1),
        ("LB09xxxx", 1),
        ("LB00030108xxxxxxx", 1),
        ("LB0000", 1),
        ("LB000400", 1),
        ("LB00040009xxxxxx", 1),
        ("LB00040008xxxxxx", 1),
        ("LB0004FFFFxxxxxx", 1),
        ("LB06ab", 1),  # no whole cipher block
        ("LB04LB04", 2),  # twice the same
        ("PB04LB04", 2),  # padding before the end
        ("PB04PB04", 2),
        ("L-08xxxx", 1),
    ],
)
def test_a_malformed_sequence_is_refused(text: str, count: int) -> None:
    assert refused(text, count) == "KEYBLOCK_OPTIONAL"


@given(st.text("0123456789ABCDEFLPx", max_size=80), st.integers(0, 12))
def test_any_text_is_read_or_refused_by_code(text: str, count: int) -> None:
    try:
        found, length = parse_all(text, count, 8)
    except KeyBlockError:
        assert refused(text, count) == "KEYBLOCK_OPTIONAL"
    else:
        assert length <= len(text)
        assert len(found) in {count, count - 1}


def test_only_printable_data_and_no_padding_are_given() -> None:
    for identifier, data in (("LB", "a\n"), ("LB", "é"), ("L", ""), ("LBX", ""), ("L ", "")):
        with pytest.raises(KeyBlockError) as caught:
            OptionalBlock(identifier, data)
        assert caught.value.code == "KEYBLOCK_OPTIONAL"
    with pytest.raises(KeyBlockError):
        encode_all([OptionalBlock("PB", "0000")], 8)
    with pytest.raises(KeyBlockError):
        OptionalBlock("LB", "x" * 65_536).encode()


def test_a_header_has_at_most_99_blocks() -> None:
    many = [OptionalBlock(f"{n:02}", "abcd") for n in range(99)]
    assert encode_all(many, 8)[0] == 99
    with pytest.raises(KeyBlockError) as caught:
        encode_all([*many, OptionalBlock("LB", "abcd")], 8)
    assert caught.value.code == "KEYBLOCK_OPTIONAL"
    with pytest.raises(KeyBlockError):  # the padding block would be the hundredth
        encode_all([*many[:-1], OptionalBlock("98", "abc")], 8)


def test_a_block_too_long_for_its_length_field_is_refused() -> None:
    header = dataclasses.replace(HEADER, blocks=(OptionalBlock("LB", "x" * 9900),))
    with pytest.raises(KeyBlockError) as caught:
        wrap(AES, header, KEY)
    assert caught.value.code == "KEYBLOCK_LENGTH"
