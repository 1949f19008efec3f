"""A PC/SC service of the test's own with a virtual reader, apart from the machine's network.

The packaged vpcd listens on every address. So the service lives in a network namespace with a
loopback interface and nothing else, and so do the cards; programs reach the service by its socket
in the file system, of which a machine has one.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[3]
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SOCKET = Path("/run/pcscd/pcscd.comm")
PORT = 35963
_CARD = """
import sys
from cardwright.chip import PROFILES, manufacture
from cardwright.devices.vpcd import dial, serve
line = dial("127.0.0.1", int(sys.argv[2]))
print("inserted", flush=True)
serve(manufacture(bytes(10), bytes(16), profile=PROFILES[sys.argv[1]]), line)
"""


def missing() -> str:
    """Why there can be no service here; empty if there can."""
    tools = [name for name in ("pcscd", "unshare", "nsenter", "ip") if shutil.which(name) is None]
    if tools:
        return f"not installed: {', '.join(tools)}"
    if not DRIVER.exists():
        return "not installed: vsmartcard-vpcd"
    if os.geteuid() != 0:
        return "a network namespace and a PC/SC service want root"
    alone = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    if alone.returncode:
        return "this machine gives no network namespace"
    if _answers():
        return "a PC/SC service runs here: a machine has one"
    return ""


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(SOCKET)) == 0


class Child:
    """A process that says a word when it is ready."""

    def __init__(self, command: list[str], ready: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": str(ROOT / "libs")},
        )
        assert self.process.stdout is not None
        said = b""
        while ready.encode() not in said:
            assert select.select([self.process.stdout], [], [], 20)[0], said
            chunk = self.process.stdout.read(4096)
            assert chunk, said.decode()
            said += chunk

    def remove(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


class Service(Child):
    """pcscd with the vpcd's two slots."""

    def __init__(self, folder: Path) -> None:
        config = folder / "readers"
        config.mkdir()
        (config / "vpcd").write_text(
            f'FRIENDLYNAME "Cardwright Test"\nDEVICENAME /dev/null:{PORT}\n'
            f"LIBPATH {DRIVER}\nCHANNELID {PORT:#x}\n"
        )
        script = 'ip link set lo up && exec pcscd --foreground --info --config "$0"'
        command = ["unshare", "--net", "sh", "-c", script, str(config)]
        super().__init__(command, ready="daemon ready")
        deadline = time.monotonic() + 20
        while not _answers():  # it says that it is ready just before it listens
            assert time.monotonic() < deadline, "the service does not listen"
            time.sleep(0.01)

    def insert(self, profile: str = "standard", slot: int = 0) -> Child:
        """Put a software card into a slot, in a process of its own."""
        enter = ["nsenter", "--target", str(self.process.pid), "--net"]
        card = [sys.executable, "-c", _CARD, profile, str(PORT + slot)]
        return Child([*enter, *card], ready="inserted")
