import dataclasses

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.rsa import (
    ClearRsa,
    CrtKey,
    RsaError,
    RsaPrivate,
    RsaPublic,
    generate_rsa,
    public_of,
)
from cardwright.secret import SecretBytes
from tests.unit.emv.rsa_kit import rsa_key

sizes = st.sampled_from((768, 776, 1024, 1152))
exponents = st.sampled_from((3, 65537))


@settings(max_examples=30, deadline=None)
@given(sizes, exponents, st.data())
def test_the_public_operation_undoes_the_private_and_the_other_way(
    bits: int, exponent: int, data: st.DataObject
) -> None:
    key = rsa_key(bits, exponent)
    number = data.draw(st.integers(0, int.from_bytes(key.modulus) - 1))
    block = number.to_bytes(bits // 8)
    assert public_of(key).apply(key.apply(block)) == block
    assert key.apply(public_of(key).apply(block)) == block


@pytest.mark.parametrize("exponent", [3, 65537])
def test_the_library_signs_the_same(exponent: int) -> None:
    # PKCS #1 v1.5 is raw RSA over a block that everybody can write down.
    key = rsa_key(1024, exponent)
    digest = bytes(range(20))
    info = bytes.fromhex("3021300906052b0e03021a05000414") + digest
    block = b"\x00\x01" + b"\xff" * (128 - 3 - len(info)) + b"\x00" + info
    numbers = [int.from_bytes(part.reveal()) for part in parts_of(key)]
    p, q, dp, dq, qinv = numbers
    theirs = rsa.RSAPrivateNumbers(
        p=p, q=q, dmp1=dp, dmq1=dq, iqmp=qinv, d=pow(exponent, -1, (p - 1) * (q - 1)),
        public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
    ).private_key()  # fmt: skip
    algorithm = Prehashed(hashes.SHA1())
    assert key.apply(block) == theirs.sign(digest, padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize(
    ("bits", "exponent"), [(768, 3), (896, 65537), (1016, 3), (1024, 3), (1032, 65537), (1152, 3)]
)
def test_a_generated_key_has_its_size_and_works(bits: int, exponent: int) -> None:
    key = generate_rsa(bits, exponent)
    assert int.from_bytes(key.modulus).bit_length() == bits
    assert key.exponent == exponent
    assert {len(part) for part in parts_of(key)} == {(bits + 15) // 16}
    block = b"\x6a" + bytes(bits // 8 - 2) + b"\xbc"
    assert public_of(key).apply(key.apply(block)) == block
    again = ClearRsa(key.parts, exponent)
    assert public_of(again).apply(again.apply(block)) == block
    assert generate_rsa(bits, exponent).modulus != key.modulus


@pytest.mark.parametrize("bits", [760, 767, 1153, 2056])
def test_sizes_that_no_chip_has(bits: int) -> None:
    with pytest.raises(RsaError) as caught:
        generate_rsa(bits)
    assert caught.value.code == "RSA_SIZE"


@pytest.mark.parametrize("exponent", [1, 2, 5, 17])
def test_exponents_that_emv_does_not_have(exponent: int) -> None:
    with pytest.raises(RsaError) as caught:
        generate_rsa(1024, exponent)
    assert caught.value.code == "RSA_KEY"


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [(b"", 3), (b"\x7f" + b"\xff" * 95, 3), (b"\x80" + bytes(95), 3), (b"\xff" * 96, 5)],
    ids=["none", "short", "even", "exponent"],
)
def test_public_keys_that_are_none(modulus: bytes, exponent: int) -> None:
    with pytest.raises(RsaError) as caught:
        RsaPublic(modulus, exponent)
    assert caught.value.code == "RSA_KEY"


def test_blocks_that_do_not_fit() -> None:
    key = rsa_key(768)
    keys: tuple[RsaPrivate | RsaPublic, ...] = (key, public_of(key))
    for either in keys:
        for block in (key.modulus, b"\xff" * 96, bytes(95), bytes(97), b""):
            with pytest.raises(RsaError) as caught:
                either.apply(block)
            assert caught.value.code == "RSA_BLOCK"


@pytest.mark.parametrize("part", ["p", "q", "dp", "dq", "qinv"])
def test_parts_of_another_key_are_refused(part: str) -> None:
    parts, other = rsa_key(768).parts, rsa_key(768, name="other").parts
    for wrong in (getattr(other, part), SecretBytes(bytes(48)), SecretBytes(bytes(47) + b"\x01")):
        with pytest.raises(RsaError) as caught:
            ClearRsa(dataclasses.replace(parts, **{part: wrong}), 3)
        assert caught.value.code == "RSA_KEY"


def test_the_wrong_exponent_is_refused() -> None:
    with pytest.raises(RsaError) as caught:
        ClearRsa(rsa_key(768, 3).parts, 65537)
    assert caught.value.code == "RSA_KEY"


@pytest.mark.parametrize("part", ["dp", "dq"])
def test_a_result_with_one_wrong_half_never_leaves(part: str) -> None:
    # Boneh, DeMillo and Lipton: one such result and its right counterpart give a prime.
    key = ClearRsa(rsa_key(768).parts, 3)
    wrong = SecretBytes(bytes(47) + b"\x05")
    key._key = dataclasses.replace(key.parts, **{part: wrong})
    with pytest.raises(RsaError) as caught:
        key.apply(bytes(95) + b"\x02")
    assert caught.value.code == "RSA_FAULT"


def test_a_private_key_does_not_print() -> None:
    key = rsa_key(768)
    shown = repr(key) + repr(key.parts)
    for part in parts_of(key):
        assert part.reveal().hex() not in shown
        assert str(int.from_bytes(part.reveal())) not in shown


def parts_of(key: ClearRsa) -> tuple[SecretBytes, ...]:
    parts: CrtKey = key.parts
    return parts.p, parts.q, parts.dp, parts.dq, parts.qinv
