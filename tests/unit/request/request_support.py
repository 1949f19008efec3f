"""A bureau in memory: its key, its catalogue, its ledger, its vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from PIL import Image

from cardwright.bus.message import Inbound
from cardwright.hsm.port import Agreement, HsmError, SecurityModule
from cardwright.issuer.message import RequestMessage, Sealer
from cardwright.issuer.rows import RequestRow
from cardwright.secret import SecretBytes
from cardwright.station.intake import IntakeResult
from cardwright.station.ports import Transaction
from services.request.adapters.catalogue import Catalogue, RegisteredIssuer
from services.request.adapters.envelopes import ModuleEnvelopes
from services.request.domain.claims import Claim, Held, Position, Repeated
from services.request.domain.model import Eligibility, Issuer, Presence, Product
from services.request.handlers import RequestHandler

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NO_TRANSACTION = cast("Transaction", None)

DEBIT = Product("emv-debit", Eligibility(Presence.NONE, Presence.OPTIONAL, Presence.NONE))
# As the catalogue has it now: with a PIN, and so with an address.
DEBIT_BY_POST = replace(DEBIT, eligibility=replace(DEBIT.eligibility, address=Presence.REQUIRED))
BADGE = Product("employee-badge", Eligibility(Presence.REQUIRED, Presence.NONE, Presence.REQUIRED))
PRODUCTS = {product.name: product for product in (DEBIT, BADGE)}
BANK = Issuer("aurora-bank", frozenset({"emv-debit"}), bin="999999", pan_length=16)
WORKS = Issuer("borealis-works", frozenset({"employee-badge"}))

ROW: dict[str, Any] = {
    "request_id": "AUR-00001-AA",
    "product": "emv-debit",
    "consent": {"reference": "C-1000", "given_at": "now-1d", "expires_at": "now+9d"},
    "cardholder": {"surname": "Sample", "given_names": "Ada"},
}


def fresh_key(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": key_id})


def image(kind: str, size: tuple[int, int] = (60, 80)) -> bytes:
    buffer = BytesIO()
    Image.effect_noise(size, 40).save(buffer, kind)
    return buffer.getvalue()


class BureauKey:
    """The one verb of the security module that envelopes need, with its key in the open."""

    def __init__(self) -> None:
        self.key = fresh_key("bureau/request#1")
        self.calls = 0

    @property
    def public(self) -> ECKey:
        return ECKey.import_key(self.key.as_dict(private=False))

    async def agree(self, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        self.calls += 1
        return [self._agree(item) for item in items]

    def _agree(self, item: Agreement) -> SecretBytes | HsmError:
        if item.key_id != self.key.kid:
            return HsmError("KEY_UNKNOWN", "no such key")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), item.public_key)
        private = self.key.private_key
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return SecretBytes(private.exchange(ec.ECDH(), point))


class MemoryLedger:
    """What claim.sql does, in dictionaries."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], Claim] = {}
        self._repeats: dict[tuple[Position, bytes], UUID] = {}

    async def claim(self, claims: Sequence[Claim], tx: Transaction) -> list[Held | Repeated]:
        del tx
        return [self._claim(claim) for claim in claims]

    def _claim(self, claim: Claim) -> Held | Repeated:
        name = (claim.verdict.issuer, claim.verdict.request_id)
        holder = self._holders.setdefault(name, claim)
        if (holder.position, holder.digest) == (claim.position, claim.digest):
            return Held(holder.stream_id, holder.verdict, new=holder is claim)
        stream = self._repeats.setdefault((claim.position, claim.digest), claim.stream_id)
        return Repeated(stream, same_content=holder.digest == claim.digest)


class MemoryVault:
    """Keeps what was put, in clear, to be looked at."""

    def __init__(self) -> None:
        self.puts: list[tuple[str, dict[str, bytes]]] = []

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        self.puts.append((section, dict(items)))


@dataclass
class Bureau:
    """A request service with two issuers at its door."""

    module: BureauKey = field(default_factory=BureauKey)
    vault: MemoryVault = field(default_factory=MemoryVault)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bank_key: ECKey = field(default_factory=lambda: fresh_key("aurora-bank/sign#1"))
    works_key: ECKey = field(default_factory=lambda: fresh_key("borealis-works/sign#1"))
    now: datetime = NOW
    products: Mapping[str, Product] = field(default_factory=lambda: PRODUCTS)

    def __post_init__(self) -> None:
        self.bank = Sealer("aurora-bank", self.bank_key, self.module.public)
        self.works = Sealer("borealis-works", self.works_key, self.module.public)
        catalogue = Catalogue(
            {
                "aurora-bank": _registered(BANK, self.bank_key),
                "borealis-works": _registered(WORKS, self.works_key),
            },
            self.products,
        )
        self.handler = RequestHandler(
            catalogue,
            ModuleEnvelopes(cast("SecurityModule", self.module)),
            self.ledger,
            self.vault,
            now=lambda: self.now,
        )

    def message(self, folder: Path = Path(), **fields: Any) -> RequestMessage:
        row = RequestRow.model_validate(ROW | fields)
        sealer = self.works if row.product == "employee-badge" else self.bank
        return sealer.message(row, folder=folder, now=NOW, screen=False)

    async def handle(self, *messages: Inbound) -> IntakeResult:
        return await self.handler.handle(messages, NO_TRANSACTION)


def inbound(message: RequestMessage, offset: int = 0, topic: str = "") -> Inbound:
    source = message.headers["ce_source"].removeprefix("/issuers/")
    return Inbound(topic or f"requests.{source}", 0, offset, message.key, message.value, {})


def _registered(issuer: Issuer, key: ECKey) -> RegisteredIssuer:
    return RegisteredIssuer(issuer, {str(key.kid): key.as_dict(private=False)})
