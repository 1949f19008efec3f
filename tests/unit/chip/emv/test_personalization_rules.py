"""What groupings the application takes, and when they are enough."""

from __future__ import annotations

import pytest

from cardwright.chip.apdu import Refusal
from cardwright.chip.applet import ApplicationState
from cardwright.chip.emv import EmvApplet
from cardwright.chip.emv.groupings import SECRET
from tests.unit.chip.emv.card import (
    AID,
    CDOL1,
    CDOL2,
    CORE,
    CORE_AES,
    LOCATOR,
    PIN_BLOCK,
    TDES,
    Q,
    aes_issuer,
    crt,
    groupings,
    personalize,
)
from tests.unit.chip.emv.issuer import Issuer, padded, tlv

NO_SIGNATURES = 0x18
RSA = (*range(0x8201, 0x8206),)


def without(values: dict[int, bytes], *names: int) -> dict[int, bytes]:
    return {each: value for each, value in values.items() if each not in names}


def closing_status(values: dict[int, bytes]) -> str:
    try:
        personalize(values)
    except Refusal as refusal:
        return f"{refusal.status:04X}"
    return "9000"


@pytest.mark.parametrize(
    "issuer", [TDES, aes_issuer(16), aes_issuer(24), aes_issuer(32)], ids=["tdes", "16", "24", "32"]
)
def test_keys_of_each_algorithm_and_length_are_taken(issuer: Issuer) -> None:
    assert personalize(groupings(issuer)).state is ApplicationState.PERSONALIZED


@pytest.mark.parametrize(
    ("grouping", "value", "status"),
    [
        (0x7777, "00", "6A88"),
        (0x8006, "00", "6A88"),
        (0x8206, "00", "6A88"),
        (0x0101, "710100", "6A80"),
        (0x0101, "700500", "6A80"),
        (0x9102, "6F00", "6A80"),
        (0x9103, "6F00", "6A80"),
        (0x9103, "A5059F38029F37", "6A80"),  # a PDOL that ends within an entry
        (0x9104, "82021800", "6A80"),
        (0x9104, "8202180094030801", "6A80"),
        (0x9104, "8202180094020801", "6A80"),
        (0x9104, "820218009400", "6A80"),
        (0x9104, "820118940408010100", "6A80"),
        (0x9104, "82021800940400010100", "6A80"),  # file 0
        (0x9104, "820218009404F8010100", "6A80"),  # file 31
        (0x9104, "82021800940409010100", "6A80"),  # its low bits
        (0x9104, "82021800940408000100", "6A80"),  # record 0
        (0x9104, "82021800940408020100", "6A80"),  # backwards
        (0x9104, "82021800940408010102", "6A80"),  # more authenticated than there are
        (0x9207, "9404080101008203180000", "6A80"),
        (0x8000, "00" * 47, "6A80"),
        (0x8000, "00" * 64, "6A80"),
        (0x9000, "00" * 6, "6A80"),
        (0x8010, "241234FFFFFFFF", "6A80"),
        (0x8010, "141234FFFFFFFFFF", "6A80"),  # another control field
        (0x8010, "231234FFFFFFFFFF", "6A80"),  # three digits
        (0x8010, "2D123456789012FF", "6A80"),  # thirteen
        (0x8010, "24123AFFFFFFFFFF", "6A80"),  # no digit
        (0x8010, "2412345FFFFFFFFF", "6A80"),  # no filler
        (0x9010, "03", "6A80"),
        (0x9010, "0302", "6A80"),
        (0x9010, "0003", "6A80"),
        (0x9010, "0310", "6A80"),
        (0x8201, "00" * 47, "6A80"),
        (0x8305, "00" * 200, "6A80"),
        (0x3001, "9F1402", "6A80"),
        (0x3001, "9F14020102", "6A80"),
        (0x3000, "9F360100", "6A80"),
    ],
)  # fmt: skip
def test_a_malformed_grouping_is_refused_at_once(grouping: int, value: str, status: str) -> None:
    applet = EmvApplet(AID)
    with pytest.raises(Refusal, match=status):
        applet.store(grouping, bytes.fromhex(value), encrypted=grouping in SECRET)


