"""Both protocols against model cards, which were written apart from the host."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.globalplatform.authentication import SecurityLevel
from cardwright.globalplatform.errors import (
    CardChallengeError,
    CardCryptogramError,
    CommandError,
    GlobalPlatformError,
    ResponseMacError,
)
from cardwright.globalplatform.keys import KeyAlgorithm
from cardwright.globalplatform.profile import CardProfile, open_channel
from cardwright.iso.apdu import CommandApdu
from tests.unit.globalplatform.card_model import MacError, Scp02Card
from tests.unit.globalplatform.channel_kit import KINDS, Kind, begin, challenge_of, opened, session

each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
kinds = st.sampled_from(KINDS)
protected_kinds = st.sampled_from([kind for kind in KINDS if kind.level & 0x10])
aes_kinds = st.sampled_from([kind for kind in KINDS if kind.algorithm is KeyAlgorithm.AES])


@dataclass(frozen=True)
class Exchange:
    command: CommandApdu
    response: bytes


def exchanges(longest: int, most: int = 256) -> st.SearchStrategy[list[Exchange]]:
    octet = st.integers(0, 255)
    # 82 and A4 begin or end a session; no script holds them.
    commands = st.builds(
        CommandApdu,
        st.sampled_from([0x00, 0x80]),
        octet.filter(lambda ins: ins not in {0x82, 0xA4}),
        octet,
        octet,
        st.integers(0, longest).map(lambda size: bytes(at * 7 & 0xFF for at in range(size))),
        st.none() | st.integers(1, most),
    )
    good = st.builds(
        bytes.__add__, st.binary(max_size=200), st.sampled_from([b"\x90\0", b"\x63\x10"])
    )
    responses = good | st.sampled_from([b"\x6a\x88", b"\x69\x85"])
    return st.lists(st.builds(Exchange, commands, responses), max_size=6)


def play(kind: Kind, script: list[Exchange], *, wrap_first: bool, max_data: int = 255) -> None:
    card = kind.card()
    channel = session(kind, card, max_data=max_data)
    answers = iter([exchange.response for exchange in script])
    card.answer = lambda _: next(answers)
    plain = [exchange.command.encode() for exchange in script]
    if wrap_first:
        raw = [card.process(each) for each in [channel.wrap(each) for each in plain]]
        received = [channel.unwrap(each) for each in raw]
    else:
        received = [channel.unwrap(card.process(channel.wrap(each))) for each in plain]
    assert card.seen == plain
    assert received == [exchange.response for exchange in script]


@given(kinds, exchanges(223), st.booleans())
def test_the_card_sees_every_command_and_the_host_every_response(
    kind: Kind, script: list[Exchange], wrap_first: bool
) -> None:
    play(kind, script, wrap_first=wrap_first)


@given(aes_kinds, exchanges(3000, most=0x10000), st.booleans())
def test_extended_length_where_the_card_takes_it(
    kind: Kind, script: list[Exchange], wrap_first: bool
) -> None:
    play(kind, script, wrap_first=wrap_first, max_data=4096)


@each_kind
def test_every_length_up_to_the_longest(kind: Kind) -> None:
    card = kind.card()
    channel = session(kind, card)
    for length in range(channel.max_plain_data + 1):
        plain = CommandApdu(0x80, 0xE2, 0, 0, bytes(length)).encode()
        assert len(channel.wrap(plain)) <= 5 + 255
    with pytest.raises(CommandError):
        channel.wrap(CommandApdu(0x80, 0xE2, 0, 0, bytes(channel.max_plain_data + 1)).encode())


@given(aes_kinds, st.integers(64, 0xFFFF))
def test_the_room_for_data_is_used_to_the_last_block(kind: Kind, max_data: int) -> None:
    channel = opened(kind, begin(kind, kind.card()), max_data=max_data)
    mac = 16 if kind.i & 1 else 8
    wrapped = CommandApdu.parse(
        channel.wrap(CommandApdu(0x80, 0xE2, 0, 0, bytes(channel.max_plain_data)).encode())
    )
    assert len(wrapped.data) <= max_data < len(wrapped.data) + (16 if kind.level & 2 else 1)
    assert len(wrapped.data) > mac


def test_a_long_command_becomes_extended_by_its_protection_alone() -> None:
    kind = next(each for each in KINDS if each.algorithm is KeyAlgorithm.AES)
    channel = opened(kind, begin(kind, kind.card()), max_data=1000)
    wrapped = channel.wrap(CommandApdu(0x80, 0xE2, 0, 0, bytes(250), 256).encode())
    assert wrapped[4:7].hex() == "000102"  # 258 = 250 and a MAC of 8
    assert wrapped[-2:].hex() == "0100"
    assert channel.wrap(CommandApdu(0x80, 0xE2, 0, 0, bytes(240), 256).encode())[4] == 248


@each_kind
def test_a_card_of_short_length_is_asked_for_no_more_than_it_has(kind: Kind) -> None:
    channel = opened(kind, begin(kind, kind.card()))
    with pytest.raises(CommandError, match="short commands"):
        channel.wrap(CommandApdu(0x80, 0xCA, 0, 0, b"", 257).encode())


@given(kinds, st.data())
def test_a_changed_command_is_refused_by_the_card(kind: Kind, data: st.DataObject) -> None:
    card = kind.card()
    channel = session(kind, card)
    wrapped = bytearray(channel.wrap(CommandApdu(0x80, 0xE2, 0, 0, bytes(40)).encode()))
    places = [at for at in range(1, len(wrapped)) if at != 4]
    wrapped[data.draw(st.sampled_from(places))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MacError, AssertionError)):  # SCP02 meets wrong padding first
        card.process(bytes(wrapped))


@given(protected_kinds, st.data())
def test_a_changed_response_is_refused_by_the_host(kind: Kind, data: st.DataObject) -> None:
    card = kind.card()
    channel = session(kind, card)
    card.answer = lambda _: b"an answer" + b"\x90\0"
    response = bytearray(card.process(channel.wrap(b"\x80\xca\0\0\0")))
    at = data.draw(st.integers(0, len(response) - 3))
    response[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ResponseMacError):
        channel.unwrap(bytes(response))


@each_kind
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 254, 255, 256, 257, 600])
def test_responses_of_any_length(kind: Kind, length: int) -> None:
    card = kind.card()
    channel = session(kind, card)
    card.answer = lambda _: bytes(length) + b"\x90\0"
    for _ in range(2):
        response = card.process(channel.wrap(b"\x80\xca\0\0\0"))
        assert channel.unwrap(response) == bytes(length) + b"\x90\0"


@given(protected_kinds)
def test_responses_in_another_order_are_refused(kind: Kind) -> None:
    card = kind.card()
    channel = session(kind, card)
    first, second = (card.process(channel.wrap(b"\x80\xca\0\0\0")) for _ in range(2))
    assert first != second
    with pytest.raises(ResponseMacError):
        channel.unwrap(second)


def test_an_error_with_a_mac_is_checked_in_scp02() -> None:
    kind = Kind(KeyAlgorithm.TDES, 0x75, 16, SecurityLevel.C_MAC_C_ENC_R_MAC)
    for change in (0, 1):
        card = kind.card()
        assert isinstance(card, Scp02Card)
        card.macs_errors = True
        channel = session(kind, card)
        card.answer = lambda _: b"\x6a\x80"
        response = bytearray(card.process(channel.wrap(b"\x80\xca\0\0\0")))
        assert len(response) == 10
        response[0] ^= change
        if change:
            with pytest.raises(ResponseMacError):
                channel.unwrap(bytes(response))
        else:
            assert channel.unwrap(bytes(response)) == b"\x6a\x80"


@each_kind
def test_sensitive_data_reach_the_card(kind: Kind) -> None:
    card = kind.card()
    channel = session(kind, card)
    block = channel.algorithm.block
    for length in range(2 * block + 1):
        clear = bytes(range(1, length + 1))
        padded = (
            clear
            if length % block == 0
            else (clear + b"\x80").ljust(-(-length // block) * block, b"\0")
        )
        assert card.decrypt_sensitive(channel.encrypt_sensitive(clear)) == padded


@each_kind
def test_a_card_of_other_keys_is_found_out(kind: Kind) -> None:
    answer = begin(kind, kind.card(kind.key_set(first=9)))
    with pytest.raises((CardCryptogramError, CardChallengeError)):
        opened(kind, answer)


@each_kind
def test_a_pseudo_random_challenge_of_another_application_is_found_out(kind: Kind) -> None:
    card = kind.card()
    card.aid = bytes.fromhex("A000000151000001")
    answer = begin(kind, card)
    bit = 0x40 if kind.algorithm is KeyAlgorithm.TDES else 0x10
    if kind.i & bit:
        with pytest.raises(CardChallengeError):
            opened(kind, answer)
    else:
        opened(kind, answer)
    unchecked = CardProfile(scp02_option=kind.profile().scp02_option)
    open_channel(kind.key_set(), challenge_of(kind), answer, kind.level, unchecked)


@each_kind
def test_keys_of_the_other_protocol_are_refused(kind: Kind) -> None:
    other = next(each for each in KINDS if each.algorithm is not kind.algorithm)
    with pytest.raises(GlobalPlatformError, match="needs"):
        opened(kind, begin(kind, kind.card()), keys=other.key_set())


@pytest.mark.parametrize("max_data", [0, 63, 0x10000])
def test_a_profile_has_a_length_that_cards_have(max_data: int) -> None:
    with pytest.raises(CommandError):
        CardProfile(max_data=max_data)


def test_a_profile_has_a_challenge_that_cards_take() -> None:
    assert CardProfile(challenge_length=16).challenge_length == 16
    with pytest.raises(CommandError):
        CardProfile(challenge_length=12)
