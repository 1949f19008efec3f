from __future__ import annotations

from collections.abc import Callable

import pytest

from cardwright.chip import Chip, KeyType, Profile, Scheme, TransportKeys, manufacture
from cardwright.chip.apdu import Command, Refusal, parse_command
from cardwright.chip.keys import ENC, MAX_FAILURES, Key, KeySet
from cardwright.chip.scp03 import Scp03Session
from cardwright.globalplatform import commands
from cardwright.globalplatform.errors import (
    CardCryptogramError,
    ResponseMacError,
    SecurityLevelError,
)
from cardwright.globalplatform.scp03 import (
    InitializeUpdateResponse,
    Scp03Channel,
    SecurityLevel,
    diversify,
    initialize_update,
)
from cardwright.secret import SecretBytes
from tests.unit.chip.host import AES_SET, ISD, SERIAL, Scp03Host, Scp03S16Host, command
from tests.unit.chip.personalizer import HOST_CHALLENGE, KMC, OK, new_chip, open_session, send
from tests.unit.globalplatform.scp03_vectors import (
    CASES,
    CHALLENGES,
    EID,
    GET_EID,
    ISD_R,
    S16_ANSWERS,
    S16_COMMANDS,
    S16_HOST_CHALLENGE,
    S16_VECTORS,
    VECTORS,
    S16Vector,
    Vector,
)

GET_ISD_STATUS = commands.get_status(0x80)


def no_random(size: int) -> bytes:
    raise AssertionError(f"a pseudo-random challenge draws no {size} random octets")


def key_set(*values: bytes, version: int = 0x30, sequence: int = 0) -> KeySet:
    keys = {name: Key(KeyType.AES, each) for name, each in enumerate(values, ENC)}
    return KeySet(version, keys, sequence)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each.key_length}-{each.level:02X}")
def test_the_card_side_of_recorded_sessions(vector: Vector) -> None:
    response = bytes.fromhex(vector.response)
    counter = int.from_bytes(response[29:], "big")
    keys = key_set(*vector.key_set(), version=response[10], sequence=counter - 1)
    host_challenge = bytes.fromhex(vector.host_challenge)
    session = Scp03Session(keys, response[12], ISD_R, host_challenge, no_random)
    assert session.answer(response[:10]) == response
    session.authenticate(parse_command(bytes.fromhex(vector.external_authenticate)))
    assert session.unwrap(parse_command(bytes.fromhex(vector.get_eid))) == parse_command(GET_EID)
    assert session.wrap(EID, 0x9000) == bytes.fromhex(vector.eid) + OK
    for wrapped, plain in zip(vector.cases, CASES, strict=True):
        assert session.unwrap(parse_command(bytes.fromhex(wrapped))) == parse_command(plain)


@pytest.mark.parametrize("vector", S16_VECTORS, ids=lambda each: f"{len(each.keys[0]) * 4}")
def test_the_card_side_of_published_sessions_in_s16_mode(vector: S16Vector) -> None:
    """The published card says i=71 but draws its challenge, so it is i=61 that does the same.

    Its third answer has a block of padding too many, so it is not compared.
    """
    response = bytes.fromhex(vector.response)
    challenge = response[13:29]
    keys = key_set(*(bytes.fromhex(each) for each in vector.keys))
    session = Scp03Session(keys, 0x61, ISD, S16_HOST_CHALLENGE, lambda _: challenge)
    assert session.answer(response[:10])[13:] == response[13:45]
    session.authenticate(parse_command(bytes.fromhex(vector.external_authenticate)))
    for at, wrapped in enumerate(vector.commands):
        received = session.unwrap(parse_command(bytes.fromhex(wrapped)))
        assert received == parse_command(S16_COMMANDS[at])
        if at < 2:
            assert session.wrap(S16_ANSWERS[at], 0x9000) == bytes.fromhex(vector.responses[at])


