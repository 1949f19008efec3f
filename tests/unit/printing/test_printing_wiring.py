from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cardwright.card import Operation
from cardwright.settings import Settings, SettingsError
from cardwright.station.runtime import Parts
from services.printing import main
from services.printing.adapters.rendering import BlankPass, RenderPool
from services.printing.adapters.settings import PrintingSettings
from tests.unit.artwork.design_support import ROOT


@pytest.mark.parametrize(("render", "kind"), [("on", RenderPool), ("off", BlankPass)])
async def test_the_station_has_a_printer_for_each_address(
    monkeypatch: pytest.MonkeyPatch, render: str, kind: type[Any]
) -> None:
    async def no_vault(*_: object) -> None:
        return None

    monkeypatch.setattr(main, "open_vault", no_vault)
    monkeypatch.setenv("CARDWRIGHT_CATALOGUE", str(ROOT / "catalogue"))
    monkeypatch.setenv("CARDWRIGHT_DEVICES", "printer-1=127.0.0.1:7501,printer-2=127.0.0.1:7502")
    monkeypatch.setenv("CARDWRIGHT_PRINTER_DEPTH", "5")
    monkeypatch.setenv("CARDWRIGHT_RENDER", render)
    async with contextlib.AsyncExitStack() as stack:
        spec = await main.wire(
            cast("Parts", SimpleNamespace(settings=Settings.from_environment())), stack
        )
    bench = spec.benches[Operation.PRINT]
    assert [(one.name, one.depth) for one in bench.devices] == [("printer-1", 5), ("printer-2", 5)]
    assert isinstance(cast("Any", bench).renderers, kind)


@pytest.mark.parametrize(("name", "value"), [("RENDER", "maybe"), ("RENDER_WORKERS", "0")])
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CARDWRIGHT_{name}"):
        PrintingSettings.from_environment({f"CARDWRIGHT_{name}": value})
