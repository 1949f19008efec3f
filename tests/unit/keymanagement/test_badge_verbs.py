from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.globalplatform.store_data import encode_dgi
from cardwright.hsm.port import BadgeProof, HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards.chip_keys import ApplicationKeys, serialized
from tests.unit.keymanagement.module_kit import Kit, caller

BADGE = bytes.fromhex("F0434152445702")
KEY, CHALLENGE = bytes(range(16)), bytes(range(8))


def mac(key: bytes, message: bytes) -> bytes:
    engine = CMAC(AES(key))
    engine.update(message)
    return engine.finalize()


@pytest.fixture
def proof(kit: Kit) -> BadgeProof:
    keys = ApplicationKeys(BADGE, (SecretBytes(encode_dgi(0x8001, KEY)),), ())
    (sealed,) = kit.sealer.seal_batch("chip_keys", {"card": serialized("test", [keys])}).values()
    return BadgeProof("card", sealed, BADGE, CHALLENGE, mac(KEY, CHALLENGE))


def test_a_badge_that_has_its_key_is_told_from_one_that_has_not(
    kit: Kit, proof: BadgeProof
) -> None:
    others = [
        replace(proof, answer=mac(bytes(16), CHALLENGE)),
        replace(proof, challenge=bytes(8)),
        replace(proof, answer=b""),
        replace(proof, answer=proof.answer[:8]),
    ]
    found = kit.verbs.check_badges(caller("encoding"), [proof, *others])
    assert found == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instance_aid": b"\xf0OTHER"}, "BADGE_KEY"),
        ({"challenge": bytes(7)}, "BADGE_CHALLENGE"),
        ({"challenge": b"CARDWRIGHT BADGE READER" + bytes(16)}, "BADGE_CHALLENGE"),
        ({"card_id": "another"}, "SEALED_KEY"),
        ({"sealed_keys": b"\xff"}, "SEALED_MALFORMED"),
    ],
    ids=["application", "short", "a reader's", "card", "unsealed"],
)
def test_what_can_not_be_checked_is_told(
    kit: Kit, proof: BadgeProof, changes: dict[str, object], code: str
) -> None:
    asked = replace(proof, **changes)  # type: ignore[arg-type]  # fields by name
    refused, sound = kit.verbs.check_badges(caller("encoding"), [asked, proof])
    assert isinstance(refused, HsmError)
    assert refused.code == code
    assert sound is True
    assert KEY.hex() not in str(refused)
