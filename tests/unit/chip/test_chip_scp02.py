from __future__ import annotations

import pytest

from cardwright.chip import STANDARD, Chip, KeyType, Profile, Scheme, TransportKeys, manufacture
from cardwright.chip.apdu import Refusal, parse_command
from cardwright.chip.keys import MAX_FAILURES, Key, KeySet
from cardwright.chip.scp02 import Scp02Session
from tests.unit.chip.host import (
    AES_SET,
    ISD,
    KEY,
    OK,
    SERIAL,
    TDES_SET,
    Scp02Host,
    command,
    kcv,
    retail_mac,
)

GET_ISD_STATUS = (0x80, 0xF2, 0x80, 0x02, b"\x4f\0")


def no_random(size: int) -> bytes:
    raise AssertionError(f"a pseudo-random challenge draws no {size} random octets")


def key_set(enc: bytes, mac: bytes, dek: bytes, sequence: int = 0) -> KeySet:
    values = enumerate((enc, mac, dek), 1)
    return KeySet(0x20, {name: Key(KeyType.TDES, each) for name, each in values}, sequence)


def session(sequence: int = 0, i: int = 0x15) -> Scp02Session:
    return Scp02Session(key_set(KEY, KEY, KEY, sequence), i, ISD, bytes(8), bytes)


def chip_with(i: int, minimum_level: int = 0x01) -> Chip:
    profile = Profile("test", scp02_i=i, minimum_level=minimum_level)
    return manufacture(SERIAL, [TDES_SET], profile=profile)


@pytest.mark.parametrize(
    ("sequence", "enc", "mac", "dek"),
    [
        (
            0x0000,
            "010b0371d78377b801f2d62afc671d95",
            "d1c28c601652a4770d67ad82d2d2e1c4",
            "e11987ee331b417a5d67d760692f89d4",
        ),
        (
            0x0001,
            "25c9794a1205ff244f5fa0378d2f8d59",
            "9bed98891580c3b245fe9ec58bfa8d2a",
            "0e51fdf196141f227a57bd154012fd39",
        ),
        (
            0x007F,
            "f463d35410fd6ed925c7b07b333cfaf9",
            "161c8aa468e658c45ae3eca8387dfb19",
            "369a67c04590b93101ca413613db706a",
        ),
    ],
)
def test_session_keys_are_those_of_openjavacard(
    sequence: int, enc: str, mac: str, dek: str
) -> None:
    """Source: openjavacard-tools, SCP02DerivationTest, for keys 40..4F."""
    opened = session(sequence)
    assert (opened._enc.hex(), opened._mac.hex(), opened._dek.hex()) == (enc, mac, dek)


def test_session_keys_have_the_check_values_of_globalplatformpro() -> None:
    """Source: GlobalPlatformPro, TestPlaintextKeys.testSessionKeys_SCP02, the R-MAC key too."""
    opened = session()
    keys = (opened._enc, opened._mac, opened._dek, opened._rmac)
    assert [kcv(KeyType.TDES, each).hex().upper() for each in keys] == [
        "F2DCDD",
        "5FCC69",
        "85272E",
        "9F749A",
    ]


def test_sensitive_data_is_encrypted_as_by_globalplatformpro() -> None:
    """Source: GlobalPlatformPro, TestPlaintextKeys.testKeyEncryption_SCP02."""
    encrypted = bytes.fromhex("EFBEE6C6D99D7B70BDE9D7E927F020AF")
    assert session().decrypt_sensitive(encrypted) == KEY


@pytest.mark.parametrize("size", [0, 7, 12])
def test_sensitive_data_are_whole_blocks(size: int) -> None:
    with pytest.raises(Refusal, match="6A80"):
        session().decrypt_sensitive(bytes(size))


