"""Custody's ceiling: how fast it appends when everything else stands still.

The stations' facts are made and signed beforehand, in batches as stations make them; custody finds
all of them waiting. What it then hands out, publishes and acknowledges nobody reads.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from uuid_utils.compat import uuid7

from cardwright.bus import Producer
from cardwright.card import Body, Operation
from cardwright.card.events import (
    Encoded,
    Inspected,
    KeyCheck,
    KeysDerived,
    Packed,
    Prepared,
    Printed,
    RequestAccepted,
)
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.layout import SERVICES, SITE
from cardwright.secret import SecretText
from cardwright.station.intake import NewFact
from cardwright.station.outbox import Outbox
from cardwright.station.ports import Answer
from cardwright.station.signing import FactSigner
from tests.bench.bench_line import BenchLine

__all__ = ["Ceiling", "custody_alone"]

_AT_ONCE = 100  # facts a station signs together
_ROUTE = tuple(
    Operation[name] for name in ("DERIVE_KEYS", "PRINT", "ENCODE", "INSPECT", "PACK", "DISPATCH")
)
_BLANK, _BOX = "bench-000001", "095212340000000017"
_CHECKS = tuple(KeyCheck(use, f"aurora-bank/I{use}#1", b"\1\2\3") for use in ("MK-AC", "MK-SMI"))
# Who says what, turn by turn. The dispatch would have to quote custody's permit: left out.
_ANSWERS: tuple[tuple[str, Body], ...] = (
    ("dataprep", Prepared(1, _ROUTE, 3, "999999******0000", ("print", "stripe"), "pvc-dual")),
    ("keymanagement", KeysDerived(_CHECKS)),
    ("printing", Printed(_BLANK, "printer-1", bytes(32))),
    ("encoding", Encoded(_BLANK, "encoder-1", (1, 2), "chip-1")),
    ("qa", Inspected(_BLANK, passed=True, device="inspector-1")),
    ("logistics", Packed(_BOX, 1)),
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Events appended by custody alone, over the log's own times, and CPU a thousand events."""

    events: int
    seconds: float
    cpu_ms_per_1000: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


async def custody_alone(line: BenchLine, cards: int) -> Ceiling:
    """Stop the services, send the facts of ``cards`` cards, and start custody."""
    supervisor = line.under_test.line.supervisor
    for service in SERVICES:
        await supervisor.stop(service)
    position = await line.position()
    await _send_facts(line, cards)
    custody = next(s for s in line.under_test.line.processes.services() if s.name == "custody")
    await supervisor.start(custody)
    expected = cards * (len(_ANSWERS) + 2)  # and the acceptance, and custody's own permit
    end = position + expected
    while await line.position() < end:  # noqa: ASYNC110  # other processes set no Event here
        await asyncio.sleep(0.2)
    used = line.usage()["custody"].cpu
    seconds = await line.under_test.log.fetchval(
        "SELECT extract(epoch FROM max(recorded_at) - min(recorded_at)) FROM event"
        " WHERE position > $1",
        position,
    )
    return Ceiling(expected, float(seconds), used / expected * 1e6)


async def _send_facts(line: BenchLine, cards: int) -> None:
    """Send what the stations would say, turn by turn within a hundred cards."""
    async with contextlib.AsyncExitStack() as stack:
        producer = Producer(line.under_test.line.bootstrap, client_id="bench")
        await stack.enter_async_context(producer)
        outboxes = {
            name: await _outbox(line, name, producer, stack)
            for name in ("request", *(name for name, _ in _ANSWERS))
        }
        for first in range(0, cards, _AT_ONCE):
            ids = [str(uuid7()) for _ in range(min(_AT_ONCE, cards - first))]
            await _open(outboxes["request"], ids)
            for turn, (name, body) in enumerate(_ANSWERS, start=1):
                answers = [Answer(f"{card}.{turn}", body) for card in ids]
                await outboxes[name].send(await outboxes[name].sign(answers, {}, {}))


async def _open(outbox: Outbox, ids: Sequence[str]) -> None:
    facts = [
        NewFact(
            card, RequestAccepted("aurora-bank", card, "emv-debit", 1, ("R1",)), lane_express=False
        )
        for card in ids
    ]
    await outbox.send(await outbox.sign_openings(facts, [""] * len(ids)))


async def _outbox(
    line: BenchLine, service: str, producer: Producer, stack: contextlib.AsyncExitStack
) -> Outbox:
    layout = line.under_test.layout
    token = SecretText(layout.token_file(service).read_text().strip())
    address = f"127.0.0.1:{layout.ports()['hsm']}"
    module = await stack.enter_async_context(GrpcSecurityModule(address, token))
    return Outbox(FactSigner(module, service, SITE), producer, f"{service}.{SITE}")
