from __future__ import annotations

from dataclasses import replace

import pytest
from aiokafka.errors import KafkaError

from cardwright.bus.topics import outcomes
from cardwright.card import Operation, Verb
from cardwright.card import events as e
from cardwright.proto.outcome.v1 import outcome_pb2
from cardwright.station.signing import Statement
from tests.unit.custody_service.custody_kit import (
    ROUTE,
    House,
    answer,
    command,
    inbound,
    life,
    new_card,
    opening,
)

WHOLE_LIFE = [
    "request_accepted",
    "prepared",
    "printed",
    "inspected",
    "packed",
    "dispatch_permitted",
    "dispatched",
]


@pytest.fixture
async def house() -> House:
    made = House()
    await made.custodian.start()
    return made


def told(house: House) -> list[str]:
    return [
        outcome_pb2.OutcomeKind.Name(outcome_pb2.Outcome.FromString(message.value).kind)[13:]
        for message in house.bus.sent
        if message.topic == outcomes("aurora-bank")
    ]


def assert_published_once_and_whole(house: House) -> None:
    published = [(event.stream_id, event.sequence) for event in house.bus.events()]
    logged = [(row.stream_id, row.sequence) for row in house.log.rows]
    assert sorted(set(published)) == sorted(logged)


async def test_a_card_goes_its_way_step_by_step(house: House) -> None:
    card = new_card()
    for step in life(card):
        await house.say(step)
    assert house.kinds(card) == WHOLE_LIFE
    assert [order.operation for order in house.bus.mail("order")] == [Operation.PREPARE, *ROUTE]
    assert told(house) == ["ACCEPTED", "PREPARED", "PRODUCED", "DISPATCHED"]
    permit = next(row for row in house.log.rows if row.kind == "dispatch_permitted")
    assert house.bus.mail("order")[-1].permit == permit.hash
    assert house.bus.acknowledged() == [f"{card}.{turn}" for turn in range(6)]


async def test_inspection_is_told_what_the_piece_should_be(house: House) -> None:
    card, cplc = new_card(), bytes(range(42))
    route = (Operation.PRINT, Operation.ENCODE, Operation.INSPECT, Operation.PACK)
    accepted = e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 1, test_card=True)
    bodies: list[tuple[str, e.Body]] = [
        ("dataprep", e.Prepared(1, (*route, Operation.DISPATCH), 2)),
        ("printing", e.Printed("b-1")),
        ("encoding", e.Encoded("b-1", cplc=cplc, atc=3)),
        ("qa", e.Inspected("b-1", passed=False, defects=("DEFECT_CHIP_MUTE",))),
        ("logistics", e.Destroyed("b-1")),
    ]
    await house.say(("request", Statement(f"{card}.0", card, "", accepted)))
    for turn, (actor, body) in enumerate(bodies, 1):
        await house.say(answer(actor, card, turn, body))
    orders = {order.order_id: order for order in house.bus.mail("order")}
    assert all(order.test_card for order in orders.values())
    inspect, again = orders[f"{card}.4"], orders[f"{card}.6"]
    assert (inspect.operation, inspect.cplc, inspect.atc) == (Operation.INSPECT, cplc, 3)
    # Another blank has another chip.
    assert (again.operation, again.cplc, again.atc) == (Operation.PRINT, b"", 0)


async def test_a_whole_life_fits_in_one_batch(house: House) -> None:
    card = new_card()
    await house.say(*life(card))
    assert house.kinds(card) == WHOLE_LIFE
    assert house.bus.mail("order") == []
    events = house.bus.events()
    assert [event.previous_hash for event in events] == [b"", *(e.hash for e in events[:-1])]


async def test_what_comes_twice_is_logged_once_and_acknowledged_twice(house: House) -> None:
    card = new_card()
    await house.say(opening(card), opening(card))
    await house.say(opening(card))
    assert house.kinds(card) == ["request_accepted"]
    assert len(house.bus.mail("order")) == 1
    assert house.bus.acknowledged() == [f"{card}.0"] * 3


@pytest.mark.parametrize("fault", ["lose_before", "lose_after"])
async def test_a_lost_commit_doubles_and_loses_nothing(house: House, fault: str) -> None:
    card = new_card()
    await house.say(opening(card))
    batch = await house.messages(answer("dataprep", card, 1, e.Prepared(1, ROUTE, 2)))
    setattr(house.log, fault, 1)
    with pytest.raises(ConnectionResetError):
        await house.custodian.handle(batch)
    await house.custodian.handle(batch)
    assert house.kinds(card) == WHOLE_LIFE[:2]
    assert_published_once_and_whole(house)
    assert Operation.PRINT in {order.operation for order in house.bus.mail("order")}
    assert "PREPARED" in told(house)
    assert house.bus.acknowledged() == [f"{card}.0", f"{card}.1"]
    await house.custodian.tick()
    assert house.log.marked == len(house.log.rows)


async def test_a_lost_commit_of_an_ending_frees_its_place() -> None:
    house = House(cap=1)
    await house.custodian.start()
    first, second = new_card(), new_card()
    await house.say(opening(first), opening(second))
    assert [order.card_id for order in house.bus.mail("order")] == [first]
    batch = await house.messages(answer("dataprep", first, 1, e.PreparationRefused("NO")))
    house.log.lose_after = 1
    with pytest.raises(ConnectionResetError):
        await house.custodian.handle(batch)
    await house.custodian.handle(batch)
    assert second in {order.card_id for order in house.bus.mail("order")}


