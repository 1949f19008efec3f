"""Known answers: see scp02_vectors; session keys by GlobalPlatformPro's TestPlaintextKeys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import ClearTdes
from cardwright.globalplatform.authentication import InitializeUpdateResponse, Scp02Option
from cardwright.globalplatform.commands import delete
from cardwright.globalplatform.errors import (
    CardChallengeError,
    CardCryptogramError,
    CommandError,
    InitializeUpdateError,
    KeyLengthError,
    ResponseMacError,
    SecurityLevelError,
)
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys, key_check_value
from cardwright.globalplatform.scp02 import Scp02Channel
from cardwright.globalplatform.scp02_derivation import Constant, card_challenge, session_key
from cardwright.secret import SecretBytes
from tests.unit.globalplatform import scp03_vectors
from tests.unit.globalplatform.scp02_vectors import (
    BLOG,
    BLOG_SECURITY_DOMAIN,
    CARD_MANAGER,
    KAOH_ENC,
    KAOH_MAC,
    PYSIM,
    R_MAC,
    R_MAC_COMMAND,
    R_MAC_RESPONSE,
    TEST_KEY,
    Vector,
)

OK = b"\x90\x00"


def opened(
    vector: Vector,
    level: int,
    option: Scp02Option = Scp02Option.I15,
    card_manager: bytes | None = None,
) -> Scp02Channel:
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    challenge = bytes.fromhex(vector.host_challenge)
    return Scp02Channel.open(
        vector.key_set(), challenge, response, level, option, card_manager=card_manager
    )


def recorded(level: int = 0x13) -> Scp02Channel:
    """The recorded session with R-MAC, authenticated."""
    channel = opened(R_MAC, level, Scp02Option.I75)
    channel.external_authenticate()
    return channel


@pytest.mark.parametrize(
    ("vector", "level"), [(PYSIM, 0x01), (KAOH_MAC, 0x01), (KAOH_ENC, 0x03), (R_MAC, 0x13)]
)
def test_published_sessions(vector: Vector, level: int) -> None:
    option = Scp02Option.I75 if level & 0x10 else Scp02Option.I15
    channel = opened(vector, level, option)
    assert channel.external_authenticate() == bytes.fromhex(vector.external_authenticate)
    for plain, wrapped in vector.exchanges:
        assert channel.wrap(bytes.fromhex(plain)) == bytes.fromhex(wrapped)


def test_the_published_commands_are_ours() -> None:
    application = bytes.fromhex("D0D1D2D3D4D501")
    plain = [bytes.fromhex(command) for command, _ in KAOH_ENC.exchanges]
    assert plain == [delete(application + b"\1", related=True), delete(application, related=True)]


def test_a_cards_r_mac() -> None:
    channel = recorded()
    channel.wrap(bytes.fromhex(R_MAC_COMMAND))
    assert channel.unwrap(bytes.fromhex(R_MAC_RESPONSE)) == b"\0" + OK


def test_a_changed_response_is_refused() -> None:
    good = bytes.fromhex(R_MAC_RESPONSE)
    for at in range(len(good) - 2):
        channel = recorded()
        channel.wrap(bytes.fromhex(R_MAC_COMMAND))
        with pytest.raises(ResponseMacError) as refused:
            channel.unwrap(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
        assert refused.value.code == "SCP03_RESPONSE_MAC"


def test_a_response_to_another_command_is_refused() -> None:
    channel = recorded()
    channel.wrap(bytes.fromhex(R_MAC_COMMAND[:-2] + "01"))
    with pytest.raises(ResponseMacError):
        channel.unwrap(bytes.fromhex(R_MAC_RESPONSE))


def test_a_response_without_command_is_refused() -> None:
    with pytest.raises(ResponseMacError):
        recorded().unwrap(bytes.fromhex(R_MAC_RESPONSE))


def test_a_bare_success_is_refused_and_a_bare_error_passes() -> None:
    channel = recorded()
    channel.wrap(bytes.fromhex(R_MAC_COMMAND))
    with pytest.raises(ResponseMacError):
        channel.unwrap(OK)
    channel = recorded()
    channel.wrap(bytes.fromhex(R_MAC_COMMAND))
    assert channel.unwrap(b"\x6a\x80") == b"\x6a\x80"


def test_without_r_mac_responses_pass_as_they_are() -> None:
    channel = opened(KAOH_MAC, 0x01)
    assert channel.unwrap(b"anything") == b"anything"


@pytest.mark.parametrize(
    ("constant", "check_value"),
    [
        (Constant.S_ENC, "F2DCDD"),
        (Constant.C_MAC, "5FCC69"),
        (Constant.DEK, "85272E"),
        (Constant.R_MAC, "9F749A"),
    ],
)
def test_session_keys(constant: Constant, check_value: str) -> None:
    # GlobalPlatformPro, TestPlaintextKeys.testSessionKeys_SCP02: counter 0000.
    static = ClearTdes(SecretBytes(bytes.fromhex(TEST_KEY)))
    key = session_key(static, constant, b"\0\0")
    assert key_check_value(KeyAlgorithm.TDES, key).hex().upper() == check_value


def test_sensitive_data_under_the_session_dek() -> None:
    # The blog's card answers counter 0000; GlobalPlatformPro's testKeyEncryption_SCP02 has other
    # static keys, whose session DEK enciphers the test key to EFBE...
    static = ClearTdes(SecretBytes(bytes.fromhex(TEST_KEY)))
    dek = ClearTdes(session_key(static, Constant.DEK, b"\0\0"))
    expected = "EFBEE6C6D99D7B70BDE9D7E927F020AF"
    assert dek.encrypt(bytes.fromhex(TEST_KEY)).hex().upper() == expected

    channel = opened(BLOG, 0x03, Scp02Option.I55)
    blog = ClearTdes(
        session_key(ClearTdes(SecretBytes(bytes.fromhex(BLOG.keys[2]))), Constant.DEK, b"\0\0")
    )
    assert blog.decrypt(channel.encrypt_sensitive(bytes(24))) == bytes(24)
    padded = blog.decrypt(channel.encrypt_sensitive(b"\x24\x12\x34"))
    assert padded == b"\x24\x12\x34\x80\0\0\0\0"


@pytest.mark.parametrize(
    ("vector", "aid"), [(R_MAC, CARD_MANAGER), (BLOG, BLOG_SECURITY_DOMAIN)], ids=["card", "blog"]
)
def test_a_pseudo_random_challenge_is_checked_by_the_card_managers_aid(
    vector: Vector, aid: bytes
) -> None:
    response = InitializeUpdateResponse.parse(bytes.fromhex(vector.response))
    assert response.sequence_counter is not None
    key = ClearTdes(vector.key_set().mac)
    assert card_challenge(key, response.sequence_counter, aid) == response.card_challenge
    opened(vector, 0x03, Scp02Option.I55, aid)
    with pytest.raises(CardChallengeError):
        opened(vector, 0x03, Scp02Option.I55, aid + b"\0")


def test_an_unspecified_challenge_is_not_checked() -> None:
    opened(KAOH_MAC, 0x01, Scp02Option.I15, CARD_MANAGER)
    with pytest.raises(CardChallengeError):
        opened(KAOH_MAC, 0x01, Scp02Option.I55, CARD_MANAGER)


@given(st.integers(0, 2 * 8 * 16 - 1).filter(lambda bit: bit % 8))  # bit 0 is parity
def test_any_other_key_enc_or_key_mac_is_found_out(bit: int) -> None:
    enc, mac, dek = (bytes.fromhex(key) for key in PYSIM.keys)
    both = (int.from_bytes(enc + mac, "little") ^ 1 << bit).to_bytes(32, "little")
    three = (SecretBytes(key) for key in (both[:16], both[16:], dek))
    keys = StaticKeys(*three, algorithm=KeyAlgorithm.TDES)
    response = InitializeUpdateResponse.parse(bytes.fromhex(PYSIM.response))
    challenge = bytes.fromhex(PYSIM.host_challenge)
    if bit < 8 * 16:
        with pytest.raises(CardCryptogramError):
            Scp02Channel.open(keys, challenge, response, 0x01, Scp02Option.I15)
    else:  # the cryptogram is Key-ENC's alone; the card refuses the MAC
        channel = Scp02Channel.open(keys, challenge, response, 0x01, Scp02Option.I15)
        assert channel.external_authenticate() != bytes.fromhex(PYSIM.external_authenticate)


@pytest.mark.parametrize(("level", "longest"), [(0x01, 247), (0x03, 239)])
def test_the_longest_data_fits_and_one_more_does_not(level: int, longest: int) -> None:
    channel = opened(KAOH_MAC, level)
    assert channel.max_plain_data == longest
    wrapped = channel.wrap(bytes((0x80, 0xE2, 0, 0, longest)) + bytes(longest))
    assert len(wrapped) == 5 + wrapped[4] <= 260
    for extended in (False, True):
        lc = b"\0\0" * extended + bytes((longest + 1,))
        with pytest.raises(CommandError):
            channel.wrap(b"\x80\xe2\0\0" + lc + bytes(longest + 1))


def test_a_refused_command_leaves_the_channel_usable() -> None:
    channel = opened(KAOH_MAC, 0x01)
    channel.external_authenticate()
    with pytest.raises(CommandError):
        channel.wrap(b"\x80\xe2\0\0\xff" + bytes(255))
    ((plain, wrapped),) = KAOH_MAC.exchanges
    assert channel.wrap(bytes.fromhex(plain)) == bytes.fromhex(wrapped)


def test_levels_beyond_the_option_are_refused() -> None:
    for level, option in ((0x13, Scp02Option.I55), (0x33, Scp02Option.I75), (0x00, 0x15)):
        with pytest.raises(SecurityLevelError):
            opened(R_MAC, level, Scp02Option(option))


def test_aes_keys_other_challenges_and_scp03_cards_are_refused() -> None:
    response = InitializeUpdateResponse.parse(bytes.fromhex(PYSIM.response))
    aes = StaticKeys(*(SecretBytes(bytes(16)),) * 3)
    with pytest.raises(KeyLengthError):
        Scp02Channel.open(aes, bytes(8), response, 0x01, Scp02Option.I15)
    with pytest.raises(InitializeUpdateError):
        Scp02Channel.open(PYSIM.key_set(), bytes(16), response, 0x01, Scp02Option.I15)
    other = InitializeUpdateResponse.parse(bytes.fromhex(scp03_vectors.VECTORS[0].response))
    with pytest.raises(InitializeUpdateError):
        Scp02Channel.open(PYSIM.key_set(), bytes(8), other, 0x01, Scp02Option.I15)
