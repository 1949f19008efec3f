"""From a request to a chip that reads as inspection expects, through the true security module."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.card.events import KeysDerived, Prepared
from cardwright.chip import manufacture
from cardwright.chip.crypto import des_key_check_value
from cardwright.cipher import ClearAes
from cardwright.emv.dgi import Dgi, parse_all
from cardwright.emv.rsa import generate_rsa
from cardwright.exchange import PersonalizationFileError, open_card, read
from cardwright.exchange.making import make_file
from cardwright.hsm.port import HsmError, SecurityModule, WrappedDataKey
from cardwright.issuer.seal import open_issued_values
from cardwright.keyblock.errors import KeyBlockError
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.proto.vault.v1.sections_pb2 import (
    InspectionSection,
    MailerSection,
    PinSection,
    StripeSection,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.station.ports import Answer, Transaction, WorkOrder
from cardwright.vault.sealing import Sealer, open_sealed, parse_sealed
from cardwright.vault.vault import Opened, newest_keys
from services.dataprep.catalogue import Catalogue
from services.dataprep.handlers import PrepareDesk
from services.dataprep.products import Product
from services.encoding.adapters.scripts import Scripts
from services.encoding.domain import Material
from services.encoding.handlers import Preparation
from services.encoding.procedure import MadeChip, Personalizer
from services.keymanagement.handlers import DeriveKeysDesk
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.keystore import KEYSTORE_FILE, load_keystore
from services.keymanagement.module.policy import GRANTS, Caller
from services.keymanagement.module.pool.marks import load_marks
from services.keymanagement.module.pool.pairs import PairPool, seal_pairs
from services.keymanagement.module.pool.store import PairStore
from services.keymanagement.module.provision import PASSPHRASE_FILE, create
from services.keymanagement.module.verbs.all import Verbs
from services.keymanagement.module.verbs.base import Stores
from tests.unit.dataprep.chip_kit import DEBIT_2, PROFILES
from tests.unit.dataprep.fakes import (
    BADGE,
    BANK,
    CATALOGUE,
    DEBIT,
    ISSUER_KEY,
    TODAY,
    WORKS,
    MemoryRegistry,
    badge_request,
    order,
    sensitive,
)
from tests.unit.encoding.chip_rig import Rig
from tests.unit.encoding.encoding_kit import MemoryAttempts
from tests.unit.keymanagement.module_kit import verbs_over

TX = cast("Transaction", object())
SERIAL = bytes.fromhex("00010203040506070809")
RECIPIENT = "partner-bureau/KEK"
ADDRESS = {"address": {"lines": ["1 Harbour Row", "Dublin 2"], "country": "IE"}}


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

    def __init__(self, folder: Path) -> None:
        create(folder, [BANK.name, WORKS.name], ["site-1"], catalogue=CATALOGUE)
        passphrase = SecretText((folder / PASSPHRASE_FILE).read_text().strip())
        keys = load_keystore(folder / KEYSTORE_FILE, passphrase)
        self.kmc = next(value for key, value in keys.items() if key.label == "chip/KMC")
        self.kek = next(value for key, value in keys.items() if key.label == RECIPIENT)
        pairs = PairStore(":memory:")
        certificates = CertificateStore(folder, lambda: dt.date(2026, 11, 28))
        self._verbs = verbs_over(keys, Stores(certificates, PairPool(pairs, load_marks(folder))))
        public = self._verbs.public_keys(Caller("qa.site-1", GRANTS["qa"]), "section/")
        self._sealer, self._store = Sealer(newest_keys(public)), dict[tuple[str, str], bytes]()
        pairs.add(seal_pairs(self._sealer, [generate_rsa(1152, 3)]))
        self.registry = MemoryRegistry()

    def vault(self, role: str) -> SealedVault:
        return SealedVault(self._store, self.module(role), self._sealer)

    def module(self, role: str) -> Module:
        return Module(self._verbs, role)

    def hsm(self, role: str) -> SecurityModule:
        return cast("SecurityModule", self.module(role))

    def desk(self, product: Product) -> PrepareDesk:
        """Data preparation, where this is the newest version of its product."""
        others = [each for each in (DEBIT, BADGE) if each.name != product.name]
        catalogue = Catalogue(
            {(each.name, each.version): each for each in (product, *others)},
            {issuer.name: issuer for issuer in (BANK, WORKS)},
            {issuer.name: ISSUER_KEY.as_dict(private=False) for issuer in (BANK, WORKS)},
            PROFILES,
        )
        module, vault = self.hsm("dataprep"), self.vault("dataprep")
        return PrepareDesk(catalogue, vault, module, self.registry, lambda: TODAY)

    async def prepared(self, product: Product, request: SensitiveData) -> tuple[WorkOrder, Answer]:
        """Take a request to a card whose data and keys are in the vault."""
        asked = order(request)
        card = asked.card_id
        await self.vault("request").put("request", {card: request.SerializeToString()})
        (prepared,) = await self.desk(product).handle([asked], TX)
        assert isinstance(prepared.body, Prepared), prepared.body
        derive = DeriveKeysDesk(self.vault("keymanagement"), self.hsm("keymanagement"))
        (derived,) = await derive.handle([asked], TX)
        assert isinstance(derived.body, KeysDerived), derived.body
        assert {check.master.partition("/")[0] for check in derived.body.keys} == {asked.issuer}
        return asked, prepared

    async def encoded(self, asked: WorkOrder) -> tuple[Rig, MadeChip]:
        """Make the card's chip, as the encoding station does."""
        material = (await Preparation(self.vault("encoding"))([asked]))[asked.order_id]
        assert isinstance(material, Material), material
        assert material.chip is not None
        rig = Rig(manufacture(SERIAL, self.kmc.reveal()))
        maker = Personalizer(Scripts(self.hsm("encoding")), MemoryAttempts())
        return rig, await maker.make(rig, "B-1", asked.card_id, material.chip)

    async def opened(self, role: str, section: str, card: str) -> bytes:
        """What a role reads of a card."""
        return (await self.vault(role).open(section, [card])).cards[card].reveal()


