"""Known answers: see scp03_vectors."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import ClearAes
from cardwright.globalplatform.authentication import InitializeUpdateResponse, SecurityLevel
from cardwright.globalplatform.channel import wrap_script
from cardwright.globalplatform.errors import (
    CardChallengeError,
    CardCryptogramError,
    CommandError,
    InitializeUpdateError,
    KeyLengthError,
    ResponseMacError,
    SecurityLevelError,
)
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys
from cardwright.globalplatform.scp03 import MAX_PLAIN_DATA, Scp03Channel
from cardwright.globalplatform.scp03_derivation import Constant, card_challenge, session_key
from cardwright.secret import SecretBytes
from tests.unit.globalplatform import scp02_vectors
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
    SESSION_KEY_ENC,
    SESSION_KEY_MAC,
    SESSION_KEYS,
    VECTORS,
    S16Vector,
    Vector,
)

OK = b"\x90\x00"
each_vector = pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: f"AES{vector.key_length * 8}-{vector.level:02X}"
)


def static_keys(vector: Vector) -> StaticKeys:
    return StaticKeys(*(SecretBytes(key) for key in vector.key_set()))


def opened(vector: Vector) -> Scp03Channel:
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    host_challenge = bytes.fromhex(vector.host_challenge)
    return Scp03Channel.open(static_keys(vector), host_challenge, response, vector.level)


def authenticated(vector: Vector) -> Scp03Channel:
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


@given(st.integers(0, 8 * 16 - 1))
def test_any_other_key_mac_fails_the_card_cryptogram(bit: int) -> None:
    vector = VECTORS[0]
    enc, mac, dek = vector.key_set()
    other = (int.from_bytes(mac, "big") ^ 1 << bit).to_bytes(16, "big")
    keys = StaticKeys(SecretBytes(enc), SecretBytes(other), SecretBytes(dek))
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    with pytest.raises(CardCryptogramError) as refused:
        Scp03Channel.open(keys, bytes.fromhex(vector.host_challenge), response, 0x03)
    assert refused.value.code == "SCP03_CARD_CRYPTOGRAM"


@pytest.mark.parametrize("level", [0x00, 0x02, 0x10, 0x23, 0xFF])
def test_unknown_levels_are_refused(level: int) -> None:
    vector = VECTORS[0]
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    with pytest.raises(SecurityLevelError):
        Scp03Channel.open(static_keys(vector), bytes(8), response, level)


def test_a_level_beyond_the_card_is_refused() -> None:
    data = bytearray.fromhex(VECTORS[0].response)
    data[12] = 0x10
    response = InitializeUpdateResponse.parse(bytes(data))
    with pytest.raises(SecurityLevelError):
        Scp03Channel.open(static_keys(VECTORS[0]), bytes(8), response, 0x33)


@pytest.mark.parametrize("level", list(SecurityLevel))
def test_the_longest_data_fits_and_one_more_does_not(level: SecurityLevel) -> None:
    vector = VECTORS[0]
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    host_challenge = bytes.fromhex(vector.host_challenge)
    channel = Scp03Channel.open(static_keys(vector), host_challenge, response, level)
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
    "apdu", ["", "80E200", "80E2000002AA", "80E2000001AA0000", "84E2000001AA", "81E20000"]
)
def test_what_is_no_command_to_wrap_is_refused(apdu: str) -> None:
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


def s16_channel(vector: S16Vector, host_challenge: bytes = S16_HOST_CHALLENGE) -> Scp03Channel:
    keys = StaticKeys(*(SecretBytes(bytes.fromhex(key)) for key in vector.keys))
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    return Scp03Channel.open(keys, host_challenge, response, 0x33)


@pytest.mark.parametrize("vector", S16_VECTORS, ids=lambda each: f"AES{len(each.keys[0]) * 4}")
def test_sessions_in_s16_mode(vector: S16Vector) -> None:
    channel = s16_channel(vector)
    assert channel.external_authenticate() == bytes.fromhex(vector.external_authenticate)
    wrapped = wrap_script(channel, S16_COMMANDS)
    assert wrapped == [bytes.fromhex(each) for each in vector.commands]
    for response, answer in zip(vector.responses, S16_ANSWERS, strict=True):
        assert channel.unwrap(bytes.fromhex(response)) == answer + OK


def test_s16_mode_takes_more_room() -> None:
    channel = s16_channel(S16_VECTORS[0])
    assert channel.max_plain_data == 223
    assert len(channel.wrap(b"\x80\xe2\0\0\xdf" + bytes(223))) == 5 + 240
    with pytest.raises(CommandError):
        channel.wrap(b"\x80\xe2\0\0\xe0" + bytes(224))


def test_a_challenge_of_the_other_mode_is_refused() -> None:
    with pytest.raises(InitializeUpdateError, match="16 octets, not 8"):
        s16_channel(S16_VECTORS[0], bytes(8))


@pytest.mark.parametrize(("key", "counter", "challenge"), CHALLENGES)
def test_pseudo_random_challenges_follow_from_the_counter(
    key: str, counter: str, challenge: str
) -> None:
    cipher = ClearAes(SecretBytes(bytes.fromhex(key)))
    aid = scp02_vectors.CARD_MANAGER
    assert card_challenge(cipher, bytes.fromhex(counter), aid) == bytes.fromhex(challenge)


@pytest.mark.parametrize(("context", "s_enc", "s_mac", "s_rmac"), SESSION_KEYS)
def test_session_keys(context: str, s_enc: str, s_mac: str, s_rmac: str) -> None:
    key_enc, key_mac = (
        ClearAes(SecretBytes(bytes.fromhex(key))) for key in (SESSION_KEY_ENC, SESSION_KEY_MAC)
    )
    challenges = bytes.fromhex(context)
    made = (
        session_key(key_enc, Constant.S_ENC, challenges),
        session_key(key_mac, Constant.S_MAC, challenges),
        session_key(key_mac, Constant.S_RMAC, challenges),
    )
    assert [key.reveal().hex().upper() for key in made] == [s_enc, s_mac, s_rmac]


@each_vector
def test_a_pseudo_random_challenge_is_checked_by_the_card_managers_aid(vector: Vector) -> None:
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    challenge, keys = bytes.fromhex(vector.host_challenge), static_keys(vector)
    Scp03Channel.open(keys, challenge, response, 0x03, card_manager=ISD_R)
    with pytest.raises(CardChallengeError) as refused:
        Scp03Channel.open(keys, challenge, response, 0x03, card_manager=ISD_R[:-1])
    assert refused.value.code == "CARD_CHALLENGE"


def test_triple_des_keys_and_scp02_cards_are_refused() -> None:
    vector = VECTORS[0]
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    host_challenge = bytes.fromhex(vector.host_challenge)
    tdes = StaticKeys(*(SecretBytes(bytes(16)),) * 3, algorithm=KeyAlgorithm.TDES)
    with pytest.raises(KeyLengthError):
        Scp03Channel.open(tdes, host_challenge, response, 0x03)
    other = InitializeUpdateResponse.parse(bytes.fromhex(scp02_vectors.PYSIM.response))
    with pytest.raises(InitializeUpdateError):
        Scp03Channel.open(static_keys(vector), host_challenge, other, 0x03)
