"""Erasure with its real databases; signatures, the bus and the clock are the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec

from cardwright.bus import Inbound, Outbound
from cardwright.bus.message import headers
from cardwright.custody.statement import SignatureVerifier
from cardwright.eventlog.codec import decode_fact_message
from cardwright.eventlog.log import LogRow
from cardwright.hsm.points import point
from cardwright.hsm.port import HsmError, Signatures, WrappedDataKey
from cardwright.line.databases import database_of, role_of
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.secret import SecretBytes
from cardwright.station.outbox import Outbox
from cardwright.station.signers import Signers
from cardwright.station.signing import FactSigner
from cardwright.station.work import WorkTable
from cardwright.vault.datakeys import DataKeys
from cardwright.vault.sealing import Sealer, SealingError, SectionKey, unwrap_data_key
from cardwright.vault.vault import SECTIONS, Vault
from services.retention.adapters.reader import Reader
from services.retention.adapters.settings import RetentionSettings
from services.retention.adapters.store import Store
from services.retention.adapters.trust import Trust
from services.retention.adapters.vault import VaultFloor
from services.retention.handlers import Eraser
from tests.unit.audit.signed_logs import SITE, START, LogMaker, key_of

WRITER = {
    **dict.fromkeys(SECTIONS, "dataprep"),
    "request": "request",
    "chip_keys": "keymanagement",
    "certificates": "keymanagement",
}
READER = {
    "request": "dataprep",
    "print": "printing",
    "stripe": "encoding",
    "chip": "encoding",
    "certificates": "encoding",
    "inspection": "qa",
    "pin": "pinmailer",
    "mailer": "pinmailer",
}
Pool = asyncpg.Pool


class Module:
    """A security module with the section keys; it unwraps whatever it can for anybody."""

    def __init__(self) -> None:
        self.keys = {section: ec.generate_private_key(ec.SECP256R1()) for section in SECTIONS}

    def sealer(self) -> Sealer:
        return Sealer(
            {
                section: SectionKey(f"section/{section}#1", point(key.public_key()))
                for section, key in self.keys.items()
            }
        )

    async def sign(self, payloads: Sequence[bytes]) -> Signatures:
        key = key_of("retention")
        signed = tuple(key.sign(each).signature for each in payloads)
        return Signatures(f"sign/retention.{SITE}#1", signed)

    async def public_keys(self, prefix: str) -> list[Any]:
        raise HsmError("HSM_UNAVAILABLE", f"no {prefix} keys but those that the test gives")

    async def unwrap_data_keys(
        self, section: str, items: Sequence[WrappedDataKey]
    ) -> list[SecretBytes | None]:
        return [self._unwrap(section, item) for item in items]

    def _unwrap(self, section: str, item: WrappedDataKey) -> SecretBytes | None:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), item.ephemeral)
        shared = SecretBytes(self.keys[section].exchange(ec.ECDH(), other))
        try:
            return unwrap_data_key(shared, item.card_id, section, item.wrapped_key)
        except SealingError:
            return None


@dataclass
class Bus:
    sent: list[Outbound] = field(default_factory=list)

    async def send(self, messages: Iterable[Outbound]) -> None:
        self.sent += messages


class House:
    """The eraser, who writes for it to erase, and who tries to read afterwards."""

    def __init__(self, pools: Mapping[str, Pool], module: Module) -> None:
        self.module, self.log, self.bus = module, LogMaker(), Bus()
        self.pools, self.now, self.published = pools, START, 0
        self.verifier = SignatureVerifier({})
        self.asked = asyncio.Event()
        self.begin()

    def begin(self, **settings: str) -> None:
        """Start the service anew: nothing is in memory."""
        told = {f"CARDWRIGHT_{name.upper()}": value for name, value in settings.items()}
        trust = Trust(Signers(cast("Any", self.module), self.verifier), self.verifier)
        store = Store(self.pools["retention"])
        self.reader = Reader(store, trust, self.asked)
        self.vault = VaultFloor(self.pools["floor"], self.pools["floor keys"])
        signer = FactSigner(cast("Any", self.module), "retention", SITE)
        self.eraser = Eraser(
            store=store,
            vault=self.vault,
            trust=trust,
            terms=RetentionSettings.from_environment(told).terms,
            table=WorkTable(),
            outbox=Outbox(signer, cast("Any", self.bus), f"retention.{SITE}"),
            site=SITE,
            whole=lambda: self.reader.whole,
            now=lambda: self.now,
        )

    async def fill(self, card: str, *sections: str) -> None:
        """Write sections of a card, as if at the log's beginning."""
        sealed = self.module.sealer()
        for section in sections or SECTIONS:
            blob = sealed.seal_batch(section, {card: f"secret of {section}".encode()})
            await self.as_role(WRITER[section]).put_sealed(section, blob)
            for name, table in (("rows", "section"), ("keys", "key")):
                await self.pools[name].execute(
                    f"UPDATE {table}_{section} SET written_at = $2 WHERE card_id = $1", card, START
                )

    def as_role(self, role: str) -> Vault:
        rows, keys = self.pools[f"{role} rows"], self.pools[f"{role} keys"]
        return Vault(rows, DataKeys(keys), cast("Any", self.module), self.module.sealer())

    def as_owner(self) -> Vault:
        """With full access to both databases, and a module that refuses nothing."""
        keys = DataKeys(self.pools["keys"])
        return Vault(self.pools["rows"], keys, cast("Any", self.module), self.module.sealer())

    async def publish(self, rows: Sequence[LogRow] | None = None) -> None:
        """Let the service read what the log has; by default what it did not read yet."""
        new = self.log.rows[self.published :] if rows is None else rows
        self.published = len(self.log.rows)
        self.verifier.renew(self.log.public_keys)
        await self.reader.start()
        await self.reader.handle([message(row) for row in new])

    async def sweep(self, after: timedelta = timedelta()) -> None:
        self.now = START + after
        await self.eraser.sweep()

    async def left(self, card: str) -> set[str]:
        """The tables that hold anything of a card."""
        found = set()
        for name, table in (("rows", "section"), ("keys", "key")):
            for section in SECTIONS:
                query = f"SELECT 1 FROM {table}_{section} WHERE card_id = $1 LIMIT 1"
                if await self.pools[name].fetchval(query, card):
                    found.add(f"{table}_{section}")
        return found

    def facts(self) -> list[Any]:
        return [decode_fact_message(sent.value).fact for sent in self.bus.sent]

    async def reports(self) -> list[dict[str, Any]]:
        rows = await self.pools["retention"].fetch("SELECT report FROM erasure ORDER BY erasure_id")
        return [json.loads(row["report"]) if row["report"] else {} for row in rows]


