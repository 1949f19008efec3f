"""Whatever a driver sends, a machine answers it with ok or a code, and goes on."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.devices.frames import Frame, decode
from cardwright.devices.server import answer
from tests.unit.devices.device_bench import Bench

COMMANDS = {
    "printer": ["SUPPLIES", "LOAD", "PRINT", "JOB", "CANCEL", "RESUME", "FAULT"],
    "encoder": ["FEED", "POWER", "APDU", "APDUS", "WRITE_STRIPE", "READ_STRIPE", "EJECT", "JOB"],
    "inspector": ["INSPECT", "POWER", "APDU", "APDUS", "MOVE", "DESTROY", "CARD"],
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "job_id": st.sampled_from(["j1", "j2", "\ud800", "../x"]),
    "card": st.sampled_from(["c1", "c2", "output", "\ud800"]),
    "material": st.sampled_from(["pvc", "\ud800"]),
    "count": st.integers(-1, 3),
    "serials": st.lists(st.sampled_from(["s1", "s2", "\ud800"]), max_size=3),
    "width": st.integers(0, 3),
    "height": st.integers(0, 3),
    "encoding": st.sampled_from(["raw", "zlib"]),
    "result": st.sampled_from(["good", "reject"]),
    "to": st.sampled_from(["output", "reject", "destroyed"]),
    "coercivity": st.sampled_from(["hico", "loco"]),
    "tracks": st.just({"2": {"bits": "d0", "length": 8}}),
    "fault": st.sampled_from(["jam", "smudge", "chip_mute", "stripe_weak"]),
    "next": st.integers(0, 2),
}
FIELDS = st.fixed_dictionaries(
    {}, optional={name: value | JUNK for name, value in SENSIBLE.items()}
)


@pytest.mark.parametrize("kind", COMMANDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_request_is_answered(kind: str, data: st.DataObject) -> None:
    commands = st.sampled_from(COMMANDS[kind]) | JUNK
    requests = data.draw(
        st.lists(st.tuples(commands, FIELDS, st.binary(max_size=30)), min_size=5, max_size=15)
    )
    with tempfile.TemporaryDirectory() as root:
        asyncio.run(_ask_all(Bench(Path(root)), kind, requests))


async def _ask_all(
    bench: Bench, kind: str, requests: list[tuple[Any, dict[str, Any], bytes]]
) -> None:
    for card in ("c1", "c2"):
        bench.card(card)
    async with getattr(bench, kind)() as ask:
        for command, fields, body in requests:
            request = Frame({"id": [1], "command": command, **fields}, body)
            reply = decode(await answer(ask.machine, request))
            assert reply is not None
            header = reply[0].header
            assert header["id"] == [1]
            assert "ok" in header or re.fullmatch(r"[A-Z_]+", header["error"]["code"])