@pytest.mark.parametrize("grouping", [0x8000, 0x8010, 0x8203, 0x8305])
def test_a_secret_grouping_must_come_enciphered(grouping: int) -> None:
    value = {**groupings(), **crt_of_pin_key()}[grouping]
    with pytest.raises(Refusal, match="6A80"):
        EmvApplet(AID).store(grouping, value, encrypted=False)


def test_an_open_grouping_must_come_in_clear() -> None:
    with pytest.raises(Refusal, match="6A80"):
        EmvApplet(AID).store(0x9010, b"\3\3", encrypted=True)


def crt_of_pin_key() -> dict[int, bytes]:
    return {each + 0x100: value for each, value in groupings().items() if each in RSA}


@pytest.mark.parametrize(
    ("grouping", "value"),
    [
        (0x8000, aes_issuer(24).grouping),
        (0x8010, PIN_BLOCK),
        (0x8205, groupings()[0x8205]),
    ],
    ids=["keys", "pin", "prime"],
)
@pytest.mark.parametrize("block", [8, 16])
def test_what_pads_a_grouping_is_dropped(grouping: int, value: bytes, block: int) -> None:
    values = groupings(aes_issuer(24)) | {grouping: padded(value, block)}
    assert personalize(values).state is ApplicationState.PERSONALIZED


@pytest.mark.parametrize(
    "left_out",
    [0x9102, 0x9104, 0x8000, 0x9000, 0x8010, 0x9010, 0x0202, 0x0301, 0x0302, 0x0101, *RSA],
    ids=lambda each: f"{each:04X}",
)
def test_an_incomplete_application_is_not_closed(left_out: int) -> None:
    assert closing_status(without(groupings(), left_out)) == "6985"


def test_signatures_are_not_needed_where_none_are_promised() -> None:
    values = without(groupings(aip=NO_SIGNATURES), 0x0301, 0x0302, *RSA)
    values[0x9104] = tlv(0x82, b"\x18\0") + tlv(0x94, bytes.fromhex("0801010010010200"))
    assert closing_status(values) == "9000"


@pytest.mark.parametrize(
    ("name", "objects", "status"),
    [
        ("no-issuer-certificate", {0x0301: tlv(0x8F, b"\1") + tlv(0x9F32, b"\3")}, "6985"),
        ("another-exponent", {0x0302: tlv(0x9F46, bytes(138)) + tlv(0x9F47, b"\5")}, "6A80"),
        ("a-short-certificate", {0x0302: tlv(0x9F46, bytes(137)) + tlv(0x9F47, b"\3")}, "6A80"),
        (
            "a-remainder",
            {0x0302: tlv(0x9F46, bytes(112)) + tlv(0x9F47, b"\3") + tlv(0x9F48, bytes(26))},
            "9000",
        ),
        (
            "another-remainder",
            {0x0302: tlv(0x9F46, bytes(112)) + tlv(0x9F47, b"\3") + tlv(0x9F48, bytes(25))},
            "6A80",
        ),
        (
            "a-ddol-without-the-number",
            {0x0302: tlv(0x9F46, bytes(138)) + tlv(0x9F47, b"\3") + tlv(0x9F49, b"\x9a\3")},
            "6A80",
        ),
    ],
)
def test_certificates_must_fit_the_card_s_key(
    name: str, objects: dict[int, bytes], status: str
) -> None:
    wrapped = {each: tlv(0x70, value) for each, value in objects.items()}
    assert closing_status(groupings(extra=wrapped)) == status, name


def test_cda_needs_the_unpredictable_number() -> None:
    record = tlv(0x70, tlv(0x8C, CDOL1[:-3]) + tlv(0x8D, CDOL2))
    assert closing_status(groupings(extra={0x0202: record})) == "6A80"
    assert closing_status(groupings(extra={0x0202: record}, aip=0x3C)) == "9000"


