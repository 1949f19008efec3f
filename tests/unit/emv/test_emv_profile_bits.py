from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.errors import EmvError
from cardwright.emv.profile_bits import AIP, TVR, USAGE_CONTROL, BitField

FIELDS = [AIP, TVR, USAGE_CONTROL]


@pytest.mark.parametrize(
    ("field", "octets", "names"),
    [
        (AIP, "4000", ("sda",)),
        (AIP, "2000", ("dda",)),
        (AIP, "1000", ("cardholder_verification",)),
        (AIP, "0800", ("terminal_risk_management",)),
        (AIP, "0400", ("issuer_authentication",)),
        (AIP, "0100", ("cda",)),
        (AIP, "8000", ("xda",)),
        (AIP, "0080", ("emv_mode",)),
        (AIP, "0001", ("relay_resistance",)),
        (USAGE_CONTROL, "8000", ("domestic_cash",)),
        (USAGE_CONTROL, "0200", ("atm",)),
        (USAGE_CONTROL, "0100", ("other_terminals",)),
        (USAGE_CONTROL, "00C0", ("domestic_cashback", "international_cashback")),
        (TVR, "8000000000", ("offline_data_authentication_not_performed",)),
        (TVR, "0400000000", ("cda_failed",)),
        (TVR, "0048000000", ("expired", "new_card")),
        (TVR, "0000200000", ("pin_try_limit_exceeded",)),
        (TVR, "0000040000", ("online_cvm_captured",)),
        (TVR, "0000006000", ("lower_offline_limit_exceeded", "upper_offline_limit_exceeded")),
        (TVR, "0000000001", ()),
        (TVR, "0000000040", ("issuer_authentication_failed",)),
        (TVR, "0000000030", ("script_failed_before", "script_failed_after")),
        (TVR, "0000000006", ("ca_ecc_key_missing", "ecc_key_recovery_failed")),
    ],
)
def test_bits_are_those_of_annex_c(field: BitField, octets: str, names: tuple[str, ...]) -> None:
    """EMV 4.4 Book 3, tables 41, 42 and 46."""
    assert field.names(bytes.fromhex(octets)) == names
    if names:
        assert field.encode(names).hex().upper() == octets


@given(st.sampled_from(FIELDS), st.data())
def test_names_are_what_was_encoded(field: BitField, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(field.masks))))
    octets = field.encode(names)
    assert len(octets) == field.length
    assert set(field.names(octets)) == names
    assert not any(field.unnamed(octets))


@given(st.sampled_from(FIELDS), st.data())
def test_named_and_unnamed_bits_make_the_whole(field: BitField, data: st.DataObject) -> None:
    octets = data.draw(st.binary(min_size=field.length, max_size=field.length))
    named = field.encode(field.names(octets))
    assert bytes(a | b for a, b in zip(named, field.unnamed(octets), strict=True)) == octets


def test_any_of_several_bits() -> None:
    assert AIP.has(b"\x20\x00", "dda", "cda")
    assert not AIP.has(b"\x40\x00", "dda", "cda")


def test_a_bit_that_there_is_not() -> None:
    with pytest.raises(EmvError, match="dda") as caught:
        AIP.encode(["rda"])
    assert caught.value.code == "BIT_NAME"
