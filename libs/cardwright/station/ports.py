"""What a station implements, and what the runtime hands it.

A *desk* does work that lives in databases alone: its answer and its effects share a transaction,
so doing it twice is impossible. A *bench* does a physical act on a device: the runtime commits the
intent first, and after a crash asks the device what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

import asyncpg

from cardwright.card import Body, Operation

__all__ = [
    "Answer",
    "Attended",
    "Bench",
    "Desk",
    "Device",
    "DeviceUnavailableError",
    "NotBegun",
    "Transaction",
    "WorkOrder",
]

# A string, since asyncpg is generic in its stubs alone.
Transaction: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One operation on one card; fields as in work.proto."""

    order_id: str
    card_id: str
    operation: Operation
    attempt: int
    issuer: str
    request_id: str
    product: str
    product_version: int
    express: bool
    blank_serial: str = ""
    sscc: str = ""
    permit: bytes = b""
    waived: tuple[str, ...] = ()
    test_card: bool = False
    cplc: bytes = b""
    atc: int = 0

    @property
    def job_id(self) -> str:
        """Name of the physical piece: one a card and attempt, on every device of the line."""
        return f"{self.card_id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a station states about an order. ``attachment`` travels beside the fact, unlogged."""

    order_id: str
    body: Body
    attachment: bytes = b""


class Desk(Protocol):
    """Work without physical acts."""

    async def handle(self, orders: Sequence[WorkOrder], tx: Transaction) -> Sequence[Answer]:
        """Answer every order, within ``tx``.

        Raising rolls everything back and the batch is tried again: raise for passing faults alone
        (a database or the security module that is away). What is wrong with one card is an answer.
        """


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The device never began the job: it may be done."""


class DeviceUnavailableError(Exception):
    """The device can't work now (off, out of supplies, no answer): try again later.

    Nothing is known about the job: the runtime asks the device before it does anything more.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


Material = TypeVar("Material")
Material_contra = TypeVar("Material_contra", contravariant=True)


class Device(Protocol[Material_contra]):
    """One machine. ``depth`` is how many jobs it queues: no more intents are open at once."""

    @property
    def name(self) -> str:
        """The device's name in facts."""

    @property
    def depth(self) -> int:
        """Jobs it may hold."""

    async def perform(self, order: WorkOrder, material: Material_contra) -> Body:
        """Do the act and state what became of it (done or failed).

        Raises:
            DeviceUnavailableError: It is not known whether the act was done.
        """

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask the device what became of a job whose outcome was lost.

        Raises:
            DeviceUnavailableError: It does not answer now.
        """


@runtime_checkable
class Attended(Protocol):
    """A device that knows when it can begin a job at all; until then others get the jobs."""

    async def ready(self) -> None:
        """Wait until it may be given a job."""


class Bench(Protocol[Material]):
    """Physical work: what must be at hand for an act, and the machines that do it."""

    @property
    def devices(self) -> Sequence[Device[Material]]:
        """The machines."""

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, Material | Answer]:
        """Fetch (and compute) what each order needs, by order id, before its intent is committed.

        An ``Answer`` instead of material answers the order without an act (a photo that can't be
        decoded). Raising means a passing fault.
        """
