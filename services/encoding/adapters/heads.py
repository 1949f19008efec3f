"""A machine's heads: each gets one card at a time, as long as it does its work well."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from cardwright.card.events import Body, Encoded, OperationFailed
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.headbook import HeadBook
from services.encoding.health import HEAD_UNHEALTHY, HeadHealth, HeadState

__all__ = ["HeadOnLoan", "HeadRules", "Heads"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeadRules:
    """How a machine's heads are used.

    Attributes:
        count: how many of them.
        limit: failures in a row that take one out of work.
        first_rest: seconds until it is tested then; each failed test doubles them.
        longest_rest: seconds at most.
        book: where operators read how the heads do.
    """

    count: int
    limit: int = 3
    first_rest: float = 5.0
    longest_rest: float = 300.0
    book: HeadBook = field(default_factory=HeadBook)


@dataclass(slots=True, eq=False)
class HeadOnLoan:
    """A head, and the job whose card it holds or is about to hold.

    Attributes:
        broken_off: the work on that card was interrupted once.
    """

    number: int
    health: HeadHealth
    job_id: str = ""
    broken_off: bool = False
    mending: asyncio.Task[None] | None = field(default=None, repr=False)


class Heads:
    """Lends heads, the longest idle first, and learns from what became of the cards.

    Args:
        machine: the machine's name in facts.
        rules: how its heads are used.
        test: asks whether a head, by number, works; may raise DeviceUnavailableError.
    """

    def __init__(
        self, machine: str, rules: HeadRules, test: Callable[[int], Awaitable[bool]]
    ) -> None:
        self._machine, self._rules, self._test = machine, rules, test
        self._book = rules.book
        self._heads = [
            HeadOnLoan(number, self._book.recall(machine, number, rules.limit))
            for number in range(rules.count)
        ]
        self._idle = list(self._heads)
        self._changed = asyncio.Event()
        self._begun = False

    def __len__(self) -> int:
        return len(self._heads)

    def health(self, number: int) -> HeadHealth:
        """Return a head's record."""
        return self._heads[number].health

    async def ready(self) -> None:
        """Wait until a head is in work; what was unhealthy before a restart is tested meanwhile."""
        if not self._begun:
            self._begun = True
            for head in self._heads:
                self._note(head)
        await self._until(lambda: self._any_in_work)

    @contextlib.asynccontextmanager
    async def lend(self, job_id: str) -> AsyncIterator[HeadOnLoan]:
        """Lend a head for a job: the one that has the job's card, or one in work.

        A block that ends with an error leaves the card in its head: only that job gets it again.

        Raises:
            DeviceUnavailableError: HEAD_UNHEALTHY, no head is in work.
        """
        head = self._holding(job_id) or await self._take(job_id)
        try:
            yield head
        except BaseException:
            head.broken_off = True
            raise
        self._give_back(head)

    def claim(self, job_id: str, number: int) -> None:
        """Take down which head has a job's card, as the machine tells after a restart of ours."""
        if self._holding(job_id) is None and number < len(self._heads):
            head = self._heads[number]
            head.job_id, head.broken_off = job_id, True
            if head in self._idle:
                self._idle.remove(head)

    def release(self, job_id: str) -> None:
        """Free the head of a job whose card is in none."""
        head = self._holding(job_id)
        if head is not None:
            self._give_back(head)

    def learn(self, head: HeadOnLoan, fact: Body) -> None:
        """Take into account what became of the card in a head."""
        before = head.health.in_work
        if isinstance(fact, Encoded):
            head.health.passed()
            self._book.card(self._machine, head.number, "good")
        elif isinstance(fact, OperationFailed):
            head.health.spoiled(fact.code, interrupted=head.broken_off)
            self._book.card(self._machine, head.number, fact.code)
        if before and not head.health.in_work:
            self._warn(head, HEAD_UNHEALTHY)
        self._note(head)

    def lost(self, number: int, code: str) -> None:
        """Take a head out of work that can't be reached."""
        head = self._heads[number]
        if head.health.state is not HeadState.AWAY:
            head.health.lost(code)
            self._warn(head, code)
            self._note(head)

    def found(self, number: int) -> None:
        """Put a head back to work that can be reached again."""
        head = self._heads[number]
        if head.health.state is HeadState.AWAY:
            head.health.came_back()
            self._note(head)

    async def close(self) -> None:
        """Stop the tests."""
        tests = [head.mending for head in self._heads if head.mending is not None]
        for test in tests:
            test.cancel()
        await asyncio.gather(*tests, return_exceptions=True)

    @property
    def _any_in_work(self) -> bool:
        return any(head.health.in_work for head in self._heads)

    @property
    def _next(self) -> HeadOnLoan | None:
        return next((head for head in self._idle if head.health.in_work), None)

    def _holding(self, job_id: str) -> HeadOnLoan | None:
        return next((head for head in self._heads if head.job_id == job_id), None)

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()

    async def _take(self, job_id: str) -> HeadOnLoan:
        await self._until(lambda: self._next is not None or not self._any_in_work)
        head = self._next
        if head is None:
            raise DeviceUnavailableError(
                HEAD_UNHEALTHY, f"no head of {self._machine} is in work: see the runbook"
            )
        self._idle.remove(head)
        head.job_id = job_id
        self._note(head)
        return head

    def _give_back(self, head: HeadOnLoan) -> None:
        head.job_id, head.broken_off = "", False
        self._idle.append(head)
        self._note(head)

    def _note(self, head: HeadOnLoan) -> None:
        """Something about a head is new: tell who waits, who reads, and who tests."""
        self._book.note(self._machine, head.number, head.health, head.job_id)
        if not head.health.in_work and (head.mending is None or head.mending.done()):
            head.mending = asyncio.create_task(self._test_until_fit(head))
        self._changed.set()

    async def _test_until_fit(self, head: HeadOnLoan) -> None:
        """Test a head that is out of work, empty, after ever longer rests."""
        rest = self._rules.first_rest
        while not head.health.in_work:
            await asyncio.sleep(rest)
            rest = min(rest * 2, self._rules.longest_rest)
            if not head.job_id and await self._fit(head):
                head.health.came_back()
        self._note(head)

    async def _fit(self, head: HeadOnLoan) -> bool:
        try:
            return await self._test(head.number)
        except DeviceUnavailableError:
            return False

    def _warn(self, head: HeadOnLoan, code: str) -> None:
        _log.warning(
            "head %d of %s is out of work after %s",
            head.number,
            self._machine,
            head.health.code,
            extra={"code": code, "device": self._machine, "head": head.number},
        )
