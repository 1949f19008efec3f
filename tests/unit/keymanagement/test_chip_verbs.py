"""Scripts of the security module over the software chip, which shares no code with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from cardwright.chip import Chip, manufacture
from cardwright.chip.diversification import Scheme, TransportKeys
from cardwright.chip.keys import KeyType
from cardwright.chip.life_cycle import CardState
from cardwright.chip.profile import EXTENDED, STANDARD, Profile
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.globalplatform.store_data import encode_dgi
from cardwright.hsm.chips import ChipApplication, ChipChannel
from cardwright.hsm.port import (
    ChipAnswers,
    ChipStage,
    ChipToPersonalize,
    ChipVerdict,
    HsmError,
)
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Algorithm, Key, Usage
from services.keymanagement.module.values import check_value, make
from tests.unit.keymanagement.module_kit import ISSUER, caller, verbs_over

SERIAL = bytes.fromhex("00010000427700001234")
DIRECTORY = ChipApplication(
    b"\xf0CWDIR\x01",
    b"2PAY.SYS.DDF01",
    (encode_dgi(0x9102, bytes.fromhex("A511BF0C0E610C4F07F0434152445701870101")),),
)
AES, TDES, AES_256 = (Algorithm.parse(name) for name in ("AES-128", "TDES-112", "AES-256"))


@dataclass(frozen=True)
class Setting:
    """One way to open a chip."""

    name: str
    algorithm: Algorithm
    scheme: Scheme
    level: int
    profile: Profile = STANDARD


SETTINGS = [
    *(Setting(f"scp03-{level:02x}", AES, Scheme.KDF3, level) for level in (1, 3, 0x11, 0x13, 0x33)),
    Setting("scp03-aes-192", Algorithm.parse("AES-192"), Scheme.KDF3, 0x33),
    Setting("scp03-aes-256-s16", AES_256, Scheme.KDF3, 0x33, replace(STANDARD, scp03_i=0x71)),
    Setting("scp03-s16-03", AES, Scheme.KDF3, 0x03, replace(STANDARD, scp03_i=0x01)),
    Setting("scp03-extended", AES, Scheme.KDF3, 0x33, EXTENDED),
    *(
        Setting(f"scp02-{i:02x}-{level:02x}", TDES, scheme, level, replace(STANDARD, scp02_i=i))
        for i, scheme in ((0x15, Scheme.EMV_CPS), (0x55, Scheme.VISA2))
        for level in (1, 3)
    ),
    Setting("scp02-75-13", TDES, Scheme.EMV_CPS, 0x13, replace(STANDARD, scp02_i=0x75)),
]


class Bench:
    """A module with the keys of one setting, a chip of its factory, and what a station does."""

    def __init__(self, setting: Setting, *, issuer: Algorithm | None = None) -> None:
        keys = dict(
            [
                _key("chip/KMC", setting.algorithm),
                _key(f"{ISSUER}/KMC", issuer or setting.algorithm),
            ]
        )
        self.verbs = verbs_over(keys)
        kind = KeyType.AES if setting.algorithm.family is AES.family else KeyType.TDES
        transport = next(value for key, value in keys.items() if key.label == "chip/KMC")
        self.chip: Chip = manufacture(
            SERIAL,
            [TransportKeys(transport.reveal(), setting.scheme, kind)],
            profile=setting.profile,
        )
        protocol = 3 if kind is KeyType.AES else 2
        self.wide = protocol == 3 and bool((setting.profile.option(3) or 0) & 1)
        self.channel = ChipChannel(
            diversification=setting.scheme.value,
            security_level=setting.level,
            issuer_kmc=f"{ISSUER}/KMC",
            issuer_key_version=0x42,
            issuer_diversification=setting.scheme.value,
            longest_command=setting.profile.max_data,
        )

    def item(self, stage: ChipStage = ChipStage.PERSONALIZE, version: int = 0) -> ChipToPersonalize:
        challenge = bytes(range(16 if self.wide else 8))
        self.chip.process(select(ISSUER_SECURITY_DOMAIN))
        answer = self.chip.process(initialize_update(challenge, key_version=version))
        return ChipToPersonalize(
            "card",
            "chip/KMC",
            challenge,
            answer,
            b"",
            (DIRECTORY,) if stage is ChipStage.PERSONALIZE else (),
            self.channel,
            stage,
        )

    def script(self, item: ChipToPersonalize) -> tuple[bytes, ...]:
        (script,) = self.verbs.personalize(caller("encoding"), [item])
        assert not isinstance(script, HsmError), script.code
        return script

    def verdict(self, item: ChipToPersonalize, responses: list[bytes]) -> ChipVerdict:
        answers = ChipAnswers(item, tuple(responses))
        (verdict,) = self.verbs.check_personalization(caller("encoding"), [answers])
        assert not isinstance(verdict, HsmError), verdict.code
        return verdict

    def refusal(self, item: ChipToPersonalize) -> str:
        (refused,) = self.verbs.personalize(caller("encoding"), [item])
        assert isinstance(refused, HsmError)
        return refused.code


def _key(label: str, algorithm: Algorithm) -> tuple[Key, SecretBytes]:
    value = make(Usage.CHIP_MASTER, algorithm)
    return Key(label, 1, Usage.CHIP_MASTER, algorithm, check_value(algorithm, value)), value


@pytest.fixture
def bench() -> Bench:
    return Bench(SETTINGS[4])


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_a_chip_is_personalized_secured_and_proves_its_issuers_keys(setting: Setting) -> None:
    bench = Bench(setting)
    item = bench.item()
    answers = [bench.chip.process(command) for command in bench.script(item)]
    assert bench.verdict(item, answers) == ChipVerdict("", 0, 0, 0x42, False)
    assert bench.chip.process(select(DIRECTORY.instance_aid))[-2:] == b"\x90\0"
    assert bench.chip._manager.state is CardState.SECURED
    proof = bench.item(ChipStage.PROVE_KEYS, 0x42)
    (command,) = bench.script(proof)
    assert bench.verdict(proof, [bench.chip.process(command)]) == ChipVerdict("", 0, 0, 0x42, False)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_wherever_a_chip_is_lost_the_verdict_tells_which_keys_it_has(setting: Setting) -> None:
    bench = Bench(setting)
    item = bench.item()
    script = bench.script(item)
    put_key = len(script) - 3
    answers = [bench.chip.process(command) for command in script]
    for lost in range(len(script)):
        verdict = bench.verdict(item, answers[:lost])
        assert (verdict.reason, verdict.index) == ("RESPONSE_MISSING", lost)
        first = item_version(item)
        assert (verdict.key_version, verdict.keys_uncertain) == (
            (first, lost == put_key) if lost <= put_key else (0x42, False)
        )


def item_version(item: ChipToPersonalize) -> int:
    return item.initialize_update[10]


@pytest.mark.parametrize(
    ("status", "uncertain"),
    [("6982", False), ("6A80", False), ("6581", True), ("6F00", True), ("6310", True)],
)
def test_a_refused_put_key_leaves_the_old_keys_unless_the_card_may_have_written(
    bench: Bench, status: str, uncertain: bool
) -> None:
    item = bench.item()
    answers = [bench.chip.process(command) for command in bench.script(item)]
    answers = [*answers[:-3], bytes.fromhex(status)]
    verdict = bench.verdict(item, answers)
    assert verdict.index == len(answers) - 1
    assert (verdict.key_version, verdict.keys_uncertain) == (0x30, uncertain)


def test_a_wrong_response_mac_is_told_and_leaves_the_keys_open(bench: Bench) -> None:
    item = bench.item()
    answers = [bench.chip.process(command) for command in bench.script(item)]
    for index in range(1, len(answers)):
        forged = list(answers)
        forged[index] = bytes((forged[index][0] ^ 1,)) + forged[index][1:]
        verdict = bench.verdict(item, forged)
        assert (verdict.reason, verdict.index) == ("RESPONSE_MAC", index)
        assert verdict.keys_uncertain == (index <= len(answers) - 3)


def test_a_chip_of_other_keys_is_refused(bench: Bench) -> None:
    foreign = Bench(SETTINGS[4])
    bench.chip = foreign.chip
    assert bench.refusal(bench.item()) == "SCP03_CARD_CRYPTOGRAM"


def test_keys_are_proved_by_the_version_that_was_asked_for(bench: Bench) -> None:
    assert bench.refusal(bench.item(ChipStage.PROVE_KEYS)) == "CHIP_KEY_VERSION"


def test_a_channel_that_the_product_misnames_is_refused(bench: Bench) -> None:
    item = bench.item()
    wrong = {
        "diversification": "rot13",
        "issuer_diversification": "",
        "store_data": "own",
    }
    for name, value in wrong.items():
        channel = replace(bench.channel, **{name: value})  # type: ignore[arg-type]
        assert bench.refusal(replace(item, channel=channel)) == "CHIP_CHANNEL"


def test_master_keys_of_others_are_denied(bench: Bench) -> None:
    item = bench.item()
    assert bench.refusal(replace(item, kmc="bureau/request")) == "HSM_DENIED"
    other = replace(bench.channel, issuer_kmc=f"{ISSUER}/IMK-AC")
    assert bench.refusal(replace(item, channel=other)) == "HSM_DENIED"


def test_an_issuers_key_of_another_algorithm_is_told() -> None:
    other = Bench(SETTINGS[4], issuer=TDES)
    assert other.refusal(other.item()) == "SCP03_KEY_LENGTH"
