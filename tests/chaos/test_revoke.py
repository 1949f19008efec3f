"""A revoke at each step of the route: the card never leaves, and what exists of it is destroyed.

The moments are made, not hit by luck: a station, its machines or custody sleep while the revoke is
logged or sent. *Before*: the order is out, its station has not read it. *During*: the station has
begun the act, its machine has not answered. *After*: the act is done, its fact is not logged.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence

import pytest

from cardwright.card import STATION_OF, Card, Operation, Status, Verb
from cardwright.card.events import Destroyed, Dispatched, PinMailed
from cardwright.driver.connection import DeviceConnection
from cardwright.line.layout import SERVICES
from cardwright.localstack.waiting import until
from tests.chaos.proofs import no_blank_is_unaccounted_for, nothing_was_done_twice
from tests.chaos.run import Run
from tests.chaos.sleep import asleep
from tests.chaos.wire import dead_letters
from tests.chaos.work import until_ordered, until_work_is
from tests.support.line import LineUnderTest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

PRINTERS = ("printer-1", "printer-2")
MACHINES: dict[Operation, Sequence[str]] = {
    Operation.PRINT: PRINTERS,
    Operation.ENCODE: ["encoder-1"],
    Operation.INSPECT: ["inspector-1"],
    Operation.DESTROY: ["inspector-1"],
}
_GONE = {Operation.DISPATCH, Operation.MAIL_PIN}
"""What is left to do of a card that may have left: a revoke can't make it unleave."""
EACH = pytest.mark.parametrize(
    "operation",
    [o for o in Operation if o not in _GONE and STATION_OF[o] in SERVICES],
    ids=lambda o: o.name,
)
EACH_ACT = pytest.mark.parametrize("operation", MACHINES, ids=lambda o: o.name)


@EACH
async def test_before_the_station_reads_its_order(
    line: LineUnderTest, operation: Operation
) -> None:
    with asleep(line, STATION_OF[operation]):
        card = await a_card_due(line, f"before-{operation.name}", operation)
        await revoke(line, card)
        await until_card(line, card, lambda now: now.revoking)
    await ends_revoked(line, card)


@EACH_ACT
async def test_during_the_act(line: LineUnderTest, operation: Operation) -> None:
    with asleep(line, *MACHINES[operation]):
        card = await a_card_due(line, f"during-{operation.name}", operation)
        await until_work_is(line, STATION_OF[operation], card.order_id, "begun")
        await revoke(line, card)
        await until_card(line, card, lambda now: now.revoking)
    await ends_revoked(line, card)


@EACH
async def test_after_the_act_and_before_its_fact_is_logged(
    line: LineUnderTest, operation: Operation
) -> None:
    with contextlib.ExitStack() as custody:
        with asleep(line, STATION_OF[operation]):
            card = await a_card_due(line, f"after-{operation.name}", operation)
            custody.enter_context(asleep(line, "custody"))
        await until_work_is(line, STATION_OF[operation], card.order_id, "answered")
        await revoke(line, card)
    await ends_revoked(line, card)


async def test_before_its_pin_is_mailed(line: LineUnderTest) -> None:
    with asleep(line, "pinmailer"):
        card = await a_card_due(line, "pin-before", Operation.MAIL_PIN)
        await revoke(line, card)
        await until_card(line, card, lambda now: now.revoking)
    await ends_dispatched(line, card, mailers=0)


async def test_while_its_pin_is_printed(line: LineUnderTest) -> None:
    with asleep(line, "mailer-1"):
        card = await a_card_due(line, "pin-during", Operation.MAIL_PIN)
        await until_work_is(line, "pinmailer", card.order_id, "begun")
        await revoke(line, card)
        await until_card(line, card, lambda now: now.revoking)
    await ends_dispatched(line, card, mailers=1)


async def test_before_custody_permits_it_to_leave(line: LineUnderTest) -> None:
    card = await a_card_held_in_its_box(line, "boxed")
    await revoke(line, card)
    await ends_revoked(line, card)


async def test_after_custody_permitted_it_to_leave(line: LineUnderTest) -> None:
    """The order to dispatch may be read before its withdrawal: then the card has truly left."""
    card = await a_card_held_in_its_box(line, "permitted")
    with asleep(line, "logistics"):
        await line.operator.command([card.card_id], Verb.RELEASE, "test")
        await until_card(line, card, lambda now: now.permitted)
        await revoke(line, card)
        await until_card(line, card, lambda now: now.revoking)
    now = await until_card(line, card, lambda now: now.status.terminal)
    assert now.status in {Status.REVOKED, Status.DISPATCHED}
    assert (now.status is Status.DISPATCHED) == await has_left(line, card)
    await no_blank_is_unaccounted_for(line)


