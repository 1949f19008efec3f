from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cardwright.localstack.errors import (
    DataDirUnreachableError,
    PasswordMissingError,
    PortInUseError,
    ProgramMissingError,
)
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.postgres_programs import (
    PostgresPrograms,
    find_postgres,
    wheel_postgres,
)

ROOT = Path(__file__).parents[3]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes to another account")


@pytest.fixture(params=["found", "wheel"])
def programs(request: pytest.FixtureRequest) -> PostgresPrograms:
    found = find_postgres() if request.param == "found" else wheel_postgres()
    assert found is not None, "the wheel is a dependency"
    return found


@pytest_asyncio.fixture
async def postgres(state: Path, programs: PostgresPrograms) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(state / "postgres", free_port(), programs)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def query(dsn: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def test_committed_rows_survive_kill_9(postgres: EmbeddedPostgres) -> None:
    await query(postgres.dsn(), "CREATE TABLE log (id bigint PRIMARY KEY)")
    connection = await asyncpg.connect(postgres.dsn())
    for number in range(200):
        await connection.execute("INSERT INTO log VALUES ($1)", number)
    killed = postgres.identity()
    assert killed is not None
    killed.signal(signal.SIGKILL)
    connection.terminate()
    await postgres.start()
    assert not postgres.adopted
    assert postgres.identity() != killed
    (row,) = await query(postgres.dsn(), "SELECT count(*) FROM log")
    assert row["count"] == 200


async def test_a_running_server_is_adopted_with_its_port(postgres: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(postgres.data_dir, free_port())
    await second.start()
    assert second.adopted
    assert second.dsn() == postgres.dsn()
    assert second.identity() == postgres.identity()


async def test_every_commit_is_durable_and_only_loopback_listens(
    postgres: EmbeddedPostgres,
) -> None:
    rows = await query(postgres.dsn(), "SELECT name, setting FROM pg_settings")
    settings = {row["name"]: row["setting"] for row in rows}
    assert settings["fsync"] == settings["synchronous_commit"] == "on"
    assert settings["full_page_writes"] == settings["data_checksums"] == "on"
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["unix_socket_directories"] == ""
    assert settings["max_connections"] == "120"
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.2", postgres.port))


async def test_the_password_is_asked_for_and_kept_private(postgres: EmbeddedPostgres) -> None:
    secret = postgres.data_dir / "superuser.password"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text() in postgres.dsn()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn(password="wrong"))
    leftovers = [path.name for path in postgres.data_dir.glob("*password*")]
    assert leftovers == ["superuser.password"]
    assert secret.read_text() not in postgres.log.read_text()


async def test_names_with_odd_characters_connect(postgres: EmbeddedPostgres) -> None:
    await query(postgres.dsn(), "CREATE ROLE \"a@b/c\" LOGIN PASSWORD 'p:@/%?'")
    await query(postgres.dsn(), 'CREATE DATABASE "d b?"')
    (row,) = await query(postgres.dsn("d b?", "a@b/c", "p:@/%?"), "SELECT current_user::text")
    assert row["current_user"] == "a@b/c"


async def test_the_log_quotes_no_data(postgres: EmbeddedPostgres) -> None:
    await query(postgres.dsn(), "CREATE TABLE secret (value text PRIMARY KEY)")
    insert = "INSERT INTO secret VALUES ('confidential')"
    await query(postgres.dsn(), insert)
    with pytest.raises(asyncpg.UniqueViolationError):
        await query(postgres.dsn(), insert)
    log = postgres.log.read_text()
    assert "duplicate key" in log
    assert "confidential" not in log


@needs_root
async def test_root_never_runs_the_server(postgres: EmbeddedPostgres) -> None:
    process = postgres.identity()
    assert process is not None
    owner = os.stat(f"/proc/{process.pid}").st_uid  # noqa: PTH116  # procfs, not a path to keep
    assert owner == pwd.getpwnam("nobody").pw_uid


@needs_root
async def test_a_directory_the_account_cannot_enter_is_named(state: Path) -> None:
    (state / "closed").mkdir(mode=0o700)
    server = EmbeddedPostgres(state / "closed" / "postgres", free_port())
    with pytest.raises(DataDirUnreachableError, match="closed"):
        await server.start()


async def test_a_lost_password_file_is_reported(postgres: EmbeddedPostgres) -> None:
    await postgres.stop()
    (postgres.data_dir / "superuser.password").unlink()
    with pytest.raises(PasswordMissingError):
        await postgres.start()


async def test_a_lock_file_with_anothers_pid_does_not_stop_a_start(
    postgres: EmbeddedPostgres,
) -> None:
    await postgres.stop()
    # Postgres overlooks pids of accounts that are not its own.
    account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    stranger = await asyncio.create_subprocess_exec("sleep", "60", user=account)
    try:
        lock = postgres.data_dir / "cluster" / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{postgres.data_dir / 'cluster'}\n1\n{postgres.port}\n\n")
        await postgres.start()
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_a_taken_port_is_named(state: Path) -> None:
    server = EmbeddedPostgres(state / "postgres", free_port())
    with (
        socket.create_server(("127.0.0.1", server.port)),
        pytest.raises(PortInUseError, match=str(server.port)),
    ):
        await server.start()


async def test_a_half_made_cluster_is_made_again(state: Path) -> None:
    half = state / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15")
    server = EmbeddedPostgres(state / "postgres", free_port())
    try:
        await server.start()
        assert await query(server.dsn(), "SELECT 1")
    finally:
        await server.stop()


async def test_a_cluster_keeps_its_major_version(state: Path) -> None:
    wheel = wheel_postgres()
    assert wheel is not None
    server = EmbeddedPostgres(state / "postgres", free_port(), wheel)
    try:
        await server.start()
        await server.stop()
        server = EmbeddedPostgres(state / "postgres", free_port())
        await server.start()
        (row,) = await query(server.dsn(), "SHOW server_version")
        assert row["server_version"].startswith(f"{wheel.major}.")
    finally:
        await server.stop()
    with pytest.raises(ProgramMissingError, match="PostgreSQL 9"):
        find_postgres(9)


USER_SCRIPT = """
import asyncio, sys
from pathlib import Path
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres

async def main():
    state = Path(sys.argv[1])
    servers = EmbeddedPostgres(state / "p", free_port()), EmbeddedBroker(state / "b", free_port())
    for server in servers:
        try:
            await server.start()
            print(server.name, server.identity() is not None)
        finally:
            await server.stop()

asyncio.run(main())
"""


def python_for_anyone() -> str:
    """An interpreter that another account can run: the system's when ours is in root's home."""
    own = Path(sys.executable).resolve()
    if all(parent.stat().st_mode & 0o001 for parent in own.parents):
        return str(own)
    system = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    if system is None:
        pytest.skip("no Python that another account can run")
    return system


@needs_root
def test_an_ordinary_user_runs_the_whole_stack(state: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    packages = sysconfig.get_path("purelib")
    home = state / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    answer = subprocess.run(
        [python_for_anyone(), "-c", USER_SCRIPT, str(home)],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        env={"PYTHONPATH": f"{ROOT / 'libs'}:{packages}", "PATH": os.environ["PATH"]},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == ["postgres True", "broker True"]


async def test_stopping_twice_is_stopping_once(postgres: EmbeddedPostgres) -> None:
    await postgres.stop()
    await postgres.stop()
    assert postgres.identity() is None