def message(row: LogRow) -> Inbound:
    made = headers(f"cardwright.event.{row.kind}", "custody", str(row.position))
    named = {name: value.decode() for name, value in made} | {"cwposition": str(row.position)}
    return Inbound("events", 0, row.position - 1, row.stream_id.encode(), row.body, named)


def at(days: float) -> timedelta:
    return timedelta(days=days)


@contextlib.asynccontextmanager
async def open_house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    """Open a house with nothing in it."""
    async with contextlib.AsyncExitStack() as stack:

        async def pool(database: str, role: str = "") -> Pool:
            dsn = postgres.dsn(database_of(database), *((role_of(role), "test") if role else ()))
            return await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=0, max_size=2))

        pools = {
            "rows": await pool("vault"),
            "keys": await pool("datakeys"),
            "floor": await pool("vault", "retention"),
            "floor keys": await pool("datakeys", "retention"),
            "retention": await pool("retention", "retention"),
        }
        for role in {*WRITER.values(), *READER.values()}:
            pools[f"{role} rows"] = await pool("vault", role)
            pools[f"{role} keys"] = await pool("datakeys", role)
        owner = await pool("retention")
        tables = "told, read_up_to, complete_up_to, ended, ask, erasure, work"
        await owner.execute(f"TRUNCATE {tables}")
        for section in SECTIONS:
            await pools["rows"].execute(f"TRUNCATE section_{section}")
            await pools["keys"].execute(f"TRUNCATE key_{section}")
        yield House(pools, Module())


def datetime_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
