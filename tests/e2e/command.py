"""The command as people run it: a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardwright.line.layout import repository
from cardwright.localstack.choose import Stack

__all__ = ["Said", "cardwright", "processes_of", "start"]


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """What it said to a program."""
        return json.loads(self.output)


async def start(*words: str, state: Path, stack: Stack | None = None) -> asyncio.subprocess.Process:
    """Start ``cardwright`` with these words, in a process group of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cardwright.cli.main", *words, "--state", str(state)),
        cwd=repository(),
        env={**os.environ, **({"CARDWRIGHT_STACK": stack.value} if stack else {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def cardwright(
    *words: str, state: Path, stack: Stack | None = None, within: float = 60
) -> Said:
    """Run ``cardwright`` to its end."""
    process = await start(*words, state=state, stack=stack)
    async with asyncio.timeout(within):
        output, errors = await process.communicate()
    assert process.returncode is not None, "it has ended"
    return Said(process.returncode, output.decode(), errors.decode())


def processes_of(state: Path) -> list[str]:
    """Return the command lines of all processes that were told of this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if any(str(state).encode() in word for word in words):
            found.append(b" ".join(words).decode())
    return found
