"""What a ceremony changes while the module serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardwright.hsm.port import CardValues, CardValuesItem, HsmError, WrappedDataKey
from cardwright.secret import SecretText
from cardwright.vault.sealing import Sealer, open_sealed, parse_sealed
from cardwright.vault.vault import newest_keys
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, Journal, changing
from services.keymanagement.module.inventory.keeper import Keeper
from services.keymanagement.module.inventory.lifecycle import ChangeKind
from services.keymanagement.module.opening import open_store
from services.keymanagement.module.provision import PASSPHRASE_FILE
from tests.integration.keymanagement.conftest import made_keys, started
from tests.integration.keymanagement.module_process import ISSUER, ModuleProcess, client

CARD = CardValuesItem(f"{ISSUER}/CVK", SecretText("9999990000000007"), "3012", "201")


@pytest.fixture
def own_keys(backend: str) -> Iterator[Path]:
    with made_keys(backend) as folder:
        yield folder


@pytest.fixture
def serving(own_keys: Path) -> Iterator[ModuleProcess]:
    with started(own_keys) as process:
        yield process


@contextmanager
def ceremony(keys: Path) -> Iterator[Keeper]:
    passphrase = SecretText((keys / PASSPHRASE_FILE).read_text())
    with changing(keys):
        yield Keeper(open_store(keys, passphrase), Journal(keys / JOURNAL_FILE))


async def test_a_rotated_section_opens_old_and_new_without_a_restart(
    serving: ModuleProcess, own_keys: Path
) -> None:
    async with (
        client(serving, own_keys, "dataprep") as dataprep,
        client(serving, own_keys, "printing") as printing,
    ):
        sealer = Sealer(newest_keys(await dataprep.public_keys("section/")))
        old = sealer.seal_batch("print", {"card": b"before"})["card"]
        with ceremony(own_keys) as keeper:
            keeper.rotate("section/print")
        keys = await dataprep.public_keys("section/print")
        assert [(key.key_id, key.state) for key in keys] == [
            ("section/print#1", "deactivated"),
            ("section/print#2", "active"),
        ]
        sealer.renew(newest_keys(keys))
        new = sealer.seal_batch("print", {"card": b"after"})["card"]
        for sealed, content in ((old, b"before"), (new, b"after")):
            blob = parse_sealed(sealed)
            wrapped = WrappedDataKey("card", blob.key_id, blob.ephemeral, blob.wrapped_key)
            (key,) = await printing.unwrap_data_keys("print", [wrapped])
            assert key is not None
            assert open_sealed(blob, "card", "print", key).reveal() == content


async def test_states_hold_at_once(serving: ModuleProcess, own_keys: Path) -> None:
    async with client(serving, own_keys, "dataprep") as dataprep:
        (before,) = await dataprep.card_values([CARD])
        for change, code in (
            (ChangeKind.SUSPENDED, "KEY_INACTIVE"),
            (ChangeKind.ACTIVATED, ""),
            (ChangeKind.COMPROMISED, "KEY_COMPROMISED"),
            (ChangeKind.DESTROYED, "KEY_DESTROYED"),
        ):
            with ceremony(own_keys) as keeper:
                keeper.change(f"{ISSUER}/CVK#1", change)
            (after,) = await dataprep.card_values([CARD])
            if code:
                assert isinstance(after, HsmError)
                assert after.code == code
            else:
                assert after == before


async def test_a_newer_master_key_takes_over_at_once(
    serving: ModuleProcess, own_keys: Path
) -> None:
    async with client(serving, own_keys, "dataprep") as dataprep:
        (before,) = await dataprep.card_values([CARD])
        with ceremony(own_keys) as keeper:
            keeper.rotate(f"{ISSUER}/CVK")
        (after,) = await dataprep.card_values([CARD])
        assert isinstance(after, CardValues)
        assert after != before


async def test_the_journal_is_told_to_the_station(serving: ModuleProcess, own_keys: Path) -> None:
    async with client(serving, own_keys, "keymanagement") as station:
        told = await station.journal(0, 10_000)
        journal = Journal(own_keys / JOURNAL_FILE)
        assert [entry.hash for entry in told] == [entry.hash for entry in journal.entries]
        assert [entry.entry for entry in told] == list(range(1, len(told) + 1))
        with ceremony(own_keys) as keeper:
            keeper.rotate("digest/pan")
        more = await station.journal(len(told))
        assert [(entry.key_id, entry.change, entry.state) for entry in more] == [
            ("digest/pan#2", "generated", "pre-activation"),
            ("digest/pan#2", "activated", "active"),
            ("digest/pan#1", "deactivated", "deactivated"),
        ]
        assert {entry.environment for entry in more} == {"test"}
