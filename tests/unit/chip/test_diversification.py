from __future__ import annotations

import pytest

from cardwright.chip import Chip, KeyType, Scheme, TransportKeys, manufacture
from tests.unit.chip.host import KEY, SERIAL, TDES_SET, Scp02Host, Scp03Host

KDD = bytes(range(10))
LONGER = KEY + bytes.fromhex("505152535455565758595A5B5C5D5E5F")


@pytest.mark.parametrize(
    ("scheme", "length", "check_values"),
    [
        (Scheme.EMV_CPS, 16, ["C33013", "6F4CA6", "BB8179"]),
        (Scheme.VISA2, 16, ["2BE598", "58DA38", "3C328E"]),
        (Scheme.KDF3, 16, ["E79C05", "D1BD77", "3FDE8C"]),
        (Scheme.KDF3, 24, ["1DE8EA", "47C00C", "C04D76"]),
        (Scheme.KDF3, 32, ["2972D2", "036F94", "5D57B8"]),
    ],
)
def test_card_keys_have_the_check_values_of_globalplatformpro(
    scheme: Scheme, length: int, check_values: list[str]
) -> None:
    """Source: GlobalPlatformPro, TestPlaintextKeys, for diversification data 00..09."""
    kind = KeyType.AES if scheme is Scheme.KDF3 else KeyType.TDES
    _, keys = TransportKeys(LONGER[:length], scheme, kind).card_keys(KDD)
    assert [keys[name].check_value.hex().upper() for name in (1, 2, 3)] == check_values


def test_an_external_vector_of_kdf3() -> None:
    """Source: GlobalPlatformPro, TestPlaintextKeysProvider.testKDF3."""
    master = bytes.fromhex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD")
    _, keys = TransportKeys(master).card_keys(bytes.fromhex("D9B1DE5D0362DEDCE4FB"))
    assert keys[1].value.hex().upper() == (
        "9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781"
    )


def test_key_sets_of_both_protocols_live_in_one_chip() -> None:
    chip = manufacture(
        SERIAL,
        [
            TransportKeys(KEY, Scheme.KDF3),
            TransportKeys(KEY, Scheme.VISA2, KeyType.TDES),
            TransportKeys(KEY, Scheme.NONE, KeyType.AES, version=0x44),
        ],
    )
    restored = Chip.restore(chip.serialize())
    for each in (chip, restored):
        Scp03Host(each, 0x44).open(0x33)
        for version, kind, scheme in (
            (0x20, KeyType.TDES, Scheme.VISA2),
            (0x30, KeyType.AES, Scheme.KDF3),
        ):
            _, keys = TransportKeys(KEY, scheme, kind).card_keys(SERIAL)
            host = Scp02Host if kind is KeyType.TDES else Scp03Host
            values = tuple(key.value for key in keys.values())
            host(each, version, values).open(0x03)


def test_what_no_factory_can_load() -> None:
    with pytest.raises(ValueError, match="emv-cps derives"):
        manufacture(SERIAL, [TransportKeys(bytes(24), Scheme.EMV_CPS, KeyType.TDES)])
    with pytest.raises(ValueError, match="AES has no keys of 8"):
        manufacture(SERIAL, [TransportKeys(bytes(8), Scheme.NONE)])
    with pytest.raises(ValueError, match="version of its own"):
        manufacture(SERIAL, [TDES_SET, TDES_SET])
    with pytest.raises(ValueError, match="version 80"):
        manufacture(SERIAL, [TransportKeys(KEY, version=0x80)])
    with pytest.raises(ValueError, match="1 to 8 key sets"):
        manufacture(SERIAL, [])


def test_transport_keys_do_not_show_their_master() -> None:
    assert KEY.hex() not in repr(TDES_SET)
    assert "kmc" not in repr(TDES_SET)
