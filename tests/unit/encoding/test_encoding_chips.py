"""Every kind of chip and channel that a product may choose, through the whole procedure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from cardwright.chip import PROFILES, KeyType, Scheme, TransportKeys, manufacture
from cardwright.chip.profile import Profile
from cardwright.hsm.port import BadgeProof, ChipStage, HsmError
from cardwright.secret import SecretBytes
from services.dataprep.chips import Channel
from services.dataprep.products import Product
from services.encoding.domain import ChipPlan, SpoiledError
from tests.unit.dataprep.chip_kit import DEBIT_2
from tests.unit.dataprep.fakes import BADGE, DEBIT
from tests.unit.encoding.chip_rig import CARD, PIECE, Bench, Rig, plan_of, refused
from tests.unit.encoding.encoding_kit import (
    FakeModule,
    badge_sections,
    cda_sections,
    debit_sections,
)

SERIAL = bytes.fromhex("00010000427700001234")
KEYS = {16: bytes(range(64, 80)), 24: bytes(range(64, 88)), 32: bytes(range(64, 96))}
STANDARD = PROFILES["standard"]


@dataclass(frozen=True)
class Kind:
    """A chip, the keys that its maker put in, and how the product speaks to it."""

    name: str
    profile: Profile
    level: str
    scheme: Scheme = Scheme.KDF3
    length: int = 16
    longest: int = 255
    p1: str = "globalplatform"

    @property
    def channel(self) -> Channel:
        return Channel.model_validate(
            {
                "diversification": self.scheme.value,
                "security_level": self.level,
                "issuer_kmc": "{issuer}/KMC#1",
                "issuer_diversification": self.scheme.value,
                "store_data": self.p1,
                "longest_command": self.longest,
            }
        )

    def rig(self) -> Rig:
        kind = KeyType.AES if self.scheme is Scheme.KDF3 else KeyType.TDES
        keys = TransportKeys(KEYS[self.length], self.scheme, kind)
        chip = manufacture(SERIAL, [keys], profile=self.profile)
        return Rig(chip, contactless=not self.profile.contact)


def _scp03() -> list[Kind]:
    levels = [
        Kind(f"scp03-{length * 8}-{level}", STANDARD, level, length=length)
        for length in KEYS
        for level in ("01", "03", "11", "13", "33")
    ]
    wide = [
        Kind(f"scp03-s16-{level}", replace(STANDARD, scp03_i=0x71), level)
        for level in ("01", "03", "11", "13", "33")
    ]
    drawn = [Kind("scp03-random", replace(STANDARD, scp03_i=0x60), "33")]
    return [*levels, *wide, *drawn]


def _scp02() -> list[Kind]:
    return [
        Kind(f"scp02-{i:02x}-{scheme.value}-{level}", profile, level, scheme, p1=p1)
        for i, levels in ((0x15, ("01", "03")), (0x55, ("01", "03")), (0x75, ("11", "13")))
        for profile in [replace(STANDARD, scp02_i=i)]
        for scheme, p1 in ((Scheme.EMV_CPS, "emv-cps"), (Scheme.VISA2, "globalplatform"))
        for level in levels
    ]


def _profiles() -> list[Kind]:
    t0, extended, contactless = (PROFILES[name] for name in ("t0", "extended", "contactless"))
    return [
        Kind("t0-scp03", t0, "33"),
        Kind("t0-scp02", t0, "03", Scheme.EMV_CPS),
        Kind("extended-scp03", extended, "33", longest=2048),
        Kind("extended-short", extended, "33"),
        Kind("contactless-scp03", contactless, "33"),
        Kind("contactless-scp02", contactless, "03", Scheme.VISA2),
    ]


def _with(product: Product, channel: Channel) -> Product:
    return product.model_copy(update={"chip": product.chip.model_copy(update={"channel": channel})})


@pytest.mark.parametrize("kind", [*_scp03(), *_scp02(), *_profiles()], ids=lambda kind: kind.name)
async def test_a_card_of_several_applications_is_made(kind: Kind) -> None:
    rig, bench = kind.rig(), Bench(FakeModule(SecretBytes(KEYS[kind.length])))
    plan = plan_of("cda", cda_sections(CARD, _with(DEBIT_2, kind.channel)))
    made = await bench.personalizer().make(rig, PIECE, CARD, plan)
    assert (made.serial, made.atc, made.key_version) == (SERIAL.hex().upper(), 0, 0x40)
    assert made.cplc == rig.chip._manager.cplc
    assert rig.versions == {0x40}
    assert rig.secured
    assert bench.module.stages == [ChipStage.PERSONALIZE, ChipStage.PROVE_KEYS]
    assert bench.attempts.tried == {}


async def test_a_stranger_is_not_written() -> None:
    bench, plan = Bench(FakeModule(SecretBytes(KEYS[16]))), plan_of("badge", badge_sections(CARD))
    rig, other = Kind("badge", STANDARD, "03").rig(), Kind("badge", STANDARD, "03").rig()
    await bench.personalizer().make(rig, PIECE, CARD, plan)
    with pytest.raises(SpoiledError) as error:
        await bench.personalizer().make(other, "RTX-0001-00000002", CARD, plan)
    assert (error.value.code, error.value.quarantine) == ("CHIP_STRANGER", True)
    assert not other.secured
    assert bench.attempts.tried == {}, "nothing was tried on it"


async def test_a_small_chip_takes_a_small_card() -> None:
    kind = Kind("small", PROFILES["small"], "33")
    bench = Bench(FakeModule(SecretBytes(KEYS[16])))
    plan = plan_of("debit", debit_sections(CARD, _with(DEBIT, kind.channel)))
    made = await bench.personalizer().make(kind.rig(), PIECE, CARD, plan)
    assert made.key_version == 0x40


async def test_a_badge_keeps_its_makers_keys() -> None:
    rig = Kind("badge", STANDARD, "03").rig()
    bench = Bench(FakeModule(SecretBytes(KEYS[16])))
    made = await bench.personalizer().make(rig, PIECE, CARD, plan_of("badge", badge_sections(CARD)))
    assert (made.key_version, rig.versions, rig.secured) == (0x30, {0x30}, True)
    assert bench.module.stages == [ChipStage.PERSONALIZE]


async def test_of_two_key_sets_that_of_the_products_protocol_opens_the_chip() -> None:
    keys = [
        TransportKeys(KEYS[16], Scheme.EMV_CPS, KeyType.TDES),
        TransportKeys(KEYS[16], Scheme.KDF3, KeyType.AES),
    ]
    bench = Bench(FakeModule(SecretBytes(KEYS[16])))
    for scheme, other in ((Scheme.KDF3, 0x20), (Scheme.EMV_CPS, 0x30)):
        rig = Rig(manufacture(SERIAL, keys))
        kind = Kind("two", STANDARD, "03", scheme)
        plan = plan_of("cda", cda_sections(CARD, _with(DEBIT_2, kind.channel)))
        await bench.personalizer().make(rig, PIECE, CARD, plan)
        assert rig.versions == {0x40, other}


class Doubter(FakeModule):
    """A security module that says something else of each badge."""

    def __init__(self, word: bool | HsmError) -> None:
        super().__init__()
        self.word = word

    async def check_badges(self, items: Sequence[BadgeProof]) -> list[bool | HsmError]:
        return [self.word for _ in items]


def badge_plan(kind: Kind) -> ChipPlan:
    return plan_of("badge", badge_sections(CARD, _with(BADGE, kind.channel)))


async def test_a_badge_proves_that_it_has_its_key() -> None:
    kind = Kind("badge", STANDARD, "33")
    rig, bench = kind.rig(), Bench(FakeModule(SecretBytes(KEYS[16])))
    await bench.personalizer().make(rig, PIECE, CARD, badge_plan(kind))
    assert rig.sent[-1][:4] == bytes.fromhex("00880000"), "INTERNAL AUTHENTICATE comes last"
    assert badge_plan(kind).badges == (bytes.fromhex("F0434152445702"),)
    assert plan_of("cda", cda_sections(CARD)).badges == ()


@pytest.mark.parametrize(
    ("word", "code"),
    [(False, "CHIP_KEY"), (HsmError("BADGE_KEY", "There is none."), "BADGE_KEY")],
    ids=["another key", "no key"],
)
async def test_a_badge_that_proves_nothing_is_spoiled(word: bool | HsmError, code: str) -> None:
    kind = Kind("badge", STANDARD, "33")
    module = Doubter(word)
    module.kmc = SecretBytes(KEYS[16])
    with pytest.raises(SpoiledError) as spoiled:
        await Bench(module).personalizer().make(kind.rig(), PIECE, CARD, badge_plan(kind))
    assert spoiled.value.code == code
    assert "key set 40" in str(spoiled.value)


async def test_a_badge_that_answers_no_challenge_is_spoiled() -> None:
    kind = Kind("badge", STANDARD, "33")
    told = kind.rig()
    await (
        Bench(FakeModule(SecretBytes(KEYS[16])))
        .personalizer()
        .make(told, PIECE, CARD, badge_plan(kind))
    )
    rig = kind.rig()
    rig.befall = {len(told.sent) - 1: refused}
    with pytest.raises(SpoiledError) as spoiled:
        await (
            Bench(FakeModule(SecretBytes(KEYS[16])))
            .personalizer()
            .make(rig, PIECE, CARD, badge_plan(kind))
        )
    assert spoiled.value.code == "CHIP_KEY"