@pytest.mark.parametrize(("enc", "counter", "challenge"), CHALLENGES)
def test_published_pseudo_random_challenges(enc: str, counter: str, challenge: str) -> None:
    keys = key_set(*[bytes.fromhex(enc)] * 3, sequence=int(counter, 16) - 1)
    session = Scp03Session(keys, 0x10, ISD, bytes(8), no_random)
    assert session.answer(bytes(10))[13:21].hex().upper() == challenge


_PARAMETERS = [
    size | rest for size in (0x00, 0x01) for rest in (0x00, 0x10, 0x20, 0x30, 0x60, 0x70)
]


@pytest.mark.parametrize("length", [16, 24, 32])
@pytest.mark.parametrize("i", _PARAMETERS, ids=lambda each: f"{each:02X}")
def test_every_parameter_level_and_key_length_end_to_end(i: int, length: int) -> None:
    key = bytes(range(length))
    keys = TransportKeys(key, Scheme.NONE)
    chip = manufacture(SERIAL, [keys], profile=Profile("test", scp03_i=i))
    needs = {0x01: 0, 0x03: 0, 0x11: 0x20, 0x13: 0x20, 0x33: 0x60}
    for level, bits in needs.items():
        host = (Scp03S16Host if i & 1 else Scp03Host)(chip, keys=(key,) * 3)
        assert len(host.answer) == 10 + 3 + 2 * host.mac + (3 if i & 0x10 else 0) + 2
        if bits & ~i:
            assert chip.process(host.external_authenticate(level)) == b"\x6a\x86"
            continue
        host.open(level)
        for _ in range(2):
            assert host.send(0x80, 0xF2, 0x80, 0x02, b"\x4f\0")[-2:] == OK
            assert host.send(0x80, 0xF2, 0x40, 0x02, b"\x4f\0") == b"\x6a\x88"


def test_a_card_in_s16_mode_takes_no_challenge_of_8_octets_nor_the_other_way() -> None:
    for i, size in ((0x71, 8), (0x70, 16), (0x71, 0)):
        chip = manufacture(SERIAL, [AES_SET], profile=Profile("test", scp03_i=i))
        assert chip.process(command(0x80, 0x50, 0, 0, bytes(size), b"\0")) == b"\x67\x00"


def test_the_challenge_follows_from_the_application_that_is_selected() -> None:
    """Amendment D, 6.2.2.1: the AID of the application that uses the security domain."""
    aid = b"\xf0BADGE01"
    chip = manufacture(SERIAL, [AES_SET])
    install = commands.install_for_install(b"\xf0CWBDG", b"\xf0CWBDG\x01", aid)
    assert Scp03Host(chip).open(0x01).send(0x80, 0xE6, 0x0C, 0, install[5:-1])[-2:] == OK
    assert chip.process(commands.select(aid))[-2:] == OK
    answer = Scp03Host(chip).answer
    expected = Scp03Session(key_set(*[AES_SET.kmc] * 3, sequence=1), 0x70, aid, bytes(8), no_random)
    assert answer[13:21] == expected.answer(bytes(10))[13:21]


@pytest.mark.parametrize("length", [16, 24, 32])
def test_both_sides_diversify_alike(length: int) -> None:
    kmc = bytes(range(length))
    host = diversify(SecretBytes(kmc), bytes(range(10)))
    _, keys = TransportKeys(kmc).card_keys(bytes(range(10)))
    assert [each.value for each in keys.values()] == [
        key.reveal() for key in (host.enc, host.mac, host.dek)
    ]


@pytest.mark.parametrize("level", list(SecurityLevel))
def test_every_level_end_to_end(chip: Chip, level: SecurityLevel) -> None:
    channel = open_session(chip, level)
    for _ in range(3):
        assert send(chip, channel, GET_ISD_STATUS)[-2:] == OK
        assert send(chip, channel, commands.get_status(0x40)) == b"\x6a\x88"


