import dataclasses
import datetime as dt
from typing import Any

import pyemv.tlv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.application import CardValues, EmvProfile, build, keys_dgis
from cardwright.emv.errors import EmvError
from cardwright.iso import luhn, tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.secret import SecretText

PROFILE = EmvProfile(
    aid=bytes.fromhex("A0000000031010"),
    label="DEBIT",
    aip=bytes.fromhex("1C00"),
    currency="978",
    country="250",
    language="fren",
    cvm_list=bytes.fromhex("0000000000000000" "42031E031F03"),
    iac_default=bytes.fromhex("B860AC8800"),
    iac_denial=bytes.fromhex("0010000000"),
    iac_online=bytes.fromhex("B868BC9800"),
    cdol1=bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704"),
    cdol2=bytes.fromhex("8A029F02069F03069F1A0295055F2A029A039C019F3704"),
    usage_control=bytes.fromhex("FF00"),
    application_version=bytes.fromhex("008C"),
)  # fmt: skip
CARD = CardValues(
    pan=Pan("4111111111111111"),
    psn="01",
    expiry=Expiry(2029, 2),
    effective=dt.date(2026, 3, 1),
    service_code=ServiceCode("201"),
    track2_discretionary=SecretText("1234500321"),
    stripe_name=SecretText("GARCIA/MARIA"),
)


def values_of(template: bytes | None) -> dict[int, str]:
    assert template is not None
    return {o.tag: o.value.hex() for o in tlv.parse(template)}


def test_the_groupings_of_a_debit_application() -> None:
    application = build(PROFILE, CARD)
    by_id = {dgi.id: dgi.value for dgi in application.dgis}
    assert list(by_id) == [0x0101, 0x0201, 0x0202, 0x9102, 0x9104]
    assert application.records == application.dgis[:3]
    assert application.aid == PROFILE.aid
    assert by_id[0x9104].hex() == "82021c0094080801010010010200"
    assert application.afl.hex() == "0801010010010200"
    assert by_id[0x9102].hex() == "a511500544454249548701015f2d046672656e"
    assert values_of(tlv.find(by_id[0x0101], 0x70)) == {
        0x57: "4111111111111111d29022011234500321",
        0x5F20: b"GARCIA/MARIA".hex(),
    }
    assert values_of(tlv.find(by_id[0x0201], 0x70)) == {
        0x5A: "4111111111111111", 0x5F24: "290228", 0x5F25: "260301", 0x5F28: "0250",
        0x5F30: "0201", 0x5F34: "01", 0x9F07: "ff00", 0x9F08: "008c", 0x9F42: "0978",
        0x9F44: "02",
    }  # fmt: skip
    assert set(values_of(tlv.find(by_id[0x0202], 0x70))) == {
        0x8C, 0x8D, 0x8E, 0x9F0D, 0x9F0E, 0x9F0F,
    }  # fmt: skip


@given(
    st.text("0123456789", min_size=11, max_size=18).map(lambda b: b + luhn.check_digit(b)),
    st.text("0123456789", max_size=11),
    st.builds(Expiry, st.integers(2027, 2099), st.integers(1, 12)),
)
def test_a_terminal_reads_the_card_back(digits: str, discretionary: str, expiry: Expiry) -> None:
    card = dataclasses.replace(
        CARD,
        pan=Pan(digits),
        expiry=expiry,
        track2_discretionary=SecretText(discretionary),
    )
    merged: dict[str, bytes] = {}
    for record in build(PROFILE, card).records:
        merged.update(pyemv.tlv.decode(record.value)["70"])
    assert merged["5A"].hex().rstrip("f") == digits
    track2 = merged["57"].hex().rstrip("f")
    assert track2 == f"{digits}d{expiry.yymm}201{discretionary}"
    assert merged["5F24"].hex() == expiry.last_day().strftime("%y%m%d")
    assert {0x8E, 0x9F42} <= {int(tag, 16) for tag in merged}


def test_a_pdol_is_asked_where_the_profile_has_one() -> None:
    asking = dataclasses.replace(PROFILE, pdol=bytes.fromhex("9F1A02"))
    (fci,) = (dgi.value for dgi in build(asking, CARD).dgis if dgi.id == 0x9102)
    assert tlv.find(fci, 0xA5, 0x9F38) == bytes.fromhex("9F1A02")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aid", bytes(4)), ("aid", bytes(17)), ("label", ""), ("label", "A" * 17),
        ("label", "D\u00c9BIT"), ("priority", 256), ("aip", bytes(1)), ("aip", b"\x40\x00"),
        ("aip", b"\x20\x00"), ("aip", b"\x01\x00"), ("currency", "97"), ("currency", "EUR"),
        ("currency_exponent", 10), ("country", "FRA"), ("language", "f"), ("language", ""),
        ("cvm_list", bytes(8)), ("cvm_list", bytes(11)), ("iac_default", bytes(4)),
        ("iac_denial", bytes(6)), ("iac_online", b""), ("cdol1", b""), ("cdol2", b""),
        ("usage_control", bytes(1)), ("application_version", bytes(3)),
    ],
)  # fmt: skip
def test_a_profile_that_no_card_should_carry(name: str, value: Any) -> None:
    with pytest.raises(EmvError, match=name) as caught:
        dataclasses.replace(PROFILE, **{name: value})
    assert caught.value.code == "PROFILE_VALUE"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("psn", "1"),
        ("psn", "1x"),
        ("effective", dt.date(2029, 3, 1)),
        ("track2_discretionary", SecretText("12D4")),
        ("track2_discretionary", SecretText("1" * 15)),
        ("stripe_name", SecretText("/")),
        ("stripe_name", SecretText("A" * 27)),
        ("stripe_name", SecretText("É/")),
    ],
    ids=range(8),
)
def test_a_card_value_that_has_no_coding(name: str, value: Any) -> None:
    with pytest.raises(EmvError, match=name) as caught:
        dataclasses.replace(CARD, **{name: value})
    assert caught.value.code == "CARD_VALUE"


def test_lists_too_long_for_their_record() -> None:
    long = dataclasses.replace(PROFILE, cdol1=bytes(200))
    with pytest.raises(EmvError) as caught:
        build(long, CARD)
    assert caught.value.code == "RECORD_LENGTH"


def test_keys_and_their_check_values() -> None:
    enciphered = bytes(range(48))
    keys, check_values = keys_dgis(enciphered, (b"aaa", b"bbb", b"ccc"))
    assert (keys.id, keys.value) == (0x8000, enciphered)
    assert (check_values.id, check_values.value) == (0x9000, b"aaabbbccc")
    refused = ((47, [b"aaa"] * 3), (48, [b"aaa"] * 2), (48, [b"aa"] * 3))
    for length, values in refused:
        with pytest.raises(EmvError) as caught:
            keys_dgis(bytes(length), values)
        assert caught.value.code == "KEY_DATA"


def test_nothing_of_the_cardholder_prints() -> None:
    shown = repr(CARD) + repr(build(PROFILE, CARD))
    for part in ("4111", "GARCIA", "12345"):
        assert part not in shown
