"""Known answers: NXP AN10922 rev. 2.2, 2.2.1 to 2.2.3, and AN10957's badge (a short input)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.access.an10922 import diversification_input, diversify
from cardwright.access.errors import AccessError
from cardwright.cipher import ClearAes, ClearTdes
from cardwright.secret import SecretBytes

UID = bytes.fromhex("04782E21801D80")
APPLICATION = bytes.fromhex("3042F5")
SYSTEM = b"NXP Abu"


def aes(key: str) -> ClearAes:
    return ClearAes(SecretBytes(bytes.fromhex(key)))


@pytest.mark.parametrize(
    ("master", "diversified"),
    [
        ("00112233445566778899AABBCCDDEEFF", "A8DD63A3B89D54B37CA802473FDA9175"),
        (
            "00112233445566778899AABBCCDDEEFF0102030405060708",
            "CE39C8E1CD82D9A7BEDBE9D74AF59B23176755EE7586E12C",
        ),
        (
            "00112233445566778899AABBCCDDEEFF0102030405060708090A0B0C0D0E0F00",
            "4FC6EEC820B4C54314990B8611662DB695E7880982C0001E6067488346100AED",
        ),
    ],
    ids=["128", "192", "256"],
)
def test_published_vectors(master: str, diversified: str) -> None:
    diversifier = diversification_input(UID, APPLICATION, SYSTEM)
    assert diversify(aes(master), diversifier).reveal().hex().upper() == diversified


def test_a_short_input_is_padded_to_two_blocks() -> None:
    master = aes("F3F9377698707B688EAF84ABE39E3791")
    key = diversify(master, bytes.fromhex("04DEADBEEFFEED"))
    assert key.reveal().hex().upper() == "0BB408BAFF98B6EE9F2E1585777F6A51"


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=1, max_size=31))
def test_two_blocks_are_chained_whatever_the_length(key: bytes, diversifier: bytes) -> None:
    """The note's steps one by one, with its subkeys."""
    master = ClearAes(SecretBytes(key))
    first, second = _subkeys(master)
    message = b"\x01" + diversifier
    whole = len(message) == 32
    padded = message if whole else (message + b"\x80").ljust(32, b"\0")
    last = bytes(a ^ b for a, b in zip(padded[16:], first if whole else second, strict=True))
    chained = master.encrypt_cbc(padded[:16] + last, bytes(16))
    assert diversify(master, diversifier).reveal() == chained[16:]


def _subkeys(master: ClearAes) -> tuple[bytes, bytes]:
    """K1 and K2 (NIST SP 800-38B, 6.1)."""
    keys, value = [], int.from_bytes(master.encrypt(bytes(16)), "big")
    for _ in range(2):
        value = value << 1 ^ (0x87 | 1 << 128 if value >> 127 else 0)
        keys.append(value.to_bytes(16, "big"))
    return keys[0], keys[1]


@pytest.mark.parametrize("length", [0, 32])
def test_an_input_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(AccessError) as refused:
        diversify(aes("00" * 16), bytes(length))
    assert refused.value.code == "DIVERSIFIER_LENGTH"
    with pytest.raises(AccessError):
        diversification_input(bytes(length), b"", b"")


def test_triple_des_is_refused() -> None:
    with pytest.raises(AccessError) as refused:
        diversify(ClearTdes(SecretBytes(bytes(range(16)))), UID)
    assert refused.value.code == "KEY_ALGORITHM"