@pytest.mark.parametrize("length", [24, 32])
def test_longer_keys_end_to_end(length: int) -> None:
    kmc = bytes(range(length))
    chip = manufacture(bytes(10), kmc)
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(kmc), bytes(10))
    channel = Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x33)
    assert chip.process(channel.external_authenticate()) == OK
    assert send(chip, channel, GET_ISD_STATUS)[-2:] == OK


def test_random_and_pseudo_random_challenges() -> None:
    pseudo = new_chip(0x70)
    first, second = (
        InitializeUpdateResponse.parse(pseudo.process(initialize_update(HOST_CHALLENGE)))
        for _ in range(2)
    )
    assert (first.sequence_counter, second.sequence_counter) == (b"\0\0\1", b"\0\0\2")
    assert first.card_challenge != second.card_challenge
    drawn = manufacture(bytes(10), KMC, scp_i=0x60, random=lambda size: b"\x5a" * size)
    answer = InitializeUpdateResponse.parse(drawn.process(initialize_update(HOST_CHALLENGE)))
    assert answer.sequence_counter is None
    assert answer.card_challenge == b"\x5a" * 8


def test_a_card_without_r_mac_refuses_the_level() -> None:
    chip = new_chip(0x10)
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    with pytest.raises(SecurityLevelError):
        Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x11)
    channel = Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x03)
    command = bytearray(channel.external_authenticate())
    command[2] = 0x11
    assert chip.process(bytes(command)) == b"\x6a\x86"


def test_a_foreign_card_is_found_out() -> None:
    chip = manufacture(bytes(10), bytes(16))
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    with pytest.raises(CardCryptogramError):
        Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x03)


def test_a_wrong_mac_closes_the_channel(chip: Chip) -> None:
    channel = open_session(chip)
    wrapped = channel.wrap(GET_ISD_STATUS)
    forged = wrapped[:-2] + bytes((wrapped[-2] ^ 1,)) + wrapped[-1:]
    assert chip.process(forged) == b"\x69\x82"
    assert chip.process(wrapped) == b"\x69\x82"
    assert chip.process(channel.wrap(GET_ISD_STATUS)) == b"\x69\x82"


def test_a_replayed_command_closes_the_channel(chip: Chip) -> None:
    channel = open_session(chip)
    wrapped = channel.wrap(GET_ISD_STATUS)
    assert chip.process(wrapped)[-2:] == OK
    assert chip.process(wrapped) == b"\x69\x82"
    assert chip.process(channel.wrap(GET_ISD_STATUS)) == b"\x69\x82"


def test_commands_out_of_order_close_the_channel(chip: Chip) -> None:
    channel = open_session(chip)
    first, second = channel.wrap(GET_ISD_STATUS), channel.wrap(GET_ISD_STATUS)
    assert chip.process(second) == b"\x69\x82"
    assert chip.process(first) == b"\x69\x82"


def test_a_replayed_session_is_refused(chip: Chip) -> None:
    channel = open_session(chip)
    recorded = channel.external_authenticate()
    chip.process(initialize_update(HOST_CHALLENGE))
    assert chip.process(recorded) == b"\x63\x00"


def test_a_bare_command_in_a_session_closes_it(chip: Chip) -> None:
    channel = open_session(chip)
    assert chip.process(GET_ISD_STATUS) == b"\x69\x82"
    assert chip.process(channel.wrap(GET_ISD_STATUS)) == b"\x69\x82"


def test_after_an_aborted_session_only_a_new_beginning_helps(chip: Chip) -> None:
    """Amendment D, 5.6: everything else is a security error, even what needs no session."""
    get_cplc = command(0x80, 0xCA, 0x9F, 0x7F)
    assert chip.process(get_cplc)[-2:] == OK
    beginnings: list[Callable[[], bytes]] = [
        chip.power_on,
        lambda: chip.process(commands.select(ISD)),
        lambda: chip.process(initialize_update(HOST_CHALLENGE)),
    ]
    for again in beginnings:
        open_session(chip)
        assert chip.process(get_cplc) == b"\x69\x82"
        assert chip.process(get_cplc) == b"\x69\x82"
        again()
        assert chip.process(get_cplc)[-2:] == OK


