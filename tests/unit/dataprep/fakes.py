"""Stand-ins for vault, security module and registry, in memory and without secrets kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.card import Operation
from cardwright.cipher import ClearTdes
from cardwright.hsm.port import CardValues, CardValuesItem, HsmError, PinItem, PreparedPin
from cardwright.issuer.registration import load_registration
from cardwright.payment.cvv import cvv, cvv2, icvv
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.secret import SecretBytes, SecretText
from cardwright.station.ports import WorkOrder
from cardwright.vault.vault import Opened
from services.dataprep.catalogue import Catalogue, load_product
from services.dataprep.ports import Allocation, Claim, Wanted, WantedCredential

CATALOGUE = Path(__file__).parents[3] / "catalogue"
TODAY = dt.date(2026, 11, 22)
DEBIT = load_product(CATALOGUE / "products/emv-debit/v1.yaml")
OLD_BADGE = load_product(CATALOGUE / "products/employee-badge/v1.yaml")
BADGE = load_product(CATALOGUE / "products/employee-badge/v2.yaml")
BANK = load_registration(CATALOGUE / "issuers/aurora-bank.yaml")
WORKS = load_registration(CATALOGUE / "issuers/borealis-works.yaml")
CREDENTIAL = Credential(WiegandFormat.H10301, 118, 1603)
ISSUER_KEY = ECKey.generate_key("P-256", {"kid": "aurora-bank/open#1", "use": "enc"}, private=True)


def catalogue() -> Catalogue:
    products = (DEBIT, OLD_BADGE, BADGE)
    return Catalogue(
        products={(product.name, product.version): product for product in products},
        issuers={issuer.name: issuer for issuer in (BANK, WORKS)},
        issuer_keys=dict.fromkeys((BANK.name, WORKS.name), ISSUER_KEY.as_dict(private=False)),
    )


def sensitive(request_id: str, **parts: Any) -> SensitiveData:
    """A bank's request; ``parts`` replaces fields."""
    fields: dict[str, Any] = {
        "issuer": BANK.name,
        "request_id": request_id,
        "cardholder": {"surname": "Marlowe", "given_names": "Inès"},
    }
    return SensitiveData(**(fields | parts))


def badge_request(request_id: str, **parts: Any) -> SensitiveData:
    fields: dict[str, Any] = {
        "issuer": WORKS.name,
        "employee": {"number": "A-004217", "department": "Hydraulics"},
        "photo": b"\xff\xd8 a portrait",
    }
    return sensitive(request_id, **(fields | parts))


def order(request: SensitiveData, *, waived: tuple[str, ...] = (), card_id: str = "") -> WorkOrder:
    card_id = card_id or str(uuid.uuid5(uuid.NAMESPACE_OID, request.request_id))
    return WorkOrder(
        order_id=f"{card_id}.1",
        card_id=card_id,
        operation=Operation.PREPARE,
        attempt=1,
        issuer=request.issuer,
        request_id=request.request_id,
        product=DEBIT.name if request.issuer == BANK.name else BADGE.name,
        product_version=0,
        express=False,
        waived=waived,
    )


class MemoryVault:
    def __init__(self) -> None:
        self.sections: dict[str, dict[str, bytes]] = {}
        self.damaged: set[str] = set()
        self.calls: list[tuple[str, str]] = []

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        self.calls.append(("open", section))
        asked = self.sections.get(section, {}).keys() & set(card_ids)
        damaged = frozenset(self.damaged & asked)
        held = self.sections.get(section, {})
        return Opened({card: SecretBytes(held[card]) for card in asked - damaged}, damaged)

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        self.calls.append(("put", section))
        self.sections.setdefault(section, {}).update(items)

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        await self.put(section, items)


class FakeModule:
    """Three verbs of the security module, with a key of its own; the others are not asked."""

    KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")

    def __init__(
        self, fault: HsmError | None = None, refused: Mapping[str, HsmError] | None = None
    ) -> None:
        self.fault = fault  # of every call
        self.refused = refused or {}  # of the card with this expiry
        self.calls: list[str] = []
        self.cvks: set[str] = set()
        self.pins: list[PinItem] = []
        self.no_pin: dict[str, HsmError] = {}
        self.environments: set[str] = set()

    async def digest(self, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        self.calls.append(key_label)
        return [hmac.digest(self.KEY, value.reveal(), hashlib.sha256) for value in values]

    async def card_values(self, items: Sequence[CardValuesItem]) -> list[CardValues | HsmError]:
        self.calls.append("card_values")
        self.cvks.update(item.cvk for item in items)
        self.environments.update(item.environment for item in items)
        if self.fault is not None:
            raise self.fault
        return [self.refused.get(item.expiry) or self._values(item) for item in items]

    async def prepare_pins(self, items: Sequence[PinItem]) -> list[PreparedPin | HsmError]:
        self.calls.append("prepare_pins")
        self.pins += items
        return [self.no_pin.get(item.card_id) or self._pin(item) for item in items]

    def _pin(self, item: PinItem) -> PreparedPin:
        mailed = f"mailed {item.card_id}".encode() if item.mailed else b""
        return PreparedPin(f"for chip {item.card_id}".encode(), mailed, SecretText("5432"))

    def _values(self, item: CardValuesItem) -> CardValues:
        key, pan = ClearTdes(SecretBytes(self.KEY)), item.pan.reveal()
        return CardValues(
            SecretText(cvv(key, pan, item.expiry, item.service_code)),
            SecretText(cvv2(key, pan, item.expiry)),
            SecretText(icvv(key, pan, item.expiry)),
        )


class MemoryRegistry:
    def __init__(self, start: int = 0) -> None:
        self.next = start
        self.allocations: dict[str, Allocation] = {}
        self.live: dict[tuple[bytes, str, str], str] = {}
        self.credentials_given: dict[str, int] = {}
        self.cases: dict[str, str] = {}

    async def allocate(self, tx: object, wanted: Sequence[Wanted]) -> dict[str, Allocation]:
        assert tx is not None
        for item in wanted:
            if item.card_id not in self.allocations:
                index = self.next if item.number else None
                self.next += item.number
                self.allocations[item.card_id] = Allocation(
                    index, item.sequence_number, item.expiry
                )
        return {item.card_id: self.allocations[item.card_id] for item in wanted}

    async def credentials(self, tx: object, wanted: Sequence[WantedCredential]) -> dict[str, int]:
        assert tx is not None
        for item in wanted:
            number = item.first + len(self.credentials_given)
            if number <= item.last:
                self.credentials_given.setdefault(item.card_id, number)
        return {
            item.card_id: self.credentials_given[item.card_id]
            for item in wanted
            if item.card_id in self.credentials_given
        }

    async def claim(self, tx: object, claims: Sequence[Claim]) -> set[str]:
        assert tx is not None
        return {
            item.card_id
            for item in claims
            if self.live.setdefault(
                (item.pan_digest, item.sequence_number, item.expiry), item.card_id
            )
            == item.card_id
        }

    async def open_cases(self, tx: object, codes: Mapping[str, str]) -> None:
        assert tx is not None
        self.cases.update(codes)
