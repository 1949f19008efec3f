"""The badge: records, and keys by which badge and reader prove themselves."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip import Chip
from cardwright.chip.apdu import Command, Refusal
from cardwright.chip.badge_applet import BadgeApplet
from cardwright.globalplatform import commands
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from tests.unit.chip.emv.issuer import padded
from tests.unit.chip.personalizer import (
    BADGE_AID,
    BADGE_CODE,
    OK,
    badge_groupings,
    open_session,
    run,
    script,
)

KEY, OTHER_KEY = bytes(range(16)), bytes(range(32))
LABEL = b"CARDWRIGHT BADGE READER"


def kcv(key: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(b"\1" * 16)[:3]


def mac(key: bytes, message: bytes) -> bytes:
    engine = cmac.CMAC(algorithms.AES(key))
    engine.update(message)
    return engine.finalize()


def personalized(groupings: dict[int, bytes]) -> BadgeApplet:
    applet = BadgeApplet(BADGE_AID)
    for grouping, value in groupings.items():
        applet.store(grouping, value, encrypted=grouping in BadgeApplet.ENCRYPTED)
    applet.close_personalization()
    applet.select()
    return applet


@pytest.fixture
def badge() -> BadgeApplet:
    return personalized({
        0x0C01: b"employee 42",
        0x1501: b"for readers we know",
        0x8001: KEY,
        0x9001: kcv(KEY),
        0x800F: OTHER_KEY,
    })  # fmt: skip


def send(applet: BadgeApplet, ins: int, p2: int, data: bytes = b"", p1: int = 0) -> bytes:
    return applet.process(Command(0x00, ins, p1, p2, data, 256))


def status(applet: BadgeApplet, ins: int, p2: int, data: bytes = b"", p1: int = 0) -> int:
    try:
        send(applet, ins, p2, data, p1)
    except Refusal as refusal:
        return refusal.status
    return 0x9000


def test_a_badge_is_personalized_and_answers(chip: Chip) -> None:
    channel = open_session(chip)
    groupings = [*badge_groupings(channel, KEY), DataGrouping(encode_dgi(0x9001, kcv(KEY)))]
    assert run(chip, channel, script(BADGE_CODE, BADGE_AID, groupings))[-1] == OK
    assert chip.process(commands.select(BADGE_AID))[-2:] == OK
    answer = chip.process(bytes.fromhex("0088000008") + bytes(8) + b"\0")
    assert answer == mac(KEY, bytes(8)) + OK
    assert chip.process(bytes.fromhex("00B2016400")) == b"employee 42" + OK
    assert chip.process(bytes.fromhex("80AE800000")) == b"\x6d\x00"


@pytest.mark.parametrize("size", [8, 16, 32])
def test_each_key_answers_challenges(badge: BadgeApplet, size: int) -> None:
    challenge = bytes(range(size))
    for number, key in ((0, KEY), (1, KEY), (15, OTHER_KEY)):
        assert send(badge, 0x88, number, challenge) == mac(key, challenge)


@pytest.mark.parametrize(
    ("p1", "p2", "size", "expected"),
    [
        (0, 0, 7, 0x6700),
        (0, 0, 33, 0x6700),
        (1, 0, 8, 0x6A86),
        (0, 2, 8, 0x6A88),
        (0, 16, 8, 0x6A88),
    ],
)
def test_challenges_the_badge_refuses(
    badge: BadgeApplet, p1: int, p2: int, size: int, expected: int
) -> None:
    assert status(badge, 0x88, p2, bytes(size), p1) == expected


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("block", [None, 16])
def test_keys_of_each_length_are_taken_padded_or_not(size: int, block: int | None) -> None:
    key = bytes(range(1, size + 1))
    stored = key if block is None or size % block == 0 else padded(key, block)
    badge = personalized({0x8001: stored, 0x9001: kcv(key)})
    assert send(badge, 0x88, 1, bytes(16)) == mac(key, bytes(16))


@pytest.mark.parametrize(
    ("groupings", "expected"),
    [
        ({0x0C01: b"x"}, "6985"),
        ({0x8002: KEY}, "6985"),
        ({0x8001: KEY, 0x9001: bytes(3)}, "6985"),
        ({0x8001: KEY, 0x9002: kcv(KEY)}, "6985"),
        ({0x8001: KEY, 0x8002: OTHER_KEY, 0x9002: kcv(KEY)}, "6985"),
        ({0x8001: bytes(17)}, "6A80"),
        ({0x8001: KEY, 0x9001: bytes(4)}, "6A80"),
        ({0x8000: KEY}, "6A80|6A88"),
        ({0x8010: KEY}, "6A88"),
        ({0x9000: bytes(3)}, "6A88"),
        ({0x9104: bytes(3)}, "6A88"),
    ],
)
def test_a_badge_is_closed_only_with_its_keys(groupings: dict[int, bytes], expected: str) -> None:
    with pytest.raises(Refusal, match=expected):
        personalized(groupings)


def test_a_key_must_come_enciphered() -> None:
    with pytest.raises(Refusal, match="6A80"):
        BadgeApplet(BADGE_AID).store(0x8002, KEY, encrypted=False)


def test_a_reader_that_proves_itself_reads_more(badge: BadgeApplet) -> None:
    assert status(badge, 0xB2, 0x15 << 3 | 4, p1=1) == 0x6982
    assert send(badge, 0xB2, 0x0C << 3 | 4, p1=1) == b"employee 42"
    challenge = send(badge, 0x84, 0)
    assert len(challenge) == 16
    assert send(badge, 0x82, 15, mac(OTHER_KEY, LABEL + challenge)) == b""
    assert send(badge, 0xB2, 0x15 << 3 | 4, p1=1) == b"for readers we know"
    badge.select()
    assert status(badge, 0xB2, 0x15 << 3 | 4, p1=1) == 0x6982


def test_a_challenge_is_good_for_the_next_command_alone(badge: BadgeApplet) -> None:
    proof = mac(KEY, LABEL + send(badge, 0x84, 0))
    send(badge, 0x88, 1, bytes(8))
    assert status(badge, 0x82, 1, proof) == 0x6985
    proof = mac(KEY, LABEL + send(badge, 0x84, 0))
    assert status(badge, 0x82, 1, proof) == 0x9000
    assert status(badge, 0x82, 1, proof) == 0x6985


@given(st.binary(min_size=8, max_size=32))
def test_no_answer_of_the_badge_is_a_reader_s_proof(question: bytes) -> None:
    badge = personalized({0x8001: KEY})
    answer = send(badge, 0x88, 1, question)
    send(badge, 0x84, 0)
    assert status(badge, 0x82, 1, answer) == 0x63C9


def test_wrong_proofs_block_a_key_for_readers(badge: BadgeApplet) -> None:
    tries = []
    for _ in range(11):
        send(badge, 0x84, 0)
        tries.append(status(badge, 0x82, 1, bytes(16)))
    assert tries == [*range(0x63C9, 0x63BF, -1), 0x6983]
    again = BadgeApplet(BADGE_AID)
    again.state, again.groupings, again.counters = badge.state, badge.groupings, badge.counters
    challenge = send(again, 0x84, 0)
    assert status(again, 0x82, 1, mac(KEY, LABEL + challenge)) == 0x6983
    challenge = send(again, 0x84, 0)
    assert status(again, 0x82, 15, mac(OTHER_KEY, LABEL + challenge)) == 0x9000
    assert send(again, 0x88, 1, bytes(8)) == mac(KEY, bytes(8))


def test_a_right_proof_forgives_wrong_ones(badge: BadgeApplet) -> None:
    for proves in (False, True, False):
        challenge = send(badge, 0x84, 0)
        proof = mac(KEY, LABEL + challenge) if proves else bytes(16)
        assert status(badge, 0x82, 1, proof) == (0x9000 if proves else 0x63C9)


class PowerCutError(Exception):
    pass


def test_cutting_the_power_at_the_comparison_costs_a_try(
    badge: BadgeApplet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_left: bytes, _right: bytes) -> bool:
        raise PowerCutError

    send(badge, 0x84, 0)
    with monkeypatch.context() as patch:
        patch.setattr("cardwright.chip.badge_applet.compare_digest", cut)
        with pytest.raises(PowerCutError):
            send(badge, 0x82, 1, bytes(16))
    send(badge, 0x84, 0)
    assert status(badge, 0x82, 1, bytes(16)) == 0x63C8


instructions = st.sampled_from([0x82, 0x84, 0x88, 0xB2])


@given(st.lists(st.tuples(instructions, st.integers(0, 255), st.binary(max_size=40)), max_size=8))
def test_any_commands_get_an_answer(sent: list[tuple[int, int, bytes]]) -> None:
    badge = personalized({0x8001: KEY, 0x0C01: b"x"})
    for ins, p2, data in sent:
        assert status(badge, ins, p2, data) >> 12 in (6, 9)
