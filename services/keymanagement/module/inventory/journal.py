"""The journal of the module's keys: one signed and chained entry a change, in a file that grows.

A line is the entry's JSON, a tab, and the Ed25519 signature in hexadecimal. An entry names the
SHA-256 of the one before it, taken over the JSON as it stands in the file, and the key that signed
it: the module's own, ``sign/module``, whose public half the first entry holds. So the file can be
checked by itself from its beginning; that its end was not cut off, what was published of it tells.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.hsm.port import HsmError, JournalEntry
from services.keymanagement.module.inventory.inventory import Change, Inventory, Terms
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State
from services.keymanagement.module.keys import Algorithm, Key, Usage

__all__ = ["JOURNAL_FILE", "SIGNER", "Entry", "Journal", "Signer", "changing"]

JOURNAL_FILE: Final = "journal"
SIGNER: Final = "sign/module"
"""Label of the key that signs entries and minutes."""

Signer = Callable[[Key, bytes], bytes]
"""Signs by Ed25519: `Backend.sign`."""

_DOMAIN: Final = b"cardwright key journal, entry\n"
_NO_ENTRY: Final = bytes(32)
# The module's own key comes to be and is activated: it signs these entries before it is active.
_BEGINNING: Final = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        number: its place, from 1.
        hash: SHA-256 of its JSON.
        at: when the module wrote it, by its own clock.
        change: what it says.
    """

    number: int
    hash: bytes
    at: datetime
    change: Change

    def told(self) -> JournalEntry:
        """Tell it as the port does."""
        change, key = self.change, self.change.key
        return JournalEntry(
            entry=self.number,
            hash=self.hash,
            key_id=key.key_id,
            change=change.kind.value,
            state=change.state.value,
            usage=key.usage.value,
            algorithm=str(key.algorithm),
            kcv=key.kcv,
            environment=change.terms.environment,
            owner=change.terms.owner,
            custodians=change.custodians,
            minutes=change.minutes,
        )


