"""A keys folder as the set-up makes it, and a payment card made with it from end to end.

The chip, the terminal and its certificates' checks share no code with the security module.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from cardwright.chip import Chip, manufacture
from cardwright.emv.application import EmvApplication, OfflineAuthentication, build
from cardwright.emv.card_values import CardValues
from cardwright.emv.profile import Profile
from cardwright.emv.rsa import generate_rsa
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.hsm.authorization import AuthorizationItem
from cardwright.hsm.chips import ChipApplication, ChipChannel
from cardwright.hsm.pins import PinItem, PreparedPin
from cardwright.hsm.port import (
    ChipAnswers,
    ChipToPersonalize,
    DerivedCardKeys,
    HsmError,
    SealedItem,
)
from cardwright.iso import luhn
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.issuerhost.messages import AuthorizationRequest, AuthorizationResponse
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretBytes, SecretText
from cardwright.terminal import (
    Capability,
    Card,
    TerminalAid,
    Transaction,
    TransactionRequest,
    load_ca_keys,
    run,
)
from cardwright.terminal import Profile as Terminal
from cardwright.vault.sealing import Sealer
from cardwright.vault.vault import newest_keys
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.certificates.store import CAPK_FILE, CertificateStore
from services.keymanagement.module.opening import open_store, open_tokens
from services.keymanagement.module.pool.marks import Marks, load_marks
from services.keymanagement.module.pool.pairs import PairPool, seal_pairs
from services.keymanagement.module.pool.store import PairStore
from services.keymanagement.module.provision import (
    PASSPHRASE_FILE,
    PKCS11,
    SOFTWARE,
    create,
)
from services.keymanagement.module.sections import Sections
from services.keymanagement.module.verbs.base import Stores
from tests.support.softhsm import create_keys
from tests.unit.keymanagement.module_kit import ISSUER, caller, directory_of, verbs_of_tokens

PAN = "999999000000000" + luhn.check_digit("999999000000000")
CATALOGUE = Path(__file__).parents[3] / "catalogue"
SERIAL = bytes.fromhex("00010000427700001234")
CARD = CardValues(
    pan=Pan(PAN),
    psn="01",
    expiry=Expiry(2029, 2),
    effective=dt.date(2026, 3, 1),
    service_code=ServiceCode("201"),
    track2_discretionary=SecretText("1234500321"),
    stripe_name=SecretText("GARCIA/MARIA"),
)
MASTERS = {
    "MK-AC": f"{ISSUER}/IMK-AC#1",
    "MK-SMI": f"{ISSUER}/IMK-SMI#1",
    "MK-SMC": f"{ISSUER}/IMK-SMC#1",
}
CHANNEL = ChipChannel(security_level=0x33, issuer_kmc=f"{ISSUER}/KMC", issuer_key_version=0x42)
PAIRS = 4


def profile_document() -> dict[str, Any]:
    """The catalogue's profile, as its file has it."""
    path = CATALOGUE / "profiles/emv-debit-cda/v1.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


