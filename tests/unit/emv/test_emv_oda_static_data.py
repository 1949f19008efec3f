import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.static_data import recover_static_data, sign_static_data, static_data
from cardwright.emv.records import build_records
from cardwright.iso import tlv
from cardwright.secret import SecretBytes
from tests.unit.emv.oda_kit import STATIC_DATA, issuer_key

AIP = bytes.fromhex("5900")
OBJECTS = tlv.encode_all(((0x5A, bytes(8)), (0x5F24, bytes(3))))
RECORD = tlv.encode(0x70, OBJECTS)


def test_files_up_to_10_give_the_content_of_their_template() -> None:
    for sfi in (1, 10):
        assert static_data([(sfi, RECORD)], b"", AIP).reveal() == OBJECTS


def test_files_from_11_give_the_whole_record() -> None:
    for sfi in (11, 30):
        assert static_data([(sfi, RECORD)], b"", AIP).reveal() == RECORD


def test_a_long_template_is_taken_off_whole() -> None:
    objects = tlv.encode(0x8E, bytes(200))
    record = tlv.encode(0x70, objects)
    assert static_data([(2, record)], b"", AIP).reveal() == objects
    assert static_data([(12, record)], b"", AIP).reveal() == record


def test_records_count_in_the_locators_order_and_the_profile_last() -> None:
    first, second = tlv.encode(0x57, b"\x01"), tlv.encode(0x5A, b"\x02")
    records = [(1, tlv.encode(0x70, first)), (11, RECORD), (2, tlv.encode(0x70, second))]
    assert static_data(records, b"\x82", AIP).reveal() == first + RECORD + second + AIP
    assert static_data(records[::-1], b"", AIP).reveal() == second + RECORD + first


def test_nothing_may_be_signed_but_the_profile() -> None:
    assert static_data([], b"\x82", AIP).reveal() == AIP
    assert static_data([], b"", AIP).reveal() == b""


@given(
    st.lists(
        st.tuples(st.integers(1, 10), st.integers(1, 255), st.binary(max_size=60)),
        max_size=6,
        unique_by=lambda r: r[:2],
    )
)
def test_what_records_are_built_of_is_signed(rows: list[tuple[int, int, bytes]]) -> None:
    files = [(sfi, number, [(0x9F0D, value)]) for sfi, number, value in rows]
    records = [(dgi.id >> 8, dgi.value) for dgi in build_records(files)]
    expected = b"".join(tlv.encode(0x9F0D, value) for _, _, value in rows)
    assert static_data(records, b"", AIP).reveal() == expected


@pytest.mark.parametrize(
    ("sfi", "record"),
    [
        (0, RECORD),
        (31, RECORD),
        (1, OBJECTS),
        (11, OBJECTS),
        (1, b""),
        (1, RECORD + RECORD),
        (1, RECORD[:-1]),
        (1, RECORD + b"\x5a\x00"),
        (11, tlv.encode(0x77, OBJECTS)),
    ],
    ids=range(9),
)
def test_records_that_a_terminal_would_fail(sfi: int, record: bytes) -> None:
    with pytest.raises(OdaError) as caught:
        static_data([(sfi, record)], b"", AIP)
    assert caught.value.code == "STATIC_DATA"


@pytest.mark.parametrize("tags", [b"\x9f\x36", b"\x82\x82", b"\x82\x5a", b"\x00"])
def test_lists_that_name_more_than_the_profile(tags: bytes) -> None:
    with pytest.raises(OdaError) as caught:
        static_data([(1, RECORD)], tags, AIP)
    assert caught.value.code == "STATIC_DATA"


@pytest.mark.parametrize("aip", [b"", b"\x59", b"\x59\x00\x00"])
def test_a_profile_of_another_length(aip: bytes) -> None:
    with pytest.raises(OdaError) as caught:
        static_data([(1, RECORD)], b"\x82", aip)
    assert caught.value.code == "STATIC_DATA"


def test_the_data_do_not_print() -> None:
    assert OBJECTS.hex() not in repr(static_data([(1, RECORD)], b"", AIP))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=500).map(SecretBytes), st.binary(min_size=2, max_size=2))
def test_signed_static_data_are_recovered(data: SecretBytes, code: bytes) -> None:
    issuer = issuer_key()
    made = sign_static_data(issuer, data, code)
    assert len(made) == 112
    assert recover_static_data(issuer.certified.key, made, data) == code
    with pytest.raises(OdaError) as caught:
        recover_static_data(issuer.certified.key, made, SecretBytes(data.reveal() + b"\x00"))
    assert caught.value.code == "SIGNATURE_HASH"


@pytest.mark.parametrize("code", [b"", b"\xda", b"\xda\xc0\x00"])
def test_an_authentication_code_has_two_octets(code: bytes) -> None:
    with pytest.raises(OdaError) as caught:
        sign_static_data(issuer_key(), STATIC_DATA, code)
    assert caught.value.code == "FIELD_VALUE"