class Journal:
    """The journal file, and the inventory that follows from it.

    Args:
        path: the file; none is the same as an empty one.

    Raises:
        HsmError: as `refresh`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._looked: tuple[int, int] | None = None
        self._publics: dict[str, VerifyKey] = {}
        self.entries: list[Entry] = []
        self.inventory = Inventory()
        self.refresh()

    @property
    def beginning(self) -> bytes:
        """Hash of the first entry, which tells this journal from all others."""
        return self.entries[0].hash if self.entries else _NO_ENTRY

    @property
    def head(self) -> bytes:
        """Hash of the last entry."""
        return self.entries[-1].hash if self.entries else _NO_ENTRY

    def refresh(self) -> bool:
        """Take up entries that were written since; returns whether there were any.

        Raises:
            HsmError: JOURNAL_TRUNCATED, the file lost entries that were here; JOURNAL_BROKEN, an
                entry is not chained to the one before, not signed by the module, or can't be.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            status = None
        size = status.st_size if status else 0
        looked = (size, status.st_mtime_ns if status else 0)
        if looked == self._looked:
            return False
        if size < self._read:
            raise HsmError(
                "JOURNAL_TRUNCATED", "The key journal lost entries: restore it before any change."
            )
        lines = self._lines()
        for line in lines:
            self._take(line)
        self._looked = looked
        return bool(lines)

    def append(self, changes: Sequence[Change], sign: Signer) -> list[Entry]:
        """Write changes, durably; a crash may leave the first of them alone, but none of them half.

        Whoever calls holds the lock of `changing`.

        Raises:
            HsmError: as `refresh`; KEY_TRANSITION and the like, a change can't be; KEY_INACTIVE, no
                key may sign entries.
        """
        self.refresh()
        trial = self.inventory.copy()
        lines, head = [], self.head
        for number, change in enumerate(changes, len(self.entries) + 1):
            key = trial.newest(SIGNER) if number > _BEGINNING else changes[0].key
            trial.apply(change)
            text = _encode(number, head, key, change)
            lines.append(text + b"\t" + sign(key, _DOMAIN + text).hex().encode() + b"\n")
            head = sha256(text).digest()
        before = len(self.entries)
        self._write(b"".join(lines))
        self.refresh()
        return self.entries[before:]

    def _lines(self) -> list[bytes]:
        """Read what is new, but for a last line that a crash cut short: nobody counts on it."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            *lines, _ = file.read().split(b"\n")
        return lines

    def _take(self, line: bytes) -> None:
        text, _, signature = line.partition(b"\t")
        number = len(self.entries) + 1
        try:
            document = json.loads(text)
            entry = Entry(
                document["entry"],
                sha256(text).digest(),
                datetime.fromisoformat(document["at"]),
                _change(document),
            )
            self._verify(document, text, bytes.fromhex(signature.decode()))
            self._require_place(entry, bytes.fromhex(document["previous"]))
            self.inventory.apply(entry.change)
        except (ValueError, KeyError, TypeError, BadSignatureError, HsmError):
            raise HsmError(
                "JOURNAL_BROKEN", f"Entry {number} of the key journal is not what the module wrote."
            ) from None
        self.entries.append(entry)
        self._read += len(line) + 1
        if entry.change.key.label == SIGNER and entry.change.public:
            self._publics[entry.change.key.key_id] = VerifyKey(entry.change.public)

    def _require_place(self, entry: Entry, previous: bytes) -> None:
        if entry.number != len(self.entries) + 1 or previous != self.head:
            raise ValueError("another place")

    def _verify(self, document: dict[str, Any], text: bytes, signature: bytes) -> None:
        signer: str = document["signer"]
        if not self.entries:
            if signer != document["key"] or signer != f"{SIGNER}#1":
                raise ValueError("the first entry is of the key that signs it")
            public = VerifyKey(bytes.fromhex(document["public"]))
        elif len(self.entries) < _BEGINNING or self.inventory.may_sign(signer, SIGNER):
            public = self._publics[signer]
        else:
            raise ValueError("this key may not sign")
        public.verify(_DOMAIN + text, signature)

    def _write(self, lines: bytes) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(self._read)  # what a crash cut short was never promised to anybody
            file.seek(self._read)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        if not self.entries:
            _sync(self._path.parent)


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold the one lock on changes of keys, so that two consoles don't change them at once.

    Raises:
        HsmError: KEYS_BUSY.
    """
    with (folder / f"{JOURNAL_FILE}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HsmError(
                "KEYS_BUSY", "Another console changes keys: let it finish, then try again."
            ) from None
        yield


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(number: int, previous: bytes, signer: Key, change: Change) -> bytes:
    document = {
        "entry": number,
        "previous": previous.hex(),
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "signer": signer.key_id,
        "key": change.key.key_id,
        "change": change.kind.value,
        "state": change.state.value,
        "usage": change.key.usage.value,
        "algorithm": str(change.key.algorithm),
        "kcv": change.key.kcv.hex(),
        "environment": change.terms.environment,
        "owner": change.terms.owner,
        "activation": _written(change.terms.activation),
        "expiry": _written(change.terms.expiry),
        "limit": change.terms.limit,
        "exportable": change.terms.exportable,
        "custodians": list(change.custodians),
        "holders": list(change.holders),
        "minutes": change.minutes.hex(),
        "proposal": change.proposal.hex(),
        "public": change.public.hex(),
        "reason": change.reason,
        "quorum": change.quorum,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _change(document: dict[str, Any]) -> Change:
    label, _, version = document["key"].rpartition("#")
    return Change(
        key=Key(
            label,
            int(version),
            Usage(document["usage"]),
            Algorithm.parse(document["algorithm"]),
            bytes.fromhex(document["kcv"]),
        ),
        kind=ChangeKind(document["change"]),
        state=State(document["state"]),
        terms=Terms(
            document["environment"],
            document["owner"],
            _moment(document["activation"]),
            _moment(document["expiry"]),
            document["limit"],
            document["exportable"],
        ),
        custodians=tuple(document["custodians"]),
        holders=tuple(document["holders"]),
        minutes=bytes.fromhex(document["minutes"]),
        proposal=bytes.fromhex(document["proposal"]),
        public=bytes.fromhex(document["public"]),
        reason=document["reason"],
        quorum=document["quorum"],
    )


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
