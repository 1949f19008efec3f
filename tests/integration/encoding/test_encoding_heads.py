"""Heads that wear out, and heads that are wired to a card reader: the driver, a real machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cardwright.card.events import Encoded, OperationFailed
from cardwright.driver import DeviceConnection, Request
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.reader import CardConnection, ReaderError
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.heads import HeadRules
from services.encoding.adapters.ways import VpcdWay
from services.encoding.health import HeadState
from tests.integration.encoding.encoding_line import Line


async def test_a_worn_head_is_taken_out_of_work_before_it_spoils_a_batch(tmp_path: Path) -> None:
    async with Line(tmp_path, rules=HeadRules(4, 2, first_rest=0.01, longest_rest=0.05)) as line:
        line.machine.ask("WEAR", head=1)
        cards = [line.printed(f"c{n}", "badge", f"B-{n}") for n in range(16)]
        facts = [await line.perform(card) for card in cards]
        failed = [fact for fact in facts if isinstance(fact, OperationFailed)]
        assert [fact.code for fact in failed] == ["CHIP_MUTE", "CHIP_MUTE"]
        health = line.encoder.heads.health(1)
        assert (health.state, health.good, health.failed) == (HeadState.UNHEALTHY, 0, 2)
        assert [line.encoder.heads.health(n).share for n in (0, 2, 3)] == [1.0, 1.0, 1.0]

        line.machine.ask("WEAR", head=1, off=True)
        busy = [line.encoder.heads.lend(f"held-{n}") for n in (0, 2, 3)]
        for each in busy:
            await each.__aenter__()
        mended = await line.perform(line.printed("mended", "badge", "B-16"))
        assert isinstance(mended, Encoded)
        assert line.encoder.heads.health(1).state is HeadState.IN_WORK


async def test_a_machine_with_fewer_heads_than_we_were_told(tmp_path: Path) -> None:
    async with Line(tmp_path, ("--heads", "2")) as line:
        cards = [line.printed(f"c{n}", "badge", f"B-{n}") for n in range(6)]
        facts = await asyncio.gather(*map(line.perform, cards))
        assert all(isinstance(fact, Encoded) for fact in facts)
        assert line.encoder.heads.health(3).state is HeadState.AWAY


# A head that is lost stays so until the test says otherwise.
RULES = HeadRules(2, first_rest=600, longest_rest=600)


def wired(root: Path, *options: str) -> Line:
    """A machine of two heads: the contacts of the first lead to a reader of ours."""
    port = free_port()
    reader = ("--heads", "2", "--reader", f"0={LOOPBACK}:{port}")
    return Line(root, (*reader, *options), rules=RULES, readers={0: VpcdWay(port)})


async def test_a_head_with_a_reader_makes_the_same_cards(tmp_path: Path) -> None:
    async with wired(tmp_path) as line:
        cards = [line.printed(f"c{n}", blank=f"B-{n}") for n in range(4)]
        facts = [await line.perform(card) for card in cards]
        assert all(isinstance(fact, Encoded) and fact.tracks == (1, 2) for fact in facts)
        assert [line.encoder.heads.health(n).good for n in (0, 1)] == [2, 2]
        assert [await line.encoder.recall(card) for card in cards] == facts
        sessions = line.acts("chip_session")
        assert [row["result"] for row in sessions] == ["personalised"] * 4


async def test_the_machine_itself_does_not_reach_a_chip_that_a_reader_has(tmp_path: Path) -> None:
    async with wired(tmp_path) as line:
        made = line.printed(kind="badge")
        port = line.encoder._address.port
        async with DeviceConnection(LOOPBACK, port) as link:
            await link.ask("FEED", job_id=made.job_id, card=made.job_id, head=0)
            (refused,) = await link.flight([Request("POWER", {"job_id": made.job_id})])
            assert getattr(refused, "code", "") == "CHIP_ELSEWHERE"


async def test_a_mute_chip_in_a_reader_is_spoiled(tmp_path: Path) -> None:
    async with wired(tmp_path, "--fault", "chip_mute:next=1") as line:
        line.encoder._readers[0].insert_within = 0.2
        fact = await line.perform(line.printed(kind="badge"))
        assert isinstance(fact, OperationFailed)
        assert fact.code == "CHIP_MUTE"


class Unplugged(VpcdWay):
    """A reader that is unplugged at the n-th command, and plugged in again later."""

    def __init__(self, port: int, at: int) -> None:
        super().__init__(port)
        self.left = at

    def open(self, within: float) -> CardConnection:
        return Cut(super().open(within), self)


class Cut:
    def __init__(self, card: CardConnection, way: Unplugged) -> None:
        self.card, self.way = card, way

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def reset(self, *, cold: bool = False) -> bytes:
        return self.card.reset(cold=cold)

    def transmit(self, command: bytes) -> bytes:
        self.way.left -= 1
        if self.way.left == 0:
            raise ReaderError("READER_LOST", "unplugged")
        return self.card.transmit(command)

    def close(self) -> None:
        self.card.close()


async def test_a_reader_unplugged_at_any_command_is_waited_for_and_the_card_is_decided(
    tmp_path: Path,
) -> None:
    async with wired(tmp_path) as line:
        head = line.encoder._readers[0]
        assert isinstance(head.way, VpcdWay)
        way = head.way = Unplugged(head.way.port, 1)
        line.encoder.heads.lost(1, "NOT_THIS_ONE")
        for at in range(1, 100):
            way.left = at
            made = line.printed(f"c{at}", blank=f"B-{at}")
            try:
                await line.perform(made)
                break
            except DeviceUnavailableError as error:
                code = error.code
            assert code == "READER_LOST"
            assert line.encoder.heads.health(0).state is HeadState.AWAY
            line.encoder.heads.found(0)
            fact = await line.settle(made)
            assert isinstance(fact, Encoded | OperationFailed), at
        assert at > 12, "commands of a debit card"
        assert len(line.acts("feed")) == len(line.acts("stripe_write")) == at
