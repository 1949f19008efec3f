"""From a request to a chip that reads as inspection expects, through the true security module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from cardwright.card.events import KeysDerived, Prepared
from cardwright.chip import manufacture
from cardwright.globalplatform.commands import install_for_install, install_for_personalization
from cardwright.globalplatform.scp03 import initialize_update
from cardwright.hsm.port import ChipToPersonalize, HsmError, SecurityModule, WrappedDataKey
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.proto.vault.v1.sections_pb2 import ChipSection, InspectionSection
from cardwright.station.ports import Transaction
from cardwright.vault.sealing import Sealer, open_sealed, parse_sealed
from cardwright.vault.vault import Opened, newest_keys
from services.dataprep.handlers import PrepareDesk
from services.keymanagement.handlers import DeriveKeysDesk
from services.keymanagement.module.policy import GRANTS, Caller
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.verbs import Verbs
from tests.unit.dataprep.fakes import (
    BANK,
    TODAY,
    WORKS,
    MemoryRegistry,
    badge_request,
    catalogue,
    order,
    sensitive,
)
from tests.unit.keymanagement.module_kit import verbs_over

TX = cast("Transaction", object())
SERIAL = bytes.fromhex("00010203040506070809")
CHALLENGE = bytes(range(8))
OK = b"\x90\x00"


class Module:
    """The verbs, called as one role, without the process around them."""

    def __init__(self, verbs: Verbs, role: str) -> None:
        self._verbs, self._caller = verbs, Caller(f"{role}.site-1", GRANTS[role])

    def __getattr__(self, verb: str) -> Any:
        async def call(*arguments: Any) -> Any:
            return getattr(self._verbs, verb)(self._caller, *arguments)

        return call


class SealedVault:
    """Truly sealed sections, in memory; each role has the same store and its own rights."""

    def __init__(self, store: dict[tuple[str, str], bytes], module: Module, sealer: Sealer) -> None:
        self._store, self._module, self._sealer = store, module, sealer

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        await self.put_sealed(section, self._sealer.seal_batch(section, items))

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        self._store.update({(section, card): sealed for card, sealed in items.items()})

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        return {c: self._store[section, c] for c in card_ids if (section, c) in self._store}

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        blobs = {c: parse_sealed(s) for c, s in (await self.get_sealed(section, card_ids)).items()}
        keys = await self._module.unwrap_data_keys(
            section,
            [
                WrappedDataKey(card, blob.key_id, blob.ephemeral, blob.wrapped_key)
                for card, blob in blobs.items()
            ],
        )
        return Opened(
            {
                card: open_sealed(blob, card, section, key)
                for (card, blob), key in zip(blobs.items(), keys, strict=True)
            }
        )


class Line:
    """The stations up to the encoder, each in its own role."""

    def __init__(self) -> None:
        keys = make_keys([BANK.name, WORKS.name], ["site-1"])
        self.kmc = next(value for key, value in keys.items() if key.label == "chip/KMC")
        self._verbs = verbs_over(keys)
        public = self._verbs.public_keys(Caller("qa.site-1", GRANTS["qa"]), "section/")
        self._sealer, self._store = Sealer(newest_keys(public)), dict[tuple[str, str], bytes]()

    def vault(self, role: str) -> SealedVault:
        return SealedVault(self._store, self.module(role), self._sealer)

    def module(self, role: str) -> Module:
        return Module(self._verbs, role)

    def hsm(self, role: str) -> SecurityModule:
        return cast("SecurityModule", self.module(role))


@pytest.mark.parametrize("request_of", [sensitive, badge_request], ids=["debit", "badge"])
async def test_a_chip_reads_as_inspection_expects(request_of: Any) -> None:
    line = Line()
    request: SensitiveData = request_of("request-1")
    asked = order(request)
    card = asked.card_id
    await line.vault("request").put("request", {card: request.SerializeToString()})

    prepare = PrepareDesk(
        catalogue(), line.vault("dataprep"), line.hsm("dataprep"), MemoryRegistry(), lambda: TODAY
    )
    (prepared,) = await prepare.handle([asked], TX)
    assert isinstance(prepared.body, Prepared)
    derive = DeriveKeysDesk(line.vault("keymanagement"), line.hsm("keymanagement"))
    (derived,) = await derive.handle([asked], TX)
    assert isinstance(derived.body, KeysDerived)
    assert {check.master.partition("/")[0] for check in derived.body.keys} == {asked.issuer}

    encoding = line.vault("encoding")
    chips = await encoding.open("chip", [card])
    section = ChipSection.FromString(chips.cards[card].reveal())
    chip = manufacture(SERIAL, line.kmc.reveal())
    module_aid, instance = section.module_aid, section.instance_aid
    item = ChipToPersonalize(
        card_id=card,
        kmc=section.kmc,
        host_challenge=CHALLENGE,
        initialize_update=chip.process(initialize_update(CHALLENGE))[:-2],
        prologue=(
            install_for_install(module_aid[:-1], module_aid, instance),
            install_for_personalization(instance),
        ),
        dgis=tuple(section.dgis),
        sealed_keys=(await encoding.get_sealed("chip_keys", [card]))[card],
    )
    (script,) = await line.module("encoding").personalize([item])
    assert not isinstance(script, HsmError), script.code
    assert {chip.process(command)[-2:] for command in script} == {OK}

    opened = await line.vault("qa").open("inspection", [card])
    expected = InspectionSection.FromString(opened.cards[card].reveal())
    select = b"\x00\xa4\x04\x00" + bytes([len(expected.instance_aid)]) + expected.instance_aid
    assert chip.process(select + b"\0")[-2:] == OK
    assert expected.records
    for record in expected.records:
        read = chip.process(bytes((0x00, 0xB2, record.number, record.sfi << 3 | 4, 0)))
        assert read == record.content + OK


async def test_data_preparation_can_not_read_what_it_wrote() -> None:
    line = Line()
    request = sensitive("request-1")
    asked = order(request)
    vault = line.vault("dataprep")
    await vault.put("request", {asked.card_id: request.SerializeToString()})
    desk = PrepareDesk(catalogue(), vault, line.hsm("dataprep"), MemoryRegistry(), lambda: TODAY)
    await desk.handle([asked], TX)
    for section in ("print", "stripe", "chip", "keys", "inspection"):
        with pytest.raises(HsmError) as raised:
            await vault.open(section, [asked.card_id])
        assert raised.value.code == "HSM_DENIED"
