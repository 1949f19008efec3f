"""Known answers: kaoh/globalplatform, globalplatform/src/storeDataTest.c (AES keys under an AES
DEK, there in STORE DATA); GlobalPlatformPro, TestPlaintextKeys (triple DES under SCP02's DEK).
"""

from __future__ import annotations

import pytest

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.globalplatform.authentication import SecurityLevel
from cardwright.globalplatform.errors import CommandError
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys
from cardwright.globalplatform.put_key import NewKeySet, put_key
from cardwright.globalplatform.scp02_derivation import Constant, session_key
from cardwright.secret import SecretBytes
from tests.unit.globalplatform.channel_kit import KINDS, Kind, session

AES_16 = (
    "404142434445464748494A4B4C4D4E4F",
    "505152535455565758595A5B5C5D5E5F",
    "606162636465666768696A6B6C6D6E6F",
)
TEST_KEY = AES_16[0]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


class DekChannel:
    """A channel of which PUT KEY needs the DEK alone."""

    level = SecurityLevel.C_MAC
    max_plain_data = 247

    def __init__(self, algorithm: KeyAlgorithm, dek: BlockCipher) -> None:
        self.algorithm, self._dek = algorithm, dek

    def external_authenticate(self) -> bytes:
        raise NotImplementedError

    def wrap(self, apdu: bytes) -> bytes:
        raise NotImplementedError(apdu)

    def unwrap(self, response: bytes) -> bytes:
        raise NotImplementedError(response)

    def encrypt_sensitive(self, data: bytes) -> bytes:
        if self.algorithm is KeyAlgorithm.TDES:
            return self._dek.encrypt(data)
        return self._dek.encrypt_cbc(data, bytes(16))


def key_set(values: tuple[str, ...], algorithm: KeyAlgorithm) -> StaticKeys:
    return StaticKeys(*(SecretBytes(bytes.fromhex(each)) for each in values), algorithm=algorithm)


def test_aes_keys_under_an_aes_dek() -> None:
    dek = ClearAes(SecretBytes(bytes(range(16))))
    new = NewKeySet(key_set(AES_16, KeyAlgorithm.AES), 0x01)
    assert put_key(new, DekChannel(KeyAlgorithm.AES, dek)).hex().upper() == (
        "80D8008146" + "01"
        "881110" + "D533E59B45A153ED7E5E9C5DFCFD4AAA" + "03504A77"
        "881110" + "3EF0B1A5E3059DAB21FCE23A7B61C4CA" + "03F2A8DF"
        "881110" + "ADDE68F7AD497268D31A0DDD5C74B08F" + "03D7D0E4" + "00"
    )
    assert new.answer.hex().upper() == "01504A77F2A8DFD7D0E4"


def test_a_long_aes_key_under_a_long_aes_dek() -> None:
    key = bytes(range(32)).hex()
    dek = ClearAes(SecretBytes(bytes(range(32))))
    new = NewKeySet(key_set((key, key, key), KeyAlgorithm.AES), 0x02, replaces=0x30)
    field = (
        "882120" + "5A6E045708FB7196F02E553D02C3A692C77147EBD5121DE8D0FAE7762423B6BF" + "0375E208"
    )
    command = put_key(new, DekChannel(KeyAlgorithm.AES, dek))
    assert command.hex().upper() == "80D8308176" + "02" + 3 * field + "00"


def test_triple_des_keys_under_scp02s_dek() -> None:
    static = ClearTdes(SecretBytes(bytes.fromhex(TEST_KEY)))
    dek = ClearTdes(session_key(static, Constant.DEK, b"\0\0"))
    new = NewKeySet(key_set((TEST_KEY,) * 3, KeyAlgorithm.TDES), 0x20, replaces=0x7F)
    command = put_key(new, DekChannel(KeyAlgorithm.TDES, dek))
    field = "8010" + "EFBEE6C6D99D7B70BDE9D7E927F020AF" + "038BAF47"
    assert command.hex().upper() == "80D87F8143" + "20" + 3 * field + "00"
    assert new.answer.hex().upper() == "20" + 3 * "8BAF47"


def test_an_aes_key_tells_its_length_under_either_dek() -> None:
    keys = key_set(AES_16, KeyAlgorithm.AES)
    dek = ClearTdes(SecretBytes(bytes.fromhex(TEST_KEY)))
    under_tdes = put_key(NewKeySet(keys, 1), DekChannel(KeyAlgorithm.TDES, dek))
    assert under_tdes[6:9].hex() == "881110"
    tdes = key_set((TEST_KEY,) * 3, KeyAlgorithm.TDES)
    aes = ClearAes(SecretBytes(bytes(16)))
    under_aes = put_key(NewKeySet(tdes, 1), DekChannel(KeyAlgorithm.AES, aes))
    assert under_aes[6:9].hex() == "801110"


@each_kind
@pytest.mark.parametrize(
    ("algorithm", "length"),
    [
        (KeyAlgorithm.TDES, 16),
        (KeyAlgorithm.AES, 16),
        (KeyAlgorithm.AES, 24),
        (KeyAlgorithm.AES, 32),
    ],
)
def test_a_card_reads_the_new_keys(kind: Kind, algorithm: KeyAlgorithm, length: int) -> None:
    card = kind.card()
    channel = session(kind, card)
    keys = Kind(algorithm, 0, length, kind.level).key_set(first=5)
    command = put_key(NewKeySet(keys, 0x31, identifier=0x11), channel)
    channel.wrap(command)  # fits
    assert command[:4].hex().upper() == "80D80091"
    data = command[5:-1]
    assert data[0] == 0x31
    read, at = [], 1
    for _ in range(3):
        assert data[at] == algorithm
        block = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + len(block) + 4
        size = len(block)
        if size % channel.algorithm.block:
            size, block = block[0], block[1:]
        read.append(card.decrypt_sensitive(block)[:size])
    assert at == len(data)
    assert read == [key.reveal() for key in (keys.enc, keys.mac, keys.dek)]


@pytest.mark.parametrize(
    ("version", "replaces", "identifier"),
    [(0, 0, 1), (0x80, 0, 1), (1, 0x80, 1), (1, -1, 1), (1, 0, 0), (1, 0, 0x7E)],
)
def test_numbers_out_of_range_are_refused(version: int, replaces: int, identifier: int) -> None:
    keys = key_set(AES_16, KeyAlgorithm.AES)
    with pytest.raises(CommandError):
        NewKeySet(keys, version, replaces, identifier)


def test_new_keys_do_not_print() -> None:
    shown = repr(NewKeySet(key_set(AES_16, KeyAlgorithm.AES), 1))
    assert TEST_KEY.lower() not in shown
    assert "@ABC" not in shown
