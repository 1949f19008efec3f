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


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=31))
def test_it_is_cmac_from_the_second_block_on(key: bytes, diversifier: bytes) -> None:
    master = ClearAes(SecretBytes(key))
    assert diversify(master, diversifier).reveal() == master.cmac(b"\x01" + diversifier)


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
