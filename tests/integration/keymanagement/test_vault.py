from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from cardwright.hsm.port import HsmError
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.vault import SECTIONS, Opened, Vault, VaultError
from tests.integration.keymanagement.module_process import ModuleProcess, client

ROLES = (
    "request",
    "dataprep",
    "keymanagement",
    "printing",
    "encoding",
    "qa",
    "logistics",
    "pinmailer",
)
MIGRATIONS = sorted(Path("libs/cardwright/vault/migrations").glob("*.sql"))
CARDS = [str(uuid4()) for _ in range(3)]

Open = Callable[[str], Awaitable[Vault]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-vault-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, free_port())
    try:
        in_own_loop(prepared(server))
        yield server
    finally:
        in_own_loop(server.stop())
        shutil.rmtree(folder)


async def prepared(server: EmbeddedPostgres) -> None:
    await server.start()
    connection = await asyncpg.connect(server.dsn())
    for role in ROLES:
        await connection.execute(f"CREATE ROLE cw_{role} LOGIN PASSWORD 'test'")
    await connection.execute("CREATE DATABASE cardwright_vault")
    await connection.close()
    connection = await asyncpg.connect(server.dsn("cardwright_vault"))
    for migration in MIGRATIONS:
        await connection.execute(migration.read_text())
    guests = ", ".join(f"cw_{role}" for role in ROLES)
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {guests}")
    await connection.close()


def in_own_loop(work: Awaitable[None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()  # type: ignore[arg-type]  # a coroutine


@pytest_asyncio.fixture
async def vault_of(
    postgres: EmbeddedPostgres, module: ModuleProcess, keys: Path
) -> AsyncIterator[Open]:
    """The vault as a service of some role sees it."""
    async with AsyncExitStack() as stack:

        async def connect(role: str) -> Vault:
            hsm = await stack.enter_async_context(client(module, keys, role))
            dsn = postgres.dsn("cardwright_vault", f"cw_{role}", "test")
            vault = await Vault.connect(SecretText(dsn), hsm, connections=1)
            stack.push_async_callback(vault.close)
            return vault

        yield connect


async def test_a_reader_opens_what_the_writer_wrote_last(vault_of: Open) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    await dataprep.put("print", {CARDS[0]: b"first", CARDS[1]: b"other"})
    await dataprep.put("print", {CARDS[0]: b"again"})
    absent = CARDS[2]
    assert await printing.open("print", [CARDS[0], CARDS[1], absent]) == Opened(
        {CARDS[0]: SecretBytes(b"again"), CARDS[1]: SecretBytes(b"other")}
    )
    assert await printing.open("print", []) == Opened({})
    await dataprep.put("print", {})


async def test_the_writer_cannot_reopen_what_it_wrote(vault_of: Open) -> None:
    dataprep = await vault_of("dataprep")
    await dataprep.put("print", {CARDS[0]: b"secret"})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await dataprep.open("print", CARDS)


async def test_a_database_that_let_it_would_not_help_printing(
    vault_of: Open, postgres: EmbeddedPostgres, module: ModuleProcess, keys: Path
) -> None:
    dataprep = await vault_of("dataprep")
    await dataprep.put("chip", {CARDS[0]: b"secret"})
    async with client(module, keys, "printing") as hsm:
        owner = await Vault.connect(SecretText(postgres.dsn("cardwright_vault")), hsm)
        with pytest.raises(HsmError) as caught:
            await owner.open("chip", CARDS)
        await owner.close()
    assert caught.value.code == "HSM_DENIED"


async def test_a_moved_or_changed_blob_is_told_and_the_rest_opens(vault_of: Open) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    await dataprep.put("print", {CARDS[0]: b"mine", CARDS[1]: b"other", CARDS[2]: b"third"})
    sealed = await printing.get_sealed("print", CARDS)
    changed = sealed[CARDS[2]][:-1] + bytes([sealed[CARDS[2]][-1] ^ 1])
    await dataprep.put_sealed("print", {CARDS[0]: sealed[CARDS[1]], CARDS[2]: changed})
    assert await printing.open("print", CARDS) == Opened(
        {CARDS[1]: SecretBytes(b"other")}, frozenset((CARDS[0], CARDS[2]))
    )


WRITERS = {
    "request": {"request"},
    "print": {"dataprep"},
    "stripe": {"dataprep"},
    "chip": {"dataprep"},
    "keys": {"dataprep"},
    "chip_keys": {"keymanagement"},
    "certificates": {"keymanagement"},
    "inspection": {"dataprep"},
    "pin": {"dataprep"},
    "mailer": {"dataprep"},
}
READERS = {
    "request": {"dataprep"},
    "print": {"printing"},
    "stripe": {"encoding"},
    "chip": {"encoding"},
    "keys": {"keymanagement"},
    "chip_keys": {"encoding"},
    "certificates": {"encoding"},
    "inspection": {"qa"},
    "pin": {"pinmailer"},
    "mailer": {"pinmailer"},
}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_reads_and_writes_its_sections_alone(vault_of: Open, role: str) -> None:
    vault = await vault_of(role)
    for section in SECTIONS:
        for allowed, work in (
            (role in WRITERS[section], lambda name: vault.put_sealed(name, {CARDS[0]: b"blob"})),
            (role in READERS[section], lambda name: vault.get_sealed(name, CARDS)),
        ):
            if allowed:
                await work(section)
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await work(section)


async def test_an_unknown_section_is_refused(vault_of: Open) -> None:
    vault = await vault_of("qa")
    for work in (vault.put("no", {}), vault.open("no", []), vault.get_sealed("no", [])):
        with pytest.raises(VaultError) as caught:
            await work
        assert caught.value.code == "SECTION_UNKNOWN"