PLAIN = [
    "10200030050102030405",
    "10200030080102030405060708",
    "102000300c010203040506070801020304",
    "102000301001020304050607080102030405060708",
]
AT_LEVEL_01 = [
    "142000300d0102030405fb4034e025786ab1",
    "142000300d01020304050a3bebcf697d0829",
    "142000301001020304050607081bebeae51e869dac",
    "1420003010010203040506070840f75851a11470c5",
    "1420003014010203040506070801020304e651f07b2bddccc0",
    "1420003014010203040506070801020304b4744d06cf32ce36",
    "142000301801020304050607080102030405060708a3efc1f8df5c4660",
    "142000301801020304050607080102030405060708f590535e9ec765cd",
]
AT_LEVEL_03 = [
    "1420003010ca0868ab790be10ffb4034e025786ab1",
    "1420003010ca0868ab790be10f0a3bebcf697d0829",
    "14200030180e9a7741e84385be73d0941f83dad0fd1bebeae51e869dac",
    "14200030180e9a7741e84385be73d0941f83dad0fd40f75851a11470c5",
    "14200030180e9a7741e84385be7af4e62b6085037ae651f07b2bddccc0",
    "14200030180e9a7741e84385be7af4e62b6085037ab4744d06cf32ce36",
    "14200030200e9a7741e84385bea5312176c1f49f83f544aa3defb12223a3efc1f8df5c4660",
    "14200030200e9a7741e84385bea5312176c1f49f83f544aa3defb12223f590535e9ec765cd",
]


@pytest.mark.parametrize(("level", "wrapped"), [(0x01, AT_LEVEL_01), (0x03, AT_LEVEL_03)])
def test_commands_wrapped_by_openjavacard_are_unwrapped(level: int, wrapped: list[str]) -> None:
    """Source: openjavacard-tools, SCP02WrapperTest; its session keys are 40..4F themselves."""
    opened = session()
    opened._mac = opened._enc = KEY
    opened.level = level
    plain = [each for each in PLAIN for _ in range(2)]
    for sent, expected in zip(wrapped, plain, strict=True):
        assert opened.unwrap(parse_command(bytes.fromhex(sent))) == parse_command(
            bytes.fromhex(expected)
        )


def test_the_card_side_of_a_recorded_session() -> None:
    """Source: osmocom pySim, test_globalplatform.py, SCP02_Auth_Test and SCP02_Test."""
    keys = key_set(
        bytes.fromhex("100102030405060708090A0B0C0D0E0F"),
        bytes.fromhex("101102030405060708090A0B0C0D0E0F"),
        bytes.fromhex("102102030405060708090A0B0C0D0E0F"),
        sequence=1,
    )
    keys.version = 0x70
    challenge = bytes.fromhex("6B4524ABEE7C")
    host_challenge = bytes.fromhex("40A62C37FA6304F8")
    opened = Scp02Session(keys, 0x15, ISD, host_challenge, lambda _: challenge)
    assert opened.answer(bytes(10)).hex().upper() == (
        "00000000000000000000700200016B4524ABEE7CF32EA3838BC148F3"
    )
    opened.authenticate(parse_command(bytes.fromhex("8482010010BA6961667737C5BCEBECE14C7D6A4376")))
    assert keys.sequence == 2
    for wrapped, plain in (
        ("84F220020814DB34FA4341DCA8", "80F22002"),
        ("84CA00660855ED7C5FF069512B00", "80CA006600"),
        ("84F22002124F0212345C054F9F70C58FC1B380C4228AF8", "80F220020A4F0212345C054F9F70C5"),
        ("84F280020A4F003B95F09317DE6A4E00", "80F28002024F0000"),
    ):
        assert opened.unwrap(parse_command(bytes.fromhex(wrapped))) == parse_command(
            bytes.fromhex(plain)
        )


def test_the_card_side_of_a_recorded_session_with_response_macs() -> None:
    """Source: GlobalPlatformPro, issue 218, a real card at level 13; its challenge says i = 75."""
    keys = key_set(KEY, KEY, KEY, sequence=0x46)
    opened = Scp02Session(keys, 0x75, ISD, bytes.fromhex("4261A2F44EEC57EB"), no_random)
    assert opened.answer(bytes.fromhex("00007283146622943966")).hex().upper() == (
        "0000728314662294396620020046A58399EA65DDB9E2781A25689C71"
    )
    opened.authenticate(parse_command(bytes.fromhex("8482130010FAE81DD218F60A30A0F03ED2002B63B2")))
    opened._stripped = bytes.fromhex(
        "80E610002010A00000000053594E4A4F4E4553535344000A53594E4A4F4E45530000000000"
    )
    assert opened.wrap(b"\0", 0x9000).hex().upper() == "006DFCFE5065740D309000"


