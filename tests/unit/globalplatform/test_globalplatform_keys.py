"""Known answers: GlobalPlatformPro, TestPlaintextKeys.java, and osmocom pySim, SCP03_KCV_Test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.globalplatform.errors import KeyLengthError
from cardwright.globalplatform.keys import (
    Diversification,
    KeyAlgorithm,
    StaticKeys,
    diversify,
    key_check_value,
)
from cardwright.secret import SecretBytes

SERIAL = bytes.fromhex("00010203040506070809")
MASTER = bytes(range(0x40, 0x60))


def check_values(keys: StaticKeys) -> list[str]:
    return [
        key_check_value(keys.algorithm, key).hex().upper() for key in (keys.enc, keys.mac, keys.dek)
    ]


@pytest.mark.parametrize(
    ("scheme", "length", "expected"),
    [
        (Diversification.EMV_CPS, 16, ["C33013", "6F4CA6", "BB8179"]),
        (Diversification.VISA2, 16, ["2BE598", "58DA38", "3C328E"]),
        (Diversification.KDF3, 16, ["E79C05", "D1BD77", "3FDE8C"]),
        (Diversification.KDF3, 24, ["1DE8EA", "47C00C", "C04D76"]),
        (Diversification.KDF3, 32, ["2972D2", "036F94", "5D57B8"]),
    ],
)
def test_published_card_keys(scheme: Diversification, length: int, expected: list[str]) -> None:
    master = SecretBytes(MASTER[:length])
    assert check_values(diversify(master, SERIAL, scheme)) == expected


def test_kdf3_known_answer() -> None:
    # testDiversification_KDF3_ExternalVector (Key-ENC).
    kmc = bytes.fromhex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD")
    keys = diversify(SecretBytes(kmc), bytes.fromhex("D9B1DE5D0362DEDCE4FB"))
    assert keys.enc == SecretBytes(
        bytes.fromhex("9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781")
    )


def test_emv_cps_derives_from_the_last_six_octets_alone() -> None:
    master = SecretBytes(MASTER[:16])
    keys = diversify(master, SERIAL, Diversification.EMV_CPS)
    assert keys == diversify(master, bytes(4) + SERIAL[4:], Diversification.EMV_CPS)
    assert keys != diversify(master, SERIAL[:9] + b"\0", Diversification.EMV_CPS)


class Handle:
    """A cipher whose key nobody can see, as an HSM gives it; it counts what derivation needs."""

    def __init__(self, cipher: BlockCipher) -> None:
        self._cipher, self.calls = cipher, 0

    @property
    def block(self) -> int:
        return self._cipher.block

    @property
    def length(self) -> int:
        return self._cipher.length

    def encrypt(self, blocks: bytes) -> bytes:
        self.calls += 1
        return self._cipher.encrypt(blocks)

    def decrypt(self, blocks: bytes) -> bytes:
        return self._cipher.decrypt(blocks)

    def encrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        return self._cipher.encrypt_cbc(blocks, iv)

    def decrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        return self._cipher.decrypt_cbc(blocks, iv)

    def cmac(self, message: bytes) -> bytes:
        self.calls += 1
        return self._cipher.cmac(message)


@pytest.mark.parametrize(
    ("scheme", "length", "calls"),
    [
        (Diversification.EMV_CPS, 16, 3),
        (Diversification.VISA2, 16, 3),
        (Diversification.KDF3, 16, 3),
        (Diversification.KDF3, 32, 6),
    ],
)
def test_a_handle_is_enough_to_derive(scheme: Diversification, length: int, calls: int) -> None:
    master = SecretBytes(MASTER[:length])
    handle = Handle(scheme.algorithm.cipher(master))
    assert scheme.static_keys(handle, SERIAL) == diversify(master, SERIAL, scheme)
    assert handle.calls == calls


@given(st.sampled_from(Diversification), st.binary(min_size=10, max_size=10))
def test_diversified_keys_differ_and_keep_the_length(
    scheme: Diversification, serial: bytes
) -> None:
    for length in scheme.algorithm.lengths:
        keys = diversify(SecretBytes(MASTER[:length]), serial, scheme)
        values = {each.reveal() for each in (keys.enc, keys.mac, keys.dek)}
        assert len(values) == 3
        assert {len(value) for value in values} == {length}
        assert keys.algorithm is scheme.algorithm


@pytest.mark.parametrize("scheme", list(Diversification))
@pytest.mark.parametrize("length", [0, 8, 17, 48])
def test_no_key_of_the_scheme_is_refused(scheme: Diversification, length: int) -> None:
    with pytest.raises(KeyLengthError) as refused:
        diversify(SecretBytes(bytes(length)), SERIAL, scheme)
    assert refused.value.code == "SCP03_KEY_LENGTH"


def test_a_handle_of_the_other_algorithm_is_refused() -> None:
    key = SecretBytes(MASTER[:16])
    with pytest.raises(KeyLengthError):
        Diversification.EMV_CPS.static_keys(ClearAes(key), SERIAL)
    with pytest.raises(KeyLengthError):
        Diversification.KDF3.static_keys(ClearTdes(key), SERIAL)
    with pytest.raises(KeyLengthError):
        Diversification.VISA2.static_keys(ClearTdes(SecretBytes(MASTER[:24])), SERIAL)


@pytest.mark.parametrize("length", [9, 11])
def test_diversification_data_have_ten_octets(length: int) -> None:
    with pytest.raises(ValueError, match="10 octets"):
        diversify(SecretBytes(MASTER[:16]), bytes(length))


@pytest.mark.parametrize(
    ("algorithm", "lengths"),
    [
        (KeyAlgorithm.AES, (16, 16, 32)),
        (KeyAlgorithm.AES, (15, 15, 15)),
        (KeyAlgorithm.TDES, (16, 16, 8)),
        (KeyAlgorithm.TDES, (24, 24, 24)),
    ],
)
def test_keys_of_a_set_have_one_length(
    algorithm: KeyAlgorithm, lengths: tuple[int, int, int]
) -> None:
    with pytest.raises(KeyLengthError):
        StaticKeys(*(SecretBytes(bytes(length)) for length in lengths), algorithm=algorithm)


@pytest.mark.parametrize(
    ("algorithm", "key", "expected"),
    [
        (KeyAlgorithm.TDES, MASTER[:16].hex(), "8BAF47"),
        (KeyAlgorithm.AES, MASTER[:16].hex(), "504A77"),
        (KeyAlgorithm.AES, "000102030405060708090a0b0c0d0e0f", "C35280"),
        (KeyAlgorithm.AES, "101112131415161718191a1b1c1d1e1f", "013808"),
        (KeyAlgorithm.AES, "202122232425262728292a2b2c2d2e2f", "840DE5"),
    ],
)
def test_check_values(algorithm: KeyAlgorithm, key: str, expected: str) -> None:
    value = key_check_value(algorithm, SecretBytes(bytes.fromhex(key)))
    assert value.hex().upper() == expected


def test_keys_do_not_print() -> None:
    keys = diversify(SecretBytes(bytes(16)), bytes(10))
    assert keys.enc.reveal().hex() not in repr(keys)
    assert str(keys.enc.reveal()) not in repr(keys)
