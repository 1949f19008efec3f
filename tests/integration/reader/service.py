"""A PC/SC service of the test's own with a virtual reader, apart from the machine's network.

The packaged vpcd listens on every address. So the service lives in a network namespace with a
loopback interface and nothing else, and so do the cards. Programs reach the service by its socket
in the file system: in a mount namespace of its own it makes that in a folder of the test's, and
``PCSCLITE_CSOCK_NAME`` tells the programs. So it is in nobody's way, another test run's neither.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[3]
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PORT = 35963
_SERVICE = """
ip link set lo up && mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd
exec pcscd --foreground --info --config "$0"
"""
_CARD = """
import sys, time
from cardwright.chip import PROFILES, manufacture
from cardwright.devices.vpcd import dial, serve
line = dial("127.0.0.1", int(sys.argv[2]))
print("inserted", flush=True)
serial, key = bytes.fromhex(sys.argv[3]), bytes.fromhex(sys.argv[4])
pace = float(sys.argv[5])
after = (lambda: time.sleep(pace)) if pace else None  # what silicon takes, and software does not
serve(manufacture(serial, key, profile=PROFILES[sys.argv[1]]), line, after=after)
"""


def missing() -> str:
    """Why there can be no service here; empty if there can."""
    if importlib.util.find_spec("smartcard") is None:
        return "not installed: pyscard (make .venv/readers)"
    tools = [name for name in ("pcscd", "unshare", "nsenter", "ip") if shutil.which(name) is None]
    if tools:
        return f"not installed: {', '.join(tools)} (make test-tools)"
    if not DRIVER.exists():
        return "not installed: vsmartcard-vpcd (make test-tools)"
    if os.geteuid() != 0:
        return "a PC/SC service of the test's own wants root"
    alone = subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True, check=False
    )
    return "this machine gives no namespaces" if alone.returncode else ""


@functools.cache
def socket_path() -> Path:
    """Where this process's services listen, one after the other: the library asks only once."""
    folder = Path(tempfile.mkdtemp(prefix="pcscd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PCSCLITE_CSOCK_NAME"] = str(folder / "pcscd.comm")
    return folder / "pcscd.comm"


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(socket_path())) == 0


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
        apart = ["unshare", "--net", "--mount", "sh", "-c", _SERVICE]
        command = [*apart, str(config), str(socket_path().parent)]
        super().__init__(command, ready="daemon ready")
        deadline = time.monotonic() + 20
        while not _answers():  # it says that it is ready just before it listens
            assert time.monotonic() < deadline, "the service does not listen"
            time.sleep(0.01)

    def insert(
        self,
        profile: str = "standard",
        slot: int = 0,
        serial: bytes = bytes(10),
        key: bytes = bytes(16),
        pace: float = 0.0,
    ) -> Child:
        """Put a software card into a slot, in a process of its own.

        Args:
            profile: which chip.
            slot: 0 or 1.
            serial: the chip's.
            key: its maker's test master key.
            pace: seconds that it takes for a command beside its work.
        """
        enter = ["nsenter", "--target", str(self.process.pid), "--net"]
        made = [profile, str(PORT + slot), serial.hex(), key.hex(), str(pace)]
        card = [sys.executable, "-c", _CARD, *made]
        return Child([*enter, *card], ready="inserted")