def test_the_pseudo_random_challenge_of_a_recorded_session() -> None:
    """Source: chenpengcong/blog, issue 31, a real card of i = 55 and its domain's AID."""
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    domain = bytes.fromhex("A0000000660000000000000000000002")
    opened = Scp02Session(
        key_set(key, key, key), 0x55, domain, bytes.fromhex("1234567891234567"), no_random
    )
    assert opened.answer(bytes(10))[14:].hex().upper() == "B17EECA5CEB90D4AC851271C3C0D"


@pytest.mark.parametrize("i", [0x15, 0x35, 0x55, 0x75])
@pytest.mark.parametrize("level", [0x01, 0x03, 0x11, 0x13])
def test_every_option_and_level_end_to_end(i: int, level: int) -> None:
    host = Scp02Host(chip_with(i))
    if level & 0x10 and not i & 0x20:
        assert host.chip.process(host.external_authenticate(level)) == b"\x6a\x86"
        return
    host.open(level)
    for _ in range(3):
        assert host.send(*GET_ISD_STATUS)[-2:] == OK
        assert host.send(0x80, 0xF2, 0x40, 0x02, b"\x4f\0") == b"\x6a\x88"


@pytest.mark.parametrize("level", [0x10, 0x33, 0x02, 0x81])
def test_other_levels_are_unknown(level: int) -> None:
    host = Scp02Host(chip_with(0x75))
    assert host.chip.process(host.external_authenticate(level)) == b"\x6a\x86"


def test_level_00_authenticates_and_manages_only_where_the_profile_lets_it() -> None:
    status = command(*GET_ISD_STATUS)
    for minimum, expected in ((0x00, "9000"), (0x01, "6982")):
        host = Scp02Host(chip_with(0x15, minimum_level=minimum)).open(0x00)
        assert host.chip.process(status)[-2:].hex() == expected
        assert host.chip.process(command(0x80, 0xCA, 0x00, 0xD3)) == b"\xd3\x01\x80" + OK


def test_the_response_mac_chains_from_external_authenticate_through_errors() -> None:
    """GP 2.3.1, E.3.2 and E.4.5, step by step: the host of the other tests keeps the chain."""
    host = Scp02Host(chip_with(0x35)).open(0x11)
    first_icv = host.ricv
    wrapped = host.wrap(command(0x80, 0xF2, 0x40, 0x02, b"\x4f\0"))
    answer = host.chip.process(wrapped)
    stripped = bytes.fromhex("80F24002024F00")
    expected = retail_mac(host.rmac_key, stripped + b"\0\x6a\x88", first_icv)
    assert answer == expected + b"\x6a\x88"
    host.ricv = expected
    assert host.send(*GET_ISD_STATUS)[-2:] == OK


def test_the_pseudo_random_challenge_follows_from_the_counter() -> None:
    """GP 2.3.1, E.4.2.3: the MAC of the AID under the session's C-MAC key."""
    keys = key_set(KEY, KEY, KEY, 7)
    opened = Scp02Session(keys, 0x55, ISD, bytes(8), no_random)
    expected = retail_mac(opened._mac, ISD, bytes(8))[:6]
    assert opened.answer(bytes(10))[14:20] == expected


def test_the_counter_goes_up_with_each_session_and_with_nothing_else() -> None:
    chip = chip_with(0x55)
    for expected in range(3):
        for _ in range(2):
            assert Scp02Host(chip).answer[12:14] == expected.to_bytes(2, "big")
        host = Scp02Host(chip).open(0x01)
        answer = host.send(0x80, 0xCA, 0x00, 0xC1)
        assert answer == b"\xc1\2" + (expected + 1).to_bytes(2, "big") + OK
    assert Scp02Host(Chip.restore(chip.serialize())).answer[12:14] == b"\0\3"


def test_the_counter_ends() -> None:
    with pytest.raises(Refusal, match="6985"):
        session(0xFFFF)


