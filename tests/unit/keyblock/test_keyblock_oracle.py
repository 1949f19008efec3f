"""psec.tr31 as an independent implementation of all four versions."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec import tr31

from cardwright.cipher import ClearAes
from cardwright.keyblock.binding import seal_payload
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Context, Version
from cardwright.keyblock.header import Header
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_kit import Case, cases
from tests.unit.keyblock.keyblock_vectors import cipher_of

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def theirs(header: Header) -> tr31.Header:
    made = tr31.Header(
        header.version.value,
        header.usage.value,
        header.algorithm.value,
        header.mode.value,
        header.key_version.text,
        header.exportability.value,
    )
    for block in header.blocks:
        made.blocks[block.id] = block.data
    return made


def fields(header: Header) -> tuple[str, ...]:
    return (
        header.version.value,
        header.usage.value,
        header.algorithm.value,
        header.mode.value,
        header.key_version.text,
        header.exportability.value,
    )


def their_fields(header: tr31.Header) -> tuple[str, ...]:
    return (
        header.version_id,
        header.key_usage,
        header.algorithm,
        header.mode_of_use,
        header.version_num,
        header.exportability,
    )


# psec reads only its own form of extended lengths, so blocks stay short in this direction.
@oracle
@settings(max_examples=500)
@given(cases(longest=251), st.integers(0, 40))
def test_psec_unwraps_what_we_wrap(case: Case, extra: int) -> None:
    masked_length = len(case.key) + extra
    block = wrap(case.cipher(), case.header, case.key, masked_length=masked_length)
    header, key = tr31.unwrap(case.kbpk, block)
    assert key == case.key.reveal()
    assert their_fields(header) == fields(case.header)
    ours, _ = unwrap(case.cipher(), block)
    assert list(header.blocks.items()) == [(b.id, b.data) for b in ours.blocks]


@oracle
@settings(max_examples=500)
@given(cases(), st.none() | st.integers(0, 80))
def test_we_unwrap_what_psec_wraps(case: Case, masked_length: int | None) -> None:
    # psec takes check values as they are given, and knows no key context.
    given_blocks = tuple(block for block in case.header.blocks if block.data or block.id == "LB")
    header = dataclasses.replace(case.header, blocks=given_blocks, context=Context.ANY)
    block = tr31.wrap(case.kbpk, theirs(header), case.key.reveal(), masked_length)
    assert unwrap(case.cipher(), block) == (header, case.key)


@oracle
@settings(max_examples=500)
@given(cases(), st.sampled_from([Version.VARIANT_2005, Version.VARIANT_2010]), st.data())
def test_we_unwrap_psecs_variants(case: Case, version: Version, data: st.DataObject) -> None:
    kbpk = data.draw(st.sampled_from([16, 24]).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
    given_blocks = tuple(block for block in case.header.blocks if block.data or block.id == "LB")
    header = dataclasses.replace(
        case.header, version=version, blocks=given_blocks, context=Context.ANY
    )
    block = tr31.wrap(kbpk, theirs(header), case.key.reveal())
    assert unwrap(cipher_of(version.value, kbpk), block) == (header, case.key)


# What follows is truly wrapped under the right key, and wrong all the same: psec wraps anything.
KBPK = bytes(range(32))


def refusal(block: str) -> str:
    with pytest.raises(KeyBlockError) as caught:
        unwrap(ClearAes(SecretBytes(KBPK)), block)
    return caught.value.code


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ("D0000P0AE00E0000", 15),
        ("D0000P0AE00E0000", 0),
        ("D0000P0TE00E0000", 8),
        ("D0000D0DE00E0000", 16),
        ("D0000M7HC00E0000", 13),
        ("D0000S0RS00E0000", 16),
        ("D0000I0AN00E0000", 8),
    ],
)
def test_a_proven_block_without_a_key_of_its_algorithm_is_refused(header: str, length: int) -> None:
    assert refusal(tr31.wrap(KBPK, header, bytes(length))) == "KEYBLOCK_KEY"


@pytest.mark.parametrize("block", ["KC", "KP"])
def test_a_proven_block_with_another_keys_check_value_is_refused(block: str) -> None:
    checked = SecretBytes(bytes(16) if block == "KC" else KBPK)
    right = "01" + ClearAes(checked).cmac(bytes(16))[:5].hex().upper()
    accepted = tr31.wrap(KBPK, f"D0000P0AE00E0100{block}10{right}", bytes(16))
    assert unwrap(ClearAes(SecretBytes(KBPK)), accepted)[1] == SecretBytes(bytes(16))
    wrong = tr31.wrap(KBPK, f"D0000P0AE00E0100{block}100100000000FF", bytes(16))
    assert refusal(wrong) == "KEYBLOCK_KCV"
    malformed = tr31.wrap(KBPK, f"D0000P0AE00E0100{block}10no check val", bytes(16))
    assert refusal(malformed) == "KEYBLOCK_OPTIONAL"


@pytest.mark.parametrize("attributes", ["P0AE", "M7HC"])  # an HMAC key has any length
@pytest.mark.parametrize("bits", [0, 127, 129, 8 * 30 + 8, 256, 0xFFFF, 0xFFF8])
def test_a_proven_length_that_fits_no_key_is_refused(attributes: str, bits: int) -> None:
    text = f"D0112{attributes}00E0000"
    payload = bits.to_bytes(2, "big") + bytes(30)
    enciphered, mac = seal_payload(ClearAes(SecretBytes(KBPK)), text.encode(), payload)
    assert refusal(text + (enciphered + mac).hex().upper()) == "KEYBLOCK_KEY"
