"""Scripts from the security module: chips that wait at the same time share a call."""

from __future__ import annotations

import asyncio

from cardwright.hsm.port import ChipToPersonalize, HsmError, SecurityModule

__all__ = ["Script", "Scripts"]

Script = tuple[bytes, ...]
_Waiting = tuple[ChipToPersonalize, asyncio.Future[Script | HsmError]]


class Scripts:
    """Asks the module for scripts; while one call is under way, the next chips gather."""

    def __init__(self, module: SecurityModule) -> None:
        self._module = module
        self._waiting: list[_Waiting] = []
        self._asking: asyncio.Task[None] | None = None

    async def of(self, chip: ChipToPersonalize) -> Script | HsmError:
        """Return the chip's script, or why the module refuses this chip.

        Raises:
            HsmError: The whole call failed: the module is away, or denies the verb.
        """
        answer: asyncio.Future[Script | HsmError] = asyncio.get_running_loop().create_future()
        self._waiting.append((chip, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            call = self._module.personalize([chip for chip, _ in group])
            # Whatever went wrong is for those who wait to hear.
            (answers,) = await asyncio.gather(call, return_exceptions=True)
            for number, (_, waiting) in enumerate(group):
                if waiting.done():
                    continue
                if isinstance(answers, BaseException):
                    waiting.set_exception(answers)
                else:
                    waiting.set_result(answers[number])
