from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest
import zxingcpp
from PIL import Image

from cardwright.card import Body, Operation
from cardwright.card.events import Dispatched, Disposition, OperationFailed, Packed
from cardwright.localstack.waiting import until
from cardwright.station.ports import WorkOrder
from services.logistics.adapters.boxes import BoxStore
from services.logistics.adapters.labels import LabelPrinter
from services.logistics.adapters.stock import Shreds
from services.logistics.domain import Capacity, Numbering, is_sscc
from services.logistics.handlers import DispatchDesk, PackDesk

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PERMIT = bytes(range(32))
BOXES = BoxStore(Numbering("9521234"), Capacity(batch=3, express=1))
PACK, DISPATCH = PackDesk(BOXES), DispatchDesk(BOXES)


def order(operation: Operation = Operation.PACK, **changes: Any) -> WorkOrder:
    card_id = changes.pop("card_id", str(uuid.uuid4()))
    known: dict[str, Any] = {
        "order_id": f"{card_id}.{operation.value}",
        "card_id": card_id,
        "operation": operation,
        "attempt": 1,
        "issuer": "aurora-bank",
        "request_id": "r",
        "product": "emv-debit",
        "product_version": 1,
        "express": False,
        "blank_serial": f"RTX-0001-{int.from_bytes(os.urandom(3)):08d}",
    }
    return WorkOrder(**known | changes)


async def handle(pool: Pool, desk: PackDesk | DispatchDesk, orders: Sequence[WorkOrder]) -> Any:
    async with pool.acquire() as tx, tx.transaction():
        answers = await desk.handle(orders, tx)
    assert [answer.order_id for answer in answers] == [one.order_id for one in orders]
    return [answer.body for answer in answers]


def to_dispatch(packed: WorkOrder, body: Body, **changes: Any) -> WorkOrder:
    assert isinstance(body, Packed)
    known = {
        "card_id": packed.card_id,
        "attempt": packed.attempt,
        "blank_serial": packed.blank_serial,
        "sscc": body.sscc,
        "permit": PERMIT,
    }
    return order(Operation.DISPATCH, **known | changes)


async def test_a_batch_fills_the_open_box_and_opens_more(pool: Pool, owner: Owner) -> None:
    await handle(pool, PACK, [order(), order()])
    packed = await handle(pool, PACK, [order() for _ in range(5)])
    assert [body.slot for body in packed] == [3, 1, 2, 3, 1]
    assert all(is_sscc(body.sscc) for body in packed)
    rows = await owner.fetch("SELECT sscc, filled, closed_at IS NULL AS open FROM box ORDER BY 1")
    assert [(row["filled"], row["open"]) for row in rows] == [(3, False), (3, False), (1, True)]
    assert await owner.fetchval("SELECT next FROM sscc_counter") == 3


async def test_issuers_products_lanes_and_test_cards_do_not_share_a_box(
    pool: Pool, owner: Owner
) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"issuer": "other"},
        {"product": "badge"},
        {"test_card": True},
        {"express": True},
        {"express": True},
    ]
    packed = await handle(pool, PACK, [order(**kind) for kind in kinds])
    assert len({body.sscc for body in packed}) == 6
    closed = await owner.fetch("SELECT express FROM box WHERE closed_at IS NOT NULL")
    assert [row["express"] for row in closed] == [True, True]


async def test_a_card_keeps_its_slot_when_it_is_packed_again(pool: Pool) -> None:
    one = order()
    first = await handle(pool, PACK, [one])
    assert await handle(pool, PACK, [order(), one]) == [Packed(first[0].sscc, 2), first[0]]
    assert await handle(pool, PACK, [one]) == first


async def test_a_rolled_back_batch_leaves_nothing(pool: Pool, owner: Owner) -> None:
    async def broken() -> None:
        async with pool.acquire() as tx, tx.transaction():
            await PACK.handle([order() for _ in range(4)], tx)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await broken()
    assert await owner.fetchval("SELECT count(*) FROM box") == 0
    assert (await handle(pool, PACK, [order()]))[0].slot == 1


async def test_packers_at_once_give_no_slot_twice(pool: Pool, owner: Owner) -> None:
    batches = [[order() for _ in range(7)] for _ in range(6)]
    bodies = await asyncio.gather(*(handle(pool, PACK, batch) for batch in batches))
    places = Counter((body.sscc, body.slot) for batch in bodies for body in batch)
    assert len(places) == 42
    assert await owner.fetchval("SELECT count(*) FROM box WHERE closed_at IS NULL") == 0
    assert await owner.fetchval("SELECT count(*) FROM box") == 14