async def test_after_it_left_the_revoke_is_refused(line: LineUnderTest) -> None:
    run = Run(line, "left")
    await run.submit(1)
    (card,) = await run.until_ended(within=30)
    before = len(await dead_letters(line.line.bootstrap))
    events = len(await line.events())
    await revoke(line, card)

    async def refused() -> bool:
        return len(await dead_letters(line.line.bootstrap)) > before

    await until(refused, 30, "the revoke is refused")
    (letter,) = (await dead_letters(line.line.bootstrap))[before:]
    assert (letter.code, letter.service) == ("COMMAND_NOT_NOW", "custody")
    assert len(await line.events()) == events


async def a_card_due(line: LineUnderTest, name: str, operation: Operation) -> Card:
    """Request a card and wait until the order for this operation is out."""
    async with contextlib.AsyncExitStack() as jams:
        if operation is Operation.DESTROY:
            await jams.enter_async_context(jamming(line))
        run = Run(line, name)
        await run.submit(1)
        (request_id,) = run.requests
        card = await until_one(
            line, lambda card: card.request_id == request_id and card.due is operation
        )
    await until_ordered(line, card)
    return card


async def a_card_held_in_its_box(line: LineUnderTest, name: str) -> Card:
    """Request a card and hold it, so that it is packed and not permitted to leave."""
    with asleep(line, "logistics"):
        card = await a_card_due(line, name, Operation.PACK)
        await line.operator.command([card.card_id], Verb.HOLD, "test")
        await until_card(line, card, lambda now: now.held)
    return await until_card(line, card, lambda now: now.due is Operation.DISPATCH)


@contextlib.asynccontextmanager
async def jamming(line: LineUnderTest) -> AsyncIterator[None]:
    """Spoil what is printed meanwhile."""
    ports = line.layout.ports()
    for device in PRINTERS:
        async with DeviceConnection("127.0.0.1", ports[device]) as printer:
            await printer.ask("FAULT", fault="jam", every=1)
    yield
    for device in PRINTERS:
        async with DeviceConnection("127.0.0.1", ports[device]) as printer:
            await printer.ask("FAULT", fault="jam", off=True)


async def revoke(line: LineUnderTest, card: Card) -> None:
    await line.operator.command([card.card_id], Verb.REVOKE, "test")


async def until_card(line: LineUnderTest, card: Card, so: Callable[[Card], bool]) -> Card:
    """Wait until a card is as wanted."""
    return await until_one(line, lambda now: now.card_id == card.card_id and so(now))


async def until_one(line: LineUnderTest, so: Callable[[Card], bool]) -> Card:
    def any_is(cards: Collection[Card]) -> bool:
        return any(map(so, cards))

    cards = await line.until(any_is, 30, "a card is as the test wants it")
    return next(filter(so, cards.values()))


async def has_left(line: LineUnderTest, card: Card) -> bool:
    own = [e.fact.body for e in await line.events() if e.stream_id == card.card_id]
    return any(isinstance(body, Dispatched) for body in own)


async def ends_dispatched(line: LineUnderTest, card: Card, mailers: int) -> None:
    """The card has left and stays so; its PIN was printed so often, and never twice."""
    now = await until_card(line, card, lambda now: now.status.terminal)
    assert now.status is Status.DISPATCHED
    printed = [act for act in line.acts("mailer-1") if act.job_id.startswith(card.card_id)]
    own = [e.fact.body for e in await line.events() if e.stream_id == card.card_id]
    mailed = [body for body in own if isinstance(body, PinMailed)]
    assert len(printed) == len(mailed) == mailers
    nothing_was_done_twice(line)
    await no_blank_is_unaccounted_for(line)


async def ends_revoked(line: LineUnderTest, card: Card) -> None:
    """The card is revoked, has not left, and each blank that it took is shredded once."""
    now = await until_card(line, card, lambda now: now.status.terminal)
    assert now.status is Status.REVOKED
    assert not await has_left(line, card)
    taken = [a.blank for d in PRINTERS for a in line.acts(d) if a.card.startswith(card.card_id)]
    own = [e.fact.body for e in await line.events() if e.stream_id == card.card_id]
    shredded = [body.blank_serial for body in own if isinstance(body, Destroyed)]
    assert sorted(shredded) == sorted(taken)
    assert not list((line.layout.floor / "output").glob(f"{card.card_id}-*"))
    nothing_was_done_twice(line)
    await no_blank_is_unaccounted_for(line)
