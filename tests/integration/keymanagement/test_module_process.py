from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from nacl.signing import VerifyKey

from cardwright.chip import manufacture
from cardwright.globalplatform.scp03 import initialize_update
from cardwright.globalplatform.store_data import encode_dgi
from cardwright.hsm.chips import ChipApplication
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.hsm.jose import open_compact_batch, seal_compact
from cardwright.hsm.port import (
    Agreement,
    CardValues,
    CardValuesItem,
    ChipToPersonalize,
    DerivedCardKeys,
    HsmError,
    SealedItem,
)
from cardwright.proto.vault.v1.sections_pb2 import ApplicationRecipe, KeysSection
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import Sealer, SectionKey
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.provision import create
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.server import start_server
from services.keymanagement.module.software import SoftwareBackend, SoftwareTokens
from services.keymanagement.module.verbs.all import VerbsOfTokens
from tests.integration.keymanagement.module_process import ISSUER, ModuleProcess, client
from tests.unit.keymanagement.module_kit import directory_of, no_stores

BADGE = bytes.fromhex("F0434152445702")


async def test_every_verb_crosses_the_wire(module: ModuleProcess, keys: Path) -> None:
    async with (
        client(module, keys, "request") as request,
        client(module, keys, "dataprep") as dataprep,
        client(module, keys, "keymanagement") as keymanagement,
        client(module, keys, "encoding") as encoding,
    ):
        signed = await request.sign([b"payload"])
        (public,) = await request.public_keys("sign/request.")
        VerifyKey(public.value).verify(b"payload", signed.signatures[0])
        assert public.key_id == signed.key_id

        (bureau,) = await request.public_keys("bureau/request")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bureau.value)
        jwk = dict(ECKey.import_key(point).as_dict())
        jwe = seal_compact(jwk, b"sensitive", {"kid": bureau.key_id})
        assert await open_compact_batch(request, [jwe]) == [SecretBytes(b"sensitive")]
        (refused,) = await request.agree([Agreement("bureau/request#1", b"x")])
        assert isinstance(refused, HsmError)
        assert refused.code == "AGREE_PUBLIC_KEY"

        first, again = await dataprep.digest("digest/pan", [SecretBytes(b"1")] * 2)
        assert (len(first), first) == (32, again)
        card = CardValuesItem(f"{ISSUER}/CVK", SecretText("9999990000000007"), "3012", "201")
        nobodys = CardValuesItem("nobody/CVK", SecretText("9999990000000007"), "3012", "201")
        values, unknown = await dataprep.card_values([card, nobodys])
        assert isinstance(values, CardValues)
        assert values.cvv.reveal().isdigit()
        assert isinstance(unknown, HsmError)
        assert unknown.code == "KEY_UNKNOWN"

        (section,) = await dataprep.public_keys("section/keys")
        badge = ApplicationRecipe(
            instance_aid=BADGE,
            masters={"BADGE": f"{ISSUER}/BADGE"},
            badge_diversifier=bytes(range(16)) + BADGE,
        )
        recipe = KeysSection(diversifier="E-4711", sequence_number="00", applications=[badge])
        sealer = Sealer({"keys": SectionKey(section.key_id, section.value)})
        sealed = sealer.seal_batch("keys", {"card": recipe.SerializeToString()})["card"]
        derived, refused_card = await keymanagement.derive_card_keys(
            [SealedItem("card", sealed), SealedItem("other", sealed)]
        )
        assert isinstance(derived, DerivedCardKeys)
        assert isinstance(refused_card, HsmError)
        assert refused_card.code == "SEALED_KEY"
        assert derived.checks[0].master == f"{ISSUER}/BADGE#1"

        foreign = manufacture(bytes(10), bytes(16))
        answer = foreign.process(initialize_update(bytes(8)))[:-2]
        chip = ChipToPersonalize(
            card_id="card",
            kmc="chip/KMC",
            host_challenge=bytes(8),
            initialize_update=answer,
            sealed_keys=derived.sealed,
            applications=(ChipApplication(b"\xf0CWBDG\x01", BADGE, (encode_dgi(0x0C01, b"x"),)),),
        )
        (script,) = await encoding.personalize([chip])
        assert isinstance(script, HsmError)
        assert script.code == "SCP03_CARD_CRYPTOGRAM"


async def test_refusals_carry_their_code(module: ModuleProcess, keys: Path) -> None:
    async with client(module, keys, "printing") as printing:
        for refused in (
            printing.unwrap_data_keys("chip", []),
            printing.card_values([]),
            printing.digest("digest/pan", []),
        ):
            with pytest.raises(HsmError) as caught:
                await refused
            assert caught.value.code == "HSM_DENIED"
    async with GrpcSecurityModule(module.address, SecretText("guess")) as stranger:
        with pytest.raises(HsmError) as caught:
            await stranger.sign([])
        assert caught.value.code == "HSM_TOKEN"


async def test_a_module_that_restarts_is_waited_for(own_module: ModuleProcess, keys: Path) -> None:
    async with client(own_module, keys, "custody") as custody:
        before = await custody.sign([b"payload"])
        own_module.end(signal.SIGKILL)
        waiting = asyncio.create_task(custody.sign([b"payload"]))
        await own_module.restart()
        assert await waiting == before  # Ed25519 is deterministic


async def test_a_module_that_stays_away_is_told(tmp_path: Path) -> None:
    nobody = GrpcSecurityModule(f"unix:{tmp_path}/s", SecretText("irrelevant"), deadline_s=0.5)
    async with nobody as module:
        with pytest.raises(HsmError) as caught:
            await module.sign([])
    assert caught.value.code == "HSM_UNAVAILABLE"


def test_ready_line_and_orderly_end(own_module: ModuleProcess) -> None:
    ready = {"ready": True, "address": own_module.address}
    assert json.loads(own_module.ready_file.read_text()) == ready
    assert own_module.end(signal.SIGTERM) == 0


def test_a_keystore_without_its_passphrase_does_not_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    create(keys, [ISSUER], ["site-1"])
    monkeypatch.setenv("CARDWRIGHT_KEYSTORE_PASSPHRASE", "wrong")
    process = ModuleProcess(keys, tmp_path / "s")
    assert process.start() == b""
    assert process.end(signal.SIGTERM) == 1


async def test_an_address_that_is_taken_is_told() -> None:
    tokens = SoftwareTokens(SoftwareBackend(make_keys([], [])))
    verbs = VerbsOfTokens(tokens, directory_of, no_stores())
    server, address = await start_server("127.0.0.1:0", verbs.of, Policy({}))
    assert int(address.removeprefix("127.0.0.1:")) > 0
    with pytest.raises(HsmError) as caught:
        await start_server(address, verbs.of, Policy({}))
    assert caught.value.code == "HSM_ADDRESS"
    await server.stop(None)
