"""Known answers: the example numbers of the Proxmark client's help and documentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.access.errors import AccessError
from cardwright.access.wiegand import Credential, WiegandFormat, pack, unpack

FORMATS = list(WiegandFormat)


@st.composite
def credentials(draw: st.DrawFn) -> Credential:
    kind = draw(st.sampled_from(FORMATS))
    facility = draw(st.integers(0, 2**kind.value.facility - 1))
    return Credential(kind, facility, draw(st.integers(0, kind.most)))


def low_bits(raw: int, count: int) -> str:
    return f"{raw & (1 << count) - 1:0{count}b}"


@pytest.mark.parametrize(
    ("kind", "facility", "number", "raw"),
    [
        (WiegandFormat.H10301, 118, 1603, 0x2006EC0C86),
        (WiegandFormat.H10304, 37137, 52428, 0x99911119999),
    ],
    ids=["26", "37"],
)
def test_published_numbers(kind: WiegandFormat, facility: int, number: int, raw: int) -> None:
    bits = low_bits(raw, kind.value.bits)
    assert Credential(kind, facility, number).bits() == bits
    assert Credential.parse(kind, bits) == Credential(kind, facility, number)


def test_37_bits_without_a_facility_code_are_the_same_row_read_otherwise() -> None:
    bits = low_bits(0x99911119999, 37)
    whole = Credential.parse(WiegandFormat.H10302, bits)
    assert (whole.facility, whole.number) == (0, 37137 << 19 | 52428)
    assert whole.bits() == bits


@given(credentials())
def test_what_is_encoded_can_be_read(credential: Credential) -> None:
    assert Credential.parse(credential.format, credential.bits()) == credential
    assert unpack(pack(credential.bits())) == credential.bits()


@given(credentials(), st.data())
def test_one_lost_bit_is_seen(credential: Credential, data: st.DataObject) -> None:
    bits = credential.bits()
    at = data.draw(st.integers(0, len(bits) - 1))
    flipped = bits[:at] + str(1 - int(bits[at])) + bits[at + 1 :]
    # The middle bit of a 37-bit format is under both parities; every other one is under one.
    with pytest.raises(AccessError) as refused:
        Credential.parse(credential.format, flipped)
    assert refused.value.code == "WIEGAND_PARITY"


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_what_does_not_fit_is_refused(kind: WiegandFormat) -> None:
    with pytest.raises(AccessError) as refused:
        Credential(kind, 0, kind.most + 1)
    assert refused.value.code == "CARD_NUMBER"
    with pytest.raises(AccessError) as refused:
        Credential(kind, 2**kind.value.facility, 0)
    assert refused.value.code == "FACILITY_CODE"


@pytest.mark.parametrize("bits", ["", "0" * 25, "0" * 27, "2" * 26])
def test_another_row_is_refused(bits: str) -> None:
    with pytest.raises(AccessError) as refused:
        Credential.parse(WiegandFormat.H10301, bits)
    assert refused.value.code == "WIEGAND_LENGTH"


@given(st.text("01", max_size=80))
def test_any_bits_can_be_packed(bits: str) -> None:
    assert unpack(pack(bits)) == bits


@pytest.mark.parametrize("value", ["", "01", "0800", "0103"])
def test_octets_that_hold_no_bits_are_refused(value: str) -> None:
    with pytest.raises(AccessError) as refused:
        unpack(bytes.fromhex(value))
    assert refused.value.code == "BIT_STRING"


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(AccessError, match="H10301, H10302, H10304") as refused:
        WiegandFormat.named("H10306")
    assert refused.value.code == "WIEGAND_FORMAT"


def test_a_number_does_not_print() -> None:
    assert "1603" not in repr(Credential(WiegandFormat.H10301, 118, 1603))
