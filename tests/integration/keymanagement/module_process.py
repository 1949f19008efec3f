"""The security module as its own process, on a socket that outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from cardwright.hsm.client import GrpcSecurityModule
from cardwright.secret import SecretText

__all__ = ["ISSUER", "ModuleProcess", "client"]

ISSUER = "aurora-bank"


class ModuleProcess:
    """Started, killed and started again by tests; `start` returns once it serves."""

    def __init__(self, keys: Path, socket: Path) -> None:
        self._keys = keys
        self.address = f"unix:{socket}"
        self.ready_file = socket.with_suffix(".ready")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bytes:
        """Start, and return the ready line."""
        program = (sys.executable, "-m", "services.keymanagement.module", "serve")
        self._process = subprocess.Popen(
            [
                *program,
                f"--keys={self._keys}",
                f"--listen={self.address}",
                f"--port-file={self.ready_file}",
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["libs", "."])},
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self, number: signal.Signals) -> int:
        """Send a signal unless it has ended, and return its exit code."""
        assert self._process is not None
        assert self._process.stdout is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.stdout.close()
        return self._process.wait()

    async def restart(self) -> bytes:
        """Start again while the caller's event loop goes on."""
        return await asyncio.to_thread(self.start)


def client(module: ModuleProcess, keys: Path, role: str) -> GrpcSecurityModule:
    """Connect as a service of some role."""
    token = SecretText((keys / "tokens" / f"{role}.site-1.token").read_text())
    return GrpcSecurityModule(module.address, token)
