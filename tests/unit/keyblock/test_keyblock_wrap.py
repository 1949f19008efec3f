import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.keyblock.binding import ClearVariantKey
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.contents import Pedigree
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, KeyVersion, Mode, Usage, Version
from cardwright.keyblock.header import Header, parse_header
from cardwright.keyblock.kcv import check_value
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_kit import Case, cases
from tests.unit.keyblock.keyblock_vectors import VECTORS

TDES = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
TDES3 = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA98765432108877665544332211")))
AES = ClearAes(SecretBytes(bytes(range(32))))
HEADER = Header(
    version=Version.DERIVATION_AES,
    usage=Usage.PIN_ENCRYPTION,
    algorithm=Algorithm.AES,
    mode=Mode.ENCRYPT,
    exportability=Exportability.NONE,
)
KEY = SecretBytes(bytes.fromhex("00112233445566778899AABBCCDDEEFF"))


def code_of(kbpk: BlockCipher, header: Header, key: SecretBytes, masked: int | None = None) -> str:
    with pytest.raises(KeyBlockError) as caught:
        wrap(kbpk, header, key, masked_length=masked)
    return caught.value.code


@given(cases())
def test_unwraps_what_it_wraps(case: Case) -> None:
    block = wrap(case.cipher(), case.header, case.key)
    header, key = unwrap(case.cipher(), block)
    assert key == case.key
    asked_for = {block.id for block in case.header.blocks if not block.data}
    as_given = tuple(OptionalBlock(b.id, "") if b.id in asked_for else b for b in header.blocks)
    assert dataclasses.replace(header, blocks=as_given) == case.header
    assert len(block) == int(block[1:5])
    assert len(block) % case.header.version.block == 0


@given(cases(longest=100), st.integers(0, 100))
def test_a_header_with_its_check_values_wraps_again(case: Case, extra: int) -> None:
    masked = len(case.key) + extra
    block = wrap(case.cipher(), case.header, case.key, masked_length=masked, random=bytes)
    header, key = unwrap(case.cipher(), block)
    assert wrap(case.cipher(), header, key, masked_length=masked, random=bytes) == block


@pytest.mark.parametrize(
    ("kbpk", "version", "algorithm", "characters"),
    [
        (TDES3, Version.DERIVATION_TDES, Algorithm.TDES, 96),
        (AES, Version.DERIVATION_AES, Algorithm.TDES, 112),
        (AES, Version.DERIVATION_AES, Algorithm.AES, 144),
    ],
)
def test_all_keys_of_an_algorithm_look_equally_long(
    kbpk: BlockCipher, version: Version, algorithm: Algorithm, characters: int
) -> None:
    header = dataclasses.replace(HEADER, version=version, algorithm=algorithm)
    lengths = (16, 24, 32) if algorithm is Algorithm.AES else (16, 24)
    blocks = [wrap(kbpk, header, SecretBytes(bytes(length))) for length in lengths]
    assert {len(block) for block in blocks} == {characters}


def test_a_masked_length_is_chosen_and_no_shorter_than_the_key() -> None:
    assert len(wrap(AES, HEADER, KEY, masked_length=16)) == 112
    assert len(wrap(AES, HEADER, KEY, masked_length=100)) == 16 + 2 * 112 + 32
    assert code_of(AES, HEADER, KEY, 15) == "KEYBLOCK_LENGTH"
    assert code_of(AES, HEADER, KEY, 5000) == "KEYBLOCK_LENGTH"
    assert code_of(AES, HEADER, KEY, 10_000) == "KEYBLOCK_LENGTH"


def test_two_wrappings_of_a_key_share_nothing_but_the_header() -> None:
    first, second = wrap(AES, HEADER, KEY), wrap(AES, HEADER, KEY)
    assert first[:16] == second[:16]
    assert first[16:48] != second[16:48]
    assert first[-32:] != second[-32:]


