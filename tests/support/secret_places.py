"""Everything that a line leaves behind, as octets: where a secret that leaked would be found."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from cardwright.line.databases import database_of
from cardwright.line.line import Line

__all__ = ["places", "topic_records"]

Place = tuple[str, bytes]
_Form = Literal["text", "binary"]
_FORMS: tuple[_Form, ...] = ("text", "binary")

_HOMES_OF_SECRETS = ("keys", "passwords", "issuers-at-home", "floor")
"""Folders of a line's state that hold secrets by their purpose; floor is the physical cards."""
_PASSWORD_FILE = "superuser.password"
_WRITE_AHEAD_LOG = "pg_wal"


async def places(line: Line) -> AsyncIterator[Place]:
    """Yield every place of a line with its content.

    That is: all topics; all tables but the vault's, as text and as octets, and what the database
    knows of its sessions; every file of the state folder (logs, telemetry, the devices' ledgers,
    crash output, temporary files, the broker's and the database's own) but for the homes of
    secrets; the command lines of the processes. Of the database's files the write-ahead log stands
    for the tables: whatever was written, then changed or deleted, went through it.
    """
    async for place in topic_records(line.bootstrap):
        yield place
    async for place in _tables(line):
        yield place
    for place in _files(line.layout.root):
        yield place
    for place in _command_lines(line):
        yield place


async def topic_records(bootstrap: str) -> AsyncIterator[Place]:
    """Yield each topic's keys, headers and values, decompressed, up to where it ends now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await consumer.start()
    try:
        for topic in await admin.describe_topics():
            name = topic["topic"]
            partitions = [TopicPartition(name, p["partition"]) for p in topic["partitions"]]
            yield f"topic {name}", b"\n".join([o async for o in _octets(consumer, partitions)])
    finally:
        await consumer.stop()
        await admin.close()


async def _octets(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition]
) -> AsyncIterator[bytes]:
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    waiting = {partition for partition in partitions if begins[partition] < ends[partition]}
    while waiting:
        for records in (await consumer.getmany(*waiting, timeout_ms=500)).values():
            for record in records:
                yield record.key or b""
                yield record.value or b""
                for name, value in record.headers:
                    yield name.encode()
                    yield value
        waiting = {p for p in waiting if await consumer.position(p) < ends[p]}


async def _tables(line: Line) -> AsyncIterator[Place]:
    admin = await asyncpg.connect(line.superuser_dsn("postgres"))
    try:
        rows = await admin.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate")
        yield "table pg_stat_activity", await _copied(admin, "pg_catalog.pg_stat_activity", "text")
        yield "table pg_authid", await _copied(admin, "pg_catalog.pg_authid", "text")
    finally:
        await admin.close()
    for database in sorted({row["datname"] for row in rows} - {database_of("vault")}):
        db = await asyncpg.connect(line.superuser_dsn(database))
        try:
            for table in await _names(db):
                for form in _FORMS:
                    yield f"table {database}.{table}", await _copied(db, table, form)
        finally:
            await db.close()


async def _names(db: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    rows = await db.fetch(
        "SELECT format('%I.%I', nspname, relname) AS name FROM pg_class"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE relkind IN ('r', 'p', 'm') AND NOT relispartition"
        " AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1"
    )
    return [row["name"] for row in rows]


async def _copied(db: asyncpg.Connection[asyncpg.Record], table: str, form: _Form) -> bytes:
    output = io.BytesIO()
    await db.copy_from_query(f"SELECT * FROM {table}", output=output, format=form)
    return output.getvalue()


def _files(root: Path) -> Iterator[Place]:
    for folder, inner, names in os.walk(root):
        here = Path(folder)
        if here == root:
            inner[:] = [name for name in inner if name not in _HOMES_OF_SECRETS]
        if (here / "PG_VERSION").exists():
            inner[:] = [_WRITE_AHEAD_LOG]
        for name in sorted(names):
            path = here / name
            if path.is_file() and name != _PASSWORD_FILE:
                yield f"file {path.relative_to(root)}", path.read_bytes()


def _command_lines(line: Line) -> Iterator[Place]:
    """Yield what any user of the machine can read of the line's processes."""
    for status in line.supervisor.statuses():
        path = Path(f"/proc/{status.identity.pid if status.identity else 0}/cmdline")
        if path.exists():
            yield f"command line {status.name}", path.read_bytes().replace(b"\0", b" ")