@pytest.mark.parametrize(
    ("product", "request_of", "version"),
    [
        (DEBIT, sensitive, 0x30),
        (BADGE, badge_request, 0x30),
        (DEBIT_2, lambda name: sensitive(name, **ADDRESS), 0x40),
    ],
    ids=["debit-1", "badge", "debit-2"],
)
async def test_a_chip_reads_as_inspection_expects(
    tmp_path: Path, product: Product, request_of: Any, version: int
) -> None:
    line = Line(tmp_path)
    asked, _ = await line.prepared(product, request_of("request-1"))
    rig, made = await line.encoded(asked)
    assert (made.atc, made.key_version, rig.versions) == (0, version, {version})

    expected = InspectionSection.FromString(await line.opened("qa", "inspection", asked.card_id))
    assert expected.applications
    for application in expected.applications:
        name = application.instance_aid
        select = b"\x00\xa4\x04\x00" + bytes([len(name)]) + name + b"\0"
        reads = [
            bytes((0x00, 0xB2, record.number, record.sfi << 3 | 4, 0))
            for record in application.records
        ]
        _, *contents = await rig.transmit([select, *reads], reset=True)
        wanted = [record.content + b"\x90\x00" for record in application.records]
        assert contents == wanted


async def test_a_pin_is_verified_by_what_the_stripe_and_the_issuer_have(tmp_path: Path) -> None:
    line = Line(tmp_path)
    asked, prepared = await line.prepared(DEBIT_2, sensitive("request-1", **ADDRESS))
    assert isinstance(prepared.body, Prepared)
    assert prepared.body.sections[-2:] == ("mailer", "pin")
    issued = open_issued_values(prepared.attachment.decode(), ISSUER_KEY).reveal()
    told = json.loads(issued)
    assert told.keys() == {"pan", "psn", "expiry", "pvki", "pvv"}
    stripe = StripeSection.FromString(await line.opened("encoding", "stripe", asked.card_id))
    assert stripe.track2[25:30] == told["pvki"] + told["pvv"]
    assert stripe.coercivity == "hico"
    pin = PinSection.FromString(await line.opened("pinmailer", "pin", asked.card_id))
    assert len(pin.pin) == 4
    mailer = MailerSection.FromString(await line.opened("pinmailer", "mailer", asked.card_id))
    assert (mailer.name, list(mailer.lines)) == ("Inès Marlowe", ADDRESS["address"]["lines"])
    assert mailer.last_four == told["pan"][-4:]
    inspection = InspectionSection.FromString(await line.opened("qa", "inspection", asked.card_id))
    assert "cvv2" not in inspection.print
    assert inspection.imk_ac == "aurora-bank/IMK-AC"


