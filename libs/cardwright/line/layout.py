"""Where a local line keeps what it needs: one folder, and ports that stay the same."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cardwright.localstack.ports import free_port

__all__ = ["SERVICES", "SITE", "Layout", "repository"]

SITE = "site-1"
SERVICES = (
    "custody",
    "request",
    "dataprep",
    "keymanagement",
    "printing",
    "encoding",
    "qa",
    "logistics",
    "pinmailer",
    "retention",
    "query",
)
_PORTS = (
    "postgres",
    "broker",
    "hsm",
    "printer-1",
    "printer-2",
    "encoder-1",
    "inspector-1",
    "mailer-1",
    "query",
)


def repository() -> Path:
    """Return the source tree that this module is part of."""
    return Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one local line (``--state``, by default ``.cardwright``)."""

    root: Path

    @property
    def keys(self) -> Path:
        """Keystore, policy and tokens of the security module."""
        return self.root / "keys"

    @property
    def issuers(self) -> Path:
        """Public keys of the issuers, as they registered them."""
        return self.root / "issuers"

    @property
    def issuer_secrets(self) -> Path:
        """What the example issuers would keep at home: their private keys."""
        return self.root / "issuers-at-home"

    @property
    def floor(self) -> Path:
        """The physical cards."""
        return self.root / "floor"

    @property
    def output(self) -> Path:
        """What a person may want to look at: faces, labels, the audit export."""
        return self.root / "output"

    @property
    def status_file(self) -> Path:
        """What the supervisor runs."""
        return self.root / "line.json"

    def log_file(self, name: str) -> Path:
        """Return the log of a process."""
        return self.root / "logs" / f"{name}.log"

    def token_file(self, name: str) -> Path:
        """Return the token of a service of this site."""
        return self.keys / "tokens" / f"{name}.{SITE}.token"

    def ports(self) -> dict[str, int]:
        """Return the ports of this line; chosen once, so that a second run finds the first."""
        path = self.root / "ports.json"
        known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in _PORTS if name not in known]
        if missing:
            for name in missing:
                known[name] = _another_than(known.values())
            self.root.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(known, indent=1))
        return known

    def password(self, role: str) -> str:
        """Return the database password of a role; made once, readable by the owner alone."""
        path = self.root / "passwords" / role
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text()


def _another_than(taken: Collection[int]) -> int:
    while (port := free_port()) in taken:
        pass
    return port