@pytest.mark.parametrize("away", ["bus", "dead"])
async def test_what_was_committed_is_said_when_the_bus_is_back(house: House, away: str) -> None:
    card, unknown = new_card(), new_card()
    batch = await house.messages(opening(card), command(unknown, Verb.HOLD))
    (house.bus if away == "bus" else house.dead).failures = 2
    for _ in range(2):
        with pytest.raises(KafkaError):
            await house.custodian.handle(batch)
    await house.custodian.tick()
    assert house.log.marked == 0, "it is not published yet"
    await house.custodian.handle(batch)
    assert_published_once_and_whole(house)
    assert told(house) == ["ACCEPTED"]
    assert [order.operation for order in house.bus.mail("order")] == [Operation.PREPARE]


async def test_a_successor_publishes_what_was_left(house: House) -> None:
    card = new_card()
    house.bus.failures = 1
    with pytest.raises(KafkaError):
        await house.say(*life(card)[:2])
    house.custodian = house.new_custodian()
    await house.custodian.start()
    assert_published_once_and_whole(house)
    assert told(house) == ["ACCEPTED", "PREPARED"]
    assert [order.operation for order in house.bus.mail("order")] == [Operation.PRINT]


async def test_issued_values_are_told_again_while_their_sender_repeats_them(house: House) -> None:
    card = new_card()
    said = answer("dataprep", card, 1, e.Prepared(1, ROUTE, 2), b"jwe")
    await house.say(opening(card), said)
    await house.say(said)
    values = [
        outcome_pb2.Outcome.FromString(message.value).issued_values
        for message in house.bus.sent
        if message.topic == outcomes("aurora-bank")
    ]
    assert values == ["", "jwe", "jwe"]
    assert b"jwe" not in b"".join(row.body for row in house.log.rows)


async def test_what_is_not_its_signers_is_buried_and_parks_nothing(house: House) -> None:
    card = new_card()
    await house.say(opening(card))
    statement = answer("dataprep", card, 1, e.Prepared(1, ROUTE, 2))
    message = (await house.messages(statement))[0]
    broken = replace(message, value=message.value[:-1] + bytes([message.value[-1] ^ 1]))
    await house.custodian.handle([broken, inbound(b"\xff\xff", 77), inbound(b"", 78)])
    assert house.dead.codes() == ["SIGNATURE_BAD", "FACT_GARBAGE", "FACT_EMPTY"]
    assert house.kinds(card) == ["request_accepted"]


async def test_a_true_fact_that_does_not_fit_parks_its_card_once(house: House) -> None:
    card = new_card()
    await house.say(opening(card))
    ahead = answer("printing", card, 3, e.Printed("b-1"))
    await house.say(ahead, ahead)
    assert house.kinds(card) == ["request_accepted", "parked"]
    assert house.dead.codes() == ["FACT_AHEAD_OF_LOG"] * 2
    await house.say(answer("dataprep", card, 1, e.Prepared(1, ROUTE, 2)))
    assert len(house.bus.mail("order")) == 1, "a parked card gets no order"
    await house.say(command(card, Verb.RELEASE))
    assert house.bus.mail("order")[-1].operation is Operation.PRINT


async def test_a_card_unknown_to_the_log_is_no_fault_of_others(house: House) -> None:
    card = new_card()
    await house.say(command(new_card(), Verb.HOLD), opening(card))
    assert house.dead.codes() == ["STREAM_UNKNOWN"]
    assert house.kinds(card) == ["request_accepted"]


async def test_a_revoked_card_is_withdrawn_and_destroyed(house: House) -> None:
    card = new_card()
    await house.say(*life(card)[:3], command(card, Verb.REVOKE))
    assert [order.operation for order in house.bus.mail("cancel")] == [Operation.INSPECT]
    await house.say(answer("qa", card, 3, e.OperationCancelled()))
    assert house.bus.mail("order")[-1].operation is Operation.DESTROY
    await house.say(answer("logistics", card, 4, e.Destroyed("b-1")))
    assert told(house)[-1] == "REVOKED"
    assert told(house).count("REVOKED") == 1


async def test_ended_cards_leave_the_memory_and_are_found_again(house: House) -> None:
    card = new_card()
    await house.say(*life(card))
    assert card not in house.custodian.book
    await house.say(life(card)[-1])
    assert house.kinds(card) == WHOLE_LIFE
    assert card not in house.custodian.book


async def test_a_dispatch_under_another_permission_parks_the_card(house: House) -> None:
    card = new_card()
    await house.say(*life(card)[:-1])
    await house.say(answer("logistics", card, 5, e.Dispatched("sscc-1", b"\0" * 32)))
    assert house.dead.codes() == ["FACT_OTHER_PERMIT"]
    assert house.kinds(card)[-2:] == ["dispatch_permitted", "parked"]


async def test_a_mark_that_was_set_back_fills_a_lost_topic(house: House) -> None:
    await house.custodian.start()
    await house.say(*life(new_card()))
    await house.custodian.tick()
    published = house.bus.events()
    house.bus.sent.clear()
    house.log.marked = 2
    await house.custodian.tick()
    assert [event.hash for event in house.bus.events()] == [event.hash for event in published][2:]
    assert house.log.marked == len(published)
    house.bus.sent.clear()
    await house.custodian.tick()
    assert house.bus.events() == []


async def test_what_is_published_while_the_mark_is_noted_is_not_said_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.custodian.start()
    await house.say(*life(new_card()))
    note = house.log.mark_published

    async def slowly(position: int) -> None:
        await house.say(*life(new_card()))
        await note(position)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(house.log, "mark_published", slowly)
        await house.custodian.tick()
    house.bus.sent.clear()
    await house.custodian.tick()
    assert house.bus.events() == []
