from __future__ import annotations

import pytest

from cardwright.globalplatform.errors import KeyLengthError
from cardwright.globalplatform.keys import StaticKeys, diversify
from cardwright.secret import SecretBytes


def test_kdf3_known_answer() -> None:
    # GlobalPlatformPro, tool/src/test/java/pro/javacard/gp/TestSCP03.java, testKDF3 (Key-ENC).
    kmc = bytes.fromhex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD")
    keys = diversify(SecretBytes(kmc), bytes.fromhex("D9B1DE5D0362DEDCE4FB"))
    assert keys.enc == SecretBytes(
        bytes.fromhex("9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781")
    )


@pytest.mark.parametrize("length", [16, 24, 32])
def test_diversified_keys_differ_and_keep_the_length(length: int) -> None:
    keys = diversify(SecretBytes(bytes(range(length))), bytes(10))
    values = {each.reveal() for each in (keys.enc, keys.mac, keys.dek)}
    assert len(values) == 3
    assert {len(value) for value in values} == {length}


def test_cards_get_different_keys() -> None:
    kmc = SecretBytes(bytes(16))
    assert diversify(kmc, bytes(10)).mac != diversify(kmc, bytes(9) + b"\1").mac


@pytest.mark.parametrize("length", [0, 8, 17, 48])
def test_no_aes_key_is_refused(length: int) -> None:
    with pytest.raises(KeyLengthError) as refused:
        diversify(SecretBytes(bytes(length)), bytes(10))
    assert refused.value.code == "SCP03_KEY_LENGTH"


def test_keys_of_a_set_have_one_length() -> None:
    with pytest.raises(KeyLengthError):
        StaticKeys(SecretBytes(bytes(16)), SecretBytes(bytes(16)), SecretBytes(bytes(32)))


def test_keys_do_not_print() -> None:
    keys = diversify(SecretBytes(bytes(16)), bytes(10))
    assert keys.enc.reveal().hex() not in repr(keys)
    assert str(keys.enc.reveal()) not in repr(keys)