async def test_a_permitted_card_leaves_and_its_blank_is_counted(pool: Pool, owner: Owner) -> None:
    one, two = order(), order()
    packed = await handle(pool, PACK, [one, two])
    leaving = to_dispatch(one, packed[0])
    assert await handle(pool, DISPATCH, [leaving]) == [Dispatched(packed[0].sscc, PERMIT)]
    row = await owner.fetchrow("SELECT * FROM stock_ledger")
    assert row is not None
    assert (row["blank_serial"], row["lot"], row["fate"]) == (
        one.blank_serial,
        "RTX-0001",
        "dispatched",
    )
    # The box leaves: nobody packs into it any more, and the other card can follow.
    assert (await handle(pool, PACK, [order()]))[0].sscc != packed[0].sscc
    assert await handle(pool, DISPATCH, [to_dispatch(two, packed[1])]) == [
        Dispatched(packed[0].sscc, PERMIT)
    ]


async def test_a_second_dispatch_of_the_same_card_is_the_same_fact(
    pool: Pool, owner: Owner
) -> None:
    one = order()
    (packed,) = await handle(pool, PACK, [one])
    for _ in range(2):
        bodies = await handle(pool, DISPATCH, [to_dispatch(one, packed)])
        assert bodies == [Dispatched(packed.sscc, PERMIT)]
    assert await owner.fetchval("SELECT count(*) FROM dispatch") == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"permit": b""}, "DISPATCH_NOT_PERMITTED"),
        ({"permit": bytes(31)}, "DISPATCH_NOT_PERMITTED"),
        ({"sscc": "106141412345678908"}, "WRONG_BOX"),
        ({"attempt": 2}, "NOT_PACKED"),
    ],
)
async def test_a_card_without_permit_or_place_stays(
    pool: Pool, owner: Owner, changes: dict[str, Any], code: str
) -> None:
    good, bad = order(), order()
    packed = await handle(pool, PACK, [good, bad])
    leaves, stays = await handle(
        pool,
        DISPATCH,
        [to_dispatch(good, packed[0]), to_dispatch(bad, packed[1], **changes)],
    )
    assert isinstance(leaves, Dispatched)
    assert isinstance(stays, OperationFailed)
    assert (stays.code, stays.disposition) == (code, Disposition.UNCERTAIN)
    assert await owner.fetchval("SELECT array_agg(card_id::text) FROM dispatch") == [good.card_id]


async def test_another_piece_of_a_card_that_left_stays(pool: Pool) -> None:
    first = order()
    second = order(card_id=first.card_id, attempt=2)
    packed = await handle(pool, PACK, [first, second])
    await handle(pool, DISPATCH, [to_dispatch(first, packed[0])])
    (stays,) = await handle(pool, DISPATCH, [to_dispatch(second, packed[1])])
    assert stays.code == "DISPATCHED_BEFORE"


async def test_a_destroyed_card_leaves_its_box_and_counts_once(pool: Pool, owner: Owner) -> None:
    one = order()
    (packed,) = await handle(pool, PACK, [one])
    for _ in range(2):
        await Shreds(pool).destroyed(one)
    assert await owner.fetchval("SELECT fate FROM stock_ledger") == "destroyed"
    (stays,) = await handle(pool, DISPATCH, [to_dispatch(one, packed)])
    assert stays.code == "NOT_PACKED"


async def test_each_blank_ends_in_the_ledger_under_its_lot(pool: Pool, owner: Owner) -> None:
    gone, stray = order(), order(blank_serial="XXX-9-00000001")
    (packed,) = await handle(pool, PACK, [gone])
    await handle(pool, DISPATCH, [to_dispatch(gone, packed)])
    await Shreds(pool).destroyed(stray)
    rows = await owner.fetch("SELECT lot, fate FROM stock_ledger ORDER BY lot")
    assert [tuple(row.values()) for row in rows] == [
        ("RTX-0001", "dispatched"),
        ("XXX-9", "destroyed"),
    ]


async def test_the_role_can_undo_nothing(pool: Pool) -> None:
    for statement in (
        "DELETE FROM packed",
        "UPDATE dispatch SET permit = permit",
        "DELETE FROM stock_ledger",
        "UPDATE stock_ledger SET fate = 'destroyed'",
        "UPDATE box SET sscc = sscc",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_closed_boxes_get_labels_once_they_are_committed(pool: Pool, tmp_path: Path) -> None:
    labels = LabelPrinter(pool, tmp_path / "labels", PACK.changed)
    assert await labels.write_due() == 0
    packed = await handle(pool, PACK, [order() for _ in range(4)])
    assert await labels.write_due() == 1
    assert await labels.write_due() == 0
    (file,) = (tmp_path / "labels").iterdir()
    assert file.name == f"{packed[0].sscc}.png"
    (found,) = zxingcpp.read_barcodes(Image.open(file).convert("L"))
    assert found.bytes == b"00" + packed[0].sscc.encode()


async def test_the_label_printer_wakes_when_a_desk_has_closed_a_box(
    pool: Pool, tmp_path: Path
) -> None:
    changed = asyncio.Event()
    labels = LabelPrinter(pool, tmp_path, changed)
    running = asyncio.create_task(labels.run())
    (packed,) = await handle(pool, PackDesk(BOXES, changed), [order(express=True)])

    async def there() -> bool:
        return (tmp_path / f"{packed.sscc}.png").exists()

    await until(there, 10, "the label is written")
    running.cancel()