async def test_data_preparation_can_not_read_what_it_wrote(tmp_path: Path) -> None:
    line = Line(tmp_path)
    asked, prepared = await line.prepared(DEBIT_2, sensitive("request-1", **ADDRESS))
    assert isinstance(prepared.body, Prepared)
    for section in prepared.body.sections:
        with pytest.raises(HsmError) as raised:
            await line.vault("dataprep").open(section, [asked.card_id])
        assert raised.value.code == "HSM_DENIED"


async def test_another_bureau_can_read_back_what_it_was_handed(tmp_path: Path) -> None:
    line = Line(tmp_path)
    asked, _ = await line.prepared(DEBIT_2, sensitive("request-1", **ADDRESS))
    module, at = line.hsm("export"), dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    cards = [asked.card_id, str(uuid.uuid4())]
    made, octets = await make_file(line.vault("export"), module, RECIPIENT, cards, at)
    assert [card.reason for card in made] == ["", "CHIP_SECTIONS_MISSING"]
    public = {key.key_id: key.value for key in await module.public_keys("sign/export.")}

    def verifies(signed: bytes, signature: bytes, key_id: str) -> bool:
        try:
            VerifyKey(public[key_id]).verify(signed, signature)
        except BadSignatureError:
            return False
        return True

    found = read(octets, verifies)
    assert found.cards == tuple(made)
    clear = open_card(found.header, found.cards[0], ClearAes(line.kek))
    ((instance, values),) = ((name, values) for name, values in clear.items() if values)
    debit = next(each for each in found.cards[0].applications if each.instance == instance)
    checks = {dgi.id: dgi.value for each in debit.checks for dgi in parse_all(each)}
    keys = values[0x8000].reveal()
    told = b"".join(des_key_check_value(keys[at : at + 16]) for at in (0, 16, 32))
    assert checks[0x9000] == told
    assert values.keys() >= {0x8000, 0x8010, 0x8201, 0x8205}
    with pytest.raises(KeyBlockError):
        open_card(found.header, found.cards[0], ClearAes(SecretBytes(bytes(range(32)))))
    other = dataclasses.replace(found.cards[0], card_id=cards[1])
    with pytest.raises(PersonalizationFileError) as caught:
        open_card(found.header, other, ClearAes(line.kek))
    assert caught.value.code == "EXCHANGE_GROUPING"
    cut = dataclasses.replace(debit, sensitive=(Dgi(0x8000, b"short").encode(),))
    with pytest.raises(PersonalizationFileError) as caught:
        open_card(
            found.header,
            dataclasses.replace(found.cards[0], applications=(cut,)),
            ClearAes(line.kek),
        )
    assert caught.value.code == "EXCHANGE_GROUPING"
    for place in range(0, len(octets), 997):
        changed = bytearray(octets)
        changed[place] ^= 1
        with pytest.raises(PersonalizationFileError):
            read(bytes(changed), verifies)