class CardBench:
    """A module over a folder that the set-up made, and its pool with a few pairs in it.

    Args:
        folder: where to make it.
        backend: what holds the keys.
        wrap: puts something between verbs and a token, to see what they ask of it.
    """

    def __init__(
        self,
        folder: Path,
        backend: str = SOFTWARE,
        wrap: Callable[[Backend], Backend] = lambda backend: backend,
    ) -> None:
        self.folder = folder
        make = create_keys if backend == PKCS11 else create
        make(folder, [ISSUER], ["site-1"], catalogue=CATALOGUE)
        passphrase = SecretText((folder / PASSPHRASE_FILE).read_text().strip())
        store = open_store(folder, passphrase)
        held = list(store.keys())
        self.keys = {key: store.value(key) for key in held if key.usage.exportable}
        self.pairs = PairStore(":memory:")
        self.day = dt.date(2026, 11, 28)
        stores = Stores(
            CertificateStore(folder, lambda: self.day),
            PairPool(self.pairs, [*load_marks(folder), Marks(1024, 3, 1, 2)]),
        )
        tokens = open_tokens(folder, passphrase)

        def backend_of(name: str) -> Backend:
            login = (folder / "tokens" / f"{name}.token").read_text()
            return wrap(tokens.of(name, SecretText(login)))

        self.backend_of = backend_of
        self.verbs = verbs_of_tokens(backend_of, stores)
        public = self.verbs.public_keys(caller("dataprep"), "section/")
        self.sealer = Sealer(newest_keys(public))

    def opened(self, section: str, role: str, sealed: bytes) -> SecretBytes:
        """Open a section of the card named card that a role's token has the key of."""
        backend = self.backend_of(caller(role).name)
        return Sections(backend, directory_of(backend)).open(section, "card", sealed)

    def fill(self, count: int = PAIRS, bits: int = 1152) -> None:
        self.pairs.add(seal_pairs(self.sealer, [generate_rsa(bits, 3) for _ in range(count)]))

    def pin(self, card: str = "card") -> PreparedPin:
        item = PinItem(card, SecretText(PAN), method="pvv", pvk=f"{ISSUER}/PVK", pvk_index=1)
        (pin,) = self.verbs.prepare_pins(caller("dataprep"), [item])
        assert not isinstance(pin, HsmError), pin.code
        return pin

    def recipe(self, made: EmvApplication, card: str = "card", **changes: object) -> pb.KeysSection:
        """What data preparation would write of a card; ``changes`` are of the application."""
        application = pb.ApplicationRecipe(
            instance_aid=made.aid,
            masters=MASTERS,
            derivation="A",
            offline_pin=True,
            pin_tries=3,
            authentication=authentication(made.authentication),
        )
        application.MergeFrom(pb.ApplicationRecipe(**changes))  # type: ignore[arg-type]
        return pb.KeysSection(
            diversifier=PAN,
            sequence_number="01",
            applications=[application],
            environment="test",
            expiry=CARD.expiry.yymm,
            sealed_pin=self.pin(card).sealed_for_chip,
        )

    def derive(self, *sections: pb.KeysSection) -> list[DerivedCardKeys | HsmError]:
        """Derive for cards named card, card-1, card-2…"""
        items = []
        for number, section in enumerate(sections):
            card = f"card-{number}" if number else "card"
            sealed = self.sealer.seal_batch("keys", {card: section.SerializeToString()})
            items.append(SealedItem(card, sealed[card]))
        return self.verbs.derive_card_keys(caller("keymanagement"), items)

    def derived(self, section: pb.KeysSection) -> DerivedCardKeys:
        (keys,) = self.derive(section)
        assert not isinstance(keys, HsmError), keys.code
        return keys

    def refusal(self, section: pb.KeysSection) -> str:
        (refused,) = self.derive(section)
        assert isinstance(refused, HsmError)
        return refused.code

    def personalized(self, made: EmvApplication, keys: DerivedCardKeys) -> Chip:
        """Put an application into a fresh chip, and insist that the chip did all of it."""
        kmc = next(value for key, value in self.keys.items() if key.label == "chip/KMC")
        chip = manufacture(SERIAL, kmc.reveal())
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        item = ChipToPersonalize(
            card_id="card",
            kmc="chip/KMC#1",
            host_challenge=bytes(8),
            initialize_update=chip.process(initialize_update(bytes(8))),
            sealed_keys=keys.sealed,
            applications=(installed(made),),
            channel=CHANNEL,
        )
        (script,) = self.verbs.personalize(caller("encoding"), [item])
        assert not isinstance(script, HsmError), script.code
        answers = ChipAnswers(item, tuple(chip.process(command) for command in script))
        (verdict,) = self.verbs.check_personalization(caller("encoding"), [answers])
        assert not isinstance(verdict, HsmError), verdict.code
        assert verdict.reason == "", (verdict.index, f"{verdict.status:04X}")
        return chip

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Answer a terminal by the module's verb: an ``IssuerHost``."""
        item = AuthorizationItem(
            card_id="card",
            imk_ac=f"{ISSUER}/IMK-AC",
            derivation="A",
            pan=request.chip.pan,
            sequence_number=request.chip.psn,
            objects=request.chip.objects,
            response_code="00",
        )
        (answer,) = self.verbs.authorize(caller("qa"), [item])
        if isinstance(answer, HsmError):
            return AuthorizationResponse("05", finding=answer.code)
        return AuthorizationResponse("00", answer.authentication_data, answer.scripts)

    def pay(self, chip: Chip, aid: bytes, *pins: str, amount: int = 1234) -> Transaction:
        """Pay at a terminal that trusts the exported authority keys."""
        chip.power_on()
        terminal = Terminal(
            type=0x22,
            capabilities=Capability(0xE0F8C8),
            country="372",
            currency="978",
            aids=(TerminalAid(aid),),
            tac_denial=bytes(5),
            tac_online=bytes(5),
            tac_default=bytes(5),
            floor_limit=50_00,
            ca_keys=tuple(load_ca_keys((self.folder / CAPK_FILE).read_text())),
        )
        at = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)
        wanted = TransactionRequest(amount=amount, at=at, pins=tuple(map(SecretText, pins)))
        return run(InProcess(chip), terminal, wanted, self)


class InProcess(Card):
    """A chip as a terminal's card."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def transmit(self, command: bytes) -> bytes:
        return self._chip.process(command)


def application(
    changes: dict[str, Any] | None = None,
    aips: list[str] | None = None,
    contactless: list[str] | None = None,
) -> EmvApplication:
    """Build a card's application by the catalogue's profile, or a change of it.

    ``changes`` are of its offline authentication, ``aips`` what takes the place of DDA and CDA,
    ``contactless`` the antenna's own interchange profile.
    """
    document = profile_document()
    merged = {**document["authentication"], **(changes or {})}
    document["authentication"] = {name: each for name, each in merged.items() if each is not None}
    if aips is not None:
        for interface in ("contact", "contactless"):
            kept = [each for each in document[interface]["aip"] if each not in {"dda", "cda"}]
            document[interface]["aip"] = kept + aips
        rules = document["contact"]["cvm"]["rules"]
        document["contact"]["cvm"]["rules"] = [r for r in rules if r["method"] != "enciphered_pin"]
    if contactless is not None:
        document["contactless"]["aip"] = contactless
    return build(Profile.model_validate(document), CARD)


def installed(made: EmvApplication) -> ChipApplication:
    return ChipApplication(b"\xf0CWEMV\x01", made.aid, tuple(each.encode() for each in made.dgis))


def authentication(made: OfflineAuthentication | None) -> pb.OfflineAuthentication | None:
    """Write as data preparation does."""
    if made is None:
        return None
    return pb.OfflineAuthentication(
        method=made.method.value,
        issuer_key=f"{ISSUER}/ISSUER-RSA#1",
        icc_bits=made.icc_bits,
        pin_bits=made.pin_bits,
        static_data=made.static_data.reveal(),
        records=[
            pb.RecordTemplate(
                sfi=record.sfi,
                number=record.number,
                objects=[pb.TemplateObject(tag=tag, value=value) for tag, value in record.objects],
            )
            for record in made.records
        ],
    )
