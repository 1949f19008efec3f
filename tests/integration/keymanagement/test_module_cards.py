"""A payment card over the wire: every verb of cards, PINs and chips, asked by who may ask it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.chip import manufacture
from cardwright.emv.rsa import generate_rsa
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.hsm.authorization import AuthorizationItem
from cardwright.hsm.chips import ChipStage, ExportedCard
from cardwright.hsm.pins import PinItem, PinTranslation
from cardwright.hsm.port import (
    CardValuesItem,
    ChipAnswers,
    ChipToPersonalize,
    ChipVerdict,
    Cvc3Tracks,
    HsmError,
    SealedItem,
)
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretText
from cardwright.vault.sealing import Sealer
from cardwright.vault.vault import newest_keys
from services.keymanagement.module.pool.pairs import seal_pairs
from services.keymanagement.module.pool.store import POOL_FILE, PairStore
from services.keymanagement.module.provision import create
from tests.integration.keymanagement.module_process import ISSUER, ModuleProcess, client
from tests.unit.keymanagement.card_bench import (
    CARD,
    CATALOGUE,
    CHANNEL,
    MASTERS,
    PAN,
    SERIAL,
    application,
    authentication,
    installed,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="cardwright-cards-"))
    create(made, [ISSUER], ["site-1"], catalogue=CATALOGUE)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleProcess]:
    process = ModuleProcess(folder, folder / "s")
    process.start()
    yield process
    process.end(signal.SIGKILL)


async def test_a_card_is_made_exported_and_paid_with(folder: Path, module: ModuleProcess) -> None:
    async with (
        client(module, folder, "dataprep") as dataprep,
        client(module, folder, "keymanagement") as keymanagement,
        client(module, folder, "encoding") as encoding,
        client(module, folder, "export") as export,
    ):
        sealer = Sealer(newest_keys(await dataprep.public_keys("section/")))
        item = PinItem("card", SecretText(PAN), method="pvv", pvk=f"{ISSUER}/PVK", pvk_index=1)
        (pin,) = await dataprep.prepare_pins([item])
        assert not isinstance(pin, HsmError), pin.code
        assert len(pin.verification) == 4

        made = application()
        section = pb.KeysSection(
            diversifier=PAN,
            sequence_number="01",
            environment="test",
            expiry=CARD.expiry.yymm,
            sealed_pin=pin.sealed_for_chip,
            applications=[
                pb.ApplicationRecipe(
                    instance_aid=made.aid,
                    masters=MASTERS,
                    derivation="A",
                    offline_pin=True,
                    pin_tries=3,
                    authentication=authentication(made.authentication),
                )
            ],
        )
        blob = sealer.seal_batch("keys", {"card": section.SerializeToString()})["card"]
        asked = [SealedItem("card", blob)]
        (waits,) = await keymanagement.derive_card_keys(asked)
        assert isinstance(waits, HsmError)
        assert (waits.code, waits.passes) == ("POOL_EMPTY", True)
        PairStore(folder / POOL_FILE).add(seal_pairs(sealer, [generate_rsa(1152, 3)]))
        (keys,) = await keymanagement.derive_card_keys(asked)
        assert not isinstance(keys, HsmError), keys.code
        assert keys.certificates
        (pool,) = await keymanagement.pools()
        assert (pool.bits, pool.ready, pool.used) == (1152, 0, 1)

        kmc = bytes.fromhex((folder / "chip-kmc.hex").read_text())
        chip = manufacture(SERIAL, kmc)
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        to_make = ChipToPersonalize(
            card_id="card",
            kmc="chip/KMC",
            host_challenge=bytes(8),
            initialize_update=chip.process(initialize_update(bytes(8))),
            sealed_keys=keys.sealed,
            applications=(installed(made),),
            channel=CHANNEL,
        )
        (script,) = await encoding.personalize([to_make])
        assert not isinstance(script, HsmError), script.code
        answers = tuple(chip.process(command) for command in script)
        version = CHANNEL.issuer_key_version
        done = ChipVerdict("", 0, 0, version, False)
        assert await encoding.check_personalization([ChipAnswers(to_make, answers)]) == [done]
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        to_prove = ChipToPersonalize(
            card_id="card",
            kmc="chip/KMC",
            host_challenge=bytes(8),
            initialize_update=chip.process(initialize_update(bytes(8), key_version=version)),
            sealed_keys=b"",
            channel=CHANNEL,
            stage=ChipStage.PROVE_KEYS,
        )
        (proof,) = await encoding.personalize([to_prove])
        assert not isinstance(proof, HsmError), proof.code
        answers = tuple(chip.process(command) for command in proof)
        assert await encoding.check_personalization([ChipAnswers(to_prove, answers)]) == [done]

        cards = await export.export_personalization(
            "partner-bureau/KEK", [SealedItem("card", keys.sealed), SealedItem("x", keys.sealed)]
        )
        assert cards.key_block.startswith("D")
        card, error = cards.cards
        assert isinstance(card, ExportedCard)
        assert card.applications[0].instance_aid == made.aid
        assert error == "SEALED_KEY"


async def test_items_are_refused_by_code_over_the_wire(folder: Path, module: ModuleProcess) -> None:
    pan = SecretText(PAN)
    async with (
        client(module, folder, "dataprep") as dataprep,
        client(module, folder, "qa") as qa,
        client(module, folder, "printing") as printing,
    ):
        pek = f"{ISSUER}/PEK"
        (block,) = await dataprep.translate_pins([PinTranslation(bytes(8), pan, pek, 0, pek, 3)])
        assert isinstance(block, HsmError)
        assert block.code == "PIN_BLOCK"
        item = AuthorizationItem("card", f"{ISSUER}/IMK-AC", "A", pan, "01", {0x9F10: b"\6"}, "00")
        (answer,) = await qa.authorize([item])
        assert isinstance(answer, HsmError)
        assert answer.code == "CRYPTOGRAM_VERSION"
        tracks = Cvc3Tracks(f"{ISSUER}/IMK-CVC3", "01", SecretText("B1^A^1"), SecretText(""))
        (values,) = await dataprep.card_values(
            [CardValuesItem(f"{ISSUER}/CVK", pan, "3012", "201", "test", tracks)]
        )
        assert not isinstance(values, HsmError), values.code
        assert (len(values.track1_vector), values.track2_vector) == (2, b"")
        with pytest.raises(HsmError) as denied:
            await printing.prepare_pins([PinItem("card", pan)])
        assert denied.value.code == "HSM_DENIED"
