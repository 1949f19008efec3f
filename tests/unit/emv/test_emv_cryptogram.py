"""Known answers: pyemv's and jPOS's tests (the former confirmed by a hardware security module), the
data of "EMV Issuer and Application Security Guidelines" 3.0, annex A.3.3, and of Visa's
implementation guide, example H.1, as jPOS quotes them; of AES, Mastercard's Ecos examples and the
sample program of I. Dubinsky's book "Cryptography for Payment Professionals".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import ac, cvn

from cardwright.cipher import ClearAes, ClearTdes
from cardwright.emv.cryptogram import (
    CryptogramVersion,
    application_cryptogram,
    arpc_method_1,
    arpc_method_2,
    cryptogram_data,
    transaction_key,
    verify_arqc,
    version_of,
)
from cardwright.emv.errors import EmvError
from cardwright.emv.keys import derive_option_a
from cardwright.emv.session import ac_session_key, mac
from cardwright.secret import SecretBytes

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

CVN_10, CVN_18 = CryptogramVersion.CVN_10, CryptogramVersion.CVN_18
CCD_5, CCD_6 = CryptogramVersion.CCD_5, CryptogramVersion.CCD_6


def tdes(key: str) -> ClearTdes:
    return ClearTdes(SecretBytes(bytes.fromhex(key)))


def aes(key: str) -> ClearAes:
    return ClearAes(SecretBytes(bytes.fromhex(key)))


def card(imk: str) -> ClearTdes:
    return ClearTdes(derive_option_a(tdes(imk), "1234567890123456", "00"))


def values(*digits: str) -> dict[int, bytes]:
    """Name what goes into a cryptogram, in its order, the issuer application data last."""
    tags = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36, 0x9F10)
    return {tag: bytes.fromhex(value) for tag, value in zip(tags, digits, strict=True)}


CARD = card("0123456789ABCDEFFEDCBA9876543210")
TERMINAL = ("000000004000", "000000000000", "0124", "8000048000", "0124", "191105", "01",
            "52BF4585", "1800", "001C")  # fmt: skip
OF_10 = values(*TERMINAL, "06010A03A06010")
OF_18 = values(*TERMINAL, "06011203A0B800")
GUIDELINES = values(
    "000000010000", "000000001000", "0840", "0000001080", "0840", "980704", "00", "11111111",
    "5800", "3456", "0FA500A03800000000000000000000000F010000000000000000000000000000",
)  # fmt: skip


def test_a_transaction_of_version_10() -> None:
    assert application_cryptogram(CVN_10, CARD, OF_10).hex().upper() == "29CCA15AE665FA2E"
    arqc = bytes.fromhex("29CCA15AE665FA2E")
    assert verify_arqc(CVN_10, CARD, OF_10, arqc)
    key = transaction_key(CVN_10, CARD, OF_10)
    assert arpc_method_1(key, arqc, b"00").hex().upper() == "28993816AFAE4AEB"


def test_a_transaction_of_version_18() -> None:
    assert application_cryptogram(CVN_18, CARD, OF_18).hex().upper() == "7A788EA6B8A3E733"
    arqc = bytes.fromhex("7A788EA6B8A3E733")
    assert verify_arqc(CVN_18, CARD, OF_18, arqc)
    key = transaction_key(CVN_18, CARD, OF_18)
    assert arpc_method_2(key, arqc, bytes(4)).hex().upper() == "9AF514C1"


def test_signed_data_published_examples() -> None:
    ccd = (
        "0000000100000000000010000840000000108008409807040011111111580034560FA500A0380000000000"
        "0000000000000F010000000000000000000000000000"
    )
    assert cryptogram_data(CCD_5, GUIDELINES).hex().upper() == ccd
    visa = values(
        "000000000100", "000000000000", "0840", "0000000000", "0840", "181231", "01", "ABCDEF10",
        "1800", "0001", "06011203000000",
    )  # fmt: skip
    assert cryptogram_data(CVN_18, visa).hex().upper() == (
        "00000000010000000000000008400000000000084018123101ABCDEF101800000106011203000000"
    )
    assert cryptogram_data(CVN_10, visa).hex().upper().endswith("18000001" + "03000000")


def test_answers_published_vectors() -> None:
    # jPOS: session keys of counter 3456 under the card's key.
    master = card("12345678" * 4)
    key = ClearTdes(ac_session_key(master, 0x3456))
    data = "000000010000000000001000084000000010800840980704001111111158003456A08003242000"
    arqc = bytes.fromhex("55BE45DD2C9E0CBF")
    assert mac(key, bytes.fromhex(data)) == arqc
    assert arpc_method_1(key, arqc, b"\x00\x12").hex().upper() == "01BAE8DE6A0DE9E0"
    assert arpc_method_2(key, arqc, bytes.fromhex("00120000")).hex().upper() == "B4C698B6"
    answer = arpc_method_1(master, bytes.fromhex("26C8A1042D1CAF3E"), b"00")
    assert answer.hex().upper() == "98DE7C7B3D80A831"


@pytest.mark.parametrize(
    ("master", "arqc"),
    [
        ("2EF6E07ECBA86BCF3C3CFF7BBEBE6F38", "25038F4A7BDE69E2"),
        (
            "14D63F23982740AC65B482BAF5913092D8132BAA4143A24D3CF437232711A507",
            "1847D8073E4D181D",
        ),
    ],
    ids=["AES-128", "AES-256"],
)
def test_aes_cryptograms_published_vectors(master: str, arqc: str) -> None:
    data = (
        "00000001000000000000100008400000001080084015112400111111111B800001A0800324200000000000"
        "00000000"
    )
    key = ClearAes(ac_session_key(aes(master), 1))
    assert mac(key, bytes.fromhex(data)).hex().upper() == arqc


SAMPLE = bytes.fromhex("00000000084000000000000840181200010601120300000000")
SAMPLE_MASTER = "3AD95FE6AD75062DFCF19D834504AC237A49822292257A16F2B76168B4E2B574"


@pytest.mark.parametrize(
    ("length", "arqc", "answer"),
    [
        (24, "BD3493FC531EFBE1", "7537093C"),
        (32, "FF1F2EBB16EF49E0", "E9BAE827"),
    ],
)
def test_aes_answers_of_a_books_sample_program(length: int, arqc: str, answer: str) -> None:
    key = ClearAes(ac_session_key(aes(SAMPLE_MASTER[: 2 * length]), 1))
    assert mac(key, SAMPLE).hex().upper() == arqc
    status = bytes.fromhex("AD13BE45")
    given_answer = arpc_method_2(key, bytes.fromhex(arqc), status, b"\x12\x34")
    assert given_answer.hex().upper() == answer


def test_the_aes_answer_with_a_response_code() -> None:
    key = ClearAes(ac_session_key(aes(SAMPLE_MASTER[:32]), 1))
    arqc = mac(key, SAMPLE)
    assert arqc.hex().upper() == "EBB468693B346136"
    assert arpc_method_1(key, arqc, b"\x00\x01").hex().upper() == "E173EB08E64FB2C1"


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=36, max_size=36),
    st.binary(min_size=4, max_size=4),
)
def test_versions_agree_with_an_independent_implementation(
    imk: bytes, data: bytes, results: bytes
) -> None:
    fields = [data[:6], data[6:12], data[12:14], data[14:19], data[19:21], data[21:24],
              data[24:25], data[25:29], data[29:31], data[31:33]]  # fmt: skip
    issuer = b"\x06\x01\x0a" + results
    named = values(*(field.hex() for field in fields), issuer.hex())
    pan, psn = "1234567890123456", "01"
    master = ClearTdes(derive_option_a(ClearTdes(SecretBytes(imk)), pan, psn))
    ten: Any = cvn.VisaCVN10(imk, imk, imk, pan, psn)
    assert application_cryptogram(CVN_10, master, named) == ten.generate_ac(*fields, results)
    eighteen: Any = cvn.VisaCVN18(imk, imk, imk, pan, psn)
    theirs = eighteen.generate_ac(*fields, issuer)
    assert application_cryptogram(CVN_18, master, named) == theirs
    assert application_cryptogram(CCD_5, master, named) == theirs


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=2, max_size=2),
    st.binary(min_size=4, max_size=4),
    st.binary(max_size=8),
)
def test_the_issuers_answers_agree_with_an_independent_implementation(
    key: bytes, cryptogram: bytes, response: bytes, status: bytes, proprietary: bytes
) -> None:
    cipher = ClearTdes(SecretBytes(key))
    answer = arpc_method_1(cipher, cryptogram, response)
    assert answer == ac.generate_arpc_1(key, cryptogram, response)
    answer = arpc_method_2(cipher, cryptogram, status, proprietary)
    assert answer == ac.generate_arpc_2(key, cryptogram, status, proprietary)


@pytest.mark.parametrize("version", [CVN_10, CVN_18, CCD_5, CCD_6])
def test_only_the_cards_cryptogram_verifies(version: CryptogramVersion) -> None:
    master = aes("00" * 15 + "01") if version is CCD_6 else CARD
    arqc = application_cryptogram(version, master, GUIDELINES)
    assert verify_arqc(version, master, GUIDELINES, arqc)
    assert not verify_arqc(version, master, GUIDELINES, bytes(8))
    assert not verify_arqc(version, master, GUIDELINES, arqc[:7])
    for tag in set(GUIDELINES) - {0x9F10}:
        changed = {**GUIDELINES, tag: bytes((GUIDELINES[tag][0] ^ 1,)) + GUIDELINES[tag][1:]}
        assert not verify_arqc(version, master, changed, arqc), f"{tag:X}"


@pytest.mark.parametrize(
    ("data", "version"),
    [
        ("06010A03A06010", CVN_10),
        ("06011203A0B800", CVN_18),
        ("06011203A0B8000F040000000000000000000000", CVN_18),
        ("0FA500A03800000000000000000000000F010000000000000000000000000000", CCD_5),
        ("0FA600A03800000000000000000000000F010000000000000000000000000000", CCD_6),
    ],
)
def test_the_issuer_application_data_tell_the_version(
    data: str, version: CryptogramVersion
) -> None:
    assert version_of(bytes.fromhex(data)) is version


@pytest.mark.parametrize(
    "data",
    ["", "06010A", "06011103A0B800", "0110A00003220000000000000000000000FF", "07010A03A0601000",
     "0FA500A03800000000000000000000000F01", "0FA700A03800000000000000000000000F01" + "00" * 14],
)  # fmt: skip
def test_versions_that_are_not_known_are_refused(data: str) -> None:
    with pytest.raises(EmvError) as error:
        version_of(bytes.fromhex(data))
    assert error.value.code == "CRYPTOGRAM_VERSION"


@pytest.mark.parametrize("tag", list(OF_18), ids=lambda tag: f"{tag:X}")
def test_a_value_that_is_missing_or_of_another_length_is_refused(tag: int) -> None:
    without = {each: value for each, value in OF_18.items() if each != tag}
    for wrong in (without, {**without, tag: bytes(33)}, {**without, tag: b""}):
        with pytest.raises(EmvError) as error:
            verify_arqc(CVN_18, CARD, wrong, bytes(8))
        assert error.value.code == "CRYPTOGRAM_DATA"
        assert f"{tag:X}" in str(error.value)


def test_keys_that_a_version_does_not_take() -> None:
    for version, master in ((CCD_6, CARD), (CVN_18, aes("00" * 16)), (CVN_10, aes("00" * 16))):
        with pytest.raises(EmvError) as error:
            application_cryptogram(version, master, GUIDELINES)
        assert error.value.code == "KEY_ALGORITHM"
    for version in (CVN_10, CVN_18):
        with pytest.raises(EmvError) as error:
            application_cryptogram(version, tdes("0123456789ABCDEF" * 3), GUIDELINES)
        assert error.value.code == "KEY_LENGTH"
    with pytest.raises(EmvError) as error:
        transaction_key(CVN_18, CARD, {0x9F36: b"\0"})
    assert error.value.code == "CRYPTOGRAM_DATA"


def test_answers_that_are_none() -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: arpc_method_1(CARD, bytes(7), b"00"),
        lambda: arpc_method_1(CARD, bytes(8), b"0"),
        lambda: arpc_method_2(CARD, bytes(9), bytes(4)),
        lambda: arpc_method_2(CARD, bytes(8), bytes(3)),
        lambda: arpc_method_2(CARD, bytes(8), bytes(4), bytes(9)),
    )
    for call in calls:
        with pytest.raises(EmvError) as error:
            call()
        assert error.value.code == "DERIVATION_INPUT"
