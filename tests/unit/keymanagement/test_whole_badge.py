"""A badge from data preparation through the security module onto a chip, and at the door.

The chip and the door's reader share no code with those who make it.
"""

from __future__ import annotations

import pytest

from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.chip import Chip, manufacture
from cardwright.door import DoorError, DoorReader, Site
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.hsm.chips import ChipApplication, ChipChannel
from cardwright.hsm.port import (
    BadgeProof,
    ChipAnswers,
    ChipToPersonalize,
    DerivedCardKeys,
    HsmError,
    SealedItem,
)
from cardwright.proto.vault.v1.sections_pb2 import ChipSection
from cardwright.reader import InProcessCard
from cardwright.secret import SecretBytes, SecretText
from services.dataprep.adapters.sections import encode_sections
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import draft
from services.dataprep.domain.request import CardRequest
from tests.unit.dataprep.fakes import BADGE, TODAY, WORKS
from tests.unit.keymanagement.module_kit import ISSUER, Kit, caller

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
AID = bytes.fromhex("F0434152445702")
NUMBERS = [
    Credential(WiegandFormat.H10301, 118, 1603),
    Credential(WiegandFormat.H10302, 0, 20_000_000_001),
    Credential(WiegandFormat.H10304, 37137, 52428),
]


class Badge:
    """One badge, made."""

    def __init__(self, kit: Kit, credential: Credential) -> None:
        self.kit = kit
        sections = _sections(credential)
        sealed = kit.sealer.seal_batch("keys", {CARD: sections["keys"]})[CARD]
        (keys,) = kit.verbs.derive_card_keys(caller("keymanagement"), [SealedItem(CARD, sealed)])
        assert isinstance(keys, DerivedCardKeys), keys.code
        self.keys = keys
        self.chip = self._personalized(ChipSection.FromString(sections["chip"]))

    def _personalized(self, section: ChipSection) -> Chip:
        chip = manufacture(bytes(10), self.kit.value("chip/KMC").reveal())
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        item = ChipToPersonalize(
            card_id=CARD,
            kmc=section.kmc,
            host_challenge=bytes(8),
            initialize_update=chip.process(initialize_update(bytes(8))),
            sealed_keys=self.keys.sealed,
            applications=tuple(
                ChipApplication(each.module_aid, each.instance_aid, tuple(each.dgis))
                for each in section.applications
            ),
            channel=ChipChannel(security_level=0x33),
        )
        (script,) = self.kit.verbs.personalize(caller("encoding"), [item])
        assert not isinstance(script, HsmError), script.code
        answers = ChipAnswers(item, tuple(chip.process(command) for command in script))
        (verdict,) = self.kit.verbs.check_personalization(caller("encoding"), [answers])
        assert not isinstance(verdict, HsmError), verdict.code
        assert not verdict.reason
        return chip

    def proof(self, challenge: bytes) -> BadgeProof:
        self.chip.process(select(AID))
        command = bytes((0x00, 0x88, 0, 0, len(challenge))) + challenge + b"\0"
        answer = self.chip.process(command)[:-2]
        return BadgeProof(CARD, self.keys.sealed, AID, challenge, answer)


def _sections(credential: Credential) -> dict[str, bytes]:
    request = CardRequest(
        issuer=WORKS.name,
        request_id="request-1",
        surname=SecretText("Marlowe"),
        given_names=SecretText("Ines"),
        employee_number=SecretText("A-004217"),
        photo=b"portrait",
    )
    issuer = WORKS.model_copy(update={"masters": {"BADGE": f"{ISSUER}/BADGE#1"}})
    made = draft(CARD, request, BADGE, issuer, waived=(), today=TODAY)
    return encode_sections(compose(made, None, credential))


def site(kit: Kit, kind: WiegandFormat) -> Site:
    return Site(AID, kit.value(f"{ISSUER}/BADGE"), b"DOORS", kind.name)


@pytest.mark.parametrize("credential", NUMBERS, ids=lambda each: each.format.name)
def test_the_door_learns_the_number_of_a_badge_that_was_made(
    kit: Kit, credential: Credential
) -> None:
    badge = Badge(kit, credential)
    number = DoorReader(site(kit, credential.format)).read(InProcessCard(badge.chip))
    assert (number.facility, number.card) == (credential.facility, credential.number)


def test_the_module_tells_a_badge_by_its_cryptogram(kit: Kit) -> None:
    badge = Badge(kit, NUMBERS[0])
    proof = badge.proof(bytes(range(16)))
    assert kit.verbs.check_badges(caller("encoding"), [proof]) == [True]


def test_another_issuers_door_stays_shut(kit: Kit) -> None:
    badge = Badge(kit, NUMBERS[0])
    stranger = Site(AID, SecretBytes(bytes(16)), b"DOORS", "H10301")
    with pytest.raises(DoorError) as refused:
        DoorReader(stranger).read(InProcessCard(badge.chip))
    assert refused.value.code == "BADGE_COUNTERFEIT"
