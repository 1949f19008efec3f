import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from pyemv import kd

from cardwright.emv import keys
from cardwright.emv.errors import EmvError
from cardwright.secret import SecretBytes

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

IMK = SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))


def test_option_a_published_vectors() -> None:
    # pyemv's documentation of EMV Book 2 annex A1.4.1.
    derived = keys.derive_option_a(IMK, "12345678901234567", "01")
    assert derived.reveal().hex() == "73ad54688cef2934b0979857e3c719f1"


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    st.text("0123456789", min_size=8, max_size=19),
    st.text("0123456789", min_size=2, max_size=2),
)
def test_option_a_agrees_with_an_independent_implementation(imk: bytes, pan: str, psn: str) -> None:
    derived = keys.derive_option_a(SecretBytes(imk), pan, psn).reveal()
    assert derived == kd.derive_icc_mk_a(imk, pan, psn)
    assert all(octet.bit_count() % 2 for octet in derived)


@pytest.mark.parametrize(
    ("pan", "psn"),
    [("4" * 7, "00"), ("4" * 20, "00"), ("4" * 16, "0"), ("4" * 15 + "x", "00"),
     ("4" * 16, "0 "), ("\u0664" * 16, "00"), ("4" * 16, "\u0660\u0660")],
    ids=range(7),
)  # fmt: skip
def test_option_a_refuses_what_is_no_pan_and_psn(pan: str, psn: str) -> None:
    with pytest.raises(EmvError) as caught:
        keys.derive_option_a(IMK, pan, psn)
    assert caught.value.code == "DERIVATION_INPUT"
    assert pan not in str(caught.value)


def test_check_value_of_a_well_known_test_key() -> None:
    # The value that HSM manuals print for this key.
    assert keys.kcv(IMK).hex().upper() == "08D7B4"


@given(st.binary(min_size=16, max_size=16))
def test_check_value_ignores_parity_and_knows_the_triple_length_form(key: bytes) -> None:
    value = keys.kcv(SecretBytes(key))
    assert value == keys.kcv(SecretBytes(keys.odd_parity(key)))
    assert value == keys.kcv(SecretBytes(key + key[:8]))


@given(st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
def test_aes_check_value_is_the_cmac_of_zeros(key: bytes) -> None:
    # RFC 4493 by hand: a whole zero block is masked by the first subkey, the doubled E(K, 0).
    def aes(block: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    doubled = int.from_bytes(aes(bytes(16))) << 1
    subkey = doubled ^ ((1 << 128) | 0x87 if doubled >> 128 else 0)
    expected = aes(subkey.to_bytes(16))
    assert keys.kcv_aes_cmac(SecretBytes(key)) == expected[:3]
    assert keys.kcv_aes_cmac(SecretBytes(key), 5) == expected[:5]


@pytest.mark.parametrize("length", [0, 8, 14, 32])
def test_keys_of_other_lengths(length: int) -> None:
    with pytest.raises(EmvError) as caught:
        keys.kcv(SecretBytes(bytes(length)))
    assert caught.value.code == "KEY_LENGTH"
    with pytest.raises(EmvError) as caught:
        keys.kcv_aes_cmac(SecretBytes(bytes(length + 1)))
    assert caught.value.code == "KEY_LENGTH"
