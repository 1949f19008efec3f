"""Answers of real cards, as others published them; the source stands beside each."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.globalplatform.card_data import (
    Cplc,
    KeyInformation,
    parse_key_information,
    parse_secure_channels,
    parse_status,
)
from cardwright.globalplatform.errors import CardDataError
from cardwright.iso.tlv import encode

# GlobalPlatformPro, issue 112 (there decoded: IC fabricator 4790, type 6A15, OS 8231, 4176, ...).
CPLC = bytes.fromhex(
    "9F7F2A47906A1582314176009661330000114A1424114261331143613311446133130B00000000000000000000"
)
# kaoh/globalplatform, globalplatform/src/scp03Test.c, get_status_enc_mac.
ISD_STATUS = bytes.fromhex(
    "E3324F08A0000001510000009F70020F00C50382FC80C407A0000001515350CE020100CC08A0000001510000"
    "00EA058003008000"
)
LOAD_FILES = bytes.fromhex(
    "E3194F07A00000006200019F70020100CE020100CC05A000000151"
    "E3194F07A00000006201019F70020100CE020105CC05A000000151"
)


def test_cplc() -> None:
    cplc = Cplc.parse(CPLC)
    assert cplc.fabricator.hex() == "4790"
    assert cplc.ic_type.hex().upper() == "6A15"
    assert cplc.operating_system.hex() == "823141760096"
    assert cplc.fabrication_date.hex() == "6133"
    assert cplc.serial_number.hex().upper() == "0000114A"
    assert cplc.batch.hex() == "1424"
    assert cplc.module.hex() == "11426133"
    assert cplc.embedding.hex() == "11436133"
    assert cplc.pre_personalization.hex().upper() == "11446133130B0000"
    assert cplc.personalization == bytes(8)


@pytest.mark.parametrize("data", [b"", CPLC[:-1], encode(0x9F7F, bytes(41)), encode(0x66, b"")])
def test_what_is_no_cplc_is_refused(data: bytes) -> None:
    with pytest.raises(CardDataError) as refused:
        Cplc.parse(data)
    assert refused.value.code == "CARD_DATA"


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        (  # GlobalPlatformPro, TestGPKeyInfo.testRSAKeyTemplate
            "E020C00401018820C00402018820C00403018820C0060170A180A003C00401718010",
            (
                KeyInformation(1, 1, ((0x88, 0x20),)),
                KeyInformation(2, 1, ((0x88, 0x20),)),
                KeyInformation(3, 1, ((0x88, 0x20),)),
                KeyInformation(1, 0x70, ((0xA1, 0x80), (0xA0, 3))),
                KeyInformation(1, 0x71, ((0x80, 0x10),)),
            ),
        ),
        (  # testExtendedRSAKeyTemplate: the second type has no FF
            "E021C00401018010C00402018010C00403018010C00D0173FFA10080A0000301840100",
            (
                KeyInformation(1, 1, ((0x80, 0x10),)),
                KeyInformation(2, 1, ((0x80, 0x10),)),
                KeyInformation(3, 1, ((0x80, 0x10),)),
                KeyInformation(1, 0x73, ((0xA1, 0x80), (0xA0, 3)), 0x84, 0x00),
            ),
        ),
        (  # of testExtendedKeyTypeTemplateWithZeroLengths
            "E01CC00A0120FF80001001000100C00E0202FF880010FF10000101000100",
            (
                KeyInformation(1, 0x20, ((0x80, 0x10),), 0, 0),
                KeyInformation(2, 2, ((0x88, 0x10), (0x10, 1)), 0, 0),
            ),
        ),
        ("E00A" + "C0080120FF8000100000", (KeyInformation(1, 0x20, ((0x80, 0x10),)),)),
    ],
)
def test_key_information(template: str, keys: tuple[KeyInformation, ...]) -> None:
    assert parse_key_information(bytes.fromhex(template)) == keys


@pytest.mark.parametrize(
    "template", ["", "C00401018820", "E005C003010188", "E004C0020101", "E007C0050101FF8000"]
)
def test_what_is_no_key_information_is_refused(template: str) -> None:
    with pytest.raises(CardDataError):
        parse_key_information(bytes.fromhex(template))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (  # GlobalPlatformPro, issue 114
            (
                "6631732F06072A864886FC6B01600C060A2A864886FC6B02020201630906072A864886FC6B03640B0609"
                "2A864886FC6B040370"
            ),
            ((3, 0x70),),
        ),
        (  # GlobalPlatformPro, issue 253
            (
                "6631732F06072A864886FC6B01600C060A2A864886FC6B02020101630906072A864886FC6B03640B0609"
                "2A864886FC6B040215"
            ),
            ((2, 0x15),),
        ),
        (  # chenpengcong/blog, issue 31
            (
                "663D733B06072A864886FC6B01600B06092A864886FC6B020202630906072A864886FC6B03640B06092A"
                "864886FC6B040255640B06092A864886FC6B048000"
            ),
            ((2, 0x55), (0x80, 0x00)),
        ),
    ],
)
def test_secure_channels_that_a_card_offers(data: str, expected: tuple[tuple[int, int]]) -> None:
    assert parse_secure_channels(bytes.fromhex(data)) == expected


def test_what_is_no_card_data_is_refused() -> None:
    for data in ("", "6600", "660273", "6606730464020601", "73020600"):
        with pytest.raises(CardDataError):
            parse_secure_channels(bytes.fromhex(data))


def test_a_card_may_offer_none() -> None:
    assert parse_secure_channels(bytes.fromhex("66027300")) == ()


def test_the_registrys_entry_of_a_security_domain() -> None:
    (isd,) = parse_status(ISD_STATUS)
    assert isd.aid.hex().upper() == "A000000151000000"
    assert isd.life_cycle == 0x0F
    assert isd.privileges == bytes.fromhex("82FC80")
    assert isd.load_file == bytes.fromhex("A0000001515350")
    assert isd.load_file_version == b"\1\0"
    assert isd.security_domain == isd.aid
    assert isd.modules == ()


def test_the_registrys_entries_of_load_files() -> None:
    first, second = parse_status(LOAD_FILES)
    assert (first.aid[-1], second.aid[-2:]) == (1, b"\1\1")
    assert first.privileges is None
    assert second.load_file_version == b"\1\5"
    assert second.security_domain == bytes.fromhex("A000000151")


def test_a_load_file_with_its_modules() -> None:
    modules = bytes.fromhex("8405F000000001" + "8405F000000002")
    (entry,) = parse_status(encode(0xE3, bytes.fromhex("4F05F0000000009F700101") + modules))
    assert entry.modules == (bytes.fromhex("F000000001"), bytes.fromhex("F000000002"))


def test_an_empty_registry_is_no_error_and_a_broken_one_is() -> None:
    assert parse_status(b"") == ()
    for broken in (ISD_STATUS[:-1], encode(0xE3, b"\x4f\x00"), encode(0xE3, b"\x9f\x70\x01\x07")):
        with pytest.raises(CardDataError):
            parse_status(broken)


@given(st.binary(max_size=80), st.sampled_from([b"", b"\xe0", b"\x66", b"\xe3"]))
def test_any_octets_are_read_or_refused(data: bytes, tag: bytes) -> None:
    octets = tag + bytes((len(data),)) * bool(tag) + data
    for parse in (Cplc.parse, parse_key_information, parse_secure_channels, parse_status):
        with contextlib.suppress(CardDataError):
            assert isinstance(parse(octets), Cplc | tuple)


@given(st.lists(st.builds(bytes, st.lists(st.integers(0, 255), max_size=12)), max_size=4))
def test_any_entries_of_key_information_are_read_or_refused(entries: list[bytes]) -> None:
    template = encode(0xE0, b"".join(encode(0xC0, entry) for entry in entries))
    try:
        keys = parse_key_information(template)
    except CardDataError:
        return
    assert [key.identifier for key in keys] == [entry[0] for entry in entries]
