"""One EMV debit card through a PC/SC reader: the station's procedure, and the reader path alone.

The same chip is made twice. First by the station's own procedure over its own link: look, session,
script, proof of the issuer's keys, read-back, with scripts and verdicts by the security module's
code. Then bare: a fresh chip of the same serial gets the very same commands, as fast as the reader
path takes them, and answers the same. So both have as many commands, of the same lengths, to a chip
that does the same work; what differs is the house's own.

The reader is vsmartcard's virtual one behind pcsc-lite, and the chip is this repository's software
card in a process of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cardwright.reader import CardConnection, connect, readers
from services.encoding.adapters.readerlink import ReaderHead
from services.encoding.adapters.ways import PcscWay
from tests.integration.reader.service import Service, missing
from tests.unit.encoding.chip_rig import CARD, Bench, plan_of
from tests.unit.encoding.encoding_kit import KMC, cda_sections

__all__ = ["PcscChips", "missing", "personalize_by_pcsc"]

_INSERT_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class PcscChips:
    """Times in milliseconds of the clock, for a card in each reader: the quickest of a run.

    Whatever else the machine does only adds to a time, so the least one says most.

    Attributes:
        readers: how many are served at the same time.
        pace_ms: what a chip takes for a command beside its work; 0: as fast as software goes.
        cards: how many cards were made in each.
        commands: that a card takes, through the reader.
        resets: of the chip, in both.
        made_ms: the station's whole procedure.
        bare_ms: the same commands alone.
    """

    readers: int
    pace_ms: float
    cards: int
    commands: int
    resets: int
    made_ms: float
    bare_ms: float

    @property
    def rate(self) -> float:
        """Commands a second, personalizing."""
        return self.readers * self.commands / self.made_ms * 1000

    @property
    def bare_rate(self) -> float:
        """Commands a second, bare."""
        return self.readers * self.commands / self.bare_ms * 1000

    @property
    def share(self) -> float:
        """Of the bare rate that is reached."""
        return self.bare_ms / self.made_ms


@dataclass
class _Tape:
    """What was said through a connection: a command with its answer, or None for a reset."""

    said: list[tuple[bytes, bytes] | None] = field(default_factory=list)


class _Taped:
    """A card connection that is written down."""

    def __init__(self, card: CardConnection, tape: _Tape) -> None:
        self._card, self._tape = card, tape

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def reset(self, *, cold: bool = False) -> bytes:
        self._tape.said.append(None)
        return self._card.reset(cold=cold)

    def transmit(self, command: bytes) -> bytes:
        answer = self._card.transmit(command)
        self._tape.said.append((command, answer))
        return answer

    def close(self) -> None:
        self._card.close()


class _TapedWay:
    """A PC/SC reader whose card is written down."""

    def __init__(self, reader: str, tape: _Tape) -> None:
        self._way, self._tape = PcscWay(reader), tape

    def open(self, within: float) -> CardConnection:
        return _Taped(self._way.open(within), self._tape)

    def present(self) -> bool:
        return self._way.present()

    def close(self) -> None:
        self._way.close()


def personalize_by_pcsc(cards: int, slots: int = 1, pace: float = 0.0) -> PcscChips:
    """Make so many cards in each reader, each twice.

    Args:
        cards: how many.
        slots: readers that are served at the same time: 1 or 2.
        pace: seconds that a chip takes for a command beside its work.
    """
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder)) as service:
        names = sorted(readers())[:slots]
        # The first one warms up.
        runs = [_both(service, names, number, pace) for number in range(cards + 1)][1:]
    said = runs[0][0][0].said
    return PcscChips(
        readers=slots,
        pace_ms=pace * 1000,
        cards=cards,
        commands=len(said) - said.count(None),
        resets=said.count(None),
        made_ms=min(made for _, made, _ in runs) * 1000,
        bare_ms=min(bare for _, _, bare in runs) * 1000,
    )


def _both(
    service: Service, names: Sequence[str], number: int, pace: float
) -> tuple[list[_Tape], float, float]:
    tapes = [_Tape() for _ in names]
    with _inserted(service, names, number, pace):
        made = asyncio.run(_make(names, tapes))
    with _inserted(service, names, number, pace), ThreadPoolExecutor(len(names)) as threads:
        began = time.perf_counter()
        list(threads.map(_replay, names, tapes))
        bare = time.perf_counter() - began
    return tapes, made, bare


@contextmanager
def _inserted(service: Service, names: Sequence[str], number: int, pace: float) -> Iterator[None]:
    """A fresh chip in each reader, seen by the service before the clock runs."""
    with ExitStack() as stack:
        for slot, name in enumerate(names):
            serial = (2 * number + slot).to_bytes(10, "big")
            chip = service.insert(slot=slot, serial=serial, key=KMC.reveal(), pace=pace)
            stack.enter_context(chip)
            connect(name, within=_INSERT_WITHIN).close()
        yield


async def _make(names: Sequence[str], tapes: Sequence[_Tape]) -> float:
    """Make a card in each reader, by one station; how long it took."""
    heads = [ReaderHead(_TapedWay(name, tape)) for name, tape in zip(names, tapes, strict=True)]
    links, plan = [head.link() for head in heads], plan_of("cda", cda_sections(CARD))
    personalizer = Bench().personalizer()
    began = time.perf_counter()
    await asyncio.gather(
        *(personalizer.make(link, f"blank-{n}", CARD, plan) for n, link in enumerate(links))
    )
    took = time.perf_counter() - began
    for head, link in zip(heads, links, strict=True):
        await link.close()
        head.close()
    return took


def _replay(reader: str, tape: _Tape) -> None:
    card = connect(reader)
    answers = []
    for each in tape.said:
        if each is None:
            card.reset(cold=True)
        else:
            answers.append(card.transmit(each[0]))
    card.close()
    if [answer[-2:] for answer in answers] != [each[1][-2:] for each in tape.said if each]:
        raise RuntimeError("the same chip answered otherwise: the two runs don't compare")
