"""What a terminal is given: profile, request, keys of authorities, lists and flags."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso.errors import TlvError
from cardwright.terminal import (
    Capability,
    CaPublicKey,
    ProfileError,
    RandomSelection,
    TerminalAid,
    Tsi,
    Tvr,
    load_ca_keys,
)
from cardwright.terminal.data import terminal_data
from cardwright.terminal.dol import fill, parse_dol
from tests.unit.terminal import published
from tests.unit.terminal.kit import PROFILE, REQUEST, UNPREDICTABLE, profile, request

VISA_94 = {
    "rid": "A000000003",
    "index": "94",
    "modulus": published.VISA_94_MODULUS.hex(),
    "exponent": "03",
    "expiry": "1231",
    "checksum": published.VISA_94_CHECKSUM.hex(),
}


def load(*entries: dict[str, Any]) -> tuple[CaPublicKey, ...]:
    return load_ca_keys(json.dumps(entries))


def code(action: Any) -> str:
    with pytest.raises(ProfileError) as caught:
        action()
    return caught.value.code


def test_a_list_of_keys_is_loaded() -> None:
    [key] = load(VISA_94)
    assert (key.rid.hex(), key.index, key.exponent) == ("a000000003", 0x94, 3)
    assert key.expiry == dt.date(2031, 12, 31)
    assert key.checksum == published.VISA_94_CHECKSUM


def test_a_list_in_an_envelope_is_loaded() -> None:
    # As a Cardwright test authority writes it.
    entry = {**VISA_94, "exponent": 3, "expiry": "2031-02", "check_sum": VISA_94["checksum"]}
    del entry["checksum"]
    [key] = load_ca_keys(json.dumps({"format": "cardwright-capk/1", "keys": [entry]}))
    assert key.expiry == dt.date(2031, 2, 28)


def test_an_expiry_may_be_a_day() -> None:
    [key] = load({**VISA_94, "expiry": "20311230"})
    assert key.expiry == dt.date(2031, 12, 30)


@pytest.mark.parametrize(
    "change",
    [
        {"rid": "A0000000"}, {"index": "XX"}, {"modulus": ""}, {"exponent": "02"},
        {"expiry": "1331"}, {"expiry": "31"}, {"expiry": None}, {"checksum": 5}, {"rid": None},
        {"modulus": "00" * 128}, {"expiry": "20310230"},
    ],
)  # fmt: skip
def test_a_malformed_key_is_refused(change: dict[str, object]) -> None:
    assert code(lambda: load({**VISA_94, **change})) == "CA_KEY_FORMAT"


@pytest.mark.parametrize("document", ["", "{}", "5", '["a"]', '{"keys": 5}'])
def test_a_malformed_list_is_refused(document: str) -> None:
    assert code(lambda: load_ca_keys(document)) == "CA_KEY_FORMAT"


def test_a_changed_key_is_refused() -> None:
    assert code(lambda: load({**VISA_94, "index": "95"})) == "CA_KEY_CHECKSUM"
    assert code(lambda: load(VISA_94, VISA_94)) == "CA_KEY_TWICE"


@pytest.mark.parametrize(
    "change",
    [
        {"type": 0x20}, {"type": 0x42}, {"country": "FRA"}, {"currency": "97"}, {"aids": ()},
        {"currency_exponent": 10}, {"tac_denial": b""}, {"tac_online": b""}, {"tac_default": b""},
        {"floor_limit": -1}, {"additional_capabilities": b""}, {"terminal_id": "A"},
        {"merchant_id": ""}, {"serial": "123"}, {"category": "x"}, {"acquirer": "123456789012"},
        {"ttq": b""},
    ],
)  # fmt: skip
def test_a_profile_names_its_wrong_value(change: dict[str, Any]) -> None:
    [name] = change
    with pytest.raises(ProfileError, match=f"profile's {name} is"):
        profile(**change)


def test_parts_of_a_profile_are_checked() -> None:
    assert code(lambda: TerminalAid(b"\xa0\0\0")) == "PROFILE_VALUE"
    assert code(lambda: TerminalAid(bytes(5), version=b"")) == "PROFILE_VALUE"
    assert code(lambda: RandomSelection(50, 40)) == "PROFILE_VALUE"


@pytest.mark.parametrize(
    "change",
    [{"amount": -1}, {"amount": 1 << 32}, {"other": 9999}, {"type": 0x1A}, {"earlier": -1}],
)  # fmt: skip
def test_a_request_is_checked(change: dict[str, Any]) -> None:
    assert code(lambda: request(**change)) == "REQUEST_VALUE"


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12a4", "١٢٣٤"])
def test_a_pin_has_four_to_twelve_digits(pin: str) -> None:
    with pytest.raises(ProfileError) as caught:
        request(pin)
    assert pin not in str(caught.value)


def test_terminal_data_are_coded_as_emv_has_them() -> None:
    data = terminal_data(PROFILE, REQUEST, UNPREDICTABLE)
    assert {f"{tag:X}": value.hex() for tag, value in data.items()} == {
        "81": "000004d2", "9F02": "000000001234", "9F03": "000000000000", "9F04": "00000000",
        "9A": "261123", "9F21": "123456", "9C": "00", "9F41": "00000001", "9F37": "8b55633b",
        "5F2A": "0978", "5F36": "02", "9F1A": "0372", "9F33": "e0f8c8", "9F35": "22",
        "9F40": "f000f0a001", "9F1B": "00001388", "9F01": "000000000000", "9F15": "5999",
        "9F16": b"CARDWRIGHT TEST".hex(), "9F1C": b"CWTERM01".hex(), "9F1E": b"00000001".hex(),
        "9F39": "05", "9F66": "26000000",
    }  # fmt: skip


VALUES = {0x9F02: "000000001234", 0x5A: "9999991234567890", 0x9F1E: "3132333435", 0x70: "5A00"}


@pytest.mark.parametrize(
    ("dol", "expected"),
    [
        ("9F0204", "00001234"),  # numeric: the left goes first
        ("9F0208", "0000000000001234"),
        ("5A0A", "9999991234567890ffff"),  # compressed numeric: filled with F
        ("5A02", "9999"),
        ("9F1E03", "313233"),  # anything else: the right goes first
        ("9F1E07", "31323334350000"),
        ("7002", "0000"),  # a template
        ("9F7C02", "0000"),  # unknown
        ("9F0200", ""),
        ("", ""),
    ],
)
def test_a_list_is_filled(dol: str, expected: str) -> None:
    values = {tag: bytes.fromhex(value) for tag, value in VALUES.items()}
    assert b"".join(each for _, each in fill(bytes.fromhex(dol), values.get)).hex() == expected


@pytest.mark.parametrize(
    ("dol", "error"),
    [("9F", "TLV_TAG"), ("9F02", "TLV_TRUNCATED"), ("9A", "TLV_TRUNCATED"),
     ("9F808101", "TLV_TAG"), ("9F02FD", "TLV_LENGTH")],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(dol: str, error: str) -> None:
    with pytest.raises(TlvError) as caught:
        fill(bytes.fromhex(dol), lambda _: None)
    assert caught.value.code == error


@given(st.binary(max_size=20))
def test_any_list_is_read_or_refused(dol: bytes) -> None:
    try:
        entries = parse_dol(dol)
    except TlvError:
        return
    size = sum((tag.bit_length() + 7) // 8 or 1 for tag, _ in entries) + len(entries)
    assert size <= len(dol)


def test_flags_are_where_emv_has_them() -> None:
    assert Tvr.ODA_NOT_PERFORMED.encode().hex() == "8000000000"
    assert (Tvr.NEW_CARD | Tvr.ONLINE_PIN_ENTERED).encode().hex() == "0008040000"
    assert (Tvr.FORCED_ONLINE | Tvr.SCRIPT_FAILED_AFTER_FINAL).encode().hex() == "0000000810"
    assert Tsi.SCRIPT_PROCESSING.encode().hex() == "0400"
    assert (Capability.CONTACT_CHIP | Capability.CDA).encode().hex() == "200008"


def test_kinds_of_terminals() -> None:
    kinds = {each: profile(type=each) for each in (0x21, 0x22, 0x23, 0x24, 0x25, 0x26)}
    assert [each for each, it in kinds.items() if it.attended] == [0x21, 0x22, 0x23]
    assert [each for each, it in kinds.items() if it.online_only] == [0x21, 0x24]
    assert [each for each, it in kinds.items() if it.offline_only] == [0x23, 0x26]