def test_static_authentication_needs_its_signature() -> None:
    assert closing_status(groupings(aip=0x58)) == "6985"
    signed = tlv(0x70, tlv(0x8F, b"\1") + tlv(0x9F32, b"\3") + tlv(0x93, bytes(96)))
    certificate = tlv(0x70, tlv(0x90, bytes(144)))
    values = groupings(
        aip=0x58, extra={0x0301: signed, 0x0401: certificate}, locator=LOCATOR + b"\x20\1\1\0"
    )
    assert closing_status(values) == "9000"


@pytest.mark.parametrize(
    ("issuer", "data"),
    [
        (TDES, CORE_AES),
        (aes_issuer(16), CORE),
        (aes_issuer(24), CORE),
        (TDES, bytes.fromhex("06010E03000000")),  # cryptogram version 14, which it can't make
        (aes_issuer(16), bytes.fromhex("06010A03000000")),
        (TDES, bytes(7)),
    ],
)
def test_the_cryptogram_version_must_fit_the_keys(issuer: Issuer, data: bytes) -> None:
    assert closing_status(groupings(issuer, data=data)) == "6A80"


def test_longer_keys_are_aes_keys_without_being_told() -> None:
    assert closing_status(without(groupings(aes_issuer(32)), 0x3001)) == "9000"
    assert closing_status(without(groupings(aes_issuer(16)), 0x3001)) == "6A80"


@pytest.mark.parametrize("key", range(3))
def test_each_key_must_have_its_check_value(key: int) -> None:
    values = groupings()
    check_values = bytearray(values[0x9000])
    check_values[3 * key] ^= 1
    assert closing_status(values | {0x9000: bytes(check_values)}) == "6A80"


def verification(methods: str) -> dict[int, bytes]:
    lists = tlv(0x8C, CDOL1) + tlv(0x8D, CDOL2) + tlv(0x8E, bytes(8) + bytes.fromhex(methods))
    return {0x0202: tlv(0x70, lists)}


@pytest.mark.parametrize("method", ["01", "41", "03", "04", "44", "05"])
def test_offline_pins_must_be_there_if_the_list_has_them(method: str) -> None:
    values = groupings(extra=verification(method + "00"))
    assert closing_status(values) == "9000"
    assert closing_status(without(values, 0x8010, 0x9010)) == "6985"


def test_enciphered_pins_need_a_key() -> None:
    values = without(groupings(extra=verification("0403"), aip=NO_SIGNATURES), *RSA)
    assert closing_status(values) == "6985"
    other_methods = without(groupings(extra=verification("02031E031F03"), aip=NO_SIGNATURES), *RSA)
    assert closing_status(without(other_methods, 0x8010, 0x9010)) == "9000"


def test_a_pin_key_needs_its_certificate() -> None:
    values = groupings(extra=crt_of_pin_key(), locator=LOCATOR[:-2] + b"\3\0")
    assert closing_status(values | {0x0303: tlv(0x70, b"")}) == "6985"
    fitting = tlv(0x70, tlv(0x9F2D, bytes(138)) + tlv(0x9F2E, b"\3"))
    assert closing_status(values | {0x0303: fitting}) == "9000"
    other = tlv(0x70, tlv(0x9F2D, bytes(138)) + tlv(0x9F2E, b"\1\0\1"))
    assert closing_status(values | {0x0303: other}) == "6A80"
    assert closing_status(without(values | {0x0303: fitting}, 0x8303)) == "6985"


def test_a_key_of_a_composite_number_is_found() -> None:
    p = 2**383 + 3  # odd, and divisible by 7
    values = groupings(extra=crt(p, Q, 65537))
    values[0x0302] = tlv(0x70, tlv(0x9F46, bytes(138)) + tlv(0x9F47, b"\1\0\1"))
    assert closing_status(values) == "6A80"


def test_a_list_must_be_readable_and_ask_for_something() -> None:
    for cdol2 in ("8A", "8A00"):
        assert closing_status(groupings(cdol2=bytes.fromhex(cdol2))) == "6A80"
    selection = tlv(0xA5, tlv(0x50, b"X") + bytes.fromhex("9F38029F37"))
    assert closing_status(groupings(extra={0x9102: selection})) == "6A80"


def test_an_application_for_the_antenna_alone_is_complete() -> None:
    values = groupings()
    values[0x9207] = values.pop(0x9104)
    assert closing_status(values) == "9000"
