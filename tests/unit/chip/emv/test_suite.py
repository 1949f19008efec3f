"""The application's symmetric algorithms against published vectors and other implementations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import ac, kd

from cardwright.chip.emv.suite import AES, TDES
from tests.unit.chip.emv.card import aes_issuer
from tests.unit.chip.emv.issuer import Issuer, aes, cmac, padded, retail_mac_of_blocks

# The oracle pyemv takes triple DES from where cryptography no longer wants it taken from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

tdes_keys = st.binary(min_size=16, max_size=16)


@given(tdes_keys, st.binary(min_size=8, max_size=8))
def test_triple_des_session_keys_are_those_of_pyemv(master: bytes, value: bytes) -> None:
    expected = kd.derive_common_sk(master, value)
    parity = bytes(a ^ b for a, b in zip(TDES.session_key(master, value), expected, strict=True))
    assert set(parity) <= {0, 1}  # pyemv sets parity bits, which triple DES doesn't use


def test_an_aes_128_session_key_is_one_enciphered_block() -> None:
    """FIPS 197, C.1, by way of EMV 4.4 Book 2, A1.3.1: SK = AES(MK)[R]."""
    value = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    expected = bytes.fromhex("69C4E0D86A7B0430D8CDB78070B4C55A")
    assert AES.session_key(bytes(range(16)), value) == expected


@pytest.mark.parametrize("size", [16, 24, 32])
@given(data=st.data())
def test_aes_session_keys_have_their_master_keys_length(size: int, data: st.DataObject) -> None:
    master = data.draw(st.binary(min_size=size, max_size=size))
    value = data.draw(st.binary(min_size=3, max_size=16))
    issuer = Issuer(master, master, master, is_aes=True)
    assert AES.session_key(master, value) == issuer.session_key(master, value)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "BB1D6929E95937287FA37D129B756746"),
        (16, "070A16B46B4D4144F79BDD9DD04A287C"),
        (40, "DFA66747DE9AE63030CA32611497C827"),
        (64, "51F0BEBF7E3B9D92FC49741779363CFE"),
    ],
)
def test_aes_macs_are_cmacs(size: int, expected: str) -> None:
    """RFC 4493, 4; the tests' own issuer is held to the same vectors."""
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    message = bytes.fromhex(
        "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"
        "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"
    )[:size]
    assert AES.mac(key, message).hex().upper() == expected
    assert cmac(key, message).hex().upper() == expected


@given(tdes_keys, st.binary(max_size=60))
def test_triple_des_macs_are_retail_macs(key: bytes, message: bytes) -> None:
    expected = ac.generate_ac(key, message, ac.PaddingType.EMV)
    assert TDES.mac(key, message) == expected
    assert retail_mac_of_blocks(key, padded(message, 8)) == expected


@given(tdes_keys, st.binary(min_size=8, max_size=8))
def test_answers_of_triple_des_are_arpcs_of_method_1(key: bytes, arqc: bytes) -> None:
    expected = ac.generate_arpc_1(key, arqc, b"00")
    block = bytes((arqc[0] ^ 0x30, arqc[1] ^ 0x30)) + arqc[2:]
    assert TDES.answer(key, block) == expected


def test_an_answer_of_aes_is_half_a_block() -> None:
    """EMV 4.4 Book 2, 8.2.1: the left eight octets of AES(SK)[Y || zeros]."""
    key, block = bytes(range(32)), bytes(range(8))
    assert AES.answer(key, block) == aes(key, block + bytes(8))[:8]


@pytest.mark.parametrize("size", [16, 24, 32])
def test_what_the_issuer_enciphers_is_deciphered(size: int) -> None:
    issuer = aes_issuer(size)
    key = issuer.session_key(issuer.smc, bytes(8))
    plain = AES.decipher(key, issuer.encipher(bytes(8), b"24 1234"))
    assert plain == padded(b"24 1234", 16)
