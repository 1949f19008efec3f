"""Cards as data preparation makes them, and stand-ins for the vault and the security module."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.card import Operation
from cardwright.chip.crypto import aes_key_check_value, des_key_check_value
from cardwright.chip.emv import EmvApplet
from cardwright.emv.dgi import parse_all
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.globalplatform.store_data import encode_dgi
from cardwright.hsm.port import (
    BadgeProof,
    ChipAnswers,
    ChipStage,
    ChipToPersonalize,
    ChipVerdict,
    HsmError,
)
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.proto.vault.v1.sections_pb2 import (
    ApplicationRecords,
    CertificatesSection,
    ChipRecord,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.station.ports import WorkOrder
from cardwright.vault.vault import Opened
from services.dataprep.adapters.sections import encode_sections
from services.dataprep.chips import BadgeChip, EmvChip
from services.dataprep.domain.account import Account
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import draft
from services.dataprep.domain.request import CardRequest
from services.dataprep.products import Product
from services.encoding.ports import Attempt
from services.keymanagement.module.cards.chip_keys import ApplicationKeys
from services.keymanagement.module.cards.script import Script, prepare
from tests.unit.dataprep.chip_kit import (
    ACCOUNT,
    CARD_PIN,
    DEBIT_2,
    PROFILES,
    composed,
    drafted,
)
from tests.unit.dataprep.chip_kit import (
    made as module_groupings,
)
from tests.unit.dataprep.fakes import BADGE, BANK, CREDENTIAL, DEBIT, TODAY, WORKS

T = TypeVar("T")
KMC = SecretBytes(bytes.fromhex("404142434445464748494a4b4c4d4e4f"))  # GlobalPlatform's test key
SEALED = {kind: f"sealed {kind} keys".encode() for kind in ("debit", "badge", "cda")}
_CERTIFICATES_FILE = 3


def _debit_keys() -> ApplicationKeys:
    assert isinstance(DEBIT.chip, EmvChip)
    # Even octets have no meaning to triple DES; three different keys.
    keys = [bytes(range(n, n + 32, 2)) for n in range(3)]
    return ApplicationKeys(
        DEBIT.chip.instance_aid,
        (SecretBytes(encode_dgi(0x8000, b"".join(keys))),),
        (encode_dgi(0x9000, b"".join(map(des_key_check_value, keys))),),
    )


def _badge_keys() -> ApplicationKeys:
    assert isinstance(BADGE.chip, BadgeChip)
    key = bytes(range(16))
    return ApplicationKeys(
        BADGE.chip.instance_aid,
        (SecretBytes(encode_dgi(0x8001, key)),),
        (encode_dgi(0x9001, aes_key_check_value(key)),),
    )


def _cda_keys() -> ApplicationKeys:
    (recipe,) = composed(drafted()).recipes
    made = list(module_groupings(recipe))
    secret = [dgi for dgi in made if dgi.id in EmvApplet.ENCRYPTED]
    return ApplicationKeys(
        recipe.instance_aid,
        tuple(SecretBytes(dgi.encode()) for dgi in secret),
        tuple(dgi.encode() for dgi in made if dgi not in secret),
    )


@functools.cache
def keys_of(sealed: bytes) -> Mapping[bytes, ApplicationKeys]:
    """What the security module finds in a sealed section, by instance."""
    makers = {SEALED["debit"]: _debit_keys, SEALED["badge"]: _badge_keys, SEALED["cda"]: _cda_keys}
    made = makers[sealed]()
    return {made.instance_aid: made}


@functools.cache
def certificates() -> bytes:
    """The section with the records that the security module made."""
    (made,) = keys_of(SEALED["cda"]).values()
    groupings = [dgi for encoded in made.plain for dgi in parse_all(encoded)]
    records = [
        ChipRecord(sfi=dgi.id >> 8, number=dgi.id & 0xFF, content=dgi.value)
        for dgi in groupings
        if dgi.id >> 8 == _CERTIFICATES_FILE
    ]
    application = ApplicationRecords(instance_aid=made.instance_aid, records=records)
    return CertificatesSection(applications=[application]).SerializeToString()


BLANK = "RTX-0001-00000001"


def order(
    card: str = "card",
    operation: Operation = Operation.ENCODE,
    blank: str = BLANK,
    attempt: int = 1,
) -> WorkOrder:
    """An order for a card named so; its id is a UUID all the same."""
    card_id = str(uuid.uuid5(uuid.NAMESPACE_OID, card))
    return WorkOrder(
        order_id=f"{card_id}.{operation}",
        card_id=card_id,
        operation=operation,
        attempt=attempt,
        issuer="aurora-bank",
        request_id="request-1",
        product="emv-debit",
        product_version=1,
        express=False,
        blank_serial=blank,
    )


def debit_sections(card_id: str, product: Product = DEBIT) -> dict[str, bytes]:
    """What data preparation puts into the vault for a debit card."""
    request = CardRequest("aurora-bank", "request-1", SecretText("Marlowe"), SecretText("Ines"))
    cvv, cvv2, icvv = (SecretText(value) for value in ("123", "456", "789"))
    account = Account(
        Pan("9999990000000006"), "00", Expiry(2029, 11), cvv, cvv2, icvv, issued=False
    )
    ready = draft(card_id, request, product, BANK, waived=(), today=TODAY)
    return encode_sections(compose(ready, account))


def badge_sections(card_id: str, product: Product = BADGE) -> dict[str, bytes]:
    """What data preparation puts into the vault for a badge."""
    request = CardRequest(
        issuer=WORKS.name,
        request_id="request-1",
        surname=SecretText("Marlowe"),
        given_names=SecretText("Ines"),
        employee_number=SecretText("A-004217"),
        photo=b"portrait",
    )
    return encode_sections(
        compose(draft(card_id, request, product, WORKS, waived=(), today=TODAY), None, CREDENTIAL)
    )


def cda_sections(card_id: str, product: Product = DEBIT_2, level: str = "") -> dict[str, bytes]:
    """What is in the vault for a debit card that authenticates itself and compares its PIN.

    Args:
        card_id: the card.
        product: of several applications.
        level: another security level than the product's.
    """
    if level:
        channel = product.chip.channel.model_copy(update={"security_level": level})
        chip = product.chip.model_copy(update={"channel": channel})
        product = product.model_copy(update={"chip": chip})
    made = compose(replace(drafted(product), card_id=card_id), ACCOUNT, None, CARD_PIN, PROFILES)
    return encode_sections(made) | {"certificates": certificates()}


_SECTIONS = {"debit": debit_sections, "badge": badge_sections, "cda": cda_sections}


class MemoryVault:
    """Sections in clear; a damaged card's don't open."""

    def __init__(self) -> None:
        self.sections: dict[str, dict[str, bytes]] = {}
        self.damaged: set[tuple[str, str]] = set()
        self.calls: list[str] = []

    def file(self, card_id: str, kind: str) -> None:
        """Put a card of that kind in."""
        made = _SECTIONS[kind](card_id)
        for section, octets in {**made, "chip_keys": SEALED[kind]}.items():
            self.sections.setdefault(section, {})[card_id] = octets

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        self.calls.append(section)
        rows = self._rows(section, card_ids)
        damaged = frozenset(card for card in rows if (section, card) in self.damaged)
        return Opened({card: SecretBytes(rows[card]) for card in rows.keys() - damaged}, damaged)

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        self.calls.append(section)
        return self._rows(section, card_ids)

    def _rows(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        held: Mapping[str, bytes] = self.sections.get(section, {})
        return {card: held[card] for card in card_ids if card in held}


class FakeModule:
    """The verbs that encoding needs beside the vault's, in this process.

    It builds and checks scripts by the security module's own code, of keys made here.
    """

    def __init__(self, kmc: SecretBytes = KMC) -> None:
        self.kmc = kmc
        self.batches: list[int] = []
        self.stages: list[ChipStage] = []
        self.fault: HsmError | None = None

    async def personalize(
        self, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        self.batches.append(len(items))
        self.stages += [item.stage for item in items]
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return [self._each(item, lambda script: script.commands()) for item in items]

    async def check_personalization(
        self, items: Sequence[ChipAnswers]
    ) -> list[ChipVerdict | HsmError]:
        return [
            self._each(item.chip, lambda script, item=item: script.verdict(item.responses))  # type: ignore[misc]  # bound at once
            for item in items
        ]

    async def check_badges(self, items: Sequence[BadgeProof]) -> list[bool | HsmError]:
        """By an implementation of CMAC, of the keys made here."""
        return [self._genuine(item) for item in items]

    def _genuine(self, proof: BadgeProof) -> bool:
        (grouping,) = keys_of(proof.sealed_keys)[proof.instance_aid].sensitive
        mac = CMAC(AES(grouping.reveal()[3:]))
        mac.update(proof.challenge)
        return mac.finalize() == proof.answer

    def _each(self, chip: ChipToPersonalize, work: Callable[[Script], T]) -> T | HsmError:
        try:
            return work(prepare(chip, self._masters, keys_of(chip.sealed_keys)))
        except GlobalPlatformError as error:
            return HsmError(error.code, str(error))

    def _masters(self, label: str, scheme: Diversification) -> Callable[[bytes], StaticKeys]:
        clear = self.kmc.reveal()
        if label != "chip/KMC#1":  # the issuer's own, of the same length
            clear = bytes(octet ^ 0x36 for octet in clear)
        return partial(scheme.static_keys, scheme.algorithm.cipher(SecretBytes(clear)))


class MemoryAttempts:
    """Attempts in memory."""

    def __init__(self) -> None:
        self.tried: dict[str, list[Attempt]] = {}
        self.pieces: dict[bytes, str] = {}

    async def begin(self, attempt: Attempt) -> int:
        self.tried.setdefault(attempt.piece, []).append(attempt)
        return len(self.tried[attempt.piece])

    async def forget(self, piece: str) -> None:
        self.tried.pop(piece, None)

    async def last(self, piece: str) -> Attempt | None:
        return self.tried[piece][-1] if piece in self.tried else None

    async def belongs(self, chip: bytes, piece: str) -> bool:
        others = {known: other for other, known in self.pieces.items()}
        return self.pieces.setdefault(chip, piece) == piece and others.get(piece, chip) == chip
