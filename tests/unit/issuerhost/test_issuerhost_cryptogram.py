"""Cryptograms and answers against published values and an implementation that is not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from pyemv import ac
from pyemv.cvn import VisaCVN10, VisaCVN18

from cardwright.issuerhost.ciphers import Algorithm, mac
from cardwright.issuerhost.cryptogram import (
    VERSIONS,
    arpc_method_1,
    arpc_method_2,
    cryptogram_key,
    is_genuine,
    version_of,
)
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import Derivation, card_key
from cardwright.issuerhost.messages import ChipData
from cardwright.secret import SecretBytes, SecretText

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PAN, PSN = "9999991234567890", "01"
SHORT_10, SHORT_18 = (bytes.fromhex(f"0601{each}03A0B8000F01") for each in ("0A", "12"))
CORE_TDES, CORE_AES = (
    bytes.fromhex(f"0F{each}01A000000000") + bytes(8) + b"\x0f" + bytes(15) for each in ("A5", "A6")
)

OBJECTS = {
    0x9F02: "000000012300", 0x9F03: "000000000000", 0x9F1A: "0372", 0x95: "8000048000",
    0x5F2A: "0978", 0x9A: "261123", 0x9C: "00", 0x9F37: "8B55633B", 0x82: "1C00", 0x9F36: "001F",
    0x9F27: "80",
}  # fmt: skip


def chip(cryptogram: bytes, issuer_data: bytes) -> ChipData:
    objects = {tag: bytes.fromhex(value) for tag, value in OBJECTS.items()}
    return ChipData(SecretText(PAN), PSN, objects | {0x9F26: cryptogram, 0x9F10: issuer_data})


def by_tag(issuer_data: bytes) -> dict[str, bytes]:
    names = {f"tag_{tag:x}": bytes.fromhex(value) for tag, value in OBJECTS.items()}
    del names["tag_9f27"]
    return names | {"tag_9f10": issuer_data}


def cryptogram_10() -> bytes:
    """A version 10 cryptogram by pyemv, which takes the card verification results apart."""
    values = by_tag(SHORT_10)
    results = values.pop("tag_9f10")[3:7]
    oracle = VisaCVN10(MASTER, MASTER, MASTER, PAN, PSN)
    made: bytes = oracle.generate_ac(**values, cvr=results)
    return made


def genuine(data: ChipData, derivation: Derivation = Derivation.OPTION_A) -> bool:
    version = version_of(data.value(0x9F10))
    key = card_key(derivation, SecretBytes(MASTER), PAN, PSN)
    return is_genuine(version, cryptogram_key(version, key, data.atc), data)


def test_versions_10_and_18_as_an_independent_implementation_makes_them() -> None:
    ten = cryptogram_10()
    eighteen = VisaCVN18(MASTER, MASTER, MASTER, PAN, PSN).generate_ac(**by_tag(SHORT_18))
    assert genuine(chip(ten, SHORT_10))
    assert genuine(chip(eighteen, SHORT_18))
    assert not genuine(chip(ten, SHORT_18))
    assert not genuine(chip(eighteen, SHORT_10))


def test_the_common_core_of_triple_des_covers_all_issuer_data() -> None:
    value = VisaCVN18(MASTER, MASTER, MASTER, PAN, PSN).generate_ac(**by_tag(CORE_TDES))
    assert genuine(chip(value, CORE_TDES))


def test_the_common_core_of_aes_by_the_standards_text() -> None:
    # No published vector is known: CMAC under AES of R, of the same message, its first half.
    key = card_key(Derivation.OPTION_C, SecretBytes(MASTER), PAN, PSN).reveal()
    session = Cipher(AES(key), modes.ECB()).encryptor().update(b"\0\x1f" + bytes(14))
    cmac = CMAC(AES(session))
    tags = ("9f02", "9f03", "9f1a", "95", "5f2a", "9a", "9c", "9f37", "82", "9f36", "9f10")
    named = by_tag(CORE_AES)
    cmac.update(b"".join(named[f"tag_{tag}"] for tag in tags))
    assert genuine(chip(cmac.finalize()[:8], CORE_AES), Derivation.OPTION_C)


@pytest.mark.parametrize("tag", [tag for tag in OBJECTS if tag != 0x9F27])
def test_every_object_counts(tag: int) -> None:
    value = VisaCVN18(MASTER, MASTER, MASTER, PAN, PSN).generate_ac(**by_tag(SHORT_18))
    good = chip(value, SHORT_18)
    octets = good.value(tag)
    changed = replace(good, objects={**good.objects, tag: octets[:-1] + bytes((octets[-1] ^ 1,))})
    assert not genuine(changed)
    for wrong in (b"", octets + b"\0"):
        with pytest.raises(IssuerHostError) as caught:
            genuine(replace(good, objects={**good.objects, tag: wrong}))
        assert caught.value.code == "CHIP_DATA"


@pytest.mark.parametrize(
    "issuer_data", [b"", b"\x06\1\x13\3\0\0\0", b"\x06\1\x12\3", b"\x0f\xa5", b"\x07\1\x12\3\0\0\0"]
)
def test_an_unknown_version_is_refused(issuer_data: bytes) -> None:
    with pytest.raises(IssuerHostError) as caught:
        version_of(issuer_data)
    assert caught.value.code == "CRYPTOGRAM_VERSION"


def test_versions_by_number() -> None:
    assert version_of(SHORT_10) is VERSIONS[0x0A]
    assert version_of(CORE_AES) is VERSIONS[0xA6]


def test_cryptogram_and_answers_published_vectors() -> None:
    # The documentation of pyemv 1.5.0, module ac.
    key = SecretBytes(bytes.fromhex("29B33180E567CE38EA4CBC9D753B0E61"))
    arqc = mac(Algorithm.TDES, key, bytes.fromhex("0123456789ABCDEF" * 2))
    assert arqc.hex().upper() == "FA624250B008B59A"
    second = arpc_method_2(Algorithm.TDES, key, arqc, bytes(4))
    assert second.hex().upper() == "CB56FA4000000000"
    # Its code of method 1 is two zero octets.
    first = arpc_method_1(Algorithm.TDES, key, arqc, "\0\0")
    assert first.hex().upper() == "45D4255EEF10C9200000"


@given(
    st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8),
    st.binary(min_size=4, max_size=4), st.binary(max_size=8),
)  # fmt: skip
def test_answers_agree_with_an_independent_implementation(
    key: bytes, arqc: bytes, update: bytes, proprietary: bytes
) -> None:
    secret = SecretBytes(key)
    theirs = ac.generate_arpc_1(key, arqc, b"05") + b"05"
    assert arpc_method_1(Algorithm.TDES, secret, arqc, "05") == theirs
    theirs = ac.generate_arpc_2(key, arqc, update, proprietary) + update + proprietary
    assert arpc_method_2(Algorithm.TDES, secret, arqc, update, proprietary) == theirs


def test_answers_of_aes_by_the_standards_text() -> None:
    key, arqc = bytes(range(16)), bytes(range(8))
    y = bytes((0x30, 0x31, *range(2, 8))) + bytes(8)
    arpc = Cipher(AES(key), modes.ECB()).encryptor().update(y)[:8]
    assert arpc_method_1(Algorithm.AES, SecretBytes(key), arqc, "00") == arpc + b"00"
    cmac = CMAC(AES(key))
    cmac.update(arqc + b"\0\x82\0\0")
    expected = cmac.finalize()[:4] + b"\0\x82\0\0"
    assert arpc_method_2(Algorithm.AES, SecretBytes(key), arqc, b"\0\x82\0\0") == expected


@pytest.mark.parametrize(("size", "code"), [(7, "00"), (8, "0"), (8, "")])
def test_an_answer_of_method_1_needs_its_parts(size: int, code: str) -> None:
    with pytest.raises(IssuerHostError) as caught:
        arpc_method_1(Algorithm.TDES, SecretBytes(MASTER), bytes(size), code)
    assert caught.value.code == "AUTHENTICATION_DATA"


@pytest.mark.parametrize("sizes", [(9, 4, 0), (8, 3, 0), (8, 4, 9)])
def test_an_answer_of_method_2_needs_its_parts(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(IssuerHostError) as caught:
        arpc_method_2(Algorithm.TDES, SecretBytes(MASTER), *map(bytes, sizes))
    assert caught.value.code == "AUTHENTICATION_DATA"
