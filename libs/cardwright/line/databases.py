"""Databases, roles and migrations: an owner that nobody runs as, and a poor role a service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import asyncpg

from cardwright.line.layout import SERVICES, repository

__all__ = ["MigrationError", "database_of", "migrate_all", "role_of"]

_OWNER = "cw_owner"
_AUDITOR = "cw_auditor"
_STATIONS = (
    "request",
    "dataprep",
    "keymanagement",
    "printing",
    "encoding",
    "qa",
    "logistics",
    "pinmailer",
    "retention",
)
_BY_HAND = ("export",)
"""Roles of commands that people run: they read the vault, and own no database."""
_DATABASES = {service: f"cardwright_{service}" for service in SERVICES} | {
    "custody": "cardwright_log",
    "vault": "cardwright_vault",
    "datakeys": "cardwright_datakeys",
}
_VAULT = {"vault": "vault", "datakeys": "vault/datakeys"}
"""Databases that belong to no service, and where their migrations lie."""


class MigrationError(Exception):
    """A migration that has run was changed."""

    code = "MIGRATION_CHANGED"


def database_of(service: str) -> str:
    """Return the name of a service's database; the log's is custody's."""
    return _DATABASES[service]


def role_of(service: str) -> str:
    """Return the name of a service's runtime role."""
    return f"cw_{service}"


async def migrate_all(dsn: Callable[[str], str], password: Callable[[str], str]) -> None:
    """Create roles and databases where missing, and run what migrations have not run.

    Args:
        dsn: The superuser's DSN of a database, by name.
        password: A role's password, by role.
    """
    admin = await asyncpg.connect(dsn("postgres"))
    try:
        await _roles(admin, password)
        await _databases(admin)
    finally:
        await admin.close()
    for name, database in _DATABASES.items():
        connection = await asyncpg.connect(dsn(database))
        try:
            await _migrate(connection, _files(name), role_of(name))
        finally:
            await connection.close()


async def _roles(admin: asyncpg.Connection[asyncpg.Record], password: Callable[[str], str]) -> None:
    for role in (_OWNER, _AUDITOR, *map(role_of, (*SERVICES, *_BY_HAND))):
        known = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        if not known:
            login = "NOLOGIN" if role == _OWNER else f"LOGIN PASSWORD '{password(role)}'"
            await admin.execute(f"CREATE ROLE {role} {login}")


async def _databases(admin: asyncpg.Connection[asyncpg.Record]) -> None:
    for database in _DATABASES.values():
        known = await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            await admin.execute(f"CREATE DATABASE {database} OWNER {_OWNER}")
            await admin.execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC")


def _files(name: str) -> list[Path]:
    """Return a database's migrations in order: the shared work table first, then its own."""
    root = repository()
    shared = root / "libs" / "cardwright" / "station" / "migrations"
    own = (
        root / "libs" / "cardwright" / _VAULT[name] / "migrations"
        if name in _VAULT
        else root / "services" / name / "migrations"
    )
    found = sorted(shared.glob("*.sql")) if name in _STATIONS else []
    return [*found, *sorted(own.glob("*.sql"))]


async def _migrate(
    connection: asyncpg.Connection[asyncpg.Record], files: Iterable[Path], role: str
) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (name text PRIMARY KEY, digest bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())"
    )
    await _allow_connections(connection, role)
    for path in files:
        name, text = f"{path.parent.parent.name}/{path.name}", path.read_text()
        digest = hashlib.sha256(text.encode()).digest()
        known = await connection.fetchval("SELECT digest FROM migration WHERE name = $1", name)
        if known == digest:
            continue
        if known is not None:
            raise MigrationError(f"{name} has run and was changed since: add another migration")
        async with connection.transaction():
            await connection.execute(text.replace(":role", role))
            await connection.execute("INSERT INTO migration VALUES ($1, $2)", name, digest)


async def _allow_connections(connection: asyncpg.Connection[asyncpg.Record], role: str) -> None:
    """Let those roles in who have something to do in this database."""
    database = await connection.fetchval("SELECT current_database()")
    if database in map(database_of, _VAULT):
        guests = [role_of(service) for service in (*_STATIONS, *_BY_HAND)]
    elif database == database_of("custody"):
        guests = [role, _AUDITOR]
    else:
        guests = [role]
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {', '.join(guests)}")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(guests)}")
