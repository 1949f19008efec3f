import pyemv.tlv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv

PRIMITIVE = [0x50, 0x5A, 0x57, 0x82, 0x94, 0x5F20, 0x9F36, 0x9F42, 0xDF8101]
objects = st.lists(st.tuples(st.sampled_from(PRIMITIVE), st.binary(max_size=300)), max_size=6)

# The payment system environment's FCI, as EMV Book 1 clause 11.3.4 lays it out.
PSE_FCI = bytes.fromhex("6F1A840E315041592E5359532E4444463031A5088801025F2D02656E")


@given(objects, st.integers(0, 3))
def test_reads_what_it_writes_with_padding_between(
    pairs: list[tuple[int, bytes]], padding: int
) -> None:
    data = b"".join(bytes(padding) + tlv.encode(t, v) for t, v in pairs) + bytes(padding)
    assert tlv.parse(data) == [Tlv(t, v) for t, v in pairs]
    assert tlv.encode_all(pairs) == b"".join(o.encode() for o in tlv.parse(data))


@given(st.dictionaries(st.sampled_from(PRIMITIVE), st.binary(max_size=300), max_size=6))
def test_agrees_with_an_independent_encoder(values: dict[int, bytes]) -> None:
    theirs = pyemv.tlv.encode({f"{t:X}": v for t, v in values.items()})
    assert tlv.encode_all(values.items()) == theirs


def test_finds_along_a_path() -> None:
    assert tlv.find(PSE_FCI, 0x6F, 0x84) == b"1PAY.SYS.DDF01"
    assert tlv.find(PSE_FCI, 0x6F, 0xA5, 0x5F2D) == b"en"
    assert tlv.find(PSE_FCI, 0x6F, 0xA5, 0x50) is None
    assert tlv.find(PSE_FCI, 0x84) is None
    (template,) = tlv.parse(PSE_FCI)
    assert template.constructed
    assert [child.tag for child in template.children()] == [0x84, 0xA5]
    assert not template.children()[0].constructed
    assert template.encode() == PSE_FCI


@pytest.mark.parametrize(
    ("length", "head"),
    [(0x7F, "507F"), (0x80, "508180"), (0xFF, "5081FF"), (0x100, "50820100")],
)
def test_lengths_take_the_fewest_octets(length: int, head: str) -> None:
    assert tlv.encode(0x50, bytes(length)) == bytes.fromhex(head) + bytes(length)


def test_a_longer_length_form_is_read_as_basic_encoding_rules_allow() -> None:
    assert tlv.parse(bytes.fromhex("508300000141")) == [Tlv(0x50, b"A")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("50", "TLV_TRUNCATED"),
        ("5002AA", "TLV_TRUNCATED"),
        ("9F", "TLV_TRUNCATED"),
        ("9F81", "TLV_TRUNCATED"),
        ("5082AA", "TLV_TRUNCATED"),
        ("9F81818101", "TLV_TAG"),
        ("5080", "TLV_LENGTH"),
        ("508400000001AA", "TLV_LENGTH"),
    ],
)
def test_malformed_data(data: str, code: str) -> None:
    with pytest.raises(TlvError) as caught:
        tlv.parse(bytes.fromhex(data))
    assert caught.value.code == code


@pytest.mark.parametrize("tag", [0, -1, 0x9F, 0x5F8F, 0x5000, 0x9F8101FF, 0x9F818181])
def test_what_is_no_tag(tag: int) -> None:
    with pytest.raises(TlvError) as caught:
        tlv.encode(tag, b"")
    assert caught.value.code == "TLV_TAG"


def test_too_long_a_value() -> None:
    with pytest.raises(TlvError) as caught:
        tlv.encode(0x50, bytes(0x10000))
    assert caught.value.code == "TLV_LENGTH"


@given(st.binary(max_size=64))
def test_any_octets_parse_or_are_refused_with_a_code(data: bytes) -> None:
    try:
        found = tlv.parse(data)
    except TlvError:
        return
    assert tlv.parse(b"".join(o.encode() for o in found)) == found


def test_hostile_nesting_costs_one_level_at_a_time() -> None:
    data = b""
    for _ in range(3000):
        data = tlv.encode(0x70, data)
    assert tlv.find(data, *[0x70] * 2999) == b"\x70\x00"


def test_a_value_does_not_print() -> None:
    assert repr(Tlv(0x5A, bytes.fromhex("4111111111111111"))) == "Tlv(tag=90)"
