"""Key blocks in the module: each purpose there and back, and everything that must not come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.cipher import ClearAes, ClearTdes, odd_parity
from cardwright.hsm.port import HsmError
from cardwright.keyblock import fields
from cardwright.keyblock.block import wrap
from cardwright.keyblock.fields import Algorithm, Exportability, KeyVersion, Mode, Version
from cardwright.keyblock.header import Header, parse_header
from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.components import split
from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.keyblocks import from_block, header_of, to_block
from services.keymanagement.module.keys import TDES_112, Key, Usage
from services.keymanagement.module.values import check_value, make
from tests.unit.keymanagement.ceremony_kit import NEW, Bureau

KBPK = ClearAes(SecretBytes(bytes(range(32))))
OLD_KBPK = ClearTdes(SecretBytes(odd_parity(bytes(range(24)))))
IN_BLOCKS = {
    Usage.CVK: "C0",
    Usage.IMK_AC: "E0",
    Usage.IMK_SMC: "E1",
    Usage.IMK_SMI: "E2",
    Usage.IMK_DAC: "E3",
    Usage.IMK_IDN: "E4",
    Usage.CHIP_MASTER: "E5",
    Usage.IMK_CVC3: "E6",
    Usage.BADGE_MASTER: "B3",
    Usage.PVK: "V2",
    Usage.IBM_PIN: "V1",
    Usage.PIN_ENCRYPTION: "P0",
    Usage.ZONE_MASTER: "K0",
    Usage.KEY_ENCRYPTION: "K1",
    Usage.DIGEST: "M7",
}


def key_of(usage: Usage, value: SecretBytes | None = None) -> tuple[Key, SecretBytes]:
    algorithm = usage.algorithms[0]
    value = value or make(usage, algorithm)
    return Key("acme/K", 7, usage, algorithm, check_value(algorithm, value)), value


def code(block: str, kbpk: ClearAes | ClearTdes = KBPK) -> str:
    with pytest.raises(HsmError) as caught:
        from_block(kbpk, block)
    return caught.value.code


def block_of(value: SecretBytes, **changes: object) -> str:
    header = Header(
        **{
            "version": Version.DERIVATION_AES,
            "usage": fields.Usage.CARD_VERIFICATION,
            "algorithm": Algorithm.TDES,
            "mode": Mode.GENERATE_VERIFY,
            "exportability": Exportability.SENSITIVE,
            **changes,
        }  # type: ignore[arg-type]  # a header's fields
    )
    return wrap(KBPK, header, value)


@pytest.mark.parametrize("usage", Usage)
def test_every_purpose_travels_or_is_refused(usage: Usage) -> None:
    if usage not in IN_BLOCKS:
        bare = Key("acme/K", 1, usage, usage.algorithms[0], bytes(3))
        with pytest.raises(HsmError) as caught:
            header_of(bare, KBPK)
        assert caught.value.code == "KEYBLOCK_USAGE"
        return
    for algorithm in usage.algorithms:
        value = make(usage, algorithm)
        key = Key("acme/K", 7, usage, algorithm, check_value(algorithm, value))
        block = to_block(KBPK, header_of(key, KBPK, Exportability.SENSITIVE), value)
        header = parse_header(block)
        assert (header.version, header.usage.value) == (Version.DERIVATION_AES, IN_BLOCKS[usage])
        label = header.block("LB")
        assert label is not None
        assert label.data == "acme/K"
        assert header.key_version == KeyVersion("07")
        assert from_block(KBPK, block) == (usage, algorithm, value, Exportability.SENSITIVE)


def test_under_triple_des_version_b_is_written() -> None:
    key, value = key_of(Usage.CVK)
    block = to_block(OLD_KBPK, header_of(key, OLD_KBPK), value)
    assert block.startswith("B")
    assert from_block(OLD_KBPK, block)[2] == value


def test_a_weaker_key_protects_none() -> None:
    key, value = key_of(Usage.KEY_ENCRYPTION)
    with pytest.raises(HsmError) as caught:
        to_block(OLD_KBPK, header_of(key, OLD_KBPK), value)
    assert caught.value.code == "KEYBLOCK_KBPK"


def test_every_octet_of_a_block_counts() -> None:
    key, value = key_of(Usage.IMK_AC)
    block = to_block(KBPK, header_of(key, KBPK), value)
    for place, character in enumerate(block):
        for bit in range(8):
            changed = block[:place] + chr(ord(character) ^ 1 << bit) + block[place + 1 :]
            assert code(changed).startswith("KEYBLOCK_")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mode": Mode.VERIFY}, "KEYBLOCK_MODE"),
        ({"usage": fields.Usage.BASE_DERIVATION, "mode": Mode.DERIVE}, "KEYBLOCK_USAGE"),
        ({"usage": fields.Usage.MAC_3, "mode": Mode.GENERATE}, "KEYBLOCK_USAGE"),
        ({"key_version": KeyVersion("c1")}, "KEYBLOCK_COMPONENT"),
        (
            {"usage": fields.Usage.DATA, "algorithm": Algorithm.DES, "mode": Mode.ENCRYPT_DECRYPT},
            "KEYBLOCK_USAGE",
        ),
    ],
)
def test_keys_that_nothing_here_may_use_stay_outside(
    changes: dict[str, object], expected: str
) -> None:
    length = 8 if changes.get("algorithm") is Algorithm.DES else 16
    assert code(block_of(SecretBytes(odd_parity(bytes(range(length)))), **changes)) == expected


def test_another_protection_key_opens_nothing() -> None:
    key, value = key_of(Usage.CVK)
    block = to_block(KBPK, header_of(key, KBPK), value)
    assert code(block, ClearAes(SecretBytes(bytes(32)))) == "KEYBLOCK_MAC"
    assert code(block, OLD_KBPK) == "KEYBLOCK_KBPK"
    assert code(block[:-2]) == "KEYBLOCK_LENGTH"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (bytes(range(16)), "KEY_VALUE"),  # even parity
        (bytes.fromhex("01010101010101010123456789ABCDEF"), "KEY_VALUE"),  # weak
        (bytes.fromhex("0123456789ABCDEF0123456789ABCDEF"), "KEY_VALUE"),  # single DES
        (bytes.fromhex("0123456789ABCDEFFEDCBA98765432100123456789ABCDEF"), "KEY_ALGORITHM"),
    ],
)
def test_unsound_keys_stay_outside(tmp_path: Path, value: bytes, expected: str) -> None:
    bureau = Bureau(tmp_path / "keys")
    kbpk = bureau.store.cipher(bureau.key("bureau/KBPK#1"))
    header = Header(
        version=Version.DERIVATION_AES,
        usage=fields.Usage.CARD_VERIFICATION,
        algorithm=Algorithm.TDES,
        mode=Mode.GENERATE_VERIFY,
        exportability=Exportability.NONE,
    )
    block = wrap(kbpk, header, SecretBytes(value))
    with pytest.raises(HsmError) as caught:
        bureau.do(Action.UNWRAP, label="acme/CVK", kbpk="bureau/KBPK", block=block, **NEW)
    assert caught.value.code == expected
    assert value.hex() not in str(caught.value)
    assert not bureau.journal.inventory.versions("acme/CVK")


def test_what_came_in_not_to_leave_does_not(tmp_path: Path) -> None:
    bureau = Bureau(tmp_path / "keys")
    first = bureau.do(Action.WRAP, key="aurora-bank/CVK#1", kbpk="bureau/KBPK")
    made = bureau.do(
        Action.UNWRAP, label="acme/CVK", kbpk="bureau/KBPK", block=first.key_block, **NEW
    )
    assert bureau.value(made.key_id) == bureau.value("aurora-bank/CVK#1")
    for action, more in (
        (Action.WRAP, {"kbpk": "bureau/KBPK"}),
        (Action.EXPORT, {"components": "2"}),
    ):
        with pytest.raises(HsmError) as caught:
            bureau.do(action, key=made.key_id, **more)
        assert caught.value.code == "KEY_NOT_EXPORTABLE"


# A payShield 10K's blocks of one key under one protection key, mode N: see the library's vectors.
PAYSHIELD_KBPK = bytes.fromhex("EFE0853B256B583D868F251CE99EA1D9")
PAYSHIELD_KEY = SecretBytes(bytes.fromhex("5DB50B454F8389ADCE573BE50861F2BF"))
PAYSHIELD = {
    "A": "A0072K0TN00N0000F40D5672C6D0EC86F860BA88D44D00F0CA9A8CE8CD2F640287A9A9EB",
    "B": "B0080K0TN00N00001C414014375212C24995E405B5EE052CB92B67F455EA2680F6751088F9F1C228",
    "C": "C0072K0TN00N0000C9B875FF7A5316BF221C09ED52080DE0B45632A4EA9CE87699CB565E",
}


@pytest.mark.parametrize("version", PAYSHIELD)
def test_another_hsms_blocks_are_read_and_old_versions_never_written(
    tmp_path: Path, version: str
) -> None:
    bureau = Bureau(tmp_path / "keys")
    bureau.desk.people = ["anna", "boris"]
    parts = split(TDES_112, SecretBytes(PAYSHIELD_KBPK), 2)
    bureau.desk.entered = dict(zip(bureau.desk.people, parts, strict=True))
    bureau.do(
        Action.IMPORT,
        **{**NEW, "label": "acme/KBPK", "usage": "key-encryption", "algorithm": "TDES-112"},
        components="2",
        activate="yes",
    )
    made = bureau.do(
        Action.UNWRAP, label="acme/ZMK", kbpk="acme/KBPK", block=PAYSHIELD[version], **NEW
    )
    assert bureau.value(made.key_id) == PAYSHIELD_KEY
    assert bureau.key(made.key_id).usage is Usage.ZONE_MASTER
    out = bureau.do(Action.WRAP, key="aurora-bank/CVK#1", kbpk="acme/KBPK")
    assert out.key_block.startswith("B")
