"""Known answers: EMVCo's "Book E, Cryptography Worked Examples" (session keys of both ciphers, as
public implementations quote it), ISO/IEC 9797-1 annex B, and pyemv's documentation and tests.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from pyemv import ac, kd

from cardwright.cipher import BlockCipher, CipherError, ClearAes, ClearTdes, odd_parity
from cardwright.emv import session
from cardwright.emv.errors import EmvError
from cardwright.emv.session import Padding
from cardwright.secret import SecretBytes

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

CLEAR_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")

keys16 = st.binary(min_size=16, max_size=16)
aes_keys = st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))


def tdes(key: bytes) -> ClearTdes:
    return ClearTdes(SecretBytes(key))


def aes(key: str) -> ClearAes:
    return ClearAes(SecretBytes(bytes.fromhex(key)))


KEY = tdes(CLEAR_KEY)
TRIPLE = tdes(bytes(range(24)))


def test_session_key_published_vectors() -> None:
    # pyemv's documentation of EMV Book 2 annex A1.3.1, then EMVCo's example, parity aside.
    expected = "e9fb384af807b940fedcea613461b0c4"
    assert session.ac_session_key(KEY, 0x001C).reveal().hex() == expected
    master = tdes(bytes.fromhex("4F5276A285D36175DC4F516BBF80CB1A"))
    example = bytes.fromhex("5B10C70AFEE94975A345C69888048FF9")
    assert session.ac_session_key(master, 1).reveal() == odd_parity(example)


@pytest.mark.parametrize(
    ("master", "derived"),
    [
        ("2EF6E07ECBA86BCF3C3CFF7BBEBE6F38", "89F7B697A028A93345BE7A409665B9A4"),
        (
            "7481B0525D05D393D6DCBADD333C6BC514087C6BF5FA10C4",
            "78429FD2061D24B1F8830B2C91D3ED95ED9D4B069A7C2707",
        ),
        (
            "14D63F23982740AC65B482BAF5913092D8132BAA4143A24D3CF437232711A507",
            "A99C5840A0CBFBF093DEA740FFFFF5A241BFE9472968CC6E0B9EC76BA280CE0F",
        ),
    ],
    ids=["AES-128", "AES-192", "AES-256"],
)
def test_aes_session_key_published_vectors(master: str, derived: str) -> None:
    assert session.ac_session_key(aes(master), 1).reveal().hex().upper() == derived


@given(aes_keys, st.binary(min_size=8, max_size=8))
def test_a_cryptogram_diversifies_aes_keys_with_zeros_behind_it(key: bytes, ac: bytes) -> None:
    # Annex A1.3.1 by hand.
    master = ClearAes(SecretBytes(key))
    zeros = bytes(8)
    if len(key) == 16:
        expected = master.encrypt(ac + zeros)
    else:
        first, second = bytearray(ac + zeros), bytearray(ac + zeros)
        first[2], second[2] = 0xF0, 0x0F
        expected = (master.encrypt(bytes(first)) + master.encrypt(bytes(second)))[: len(key)]
    assert session.common_session_key(master, ac).reveal() == expected


@oracle
@given(keys16, st.integers(0, 0xFFFF), st.binary(min_size=8, max_size=8))
def test_session_keys_agree_with_an_independent_implementation(
    key: bytes, atc: int, diversifier: bytes
) -> None:
    theirs = kd.derive_common_sk(key, atc.to_bytes(2) + bytes(6))
    assert session.ac_session_key(tdes(key), atc).reveal() == theirs
    theirs = kd.derive_common_sk(key, diversifier)
    assert session.common_session_key(tdes(key), diversifier).reveal() == theirs
    theirs = kd.derive_visa_sm_sk(key, atc.to_bytes(2))
    assert session.visa_script_key(SecretBytes(key), atc).reveal() == theirs


def test_visas_script_key_published_vector() -> None:
    derived = session.visa_script_key(SecretBytes(CLEAR_KEY), 0x001C)
    assert derived.reveal().hex() == "0123456789abcdf2fedcba987654cdf2"


def test_retail_mac_published_vectors() -> None:
    # ISO/IEC 9797-1 annex B, algorithm 3 with DES, padding methods 1 and 2.
    message = b"Now is the time for all "
    first = session.mac_algorithm_3(KEY, message, Padding.METHOD_1)
    second = session.mac_algorithm_3(KEY, message, Padding.METHOD_2)
    assert (first.hex(), second.hex()) == ("a1c72e74ea3fa9b6", "e9086230ca3be796")


@oracle
@given(keys16, st.binary(max_size=60))
def test_macs_agree_with_an_independent_implementation(key: bytes, data: bytes) -> None:
    assert session.mac(tdes(key), data) == ac.generate_ac(key, data, ac.PaddingType.EMV)
    zeros = session.mac(tdes(key), data, Padding.METHOD_1)
    assert zeros == ac.generate_ac(key, data, ac.PaddingType.VISA)


@given(aes_keys, st.binary(max_size=60), st.sampled_from(list(Padding)))
def test_the_mac_of_aes_is_half_a_cmac(key: bytes, data: bytes, padding: Padding) -> None:
    cmac = CMAC(algorithms.AES(key))
    cmac.update(data)
    expected = cmac.finalize()
    assert session.mac(ClearAes(SecretBytes(key)), data, padding) == expected[:8]
    assert session.full_mac(ClearAes(SecretBytes(key)), data, padding) == expected


@given(st.binary(max_size=40), st.sampled_from([8, 16]))
def test_padding_fills_up_to_whole_blocks(data: bytes, block: int) -> None:
    marked = session.pad(data, block)
    assert len(marked) % block == 0
    assert marked.rstrip(b"\0") == data + b"\x80"
    zeros = session.pad(data, block, Padding.METHOD_1)
    assert zeros[: len(data)] == data
    assert not any(zeros[len(data) :])
    assert len(zeros) == max(block, -(-len(data) // block) * block)


def test_derived_keys_have_their_masters_algorithm() -> None:
    master: BlockCipher
    for master, length in ((KEY, 16), (aes("00" * 16), 16), (aes("00" * 24), 24)):
        derived = session.cipher_like(master, session.ac_session_key(master, 1))
        assert (derived.block, derived.length) == (master.block, length)
    with pytest.raises(CipherError) as caught:
        session.cipher_like(KEY, SecretBytes(bytes(32)))
    assert caught.value.code == "KEY_LENGTH"


def test_refusals_are_coded() -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: session.ac_session_key(KEY, 0x10000),
        lambda: session.ac_session_key(KEY, -1),
        lambda: session.common_session_key(KEY, bytes(7)),
        lambda: session.common_session_key(aes("00" * 16), bytes(16)),
        lambda: session.visa_script_key(SecretBytes(CLEAR_KEY), 0x10000),
    )
    for call in calls:
        with pytest.raises(EmvError) as caught:
            call()
        assert caught.value.code == "DERIVATION_INPUT"
    for refused in (
        lambda: session.common_session_key(TRIPLE, bytes(8)),
        lambda: session.mac_algorithm_3(TRIPLE, b""),
        lambda: session.mac(TRIPLE, b""),
        lambda: session.visa_script_key(SecretBytes(bytes(24)), 1),
    ):
        with pytest.raises(EmvError) as caught:
            refused()
        assert caught.value.code == "KEY_LENGTH"