@pytest.mark.parametrize("version", [Version.VARIANT_2005, Version.VARIANT_2010])
def test_the_variants_are_not_written(version: Version) -> None:
    header = dataclasses.replace(HEADER, version=version, algorithm=Algorithm.TDES)
    variant = ClearVariantKey(SecretBytes(bytes(16)))
    assert code_of(variant, header, KEY) == "KEYBLOCK_VERSION"


def test_the_variants_need_a_handle_that_gives_them() -> None:
    for vector in VECTORS:
        if vector.block[0] in "AC":
            with pytest.raises(KeyBlockError) as caught:
                unwrap(ClearTdes(SecretBytes(bytes.fromhex(vector.kbpk))), vector.block)
            assert caught.value.code == "KEYBLOCK_KBPK"


def test_a_protection_key_is_of_the_versions_cipher() -> None:
    tdes = dataclasses.replace(HEADER, version=Version.DERIVATION_TDES, algorithm=Algorithm.TDES)
    assert code_of(TDES, HEADER, KEY) == "KEYBLOCK_KBPK"
    assert code_of(AES, tdes, KEY) == "KEYBLOCK_KBPK"
    for good, bad, header in ((AES, TDES, HEADER), (TDES, AES, tdes)):
        with pytest.raises(KeyBlockError) as caught:
            unwrap(bad, wrap(good, header, KEY))
        assert caught.value.code == "KEYBLOCK_KBPK"


def test_another_protection_key_does_not_open_the_block() -> None:
    with pytest.raises(KeyBlockError) as caught:
        unwrap(ClearAes(SecretBytes(bytes(32))), wrap(AES, HEADER, KEY))
    assert caught.value.code == "KEYBLOCK_MAC"


def test_no_key_goes_under_a_weaker_one_unless_its_pedigree_says_so() -> None:
    aes128 = ClearAes(SecretBytes(bytes(16)))
    key = SecretBytes(bytes(32))
    assert code_of(aes128, HEADER, key) == "KEYBLOCK_KBPK"
    for pedigree in Pedigree:
        header = dataclasses.replace(HEADER, blocks=(OptionalBlock("WP", pedigree.encode()),))
        if pedigree.is_weaker:
            assert unwrap(aes128, wrap(aes128, header, key)) == (header, key)
        else:
            assert code_of(aes128, header, key) == "KEYBLOCK_KBPK"
    tdes = dataclasses.replace(HEADER, version=Version.DERIVATION_TDES, algorithm=Algorithm.TDES)
    assert code_of(TDES, tdes, SecretBytes(bytes(24))) == "KEYBLOCK_KBPK"
    assert code_of(TDES3, dataclasses.replace(tdes, algorithm=Algorithm.AES), KEY) == (
        "KEYBLOCK_KBPK"
    )


def test_check_values_are_made_and_compared() -> None:
    asked = (OptionalBlock("KC", ""), OptionalBlock("LB", "a label"), OptionalBlock("KP", ""))
    block = wrap(AES, dataclasses.replace(HEADER, blocks=asked), KEY)
    made = parse_header(block).blocks
    assert [b.id for b in made] == ["KC", "LB", "KP"]
    assert made[0].data == check_value(ClearAes(KEY)).encode()
    assert made[2].data == check_value(AES).encode()
    for index in (0, 2):
        wrong = list(made)
        digits = f"{int(made[index].data, 16) ^ 1:012X}"
        wrong[index] = OptionalBlock(made[index].id, digits)
        assert code_of(AES, dataclasses.replace(HEADER, blocks=tuple(wrong)), KEY) == "KEYBLOCK_KCV"


def test_a_shortened_check_value_is_compared_as_far_as_it_goes() -> None:
    value = check_value(ClearAes(KEY)).encode()
    header = dataclasses.replace(HEADER, blocks=(OptionalBlock("KC", value[:4]),))
    assert unwrap(AES, wrap(AES, header, KEY)) == (header, KEY)


