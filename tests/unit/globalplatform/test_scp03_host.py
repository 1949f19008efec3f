from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from cardwright.globalplatform.errors import (
    CardCryptogramError,
    CommandError,
    InitializeUpdateError,
    KeyLengthError,
    ResponseMacError,
    SecurityLevelError,
)
from cardwright.globalplatform.scp03 import (
    MAX_PLAIN_DATA,
    InitializeUpdateResponse,
    SecureChannel,
    SecurityLevel,
    StaticKeys,
    initialize_update,
    wrap_script,
)
from cardwright.secret import SecretBytes
from tests.unit.globalplatform.scp03_vectors import CASES, EID, GET_EID, VECTORS, Vector

OK = b"\x90\x00"
each_vector = pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: f"AES{vector.key_length * 8}-{vector.level:02X}"
)


def static_keys(vector: Vector) -> StaticKeys:
    return StaticKeys(*(SecretBytes(key) for key in vector.key_set()))


def opened(vector: Vector) -> SecureChannel:
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    host_challenge = bytes.fromhex(vector.host_challenge)
    return SecureChannel.open(static_keys(vector), host_challenge, response, vector.level)


def authenticated(vector: Vector) -> SecureChannel:
    channel = opened(vector)
    channel.external_authenticate()
    return channel


def by_level(level: int) -> Vector:
    return next(each for each in VECTORS if each.level == level)


@each_vector
def test_recorded_session(vector: Vector) -> None:
    channel = opened(vector)
    assert channel.external_authenticate().hex() == vector.external_authenticate
    assert channel.wrap(GET_EID).hex() == vector.get_eid
    assert channel.unwrap(bytes.fromhex(vector.eid) + OK) == EID + OK
    assert [channel.wrap(case).hex() for case in CASES] == list(vector.cases)


@each_vector
def test_a_whole_script_is_wrapped_before_any_response(vector: Vector) -> None:
    channel = authenticated(vector)
    script = wrap_script(channel, [GET_EID, *CASES])
    assert [each.hex() for each in script] == [vector.get_eid, *vector.cases]
    assert channel.unwrap(bytes.fromhex(vector.eid) + OK) == EID + OK


def test_initialize_update_command() -> None:
    command = initialize_update(bytes.fromhex("b13e5f938fc108c4"), key_version=0x30)
    assert command.hex() == "8050300008b13e5f938fc108c400"


def test_response_fields() -> None:
    parsed = InitializeUpdateResponse.parse(bytes.fromhex(VECTORS[0].response) + OK)
    assert parsed.key_version == 0x30
    assert parsed.i == 0x70
    assert parsed.sequence_counter == b"\0\0\2"
    assert parsed.diversification_data == bytes(10)


def test_a_random_challenge_comes_without_counter() -> None:
    data = bytearray.fromhex(VECTORS[0].response)[:29]
    data[12] = 0x60
    assert InitializeUpdateResponse.parse(bytes(data)).sequence_counter is None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:0] + b"\x6a\x88",
        lambda data: data[:-1],
        lambda data: data[:11] + b"\2" + data[12:],
        lambda data: data[:12] + b"\x71" + data[13:],
        lambda data: data[:12] + b"\x60" + data[13:],
        lambda data: data[:29],
    ],
    ids=["refusal", "short", "scp02", "s16", "counter-unasked", "counter-missing"],
)
def test_other_responses_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InitializeUpdateError) as refused:
        InitializeUpdateResponse.parse(change(bytes.fromhex(VECTORS[0].response)))
    assert refused.value.code == "SCP03_INITIALIZE_UPDATE"


@given(st.binary(max_size=40))
def test_any_octets_parse_or_are_refused(data: bytes) -> None:
    try:
        parsed = InitializeUpdateResponse.parse(data)
    except InitializeUpdateError:
        return
    assert len(parsed.card_cryptogram) == 8


@given(st.integers(0, 8 * 16 - 1))
def test_any_other_key_mac_fails_the_card_cryptogram(bit: int) -> None:
    vector = VECTORS[0]
    enc, mac, dek = vector.key_set()
    other = (int.from_bytes(mac, "big") ^ 1 << bit).to_bytes(16, "big")
    keys = StaticKeys(SecretBytes(enc), SecretBytes(other), SecretBytes(dek))
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    with pytest.raises(CardCryptogramError) as refused:
        SecureChannel.open(keys, bytes.fromhex(vector.host_challenge), response, 0x03)
    assert refused.value.code == "SCP03_CARD_CRYPTOGRAM"


