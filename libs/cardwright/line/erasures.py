"""What an auditor of erasures reads beside the log: kept reports, and whose data are left."""

from __future__ import annotations

import asyncpg

from cardwright.audit.erasures import KeptReport
from cardwright.line.databases import database_of, role_of
from cardwright.line.layout import Layout
from cardwright.vault.vault import SECTIONS

__all__ = ["kept_reports", "sections_left"]


async def kept_reports(layout: Layout) -> list[KeptReport]:
    """Return the reports of all erasures that are closed."""
    connection = await asyncpg.connect(_dsn(layout, "retention"))
    try:
        rows = await connection.fetch("SELECT digest, report FROM erasure WHERE report IS NOT NULL")
    finally:
        await connection.close()
    return [KeptReport(row["digest"], row["report"]) for row in rows]


async def sections_left(layout: Layout) -> dict[str, set[str]]:
    """Return the sections that hold rows or data keys, by card; their content is not read."""
    left: dict[str, set[str]] = {}
    for database, table in (("vault", "section"), ("datakeys", "key")):
        connection = await asyncpg.connect(_dsn(layout, database))
        try:
            for section in SECTIONS:
                query = f"SELECT DISTINCT card_id::text FROM {table}_{section}"  # noqa: S608  # a name of the list
                for row in await connection.fetch(query):
                    left.setdefault(row["card_id"], set()).add(section)
        finally:
            await connection.close()
    return left


def _dsn(layout: Layout, database: str) -> str:
    role, port = role_of("retention"), layout.ports()["postgres"]
    password = layout.password(role)
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database_of(database)}"
