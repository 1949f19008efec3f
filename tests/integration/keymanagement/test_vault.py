from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from cardwright.hsm.port import HsmError
from cardwright.line.databases import database_of, migrate_all
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.proto.vault.v1.sections_pb2 import SealedBlob
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
    "retention",
)
DATABASES = (database_of("vault"), database_of("datakeys"))
CARDS = [str(uuid4()) for _ in range(3)]


class Open:
    """Opens the vault as a service of some role sees it."""

    def __init__(
        self, postgres: EmbeddedPostgres, connect: Callable[[str], Awaitable[Vault]]
    ) -> None:
        self._postgres, self._connect = postgres, connect

    async def __call__(self, role: str) -> Vault:
        return await self._connect(role)

    def dsn(self, database: str, role: str) -> str:
        return self._postgres.dsn(database, f"cw_{role}", "test")


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
    await migrate_all(server.dsn, lambda _: "test")


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
            rows, apart = (SecretText(opener.dsn(name, role)) for name in DATABASES)
            vault = await Vault.connect(rows, apart, hsm, connections=1)
            stack.push_async_callback(vault.close)
            return vault

        opener = Open(postgres, connect)
        yield opener


async def test_a_reader_opens_what_the_writer_wrote_last(vault_of: Open) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    await dataprep.put("print", {CARDS[0]: b"first", CARDS[1]: b"other"})
    await dataprep.put("print", {CARDS[0]: b"again"})
    absent = str(uuid4())
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


READABLE = ("request", "print", "stripe", "chip", "certificates", "inspection", "pin", "mailer")


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("dataprep", [s for s in READABLE if s != "request"]),
        ("printing", [s for s in READABLE if s != "print"]),
        ("encoding", ["request", "print", "inspection", "pin", "mailer"]),
        ("qa", [s for s in READABLE if s != "inspection"]),
        ("logistics", READABLE),
        ("keymanagement", READABLE),
        ("retention", READABLE),
        ("pinmailer", [s for s in READABLE if s not in {"pin", "mailer"}]),
    ],
)
async def test_full_access_to_both_databases_opens_no_more(
    vault_of: Open,
    postgres: EmbeddedPostgres,
    module: ModuleProcess,
    keys: Path,
    role: str,
    sections: Sequence[str],
) -> None:
    writers = {name: await vault_of(next(iter(WRITERS[name]))) for name in sections}
    async with client(module, keys, role) as hsm:
        rows, apart = (SecretText(postgres.dsn(name)) for name in DATABASES)
        owner = await Vault.connect(rows, apart, hsm)
        for section in sections:
            await writers[section].put(section, {CARDS[0]: b"secret"})
            with pytest.raises(HsmError) as caught:
                await owner.open(section, CARDS)
            assert caught.value.code == "HSM_DENIED", section
        await owner.close()


@pytest.mark.parametrize("role", ["dataprep", "printing", "encoding", "qa", "logistics"])
async def test_who_handles_cards_reads_neither_pins_nor_addresses(
    vault_of: Open, role: str
) -> None:
    vault = await vault_of(role)
    for section in ("pin", "mailer"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await vault.get_sealed(section, CARDS)
    dsn = vault_of.dsn("cardwright_datakeys", role)
    connection = await asyncpg.connect(dsn)
    for section in ("pin", "mailer"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT wrapped_key FROM key_{section}")
    await connection.close()


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


BLOB = SealedBlob(nonce=bytes(12), wrapped_key=bytes(40)).SerializeToString()


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_reads_and_writes_its_sections_alone(vault_of: Open, role: str) -> None:
    vault = await vault_of(role)
    for section in SECTIONS:
        for allowed, work in (
            (role in WRITERS[section], lambda name: vault.put_sealed(name, {CARDS[0]: BLOB})),
            (role in READERS[section], lambda name: vault.get_sealed(name, CARDS)),
        ):
            if allowed:
                await work(section)
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await work(section)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("database", "table"), [("vault", "section"), ("datakeys", "key")])
async def test_one_role_deletes_and_it_reads_nothing(
    vault_of: Open, role: str, database: str, table: str
) -> None:
    connection = await asyncpg.connect(vault_of.dsn(f"cardwright_{database}", role))
    secret = {"vault": "sealed", "datakeys": "wrapped_key"}[database]
    for section in SECTIONS:
        delete = f"DELETE FROM {table}_{section} WHERE card_id = $1"
        if role == "retention":
            await connection.execute(delete, uuid4())
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT {secret} FROM {table}_{section}")
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(delete, uuid4())
        for forbidden in (f"TRUNCATE {table}_{section}", f"DROP TABLE {table}_{section}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    await connection.close()


async def test_whoever_dies_between_the_databases_harms_nothing(
    vault_of: Open, postgres: EmbeddedPostgres
) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    first, second = (str(uuid4()) for _ in range(2))
    await dataprep.put("print", {first: b"before"})
    rows = await asyncpg.connect(postgres.dsn("cardwright_vault"))
    await rows.execute("ALTER TABLE section_print ADD CONSTRAINT broken CHECK (false) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await dataprep.put("print", {first: b"after", second: b"new"})
    await rows.execute("ALTER TABLE section_print DROP CONSTRAINT broken")
    await rows.close()
    assert await printing.open("print", [first, second]) == Opened({first: SecretBytes(b"before")})
    await dataprep.put("print", {first: b"after", second: b"new"})
    assert (await printing.open("print", [first, second])).cards == {
        first: SecretBytes(b"after"),
        second: SecretBytes(b"new"),
    }


async def test_rows_hold_no_data_key(vault_of: Open, postgres: EmbeddedPostgres) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    card = str(uuid4())
    await dataprep.put("print", {card: b"secret"})
    rows = await asyncpg.connect(postgres.dsn("cardwright_vault"))
    kept = await rows.fetchval("SELECT sealed FROM section_print WHERE card_id = $1", card)
    await rows.close()
    assert SealedBlob.FromString(kept).wrapped_key == b""
    whole = SealedBlob.FromString((await printing.get_sealed("print", [card]))[card])
    assert len(whole.wrapped_key) == 40


async def test_a_card_without_data_keys_is_erased_and_one_with_others_is_damaged(
    vault_of: Open, postgres: EmbeddedPostgres
) -> None:
    dataprep, printing = await vault_of("dataprep"), await vault_of("printing")
    card = str(uuid4())
    await dataprep.put("print", {card: b"secret"})
    apart = await asyncpg.connect(postgres.dsn("cardwright_datakeys"))
    await apart.execute("UPDATE key_print SET nonce = $2 WHERE card_id = $1", card, bytes(12))
    assert await printing.open("print", [card]) == Opened({}, frozenset([card]))
    await apart.execute("DELETE FROM key_print WHERE card_id = $1", card)
    await apart.close()
    assert await printing.open("print", [card]) == Opened({})
    assert await printing.get_sealed("print", [card]) == {}


async def test_what_is_no_blob_is_not_stored(vault_of: Open) -> None:
    vault = await vault_of("dataprep")
    for octets in (b"\xff", b"", SealedBlob(nonce=bytes(12)).SerializeToString()):
        with pytest.raises(VaultError) as caught:
            await vault.put_sealed("print", {CARDS[0]: octets})
        assert caught.value.code == "SEALED_MALFORMED"


async def test_an_unknown_section_is_refused(vault_of: Open) -> None:
    vault = await vault_of("qa")
    for work in (vault.put("no", {}), vault.open("no", []), vault.get_sealed("no", [])):
        with pytest.raises(VaultError) as caught:
            await work
        assert caught.value.code == "SECTION_UNKNOWN"
