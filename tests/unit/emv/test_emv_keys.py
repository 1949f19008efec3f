"""Known answers: EMV Book 2 annex A1.4, pyemv's tests, which a hardware security module confirmed,
and the examples of I. Dubinsky's book "Cryptography for Payment Professionals", whose program
printed the values of option C.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from pyemv import kd

from cardwright.cipher import ClearAes, ClearTdes, odd_parity
from cardwright.emv import keys
from cardwright.emv.errors import EmvError
from cardwright.secret import SecretBytes

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

CLEAR_IMK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
BOOK = bytes.fromhex("DFADBFEF0123456789866443DFADBFEF")
DERIVATIONS = [keys.derive_option_a, keys.derive_option_b, keys.derive_option_c]

aes_keys = st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
pans = st.text("0123456789", min_size=8, max_size=19)
psns = st.text("0123456789", min_size=2, max_size=2)


def tdes(key: bytes) -> ClearTdes:
    return ClearTdes(SecretBytes(key))


def aes(key: bytes) -> ClearAes:
    return ClearAes(SecretBytes(key))


IMK = tdes(CLEAR_IMK)


def test_option_a_published_vectors() -> None:
    # pyemv's documentation of EMV Book 2 annex A1.4.1.
    derived = keys.derive_option_a(IMK, "12345678901234567", "01")
    assert derived.reveal().hex() == "73ad54688cef2934b0979857e3c719f1"
    derived = keys.derive_option_a(IMK, "99012345678901234", "45")
    assert derived.reveal().hex() == "67f8292358083e5ea7ab7fda58d53b6b"
    derived = keys.derive_option_a(tdes(BOOK), "9012345432101232", "01")
    assert derived.reveal().hex() == "158c5e5ed9947662676415fda48a677c"


def test_option_b_published_vectors() -> None:
    derived = keys.derive_option_b(IMK, "12345678901234567", "01")
    assert derived.reveal().hex() == "ad406d7f6d7570916d75e5dcab8cf737"
    derived = keys.derive_option_b(tdes(BOOK), "9876543210123456789", "01")
    assert derived.reveal().hex() == "e5ab98ab5e76f757fedc7f016e5e2358"


@pytest.mark.parametrize(
    ("pan", "psn", "check"),
    [
        ("12345678901234567", "45", "0BAF"),
        ("12345678901234567", "00", "4626"),
        ("123456789012345679", "00", "C2F3"),
        ("000000000000000005", "23", "DD73"),  # the hash has fifteen decimals and borrows a letter
        ("1234567890123456", "00", "BAB0"),  # option A's
    ],
)
def test_option_b_vectors_that_a_security_module_confirmed(pan: str, psn: str, check: str) -> None:
    derived = keys.derive_option_b(IMK, pan, psn)
    assert keys.kcv(ClearTdes(derived))[:2].hex().upper() == check


@oracle
@given(st.binary(min_size=16, max_size=16), pans, psns)
def test_triple_des_options_agree_with_an_independent_implementation(
    imk: bytes, pan: str, psn: str
) -> None:
    derived = keys.derive_option_a(tdes(imk), pan, psn).reveal()
    assert derived == kd.derive_icc_mk_a(imk, pan, psn)
    assert all(octet.bit_count() % 2 for octet in derived)
    assert keys.derive_option_b(tdes(imk), pan, psn).reveal() == kd.derive_icc_mk_b(imk, pan, psn)


class Longer(ClearAes):
    """The book derives longer keys from a short one: a handle that says so."""

    def __init__(self, length: int) -> None:
        super().__init__(SecretBytes(BOOK))
        self._length = length


@pytest.mark.parametrize("length", [16, 24, 32])
def test_option_c_published_vectors(length: int) -> None:
    derived = keys.derive_option_c(Longer(length), "9012345432101232", "01")
    expected = "3ad95fe6ad75062dfcf19d834504ac237a49822292257a16f2b76168b4e2b574"
    assert derived.reveal().hex() == expected[: 2 * length]


@given(aes_keys, pans, psns)
def test_option_c_enciphers_the_digits_and_their_inverse(imk: bytes, pan: str, psn: str) -> None:
    # Annex A1.4.3 by hand.
    encryptor = Cipher(algorithms.AES(imk), modes.ECB()).encryptor()
    digits = bytes.fromhex((pan + psn).rjust(32, "0"))
    inverse = bytes(255 - octet for octet in digits)
    expected = (encryptor.update(digits) + encryptor.update(inverse))[: len(imk)]
    assert keys.derive_option_c(aes(imk), pan, psn).reveal() == expected


@pytest.mark.parametrize("derive", DERIVATIONS)
@pytest.mark.parametrize(
    ("pan", "psn"),
    [("4" * 7, "00"), ("4" * 20, "00"), ("4" * 16, "0"), ("4" * 15 + "x", "00"),
     ("4" * 16, "0 "), ("\u0664" * 16, "00"), ("4" * 16, "\u0660\u0660"), ("4" * 18 + "x", "00")],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_pan_and_psn_is_refused(derive: object, pan: str, psn: str) -> None:
    assert callable(derive)
    imk = aes(BOOK) if derive is keys.derive_option_c else IMK
    with pytest.raises(EmvError) as caught:
        derive(imk, pan, psn)
    assert caught.value.code == "DERIVATION_INPUT"
    assert pan not in str(caught.value)


def test_master_keys_of_other_lengths_and_algorithms_are_refused() -> None:
    triple = tdes(bytes(range(24)))
    for derive in (keys.derive_option_a, keys.derive_option_b):
        for pan in ("4" * 16, "4" * 19):
            with pytest.raises(EmvError) as caught:
                derive(triple, pan, "00")
            assert caught.value.code == "KEY_LENGTH"
    with pytest.raises(EmvError) as caught:
        keys.derive_option_c(IMK, "4" * 16, "00")
    assert caught.value.code == "KEY_ALGORITHM"


def test_check_value_of_a_well_known_test_key() -> None:
    # The value that HSM manuals print for this key.
    assert keys.kcv(IMK).hex().upper() == "08D7B4"


@given(st.binary(min_size=16, max_size=16))
def test_check_value_ignores_parity_and_knows_the_triple_length_form(key: bytes) -> None:
    value = keys.kcv(tdes(key))
    assert value == keys.kcv(tdes(odd_parity(key)))
    assert value == keys.kcv(tdes(key + key[:8]))


@given(aes_keys)
def test_aes_check_value_is_the_cmac_of_zeros(key: bytes) -> None:
    # RFC 4493 by hand: a whole zero block is masked by the first subkey, the doubled E(K, 0).
    def enciphered(block: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    doubled = int.from_bytes(enciphered(bytes(16))) << 1
    subkey = doubled ^ ((1 << 128) | 0x87 if doubled >> 128 else 0)
    expected = enciphered(subkey.to_bytes(16))
    assert keys.kcv_aes_cmac(aes(key)) == expected[:3]
    assert keys.kcv_aes_cmac(aes(key), 5) == expected[:5]


def test_a_triple_des_key_has_no_aes_check_value() -> None:
    with pytest.raises(EmvError) as caught:
        keys.kcv_aes_cmac(IMK)
    assert caught.value.code == "KEY_ALGORITHM"
