"""A log and its published copy, written as custody writes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from cardwright.audit.sources import EventsTopic, PostgresLog
from cardwright.bus import Outbound, Producer
from cardwright.bus.topics import EVENTS
from cardwright.eventlog.log import EventLog, LogRow, NewEvent
from cardwright.secret import SecretText

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass
class Floor:
    """Both copies, and the database's owner, who can tamper."""

    owner: Connection
    custody: str
    auditor: SecretText
    bootstrap: str

    @property
    def log(self) -> PostgresLog:
        return PostgresLog(self.auditor)

    @property
    def topic(self) -> EventsTopic:
        return EventsTopic(self.bootstrap)

    async def append(self, rows: Iterable[LogRow]) -> None:
        async with asyncpg.create_pool(self.custody, min_size=1, max_size=1) as pool:
            log = EventLog(pool)
            await log.take_over()
            await log.append(
                [
                    NewEvent(
                        row.stream_id,
                        row.sequence,
                        row.kind,
                        row.decode().recorded_at,
                        row.hash,
                        row.body,
                    )
                    for row in rows
                ]
            )

    async def publish(self, rows: Iterable[LogRow]) -> None:
        async with Producer(self.bootstrap, client_id="custody") as producer:
            await producer.send(
                Outbound(EVENTS, row.stream_id, row.body, (("cwposition", b"%d" % row.position),))
                for row in rows
            )

    async def tamper(self, statement: str, *arguments: object) -> None:
        """Do what only the database's owner can, past the triggers."""
        async with self.owner.transaction():
            await self.owner.execute("SET LOCAL session_replication_role = replica")
            await self.owner.execute(statement, *arguments)