def test_a_single_des_key_has_the_check_value_of_des() -> None:
    # FIPS 81's key; the cipher text of a zero block is in every table of DES check values.
    key = SecretBytes(bytes.fromhex("0123456789ABCDEF"))
    header = dataclasses.replace(
        HEADER, usage=Usage.DATA, algorithm=Algorithm.DES, blocks=(OptionalBlock("KC", ""),)
    )
    assert parse_header(wrap(AES, header, key)).blocks[0].data == "00D5D44F"


def test_a_key_without_check_value_gets_none() -> None:
    header = dataclasses.replace(
        HEADER,
        usage=Usage.HMAC,
        algorithm=Algorithm.HMAC,
        mode=Mode.GENERATE,
        blocks=(OptionalBlock("HM", "21"), OptionalBlock("KC", "")),
    )
    assert code_of(AES, header, KEY) == "KEYBLOCK_KCV"


@pytest.mark.parametrize(
    ("algorithm", "lengths"),
    [
        (Algorithm.AES, [0, 8, 15, 17, 33]),
        (Algorithm.TDES, [8, 15, 32]),
        (Algorithm.DES, [7, 16]),
    ],
)
def test_a_key_is_as_long_as_its_algorithm_has_it(algorithm: Algorithm, lengths: list[int]) -> None:
    header = dataclasses.replace(HEADER, algorithm=algorithm)
    for length in lengths:
        assert code_of(AES, header, SecretBytes(bytes(length))) == "KEYBLOCK_KEY"


def test_hmac_keys_have_112_bits_at_least_and_initialization_vectors_a_block() -> None:
    hmac = dataclasses.replace(
        HEADER,
        usage=Usage.HMAC,
        algorithm=Algorithm.HMAC,
        mode=Mode.VERIFY,
        blocks=(OptionalBlock("HM", "21"),),
    )
    assert code_of(AES, hmac, SecretBytes(bytes(13))) == "KEYBLOCK_KEY"
    vector = dataclasses.replace(HEADER, usage=Usage.INITIALIZATION_VECTOR, mode=Mode.UNRESTRICTED)
    assert unwrap(AES, wrap(AES, vector, KEY))[1] == KEY
    assert code_of(AES, vector, SecretBytes(bytes(8))) == "KEYBLOCK_KEY"
    tdes = dataclasses.replace(vector, algorithm=Algorithm.TDES)
    assert code_of(AES, tdes, SecretBytes(bytes(16))) == "KEYBLOCK_KEY"


@pytest.mark.parametrize(
    "octets", ["", "3000FF", "02020001", "3003020100FF", "308003020100", "30810302010000", "30"]
)
def test_an_asymmetric_key_is_one_der_sequence(octets: str) -> None:
    header = dataclasses.replace(
        HEADER, usage=Usage.SIGNATURE, algorithm=Algorithm.RSA, mode=Mode.SIGN
    )
    good = SecretBytes(bytes.fromhex("3003020100"))
    assert unwrap(AES, wrap(AES, header, good))[1] == good
    assert code_of(AES, header, SecretBytes(bytes.fromhex(octets))) == "KEYBLOCK_KEY"


def test_a_component_is_told_from_a_key() -> None:
    header = dataclasses.replace(HEADER, key_version=KeyVersion("c1"))
    assert unwrap(AES, wrap(AES, header, KEY))[0].key_version.is_component
    assert not KeyVersion().is_component
    assert not KeyVersion("C1").is_component


def test_neither_errors_nor_headers_tell_the_key() -> None:
    header = dataclasses.replace(HEADER, algorithm=Algorithm.TDES)
    secret = b"\xab\xcd" * 16
    with pytest.raises(KeyBlockError) as caught:
        wrap(AES, header, SecretBytes(secret))
    assert secret.hex() not in str(caught.value).lower()
    opened = unwrap(AES, wrap(AES, HEADER, SecretBytes(secret)))
    assert secret.hex() not in repr(opened).lower()
    assert repr(secret) not in repr(opened)
