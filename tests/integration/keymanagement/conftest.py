from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.hsm.client import GrpcSecurityModule
from cardwright.secret import SecretText
from services.keymanagement.module.provision import create

ISSUER = "aurora-bank"


class ModuleProcess:
    """The security module as its own process, on a socket that outlives it."""

    def __init__(self, keys: Path, socket: Path) -> None:
        self._keys = keys
        self.address = f"unix:{socket}"
        self.ready_file = socket.with_suffix(".ready")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> bytes:
        """Start, and return the ready line."""
        program = (sys.executable, "-m", "services.keymanagement.module", "serve")
        self._process = await asyncio.create_subprocess_exec(
            *program,
            f"--keys={self._keys}",
            f"--listen={self.address}",
            f"--port-file={self.ready_file}",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["libs", "."])},
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        return await self._process.stdout.readline()

    async def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()


@pytest.fixture(scope="session")
def keys() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-keys-"))
    create(folder, [ISSUER], ["site-1"])
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture
async def module(keys: Path) -> AsyncIterator[ModuleProcess]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-hsm-"))  # short: a socket's path is limited
    process = ModuleProcess(keys, folder / "s")
    await process.start()
    yield process
    await process.end(signal.SIGKILL)
    shutil.rmtree(folder)


def token_of(keys: Path, role: str) -> SecretText:
    return SecretText((keys / "tokens" / f"{role}.site-1.token").read_text())


def client(module: ModuleProcess, keys: Path, role: str) -> GrpcSecurityModule:
    return GrpcSecurityModule(module.address, token_of(keys, role))
