"""A device in a process of its own, and a driver's side of the wire written from docs/devices.md.

It deliberately shares no code with cardwright.devices: it checks the document, not the module.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "libs")}


class RefusedError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PowerLostError(Exception):
    """The device hung up in the middle of a conversation."""


class Device:
    """Start, ask, kill and restart one machine with the same state and floor."""

    def __init__(self, kind: str, root: Path, *options: str) -> None:
        self.state = root / kind
        self.state.mkdir(exist_ok=True)
        kmc = root / "kmc.hex"
        kmc.write_text("404142434445464748494a4b4c4d4e4f\n")  # GlobalPlatform's public test key
        self._command = [sys.executable, "-m", "cardwright.devices", kind]
        self._command += ["--state", str(self.state)]
        if kind != "mailer":
            self._command += ["--floor", str(root / "floor")]
        if kind not in {"printer", "mailer"}:
            self._command += ["--kmc-file", str(kmc)]
        self.start(*options)

    def start(self, *options: str) -> None:
        port_file = self.state / "port"
        self.process = subprocess.Popen(
            [*self._command, "--port-file", str(port_file), *options],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        assert ready["ready"] is True
        assert int(port_file.read_text()) == ready["port"]
        self._socket = socket.create_connection(("127.0.0.1", ready["port"]), timeout=60)

    def send(self, command: str, body: bytes = b"", **fields: Any) -> None:
        header = json.dumps({"id": command, "command": command, **fields}).encode()
        frame = struct.pack(">I", len(header)) + header + struct.pack(">I", len(body)) + body
        try:
            self._socket.sendall(frame)
        except OSError as lost:
            raise PowerLostError from lost

    def receive(self) -> tuple[dict[str, Any], bytes]:
        header = json.loads(self._part())
        body = self._part()
        if "error" in header:
            raise RefusedError(header["error"]["code"])
        return header["ok"], body

    def ask(self, command: str, body: bytes = b"", **fields: Any) -> dict[str, Any]:
        self.send(command, body, **fields)
        return self.receive()[0]

    def kill(self) -> None:
        self.process.kill()
        self.died()

    def died(self) -> int:
        status = self.process.wait(30)
        self._release()
        return status

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.died()

    def acts(self, act: str) -> list[dict[str, Any]]:
        reader = [sys.executable, "-m", "cardwright.devices", "ledger"]
        found = subprocess.run(
            [*reader, str(self.state / "ledger.db"), "--act", act],
            check=True,
            capture_output=True,
            env=ENVIRONMENT,
        )
        return [json.loads(line) for line in found.stdout.splitlines()]

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()

    def _release(self) -> None:
        self._socket.close()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _part(self) -> bytes:
        return self._exactly(struct.unpack(">I", self._exactly(4))[0])

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self._socket.recv(count - len(data))
            except ConnectionError as lost:
                raise PowerLostError from lost
            if not more:
                raise PowerLostError
            data += more
        return data
