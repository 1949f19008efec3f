"""The demonstration as a newcomer meets it: run, run again, interrupted, resumed."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from PIL import Image

from cardwright.card import Card, Status, fold
from cardwright.eventlog.codec import decode_event
from cardwright.line.layout import Layout
from cardwright.localstack.choose import Stack
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.waiting import until
from tests.e2e.command import cardwright, processes_of, start

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

# examples/README.md and examples/malformed.yaml say why.
REFUSED = {
    "employee-badge": {"PHOTO_NOT_AN_IMAGE": 1},
    "emv-debit": {
        "CONSENT_EXPIRED": 1,
        "EXPIRY_FAR": 1,
        "NAME_TOO_LONG": 1,
        "PAN_LUHN": 1,
        "REQUEST_DUPLICATE": 1,
        "REQUEST_ISSUER_MISMATCH": 1,
    },
    "emv-platinum": {"PRODUCT_UNKNOWN": 1},
}
DISPATCHED = {"employee-badge": 23, "emv-debit": 30, "emv-platinum": 0}
DEAD_LETTERS = {
    "ENVELOPE_KEY_UNKNOWN": 1,
    "ENVELOPE_MALFORMED": 1,
    "ENVELOPE_SIGNATURE": 2,
    "ENVELOPE_TRUNCATED": 1,
    "REQUEST_GARBAGE": 1,
    "REQUEST_ID_IS_PAN": 1,
}
ID1_AT_300_DPI = (1012, 638)  # 3.375 by 2.125 inches


async def run_demo(state: Path, stack: Stack, number: int) -> dict[str, Any]:
    said = await cardwright("demo", "--json", state=state, stack=stack, within=110)
    assert said.status == 0, said.errors
    result: dict[str, Any] = said.json
    assert result["run"] == number
    check(result)
    assert processes_of(state) == []
    return result


def check(result: dict[str, Any]) -> None:
    products = result["products"]
    assert {name: row["refused"] for name, row in products.items()} == REFUSED
    assert {name: row["dispatched"] for name, row in products.items()} == DISPATCHED
    for row in products.values():
        assert row["requested"] == row["dispatched"] + sum(row["refused"].values())
    assert result["dead_letters"] == DEAD_LETTERS
    assert result["audit"].startswith("intact: ")
    sizes = [size_of(path) for path in (Path(result["output"]) / "faces").glob("*.png")]
    assert sizes == [ID1_AT_300_DPI] * (2 * sum(DISPATCHED.values()))


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


async def test_every_request_of_the_first_run_comes_to_its_end(
    own_folder: Path, stack: Stack
) -> None:
    await run_demo(own_folder, stack, 1)
    cards = await cards_of(own_folder)
    assert Counter(card.status for card in cards.values()) == {
        Status.DISPATCHED: sum(DISPATCHED.values()),
        Status.REFUSED: sum(sum(codes.values()) for codes in REFUSED.values()),
    }
    for request, codes in ENDS.items():
        assert {c.code for c in cards.values() if c.request_id == request} == codes


async def test_an_interrupted_run_leaves_no_process_and_is_resumed(
    own_folder: Path, stack: Stack
) -> None:
    """The second run in the first one's folder."""
    before = await cards_of(own_folder)
    await interrupt(own_folder, stack)
    await run_demo(own_folder, stack, 2)
    assert len(await cards_of(own_folder)) == 2 * len(before)


ENDS = {
    "AUR-00009-MD": {"EXPIRY_FAR"},
    "AUR-00025-RL": {"PAN_LUHN"},
    "AUR-00026-TF": {"CONSENT_EXPIRED"},
    "AUR-00027-BY": {"NAME_TOO_LONG"},
    "AUR-00028-NG": {""},
    "AUR-00029-MD": {"PRODUCT_UNKNOWN"},
    "AUR-00004-ZC": {"", "REQUEST_DUPLICATE"},
    "bw-badge-0024-k": {"PHOTO_NOT_AN_IMAGE"},
}


async def interrupt(state: Path, stack: Stack) -> None:
    """Press Ctrl-C in the midst of the second run."""
    process = await start("demo", "--json", state=state, stack=stack)
    run = state / "demo.json"

    async def submitted() -> bool:
        return '"number": 2, "submitted": true' in run.read_text()

    await until(submitted, 60, "the second run has sent its requests")
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        _, errors = await process.communicate()
    assert process.returncode == 130, errors.decode()
    assert b"Traceback" not in errors
    assert processes_of(state) == []
    assert '"finished": false' in run.read_text()


async def cards_of(state: Path) -> dict[str, Card]:
    """Fold the log of a line that is down."""
    async with database(state) as db:
        rows = await db.fetch("SELECT body FROM event ORDER BY stream_id, sequence")
    streams: dict[str, list[Any]] = {}
    for row in rows:
        event = decode_event(row["body"])
        streams.setdefault(event.stream_id, []).append(event.fact)
    cards = (fold(stream, facts) for stream, facts in streams.items())
    return {card.card_id: card for card in cards if card.issuer}


@asynccontextmanager
async def database(state: Path) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    postgres = EmbeddedPostgres(state / "postgres", Layout(state).ports()["postgres"])
    await postgres.start()
    try:
        db = await asyncpg.connect(postgres.dsn("cardwright_log"))
        yield db
        await db.close()
    finally:
        await postgres.stop()