@pytest.mark.parametrize("level", [0x00, 0x02, 0x10, 0x23, 0xFF])
def test_unknown_levels_are_refused(level: int) -> None:
    vector = VECTORS[0]
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    with pytest.raises(SecurityLevelError):
        SecureChannel.open(static_keys(vector), bytes(8), response, level)


def test_a_level_beyond_the_card_is_refused() -> None:
    data = bytearray.fromhex(VECTORS[0].response)
    data[12] = 0x10
    response = InitializeUpdateResponse.parse(bytes(data))
    with pytest.raises(SecurityLevelError):
        SecureChannel.open(static_keys(VECTORS[0]), bytes(8), response, 0x33)


@pytest.mark.parametrize("level", list(SecurityLevel))
def test_the_longest_data_fits_and_one_more_does_not(level: SecurityLevel) -> None:
    vector = VECTORS[0]
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    host_challenge = bytes.fromhex(vector.host_challenge)
    channel = SecureChannel.open(static_keys(vector), host_challenge, response, level)
    longest = MAX_PLAIN_DATA[level]
    wrapped = channel.wrap(bytes((0x80, 0xE2, 0, 0, longest)) + bytes(longest))
    assert len(wrapped) == 5 + wrapped[4] <= 260
    with pytest.raises(CommandError):
        channel.wrap(bytes((0x80, 0xE2, 0, 0, longest + 1)) + bytes(longest + 1))


def test_a_refused_command_leaves_the_channel_usable() -> None:
    vector = by_level(0x03)
    channel = authenticated(vector)
    with pytest.raises(CommandError):
        channel.wrap(b"\x80\xe2\0\0\xff" + bytes(255))
    assert channel.wrap(GET_EID).hex() == vector.get_eid


@pytest.mark.parametrize(
    "apdu", ["", "80E200", "80E20000000001AA", "80E2000002AA", "80E2000001AA0000"]
)
def test_malformed_commands_are_refused(apdu: str) -> None:
    with pytest.raises(CommandError) as refused:
        opened(VECTORS[0]).wrap(bytes.fromhex(apdu))
    assert refused.value.code == "SCP03_COMMAND"


@pytest.mark.parametrize("level", [0x11, 0x33])
def test_a_changed_response_is_refused(level: int) -> None:
    vector = by_level(level)
    good = bytes.fromhex(vector.eid) + OK
    for at in range(len(good) - 2):
        channel = authenticated(vector)
        channel.wrap(GET_EID)
        with pytest.raises(ResponseMacError):
            channel.unwrap(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])


def test_a_replayed_response_is_refused() -> None:
    vector = by_level(0x33)
    channel = authenticated(vector)
    channel.wrap(GET_EID)
    response = bytes.fromhex(vector.eid) + OK
    channel.unwrap(response)
    with pytest.raises(ResponseMacError):
        channel.unwrap(response)
    channel.wrap(GET_EID)
    with pytest.raises(ResponseMacError):
        channel.unwrap(response)


def test_an_error_status_passes_bare_and_uses_up_its_command() -> None:
    vector = by_level(0x33)
    channel = authenticated(vector)
    channel.wrap(GET_EID)
    assert channel.unwrap(b"\x69\x85") == b"\x69\x85"
    with pytest.raises(ResponseMacError):
        channel.unwrap(b"\x69\x85")


def test_sensitive_data_under_the_static_dek() -> None:
    dek = by_level(0x03).key_set()[2]
    channel = opened(by_level(0x03))
    cipher = Cipher(algorithms.AES(dek), modes.CBC(bytes(16)))
    assert cipher.decryptor().update(channel.encrypt_sensitive(bytes(48))) == bytes(48)
    padded = cipher.decryptor().update(channel.encrypt_sensitive(b"\x24\x12\x34" + b"\xff" * 5))
    assert padded == b"\x24\x12\x34" + b"\xff" * 5 + b"\x80" + bytes(7)


def test_errors_are_coded_value_errors_where_the_caller_erred() -> None:
    assert issubclass(KeyLengthError, ValueError)
    assert issubclass(CommandError, ValueError)
