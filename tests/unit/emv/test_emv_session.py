import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import ac, kd

from cardwright.emv import session
from cardwright.emv.errors import EmvError
from cardwright.emv.session import Padding
from cardwright.secret import SecretBytes

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

KEY = SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))

keys16 = st.binary(min_size=16, max_size=16)


def test_session_key_published_vector() -> None:
    # pyemv's documentation of EMV Book 2 annex A1.3.1.
    expected = "e9fb384af807b940fedcea613461b0c4"
    assert session.ac_session_key(KEY, 0x001C).reveal().hex() == expected


@oracle
@given(keys16, st.integers(0, 0xFFFF), st.binary(min_size=8, max_size=8))
def test_session_keys_agree_with_an_independent_implementation(
    key: bytes, atc: int, diversifier: bytes
) -> None:
    theirs = kd.derive_common_sk(key, atc.to_bytes(2) + bytes(6))
    assert session.ac_session_key(SecretBytes(key), atc).reveal() == theirs
    theirs = kd.derive_common_sk(key, diversifier)
    assert session.common_session_key(SecretBytes(key), diversifier).reveal() == theirs


def test_retail_mac_published_vectors() -> None:
    # ISO/IEC 9797-1 annex B, algorithm 3 with DES, padding methods 1 and 2.
    message = b"Now is the time for all "
    first = session.mac_algorithm_3(KEY, message, Padding.METHOD_1)
    second = session.mac_algorithm_3(KEY, message, Padding.METHOD_2)
    assert (first.hex(), second.hex()) == ("a1c72e74ea3fa9b6", "e9086230ca3be796")


def test_cryptogram_published_vector() -> None:
    # pyemv's documentation of EMV Book 2 clause 8.1.
    key = SecretBytes(b"\xaa" * 8 + b"\xbb" * 8)
    data = bytes.fromhex("00000000200000000000000001240000008000012411030900" + "3804823E58000001")
    assert session.arqc(key, data).hex() == "3b76cf10fecd8789"


@oracle
@given(keys16, st.binary(min_size=1, max_size=60))
def test_cryptograms_agree_with_an_independent_implementation(key: bytes, data: bytes) -> None:
    secret = SecretBytes(key)
    assert session.arqc(secret, data) == ac.generate_ac(key, data, ac.PaddingType.EMV)
    assert session.arqc(secret, data, Padding.METHOD_1) == ac.generate_ac(
        key, data, ac.PaddingType.VISA
    )


@oracle
@given(keys16, st.binary(min_size=8, max_size=8), st.binary(min_size=2, max_size=2))
def test_the_issuers_answer_agrees_with_an_independent_implementation(
    key: bytes, cryptogram: bytes, response: bytes
) -> None:
    answer = session.arpc_method_1(SecretBytes(key), cryptogram, response)
    assert answer == ac.generate_arpc_1(key, cryptogram, response)


def test_refusals_are_coded() -> None:
    for call in (
        lambda: session.ac_session_key(KEY, 0x10000),
        lambda: session.ac_session_key(KEY, -1),
        lambda: session.common_session_key(KEY, bytes(7)),
        lambda: session.arpc_method_1(KEY, bytes(7), b"00"),
        lambda: session.arpc_method_1(KEY, bytes(8), b"0"),
    ):
        with pytest.raises(EmvError) as caught:
            call()
        assert caught.value.code == "DERIVATION_INPUT"
    with pytest.raises(EmvError) as caught:
        session.arqc(SecretBytes(bytes(24)), b"")
    assert caught.value.code == "KEY_LENGTH"
