"""The host's half for the tests: opens sessions on a chip and sends it scripts."""

from __future__ import annotations

import warnings

from psec import des

from cardwright.chip import Chip, manufacture
from cardwright.globalplatform import commands
from cardwright.globalplatform.scp03 import (
    MAX_PLAIN_DATA,
    InitializeUpdateResponse,
    Scp03Channel,
    SecurityLevel,
    diversify,
    initialize_update,
    wrap_script,
)
from cardwright.globalplatform.store_data import DataGrouping, P1Coding, encode_dgi, store_data
from cardwright.secret import SecretBytes

KMC = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
SERIAL = bytes.fromhex("00010000427700001234")
HOST_CHALLENGE = bytes.fromhex("0102030405060708")
OK = b"\x90\x00"

EMV_AID = bytes.fromhex("A0000000031010")
BADGE_AID = b"\xf0BADGE01"
EMV_CODE = (b"\xf0CWEMV", b"\xf0CWEMV\x01")
BADGE_CODE = (b"\xf0CWBDG", b"\xf0CWBDG\x01")

MASTER_KEYS = bytes.fromhex(
    "0123456789ABCDEFFEDCBA9876543210" "1123456789ABCDEFFEDCBA9876543211"
    "2123456789ABCDEFFEDCBA9876543212"
)  # fmt: skip
CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704")
CDOL2 = bytes.fromhex("8A029F3704")
PDOL = bytes.fromhex("9F38039F1A02")


def check_values_by_psec() -> bytes:
    """The three KCVs, from an implementation that is not ours."""
    with warnings.catch_warnings():
        # psec takes triple DES from where cryptography no longer wants it taken from.
        warnings.simplefilter("ignore")
        return b"".join(des.generate_kcv(MASTER_KEYS[at : at + 16], 3) for at in (0, 16, 32))


def tlv(tag: str, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes.fromhex(tag) + bytes((len(value),)) + value


EMV_RECORD = tlv("70", tlv("8C", CDOL1) + tlv("8D", CDOL2))
LONG_RECORD = bytes.fromhex("7081FB") + bytes.fromhex("9081F8") + bytes(248)
FCI = tlv("A5", tlv("50", b"CARDWRIGHT") + PDOL)
OPTIONS = tlv("82", b"\x18\x00") + tlv("94", bytes.fromhex("0801020010010100"))


def new_chip(scp_i: int = 0x70) -> Chip:
    return manufacture(SERIAL, KMC, scp_i=scp_i)


def open_session(chip: Chip, level: int = SecurityLevel.C_MAC_C_ENC) -> Scp03Channel:
    """INITIALIZE UPDATE and EXTERNAL AUTHENTICATE with whatever is selected."""
    answer = chip.process(initialize_update(HOST_CHALLENGE))
    assert answer[-2:] == OK, answer.hex()
    parsed = InitializeUpdateResponse.parse(answer)
    keys = diversify(SecretBytes(KMC), parsed.diversification_data)
    channel = Scp03Channel.open(keys, HOST_CHALLENGE, parsed, level)
    assert chip.process(channel.external_authenticate()) == OK
    return channel


def send(chip: Chip, channel: Scp03Channel, apdu: bytes) -> bytes:
    return channel.unwrap(chip.process(channel.wrap(apdu)))


def run(chip: Chip, channel: Scp03Channel, apdus: list[bytes]) -> list[bytes]:
    """Wrap all first, then send all; the responses, unwrapped."""
    return [channel.unwrap(chip.process(each)) for each in wrap_script(channel, apdus)]


def emv_groupings(channel: Scp03Channel, check_values: bytes) -> list[DataGrouping]:
    return [
        DataGrouping(encode_dgi(0x0101, EMV_RECORD)),
        DataGrouping(encode_dgi(0x0102, LONG_RECORD)),
        DataGrouping(encode_dgi(0x0201, EMV_RECORD)),
        DataGrouping(encode_dgi(0x9102, FCI)),
        DataGrouping(encode_dgi(0x9104, OPTIONS)),
        DataGrouping(encode_dgi(0x8000, channel.encrypt_sensitive(MASTER_KEYS)), encrypted=True),
        DataGrouping(
            encode_dgi(0x8010, channel.encrypt_sensitive(bytes.fromhex("241234FFFFFFFFFF"))),
            encrypted=True,
        ),
        DataGrouping(encode_dgi(0x9010, b"\3\3")),
        DataGrouping(encode_dgi(0x9000, check_values)),
    ]


def badge_groupings(channel: Scp03Channel, key: bytes) -> list[DataGrouping]:
    return [
        DataGrouping(encode_dgi(0x0C01, b"employee 42")),
        DataGrouping(encode_dgi(0x8001, channel.encrypt_sensitive(key)), encrypted=True),
    ]


def script(
    code: tuple[bytes, bytes],
    aid: bytes,
    groupings: list[DataGrouping],
    level: SecurityLevel = SecurityLevel.C_MAC_C_ENC,
    coding: P1Coding = P1Coding.GLOBALPLATFORM,
) -> list[bytes]:
    """Install, then personalize."""
    return [
        commands.install_for_install(*code, aid),
        commands.install_for_personalization(aid),
        *store_data(groupings, max_data=MAX_PLAIN_DATA[level], coding=coding),
    ]
