"""A Postgres of one's own: unprivileged, on 127.0.0.1, with a password, crash-safe."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from cardwright.localstack.errors import (
    DataDirUnreachableError,
    PasswordMissingError,
    ProcessFailedError,
)
from cardwright.localstack.pids import HAS_PROC, works_in
from cardwright.localstack.ports import LOOPBACK
from cardwright.localstack.postgres_programs import PostgresPrograms, find_postgres
from cardwright.localstack.process import ProcessSpec, UnixUser
from cardwright.localstack.server import LocalServer
from cardwright.localstack.waiting import until

__all__ = ["SUPERUSER", "EmbeddedPostgres"]

SUPERUSER = "postgres"
_BACKENDS_END_WITHIN_S = 30.0

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # one way in, and it asks for the password
    "password_encryption": "scram-sha-256",
    # An append-only log: every acknowledged commit is on disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Sized for a laptop: a few services, small transactions, steady appends.
    "shared_buffers": "128MB",
    "max_connections": "120",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",  # no query here runs long enough to repay compiling it
    # A client that hangs inside a transaction would hold back vacuum and the appenders' lock.
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log must not quote data: no failed statements, no DETAIL lines with key values.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres(LocalServer):
    """A Postgres cluster in ``data_dir``.

    As root it runs as ``nobody``, since Postgres refuses root; the parents of ``data_dir`` must
    then let others pass. The superuser's password is made once, in a file only the caller reads.

    Args:
        data_dir: directory of cluster, password, log and run record.
        port: loopback port.
        programs: the Postgres to use; by default one that fits the cluster, or the newest.
    """

    name = "postgres"

    def __init__(self, data_dir: Path, port: int, programs: PostgresPrograms | None = None) -> None:
        super().__init__(data_dir, port)
        self._cluster = self.data_dir / "cluster"
        self._password_file = self.data_dir / "superuser.password"
        self._programs = programs or find_postgres(_major_of(self._cluster))
        self._user = _nobody() if os.geteuid() == 0 else None

    def dsn(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Return a connection URL; it holds the password, so keep it out of logs.

        Args:
            database: name of the database.
            user: role name.
            password: the role's password; None for the superuser's own.
        """
        secret = self._password() if password is None else password
        return (
            f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}"
            f"@{LOOPBACK}:{self.port}/{quote(database, safe='')}"
        )

    def prepare(self) -> None:
        """Make the cluster if there is none.

        Raises:
            DataDirUnreachableError: the account it runs as can't enter the data directory.
            PasswordMissingError: the cluster is there and its password file is not.
            ProcessFailedError: initdb failed.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            self.data_dir.chmod(0o711)
            _require_passable(self.data_dir)
        if self._cluster.exists():
            self._password()
        else:
            self._init_cluster()

    async def make_way(self) -> None:
        """Wait until a killed predecessor is gone with all its backends, and drop its lock file.

        The lock file names a pid only. Postgres would refuse to start while that pid exists: as a
        zombie that its parent has not collected yet, or, after a reboot, as another program.
        """
        await super().make_way()
        if not HAS_PROC:
            return  # Postgres's own check of its lock file decides

        async def deserted() -> bool:
            return not await asyncio.to_thread(works_in, self._cluster)

        await until(deserted, _BACKENDS_END_WITHIN_S, f"no process works in {self._cluster}")
        await asyncio.to_thread((self._cluster / "postmaster.pid").unlink, missing_ok=True)

    def process(self) -> ProcessSpec:
        """Return the postmaster."""
        settings = {**_SETTINGS, "port": str(self.port)}
        words = (word for item in settings.items() for word in ("-c", "=".join(item)))
        return ProcessSpec(
            name=self.name,
            argv=(self._programs.path("postgres"), "-D", str(self._cluster), *words),
            log=self.log,
            cwd=self.data_dir,
            ready=self.answers,
            ready_within_s=60.0,  # it may have to replay its log first
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then checkpoints
            stop_within_s=30.0,
            on_parent_death=signal.SIGINT,
            run_as=self._user,
        )

    async def answers(self) -> bool:
        """Tell whether the superuser can log in and query."""
        try:
            connection = await asyncpg.connect(self.dsn(), timeout=5)
        except _NOT_YET:
            return False
        try:
            return bool(await connection.fetchval("SELECT 1") == 1)
        finally:
            await connection.close()

    def _password(self) -> str:
        if not self._password_file.exists():
            raise PasswordMissingError(
                f"{self._password_file} is missing: restore it, or remove the data directory"
            )
        return self._password_file.read_text()

    def _init_cluster(self) -> None:
        """Run initdb beside the final place, so that a cluster is whole or not there."""
        if not self._password_file.exists():
            _write_private(self._password_file, secrets.token_urlsafe(24))
        unfinished = self.data_dir / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        handed_over = self.data_dir / "initdb.password"
        _write_private(handed_over, self._password())
        if self._user is not None:
            os.chown(unfinished, self._user.uid, self._user.gid)
            os.chown(handed_over, self._user.uid, self._user.gid)
        try:
            self._run_initdb(unfinished, handed_over)
        finally:
            handed_over.unlink()
        unfinished.rename(self._cluster)

    def _run_initdb(self, cluster: Path, password_file: Path) -> None:
        options = {
            "pgdata": cluster,
            "username": SUPERUSER,
            "pwfile": password_file,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale": "C",
        }
        answer = subprocess.run(  # noqa: S603  # a program found by find_postgres, no shell
            [
                self._programs.path("initdb"),
                "--data-checksums",
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.data_dir,
            **self._as_user(),
        )
        if answer.returncode != 0:
            raise ProcessFailedError(f"initdb failed: {answer.stderr.strip()}")

    def _as_user(self) -> dict[str, Any]:
        """Return the arguments that make ``subprocess.run`` change to the server's account."""
        if self._user is None:
            return {}
        return {"user": self._user.uid, "group": self._user.gid, "extra_groups": []}


# What a connection meets while the server starts: refused, told to wait, or cut off.
_NOT_YET = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
)


def _nobody() -> UnixUser:
    account = pwd.getpwnam("nobody")
    return UnixUser(account.pw_uid, account.pw_gid)


def _major_of(cluster: Path) -> int | None:
    version = cluster / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _require_passable(directory: Path) -> None:
    for parent in directory.parents:
        if not parent.stat().st_mode & 0o001:
            raise DataDirUnreachableError(
                f"{parent} lets no other account pass, and Postgres can't run as root:"
                " choose a data directory elsewhere, or start as an ordinary user"
            )
