from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import CipherError, ClearTdes, odd_parity
from cardwright.secret import SecretBytes
from cardwright.weakkeys import _WEAK, refuse_weak

# Published test keys: TR-31's and the classic of security module manuals.
DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
TRIPLE = bytes.fromhex("DD7515F2BFC17F85CE48F3CA25CB21F68A2CB75BC7F4B3E3")


def single(key: bytes) -> ClearTdes:
    return ClearTdes(SecretBytes(key * 3))


def test_each_weak_key_is_undone_by_itself_or_by_another_of_them() -> None:
    """NIST SP 800-67 and FIPS 74 define them so: four keys weak, twelve semi-weak, in pairs."""
    block = b"Now is t"
    weak = {key for key in _WEAK if single(key).encrypt(single(key).encrypt(block)) == block}
    assert (len(weak), len(_WEAK)) == (4, 16)
    for key in _WEAK - weak:
        undoing = {
            other for other in _WEAK if single(other).encrypt(single(key).encrypt(block)) == block
        }
        assert len(undoing) == 1
        assert key not in undoing


@pytest.mark.parametrize("key", [DOUBLE, odd_parity(TRIPLE), DOUBLE + DOUBLE[:8]])
def test_sound_keys_pass(key: bytes) -> None:
    refuse_weak(SecretBytes(key))


@pytest.mark.parametrize("at", [0, 8, 16])
@pytest.mark.parametrize("part", sorted(_WEAK), ids=bytes.hex)
def test_a_weak_part_is_refused_wherever_it_is(part: bytes, at: int) -> None:
    key = bytearray(odd_parity(TRIPLE))
    key[at : at + 8] = part
    with pytest.raises(CipherError) as error:
        refuse_weak(SecretBytes(bytes(key)))
    assert error.value.code == "KEY_WEAK"
    assert part.hex() not in str(error.value).lower()


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (DOUBLE[:8] * 2, "KEY_PARTS"),
        (DOUBLE[:8] * 2 + DOUBLE[8:], "KEY_PARTS"),
        (DOUBLE[:8] + DOUBLE[8:] * 2, "KEY_PARTS"),
        (DOUBLE[:8], "KEY_LENGTH"),
        (b"", "KEY_LENGTH"),
        (DOUBLE * 2, "KEY_LENGTH"),
    ],
)
def test_what_is_no_triple_des_key_is_refused(key: bytes, code: str) -> None:
    with pytest.raises(CipherError) as error:
        refuse_weak(SecretBytes(key))
    assert error.value.code == code


@given(st.binary(min_size=16, max_size=16), st.integers(0, 127))
def test_one_changed_bit_is_seen(value: bytes, bit: int) -> None:
    key = odd_parity(value)
    changed = (int.from_bytes(key) ^ 1 << bit).to_bytes(16)
    with pytest.raises(CipherError) as error:
        refuse_weak(SecretBytes(changed))
    assert error.value.code == "KEY_PARITY"
