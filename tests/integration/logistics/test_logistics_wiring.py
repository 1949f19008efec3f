from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from cardwright.card import Operation
from cardwright.settings import Settings
from cardwright.station.runtime import Parts
from services.logistics.main import wire

if TYPE_CHECKING:
    import asyncpg


async def test_the_station_has_its_desks_its_shredders_and_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    monkeypatch.setenv("CARDWRIGHT_STATE", str(tmp_path))
    monkeypatch.setenv("CARDWRIGHT_DEVICES", "inspector-1=127.0.0.1:7503")
    async with contextlib.AsyncExitStack() as stack:
        spec = await wire(
            cast("Parts", SimpleNamespace(pool=pool, settings=Settings.from_environment())), stack
        )
    assert set(spec.desks) == {Operation.PACK, Operation.DISPATCH}
    assert [one.name for one in spec.benches[Operation.DESTROY].devices] == ["inspector-1"]