def test_without_a_session_nothing_is_administered(chip: Chip) -> None:
    for ins in (0xE2, 0xE6, 0xF0, 0xF2):
        assert chip.process(bytes((0x80, ins, 0x80, 0x02, 2, 0x4F, 0))) == b"\x69\x82"
    assert chip.process(bytes.fromhex("84820300") + b"\x10" + bytes(16)) == b"\x69\x85"


def fail_once(chip: Chip) -> bytes:
    assert chip.process(initialize_update(HOST_CHALLENGE))[-2:] == OK
    return chip.process(bytes.fromhex("8482030010") + bytes(16))


def test_wrong_host_cryptograms_block_the_isd_for_good(chip: Chip) -> None:
    answers = [fail_once(chip) for _ in range(MAX_FAILURES)]
    assert answers == [b"\x63\x00"] * (MAX_FAILURES - 1) + [b"\x69\x83"]
    assert chip.process(initialize_update(HOST_CHALLENGE)) == b"\x69\x83"
    again = Chip.restore(chip.serialize())
    assert again.process(initialize_update(HOST_CHALLENGE)) == b"\x69\x83"


def test_a_good_session_forgives_failures(chip: Chip) -> None:
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            fail_once(chip)
        open_session(chip)


def test_a_wrong_mac_on_a_right_cryptogram_counts_too(chip: Chip) -> None:
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    command = Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x03).external_authenticate()
    assert chip.process(command[:-1] + bytes((command[-1] ^ 1,))) == b"\x69\x82"
    assert b'"failures":1' in chip.serialize()


def test_initialize_update_checks_its_parameters(chip: Chip) -> None:
    assert chip.process(bytes.fromhex("8050310008") + bytes(8)) == b"\x6a\x88"
    assert chip.process(bytes.fromhex("8050300108") + bytes(8)) == b"\x6a\x86"
    assert chip.process(bytes.fromhex("8050000007") + bytes(7)) == b"\x67\x00"


def test_the_sequence_counter_ends() -> None:
    keys = key_set(KMC, KMC, KMC, sequence=0xFFFFFF)
    with pytest.raises(Refusal, match="6985"):
        Scp03Session(keys, 0x70, ISD_R, bytes(8), no_random)


def test_wrong_padding_inside_a_right_mac_is_refused() -> None:
    session = Scp03Session(key_set(KMC, KMC, KMC), 0x60, ISD, bytes(8), bytes)
    session.level = 0x03
    with pytest.raises(Refusal, match="6982"):
        session.unwrap(Command(0x84, 0xE2, 0, 0, bytes(24)))
    session._check_mac = lambda command: command.data  # type: ignore[method-assign]  # a right MAC
    for size in (16, 17):
        with pytest.raises(Refusal, match="6982"):
            session.unwrap(Command(0x84, 0xE2, 0, 0, bytes(size)))


def test_a_session_is_authenticated_once(chip: Chip) -> None:
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    command = Scp03Channel.open(keys, HOST_CHALLENGE, answer, 0x03).external_authenticate()
    assert chip.process(command) == OK
    assert chip.process(command) == b"\x69\x85"


@pytest.mark.parametrize("block", [bytes(16), bytes(14) + b"\x80\x01"])
def test_the_host_refuses_wrong_padding_under_a_right_mac(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, block: bytes
) -> None:
    channel = open_session(chip, 0x33)
    monkeypatch.setattr("cardwright.chip.scp03.pad", lambda _data, _size: block)
    with pytest.raises(ResponseMacError, match="padding"):
        send(chip, channel, GET_ISD_STATUS)
