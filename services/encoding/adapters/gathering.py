"""Calls that share a trip: while one is under way, whoever comes next gathers for the one after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Gathering"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gathering(Generic[Item, Answer]):
    """Asks for a group of items at a time; ``call`` answers in their order."""

    def __init__(self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._call = call
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def of(self, item: Item) -> Answer:
        """Return the answer about one item; what the whole call raises, each one hears."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            call = self._call([item for item, _ in group])
            # Whatever went wrong is for those who wait to hear.
            (answers,) = await asyncio.gather(call, return_exceptions=True)
            for number, (_, waiting) in enumerate(group):
                if waiting.done():
                    continue
                if isinstance(answers, BaseException):
                    waiting.set_exception(answers)
                else:
                    waiting.set_result(answers[number])