def test_key_sets_count_apart() -> None:
    other = TransportKeys(KEY, Scheme.NONE, KeyType.TDES, version=0x21)
    chip = manufacture(SERIAL, [TDES_SET, other, AES_SET])
    for _ in range(3):
        Scp02Host(chip, 0x21).open(0x01)
    assert Scp02Host(chip, 0x20).answer[12:14] == b"\0\0"
    assert Scp02Host(chip, 0x21).answer[12:14] == b"\0\3"
    assert Scp02Host(chip, 0).answer[10] == 0x20  # the first is the default


def fail_once(chip: Chip) -> bytes:
    assert chip.process(command(0x80, 0x50, 0x20, 0, bytes(8)))[-2:] == OK
    return chip.process(command(0x84, 0x82, 0x01, 0, bytes(16)))


def test_wrong_host_cryptograms_block_a_key_set_for_good_and_no_other() -> None:
    chip = manufacture(SERIAL, [TDES_SET, AES_SET])
    answers = [fail_once(chip) for _ in range(MAX_FAILURES)]
    assert answers == [b"\x63\x00"] * (MAX_FAILURES - 1) + [b"\x69\x83"]
    again = Chip.restore(chip.serialize())
    assert again.process(command(0x80, 0x50, 0x20, 0, bytes(8))) == b"\x69\x83"
    assert again.process(command(0x80, 0x50, 0x30, 0, bytes(8)))[-2:] == OK


def test_a_good_session_forgives_failures() -> None:
    chip = chip_with(0x55)
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            fail_once(chip)
        Scp02Host(chip).open(0x01)


def test_a_wrong_mac_on_a_right_cryptogram_counts_too() -> None:
    host = Scp02Host(chip_with(0x55))
    sent = host.external_authenticate(0x01)
    assert host.chip.process(sent[:-1] + bytes((sent[-1] ^ 1,))) == b"\x69\x82"
    assert b'"failures":1' in host.chip.serialize()


@pytest.mark.parametrize("level", [0x01, 0x03])
def test_a_wrong_mac_closes_the_channel_until_a_new_one(level: int) -> None:
    host = Scp02Host(chip_with(0x55)).open(level)
    wrapped = host.wrap(command(*GET_ISD_STATUS))
    assert host.chip.process(wrapped[:-1] + bytes((wrapped[-1] ^ 1,))) == b"\x69\x82"
    assert host.chip.process(wrapped) == b"\x69\x82"
    assert host.chip.process(command(0x80, 0xCA, 0x9F, 0x7F)) == b"\x69\x82"
    assert Scp02Host(host.chip).open(level).send(*GET_ISD_STATUS)[-2:] == OK


def test_a_replayed_command_closes_the_channel() -> None:
    host = Scp02Host(chip_with(0x55)).open(0x03)
    wrapped = host.wrap(command(*GET_ISD_STATUS))
    assert host.chip.process(wrapped)[-2:] == OK
    assert host.chip.process(wrapped) == b"\x69\x82"


@pytest.mark.parametrize("data", [bytes(9), bytes(16), b"\x80" + bytes(6)])
def test_what_does_not_decrypt_is_a_security_error(data: bytes) -> None:
    opened = session()
    opened.level = 0x03
    with pytest.raises(Refusal, match="6982"):
        opened.unwrap(parse_command(command(0x84, 0xE2, 0, 0, data + bytes(8))))


def test_initialize_update_checks_its_parameters() -> None:
    chip = chip_with(0x55)
    assert chip.process(command(0x80, 0x50, 0x30, 0, bytes(8))) == b"\x6a\x88"
    assert chip.process(command(0x80, 0x50, 0x20, 1, bytes(8))) == b"\x6a\x86"
    assert chip.process(command(0x80, 0x50, 0x20, 0, bytes(16))) == b"\x67\x00"


def test_only_double_length_keys_are_static_keys() -> None:
    with pytest.raises(ValueError, match="TDES has no keys of 24"):
        manufacture(SERIAL, [TransportKeys(bytes(24), Scheme.NONE, KeyType.TDES)])
    with pytest.raises(ValueError, match="SCP02"):
        manufacture(SERIAL, [TDES_SET], profile=Profile("aes", scp02_i=None))
    assert STANDARD.scp02_i == 0x55
