import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.dgi import Dgi, encode_all, parse_all
from cardwright.emv.errors import EmvError

lengths = st.one_of(st.integers(0, 20), st.sampled_from([253, 254, 255, 256, 65535]))
dgis = st.builds(Dgi, st.integers(1, 0xFFFF), lengths.map(lambda n: b"\xff" * n))


@given(st.lists(dgis, max_size=5))
def test_reads_what_it_writes(sequence: list[Dgi]) -> None:
    assert parse_all(encode_all(sequence)) == sequence


@pytest.mark.parametrize(
    ("length", "head"), [(0, "910200"), (254, "9102FE"), (255, "9102FF00FF"), (256, "9102FF0100")]
)
def test_length_forms(length: int, head: str) -> None:
    assert Dgi(0x9102, bytes(length)).encode() == bytes.fromhex(head) + bytes(length)


def test_a_low_identifier_keeps_its_zero_octet() -> None:
    assert Dgi(0x0101, b"A").encode() == bytes.fromhex("01010141")
    assert Dgi(0x0001, bytes(255)).encode()[:5] == bytes.fromhex("0001FF00FF")


def test_the_long_form_of_a_short_value_is_read() -> None:
    assert parse_all(bytes.fromhex("9102FF000141")) == [Dgi(0x9102, b"A")]


@given(st.lists(dgis, min_size=1, max_size=3), st.data())
def test_a_cut_inside_a_grouping_is_found(sequence: list[Dgi], data: st.DataObject) -> None:
    octets = encode_all(sequence)
    whole = {len(encode_all(sequence[:n])) for n in range(len(sequence) + 1)}
    cut = data.draw(st.integers(1, len(octets) - 1))
    if cut in whole:
        assert parse_all(octets[:cut]) == sequence[: sorted(whole).index(cut)]
        return
    with pytest.raises(EmvError) as caught:
        parse_all(octets[:cut])
    assert caught.value.code == "DGI_TRUNCATED"


@pytest.mark.parametrize(
    ("identifier", "length", "code"),
    [(0, 1, "DGI_ID"), (0x10000, 1, "DGI_ID"), (1, 0x10000, "DGI_LENGTH")],
)
def test_out_of_range(identifier: int, length: int, code: str) -> None:
    with pytest.raises(EmvError) as caught:
        Dgi(identifier, bytes(length))
    assert caught.value.code == code


def test_a_value_does_not_print() -> None:
    assert repr(Dgi(0x8000, b"secret")) == "Dgi(8000, <6 octets>)"
