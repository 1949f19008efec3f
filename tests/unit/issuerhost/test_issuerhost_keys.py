"""Card and session keys against published values and an implementation that is not ours."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st
from pyemv import kd
from pyemv import mac as pyemv_mac

from cardwright.issuerhost.ciphers import Algorithm, encrypt, encrypt_cbc, mac, pad
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import Derivation, card_key, session_key
from cardwright.secret import SecretBytes

oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

KEY = SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
keys16 = st.binary(min_size=16, max_size=16)
pans = st.text("0123456789", min_size=12, max_size=19)
psns = st.text("0123456789", min_size=2, max_size=2)


def code(derivation: Derivation, key: SecretBytes, pan: str, psn: str) -> str:
    with pytest.raises(IssuerHostError) as caught:
        card_key(derivation, key, pan, psn)
    assert pan not in str(caught.value)
    return caught.value.code


def test_option_a_published_vector() -> None:
    # The documentation of pyemv 1.5.0, module kd.
    key = card_key(Derivation.OPTION_A, KEY, "99012345678901234", "45")
    assert key.reveal().hex().upper() == "67F8292358083E5EA7AB7FDA58D53B6B"


@oracle
@given(keys16, pans, psns)
def test_options_a_and_b_agree_with_an_independent_implementation(
    key: bytes, pan: str, psn: str
) -> None:
    master = SecretBytes(key)
    ours = card_key(Derivation.OPTION_A, master, pan, psn).reveal()
    assert ours == kd.derive_icc_mk_a(key, pan, psn)
    ours = card_key(Derivation.OPTION_B, master, pan, psn).reveal()
    assert ours == kd.derive_icc_mk_b(key, pan, psn)


@oracle
@given(keys16, st.binary(min_size=8, max_size=8))
def test_session_keys_agree_with_an_independent_implementation(key: bytes, value: bytes) -> None:
    ours = session_key(Algorithm.TDES, SecretBytes(key), value).reveal()
    assert ours == kd.derive_common_sk(key, value)


def aes(key: bytes, *blocks: str) -> bytes:
    """AES of blocks written out as the standard's text gives them."""
    encryptor = Cipher(AES(key), modes.ECB()).encryptor()
    return encryptor.update(bytes.fromhex("".join(blocks)))


@pytest.mark.parametrize("size", [16, 24, 32])
def test_option_c_by_the_standards_text(size: int) -> None:
    # No published vector is known; annex A1.4.3: AES of Y and of its complement, cut to the key.
    key = bytes(range(size))
    y = "00000000000000999999123456789001"
    inverted = "".join(f"{15 - int(digit, 16):X}" for digit in y)
    expected = aes(key, y, inverted)[:size]
    assert card_key(
        Derivation.OPTION_C, SecretBytes(key), "9999991234567890", "01"
    ).reveal() == expected  # fmt: skip


def test_aes_session_keys_by_the_standards_text() -> None:
    # Annex A1.3.1: of 16 octets, AES of R; of more, AES of R with F0 and 0F third.
    for size, blocks in (
        (16, ["001F0000000000000000000000000000"]),
        (24, ["001FF000000000000000000000000000", "001F0F00000000000000000000000000"]),
        (32, ["001FF000000000000000000000000000", "001F0F00000000000000000000000000"]),
    ):
        key = bytes(range(size))
        ours = session_key(Algorithm.AES, SecretBytes(key), bytes.fromhex("001F000000000000"))
        assert ours.reveal() == aes(key, *blocks)[:size]


def test_what_no_key_comes_from() -> None:
    assert code(Derivation.OPTION_A, KEY, "123", "00") == "DERIVATION_INPUT"
    assert code(Derivation.OPTION_A, KEY, "12345678901234567890", "00") == "DERIVATION_INPUT"
    assert code(Derivation.OPTION_A, KEY, "9999991234567890", "1") == "DERIVATION_INPUT"
    assert code(Derivation.OPTION_A, KEY, "99999912345678٩0", "00") == "DERIVATION_INPUT"
    assert code(Derivation.OPTION_A, SecretBytes(bytes(24)), "9999991234567890", "0" * 2) == (
        "KEY_LENGTH"
    )
    assert code(Derivation.OPTION_C, SecretBytes(bytes(8)), "9999991234567890", "00") == (
        "KEY_LENGTH"
    )
    with pytest.raises(IssuerHostError):
        session_key(Algorithm.TDES, KEY, bytes(7))


def test_retail_mac_published_vectors() -> None:
    # ISO/IEC 9797-1 annex B, algorithm 3 with DES, padding methods 1 and 2.
    message = b"Now is the time for all "
    first = mac(Algorithm.TDES, KEY, message, zero_padding=True)
    second = mac(Algorithm.TDES, KEY, message)
    assert (first.hex(), second.hex()) == ("a1c72e74ea3fa9b6", "e9086230ca3be796")


def test_cmac_published_vector() -> None:
    # NIST SP 800-38B, example 2 of AES-128.
    key = SecretBytes(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
    message = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    assert mac(Algorithm.AES, key, message).hex() == "070a16b46b4d4144f79bdd9dd04a287c"


@oracle
@given(keys16, st.binary(min_size=1, max_size=40))
def test_retail_macs_agree_with_an_independent_implementation(key: bytes, message: bytes) -> None:
    theirs = pyemv_mac.mac_iso9797_3(key[:8], key[8:], message, 2)
    assert mac(Algorithm.TDES, SecretBytes(key), message) == theirs


def test_ciphers_take_their_keys_only() -> None:
    for algorithm, size in ((Algorithm.TDES, 24), (Algorithm.AES, 8)):
        with pytest.raises(IssuerHostError) as caught:
            encrypt(algorithm, SecretBytes(bytes(size)), bytes(16))
        assert caught.value.code == "KEY_LENGTH"
    assert pad(b"", 8).hex() == "8000000000000000"
    assert len(encrypt_cbc(Algorithm.AES, KEY, pad(bytes(16), 16))) == 32
