"""Known answers: NIST SP 800-38B appendix D (CMAC), SP 800-67 (triple DES), FIPS 197 (AES)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import BlockCipher, CipherError, ClearAes, ClearTdes, Tdes, odd_parity
from cardwright.secret import SecretBytes


def _key(digits: str) -> SecretBytes:
    return SecretBytes(bytes.fromhex(digits))


_AES = _key("000102030405060708090a0b0c0d0e0f")
_TDES = _key("8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5")


def test_aes_enciphers_the_block_of_fips_197() -> None:
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    enciphered = ClearAes(_AES).encrypt(block)
    assert enciphered.hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    assert ClearAes(_AES).decrypt(enciphered) == block


def test_cmac_is_that_of_sp_800_38b() -> None:
    aes = ClearAes(_key("2b7e151628aed2a6abf7158809cf4f3c"))
    assert aes.cmac(b"").hex() == "bb1d6929e95937287fa37d129b756746"
    assert ClearTdes(_TDES).cmac(b"").hex() == "b7a688e122ffaf95"


def test_a_double_length_key_is_its_halves_and_the_first_again() -> None:
    double = _key("0123456789abcdeffedcba9876543210")
    triple = SecretBytes(double.reveal() + double.reveal()[:8])
    assert ClearTdes(double).encrypt(bytes(8)) == ClearTdes(triple).encrypt(bytes(8))
    assert (ClearTdes(double).length, ClearTdes(triple).length) == (16, 24)


def test_the_left_half_is_single_des() -> None:
    # FIPS 81's example: DES of "Now is t" under 0123456789ABCDEF.
    cipher: Tdes = ClearTdes(_key("0123456789abcdeffedcba9876543210"))
    assert cipher.left.encrypt(b"Now is t").hex() == "3fa40e8a984d4815"


@given(st.sampled_from([ClearAes(_AES), ClearTdes(_TDES)]), st.binary(max_size=200))
def test_what_is_enciphered_deciphers(cipher: BlockCipher, message: bytes) -> None:
    whole = message + bytes(-len(message) % cipher.block)
    iv = bytes(range(cipher.block))
    assert cipher.decrypt(cipher.encrypt(whole)) == whole
    assert cipher.decrypt_cbc(cipher.encrypt_cbc(whole, iv), iv) == whole


@pytest.mark.parametrize(("cipher", "length"), [(ClearAes, 15), (ClearTdes, 8), (ClearTdes, 32)])
def test_other_lengths_are_no_keys(cipher: type[ClearAes | ClearTdes], length: int) -> None:
    with pytest.raises(CipherError) as error:
        cipher(SecretBytes(bytes(length)))
    assert error.value.code == "KEY_LENGTH"


def test_a_part_of_a_block_is_refused() -> None:
    with pytest.raises(CipherError) as error:
        ClearAes(_AES).encrypt(b"no block")
    assert error.value.code == "BLOCK_LENGTH"


@given(st.binary(max_size=32))
def test_parity_is_odd_in_every_octet(key: bytes) -> None:
    adjusted = odd_parity(key)
    assert all(octet.bit_count() % 2 for octet in adjusted)
    assert all(a & 0xFE == b & 0xFE for a, b in zip(adjusted, key, strict=True))
