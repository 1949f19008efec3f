"""A real encoder process on a floor, and the station's own driver of it, without Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cardwright.card.events import Body
from cardwright.devices.floor import BACK, Floor, Passport
from cardwright.driver import DeviceAddress
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.station.ports import Answer, DeviceUnavailableError, NotBegun, WorkOrder
from services.encoding.adapters.encoder import Encoder
from services.encoding.adapters.heads import HeadRules
from services.encoding.adapters.scripts import Scripts
from services.encoding.adapters.ways import ChipWay
from services.encoding.handlers import Preparation
from services.encoding.procedure import Personalizer
from tests.integration.devices.device_process import Device
from tests.unit.encoding.encoding_kit import BLANK, FakeModule, MemoryAttempts, MemoryVault, order

HEADS = 4


@dataclass
class Line(AbstractContextManager["Line"]):
    """Printed cards go in, facts come out."""

    root: Path
    options: tuple[str, ...] = ()
    chip: bool = True
    rules: HeadRules = field(default_factory=lambda: HeadRules(HEADS))
    readers: Mapping[int, ChipWay] = field(default_factory=dict)
    stripes: Mapping[int, str] = field(default_factory=dict)
    vault: MemoryVault = field(default_factory=MemoryVault)
    module: FakeModule = field(default_factory=FakeModule)
    attempts: MemoryAttempts = field(default_factory=MemoryAttempts)

    def __post_init__(self) -> None:
        self.floor = Floor(self.root / "floor")
        self._port = ("--port", str(free_port()))
        self.machine = Device("encoder", self.root, *self._port, *self.options)
        self.encoder = self.driver()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.machine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.encoder.close()
        self.machine.close()

    def driver(self) -> Encoder:
        """The station's driver; a second one is the station after a restart."""
        address = DeviceAddress("encoder-1", LOOPBACK, int(self._port[1]))
        # The fake has the two verbs that are asked for here.
        scripts = Scripts(self.module)  # type: ignore[arg-type]  # see above
        maker = Personalizer(scripts, self.attempts)
        preparation = Preparation(self.vault, chip=self.chip)
        return Encoder(address, self.rules, maker, preparation, self.readers, self.stripes)

    def restart(self) -> None:
        """Start the machine again, without the faults of its first start."""
        self.machine.start(*self._port)

    def printed(
        self, card: str = "card", kind: str = "debit", blank: str = BLANK, **passport: Any
    ) -> WorkOrder:
        """Put a printed card on the floor and its sections into the vault."""
        made = order(card, blank=blank)
        self.vault.file(made.card_id, kind)
        given = {"material": "pvc", "chip": True, "stripe": "hico", "printed": True, **passport}
        self.floor.place(made.job_id, Passport(blank=blank, **given))
        return made

    def photographed(self, made: WorkOrder, back: bytes) -> None:
        """Give a card a printed back."""
        self.floor.write(made.job_id, BACK, back)

    async def perform(self, made: WorkOrder) -> Body:
        """As the foreman does: prepare, then perform."""
        material = (await Preparation(self.vault, chip=self.chip)([made]))[made.order_id]
        assert not isinstance(material, Answer)
        return await self.encoder.perform(made, material)

    async def settle(self, made: WorkOrder) -> Body:
        """As the foreman does through any number of losses: ask, and begin if nothing began."""
        while True:
            try:
                return await self.perform(made)
            except DeviceUnavailableError:
                found = await answered(lambda: self.encoder.recall(made))
            if not isinstance(found, NotBegun):
                return found

    def acts(self, act: str) -> list[dict[str, Any]]:
        """The machine's ledger."""
        return self.machine.acts(act)


async def answered(ask: Callable[[], Awaitable[Body | NotBegun]]) -> Body | NotBegun:
    """Ask until the machine answers."""
    while True:
        try:
            return await ask()
        except DeviceUnavailableError:
            await asyncio.sleep(0.01)  # the foreman's pause between questions
