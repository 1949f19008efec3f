from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cardwright.chip import Chip
from cardwright.globalplatform import commands
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from tests.unit.chip.personalizer import (
    BADGE_AID,
    BADGE_CODE,
    OK,
    badge_groupings,
    open_session,
    run,
    script,
)

KEY = bytes(range(16))


def kcv(key: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(b"\1" * 16)[:3]


@pytest.fixture
def badge(chip: Chip) -> Chip:
    channel = open_session(chip)
    groupings = [*badge_groupings(channel, KEY), DataGrouping(encode_dgi(0x9001, kcv(KEY)))]
    assert run(chip, channel, script(BADGE_CODE, BADGE_AID, groupings))[-1] == OK
    assert chip.process(commands.select(BADGE_AID))[-2:] == OK
    return chip


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_key_answers_challenges(badge: Chip, size: int) -> None:
    challenge = bytes(range(size))
    expected = cmac.CMAC(algorithms.AES(KEY))
    expected.update(challenge)
    answer = badge.process(bytes((0x00, 0x88, 0, 0, size)) + challenge + b"\0")
    assert answer == expected.finalize() + OK


def test_records_and_refusals(badge: Chip) -> None:
    assert badge.process(bytes.fromhex("00B2016400")) == b"employee 42" + OK
    assert badge.process(bytes.fromhex("0088000007") + bytes(7)) == b"\x67\x00"
    assert badge.process(bytes.fromhex("0088010008") + bytes(8)) == b"\x6a\x86"
    assert badge.process(bytes.fromhex("80AE800000")) == b"\x6d\x00"


@pytest.mark.parametrize(
    ("groupings", "status"),
    [
        ([DataGrouping(encode_dgi(0x0C01, b"x"))], "6985"),
        ([DataGrouping(encode_dgi(0x8001, bytes(32)), encrypted=True)], "6a80"),
        ([DataGrouping(encode_dgi(0x8002, bytes(16)))], "6a88"),
        (
            [
                DataGrouping(encode_dgi(0x8001, bytes(16)), encrypted=True),
                DataGrouping(encode_dgi(0x9001, bytes(3))),
            ],
            "6985",
        ),
    ],
    ids=["no-key", "long-key", "unknown", "other-check-value"],
)
def test_a_badge_is_closed_only_with_its_key(
    chip: Chip, groupings: list[DataGrouping], status: str
) -> None:
    channel = open_session(chip)
    assert run(chip, channel, script(BADGE_CODE, BADGE_AID, groupings))[-1].hex() == status
