"""Brings a whole line up, in order, and takes it down again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yaml

from cardwright.issuer.keys import create_keys
from cardwright.line.databases import migrate_all
from cardwright.line.layout import SITE, Layout, repository
from cardwright.line.processes import LineOptions, LineProcesses, make_folders
from cardwright.line.topics import topics_of
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.broker_kafka import KafkaBroker
from cardwright.localstack.choose import Stack, StackChoice
from cardwright.localstack.errors import ProcessFailedError
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.processes import Supervisor
from cardwright.localstack.topics import ensure_topics

__all__ = ["Line", "Report", "issuers_of", "running_line"]

Report = Callable[[str], None]
_PARTITIONS = 4
# A keystore, or tokens behind PKCS#11: whichever it is, its set-up wrote this file last.
_KEYS_ARE_THERE = ("keystore.json", "pkcs11.json")


class Line:
    """A line under one supervisor; what it started ends with it."""

    def __init__(
        self, layout: Layout, choice: StackChoice, supervisor: Supervisor, options: LineOptions
    ) -> None:
        self.layout = layout
        self.supervisor = supervisor
        self.bootstrap = choice.kafka or f"127.0.0.1:{layout.ports()['broker']}"
        self._choice = choice
        self.processes = LineProcesses(layout, self.bootstrap, options)
        self.postgres = (
            None
            if choice.postgres
            else EmbeddedPostgres(layout.root / "postgres", layout.ports()["postgres"])
        )
        self.broker = self._make_broker()

    async def up(self, report: Report) -> None:
        """Start everything that does not run yet; ``report`` is told each step."""
        await make_folders(self.layout)
        report("database and broker")
        await asyncio.gather(*(s.start_supervised(self.supervisor) for s in self._servers()))
        report("roles, databases, migrations")
        await migrate_all(self.superuser_dsn, self.layout.password)
        report("topics")
        issuers = issuers_of(repository() / "catalogue")
        await ensure_topics(self.bootstrap, topics_of(issuers, SITE, _PARTITIONS))
        await asyncio.to_thread((self.layout.root / "bootstrap").write_text, self.bootstrap)
        report("test keys")
        await asyncio.to_thread(make_keys, self.layout, issuers)
        report("security module and devices")
        for spec in self.processes.equipment():
            await self.supervisor.start(spec)
        report("services")
        for spec in self.processes.services():
            await self.supervisor.start(spec)

    def superuser_dsn(self, database: str) -> str:
        """Return the superuser's connection string of a database."""
        if self.postgres is not None:
            return self.postgres.dsn(database)
        assert self._choice.postgres is not None, "no database of our own, so one was named"
        return urlunsplit(urlsplit(self._choice.postgres)._replace(path=f"/{database}"))

    def _servers(self) -> list[EmbeddedPostgres | EmbeddedBroker | KafkaBroker]:
        return [server for server in (self.postgres, self.broker) if server is not None]

    def _make_broker(self) -> EmbeddedBroker | KafkaBroker | None:
        if self._choice.kafka:
            return None
        port = self.layout.ports()["broker"]
        if self._choice.stack is Stack.KAFKA:
            jars = repository() / ".cardwright" / "kafka" / "lib"
            return KafkaBroker(self.layout.root / "kafka", port, jars=jars)
        return EmbeddedBroker(self.layout.root / "broker", port)


@contextlib.asynccontextmanager
async def running_line(
    layout: Layout, choice: StackChoice, options: LineOptions, report: Report
) -> AsyncIterator[Line]:
    """Run a line for as long as the block lasts."""
    async with Supervisor(layout.status_file) as supervisor:
        line = Line(layout, choice, supervisor, options)
        await line.up(report)
        yield line


def issuers_of(catalogue: Path) -> list[str]:
    """Return the names of the issuers that are registered."""
    found = sorted((catalogue / "issuers").glob("*.yaml"))
    return [str(yaml.safe_load(path.read_text())["name"]) for path in found]


def make_keys(layout: Layout, issuers: list[str]) -> None:
    """Make the test keys of bureau and issuers, where there are none.

    The keys are made by the security module's own program: nobody else knows how it keeps them.
    What holds them is CARDWRIGHT_HSM_BACKEND's choice at that time; later the folder tells.

    Raises:
        ProcessFailedError: with what that program said.
    """
    if not any((layout.keys / name).exists() for name in _KEYS_ARE_THERE):
        program = (sys.executable, "-m", "services.keymanagement.module", "init")
        options = ("--out", str(layout.keys), "--catalogue", str(repository() / "catalogue"))
        done = subprocess.run(  # noqa: S603  # our own program
            [*program, *options],
            cwd=repository(),
            env=dict(os.environ),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ProcessFailedError(f"No test keys were made: {done.stderr.strip()}")
    for issuer in issuers:
        public = layout.issuers / f"{issuer}.jwks.json"
        if not public.exists():
            made = create_keys(issuer, layout.issuer_secrets)
            public.write_bytes(made.public.read_bytes())
