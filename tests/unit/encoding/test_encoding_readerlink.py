"""A card in a reader that is pulled, and a reader that is unplugged, at each command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from cardwright.reader import CardConnection, ReaderError
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.readerlink import READER_AWAY, ReaderHead
from services.encoding.domain import SpoiledError
from services.encoding.ports import ChipLostError

COMMANDS = tuple(bytes((0x80, 0xE2, 0, n)) for n in range(8))


@dataclass
class Card:
    """Counts commands; fails before the one that it is told."""

    pulled_at: int = -1
    code: str = "CARD_REMOVED"
    answer: Callable[[int], bytes] = lambda n: bytes((n,)) + b"\x90\x00"
    seen: list[bytes] = field(default_factory=list)
    resets: list[bool] = field(default_factory=list)
    closed: bool = False
    atr: bytes = b"\x3b\x00"

    def reset(self, *, cold: bool = False) -> bytes:
        self.resets.append(cold)
        return self.atr

    def transmit(self, command: bytes) -> bytes:
        if len(self.seen) == self.pulled_at:
            raise ReaderError(self.code, "gone")
        self.seen.append(command)
        return self.answer(command[3])

    def close(self) -> None:
        self.closed = True


@dataclass
class Way:
    cards: list[Card | ReaderError]
    closed: bool = False

    def open(self, within: float) -> CardConnection:
        assert within > 0
        card = self.cards.pop(0)
        if isinstance(card, ReaderError):
            raise card
        return card

    def present(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


async def test_commands_are_answered_in_order_and_the_chip_is_let_go() -> None:
    card = Card()
    head = ReaderHead(Way([card]))
    link = head.link()
    assert await link.transmit(COMMANDS, reset=True) == [
        bytes((n,)) + b"\x90\x00" for n in range(8)
    ]
    assert card.resets == [], "a card just powered is reset already"
    await link.transmit(COMMANDS[:1], reset=True)
    assert card.resets == [True]
    await link.transmit(COMMANDS[:1])
    assert card.resets == [True]
    await link.close()
    await link.close()
    assert card.closed
    head.close()


@pytest.mark.parametrize("persist", [False, True])
async def test_a_refusal_ends_the_commands_unless_all_are_wanted(*, persist: bool) -> None:
    card = Card(answer=lambda n: b"\x69\x85" if n == 3 else b"\x90\x00")
    link = ReaderHead(Way([card])).link()
    answers = await link.transmit(COMMANDS, persist=persist)
    assert len(answers) == (8 if persist else 4)
    assert answers[3] == b"\x69\x85"


async def test_answers_come_whole() -> None:
    answers = iter([b"\x61\x02", b"ab\x90\x00"])
    link = ReaderHead(Way([Card(answer=lambda _: next(answers))])).link()
    assert await link.transmit(COMMANDS[:1]) == [b"ab\x90\x00"]


@pytest.mark.parametrize("code", ["CARD_REMOVED", "CARD_MUTE"])
@pytest.mark.parametrize("at", range(8))
async def test_a_card_pulled_at_any_command_is_told_with_what_it_answered(
    at: int, code: str
) -> None:
    card, next_one = Card(pulled_at=at, code=code), Card()
    link = ReaderHead(Way([card, next_one])).link()
    with pytest.raises(ChipLostError) as error:
        await link.transmit(COMMANDS)
    assert (error.value.code, len(error.value.answers)) == (code, at)
    assert card.closed
    assert len(await link.transmit(COMMANDS, reset=True)) == 8, (
        "put in again, it is another power-up"
    )


@pytest.mark.parametrize("code", sorted(READER_AWAY))
@pytest.mark.parametrize("at", range(8))
async def test_a_reader_unplugged_at_any_command_is_waited_for(at: int, code: str) -> None:
    link = ReaderHead(Way([Card(pulled_at=at, code=code)])).link()
    with pytest.raises(DeviceUnavailableError) as error:
        await link.transmit(COMMANDS)
    assert error.value.code == code


async def test_no_card_in_the_reader_is_a_dead_chip_and_no_reader_is_a_passing_fault() -> None:
    link = ReaderHead(
        Way([ReaderError("CARD_REMOVED", "none"), ReaderError("READER_LOST", "none")])
    ).link()
    with pytest.raises(SpoiledError) as spoiled:
        await link.transmit(COMMANDS)
    assert spoiled.value.code == "CHIP_MUTE"
    with pytest.raises(DeviceUnavailableError) as away:
        await link.transmit(COMMANDS)
    assert away.value.code == "READER_LOST"


async def test_a_caller_that_gives_up_lets_no_command_overtake() -> None:
    card = Card()
    head = ReaderHead(Way([card]))
    link = head.link()
    first = asyncio.create_task(link.transmit(COMMANDS[:4]))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await link.transmit(COMMANDS[4:])
    assert card.seen[-4:] == list(COMMANDS[4:])
    assert card.seen == sorted(card.seen, key=COMMANDS.index)
    await asyncio.to_thread(head.close)
