from __future__ import annotations

import pytest

from cardwright.chip import Chip, manufacture
from cardwright.chip.apdu import Command, Refusal, parse_command
from cardwright.chip.scp03 import MAX_FAILURES, KeySet, Session, card_keys
from cardwright.globalplatform import commands
from cardwright.globalplatform.errors import (
    CardCryptogramError,
    ResponseMacError,
    SecurityLevelError,
)
from cardwright.globalplatform.scp03 import (
    InitializeUpdateResponse,
    SecureChannel,
    SecurityLevel,
    diversify,
    initialize_update,
)
from cardwright.secret import SecretBytes
from tests.unit.chip.personalizer import HOST_CHALLENGE, KMC, OK, new_chip, open_session, send
from tests.unit.globalplatform.scp03_vectors import CASES, EID, GET_EID, ISD_R, VECTORS, Vector

GET_ISD_STATUS = commands.get_status(0x80)


def no_random(size: int) -> bytes:
    raise AssertionError(f"a pseudo-random challenge draws no {size} random octets")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each.key_length}-{each.level:02X}")
def test_the_card_side_of_recorded_sessions(vector: Vector) -> None:
    response = bytes.fromhex(vector.response)
    counter = int.from_bytes(response[29:], "big")
    keys = KeySet(response[10], response[12], *vector.key_set(), sequence=counter - 1)
    challenge = keys.card_challenge(ISD_R, no_random)
    session = Session(keys, bytes.fromhex(vector.host_challenge), challenge)
    assert session.answer(response[:10]) == response
    session.authenticate(parse_command(bytes.fromhex(vector.external_authenticate)))
    assert session.unwrap(parse_command(bytes.fromhex(vector.get_eid))) == parse_command(GET_EID)
    assert session.wrap(EID, 0x9000) == bytes.fromhex(vector.eid) + OK
    for wrapped, plain in zip(vector.cases, CASES, strict=True):
        assert session.unwrap(parse_command(bytes.fromhex(wrapped))) == parse_command(plain)


@pytest.mark.parametrize("length", [16, 24, 32])
def test_both_sides_diversify_alike(length: int) -> None:
    kmc = bytes(range(length))
    host = diversify(SecretBytes(kmc), bytes(range(10)))
    assert card_keys(kmc, bytes(range(10))) == tuple(
        key.reveal() for key in (host.enc, host.mac, host.dek)
    )


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
    channel = SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x33)
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
        SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x11)
    channel = SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x03)
    command = bytearray(channel.external_authenticate())
    command[2] = 0x11
    assert chip.process(bytes(command)) == b"\x6a\x86"


def test_a_foreign_card_is_found_out() -> None:
    chip = manufacture(bytes(10), bytes(16))
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    with pytest.raises(CardCryptogramError):
        SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x03)


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
    command = SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x03).external_authenticate()
    assert chip.process(command[:-1] + bytes((command[-1] ^ 1,))) == b"\x69\x82"
    assert b'"failures":1' in chip.serialize()


def test_initialize_update_checks_its_parameters(chip: Chip) -> None:
    assert chip.process(bytes.fromhex("8050310008") + bytes(8)) == b"\x6a\x88"
    assert chip.process(bytes.fromhex("8050300108") + bytes(8)) == b"\x6a\x86"
    assert chip.process(bytes.fromhex("8050000007") + bytes(7)) == b"\x67\x00"


def test_the_sequence_counter_ends() -> None:
    keys = KeySet(0x30, 0x70, KMC, KMC, KMC, sequence=0xFFFFFF)
    with pytest.raises(Refusal):
        keys.card_challenge(ISD_R, no_random)


def test_wrong_padding_inside_a_right_mac_is_refused() -> None:
    keys = KeySet(0x30, 0x70, KMC, KMC, KMC)
    session = Session(keys, bytes(8), bytes(8))
    session.level = 0x03
    with pytest.raises(Refusal):
        session.unwrap(Command(0x84, 0xE2, 0, 0, bytes(24)))


def test_a_session_is_authenticated_once(chip: Chip) -> None:
    answer = InitializeUpdateResponse.parse(chip.process(initialize_update(HOST_CHALLENGE)))
    keys = diversify(SecretBytes(KMC), answer.diversification_data)
    command = SecureChannel.open(keys, HOST_CHALLENGE, answer, 0x03).external_authenticate()
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
