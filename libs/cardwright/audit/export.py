"""An export that others verify with programs of their own: the events, the keys, how to."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from cardwright.audit.copy import AuditRow
from cardwright.eventlog.codec import decode_event
from cardwright.proto.fact.v1 import fact_pb2
from cardwright.proto.log.v1 import event_pb2

__all__ = ["Export", "ExportError", "export", "read_export"]

_FORMAT: Final = "cardwright-export-v1"
_README: Final = """# An export of the Cardwright event log

- `events.binpb`: every event in the order of the log, each a protobuf message behind its length
  (a varint, as protobuf's "delimited" streams have it). These are the bytes that were hashed,
  stored and published: hash them as they are, never re-encode them.
- `schema.binpb`: the protobuf schema (a FileDescriptorSet). To look at one event:
  `protoc --descriptor_set_in=schema.binpb --decode=cardwright.log.v1.Event FILE`
- `keys.json`: key id to Ed25519 public key (RFC 8032), base64.
- `manifest.json`: SHA-256 and length of each file, and the number of events.

For every event, in order:

1. Its hash is SHA-256 of an octet 00 and the event's bytes (an RFC 6962 leaf hash).
2. Within its `stream_id`, `sequence` counts from 1 without gaps, and `previous_hash` is the hash of
   the event before; it is empty in the first.
3. `signed_fact` is a `cardwright.fact.v1.SignedFact`. The leaf is SHA-256 of an octet 00 and its
   field `fact`. From the leaf, `leaf_index`, `tree_size` and `path` compute the root (RFC 9162,
   section 2.1.3.2). `signature` is Ed25519, by the key named `signer`, over
   "cardwright-facts-v1" and a line feed, `tree_size` (8 octets, big-endian) and the root.
4. `fact` is a `cardwright.fact.v1.Fact`: its `stream_id` is the event's, and `signer` begins with
   `sign/<actor>.<site>#`.

An export shows what was not cut off its end only together with something that was kept elsewhere:
a later export, the topic `events`, or the hash of an event that somebody else noted.
Take the public keys from somebody whom you trust, not from this folder alone.
"""


class ExportError(Exception):
    """EXPORT_EXISTS, EXPORT_FORMAT or EXPORT_CHANGED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Export:
    """An export on disk; iterate its rows as often as needed, e.g. by `verify`."""

    folder: Path
    events: int
    public_keys: Mapping[str, bytes]

    def __iter__(self) -> Iterator[AuditRow]:
        with (self.folder / "events.binpb").open("rb") as file:
            for position in range(1, self.events + 1):
                body = _read_delimited(file)
                yield AuditRow(position, decode_event(body).stream_id, 0, "", b"", body)


async def export(
    folder: Path, rows: AsyncIterator[AuditRow], public_keys: Mapping[str, bytes]
) -> Export:
    """Write an export into a new folder.

    Raises:
        ExportError: EXPORT_EXISTS.
    """
    _make(folder)
    count = 0
    with (folder / "events.binpb").open("wb") as file:
        async for row in rows:
            _write_delimited(file, row.body)
            count += 1
    _describe(folder, count, public_keys)
    return Export(folder, count, dict(public_keys))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise ExportError("EXPORT_EXISTS", f"{folder} is there: name a new folder.") from None


def _describe(folder: Path, count: int, public_keys: Mapping[str, bytes]) -> None:
    """Write all that stands beside the events."""
    keys = {name: base64.b64encode(key).decode() for name, key in sorted(public_keys.items())}
    (folder / "keys.json").write_text(json.dumps(keys, indent=2) + "\n")
    (folder / "schema.binpb").write_bytes(_schema())
    (folder / "README.md").write_text(_README)
    files = {path.name: _measure(path) for path in sorted(folder.iterdir())}
    manifest = {"format": _FORMAT, "events": count, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def read_export(folder: Path) -> Export:
    """Open an export.

    Raises:
        ExportError: EXPORT_FORMAT (it is none) or EXPORT_CHANGED (a file is not the one written).
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        files, count = manifest["files"], int(manifest["events"])
        changed = [name for name, told in files.items() if _measure(folder / name) != told]
        keys = json.loads((folder / "keys.json").read_text())
        public_keys = {name: base64.b64decode(key) for name, key in keys.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ExportError("EXPORT_FORMAT", f"{folder} holds no export of the log.") from None
    if changed:
        what = ", ".join(changed)
        raise ExportError("EXPORT_CHANGED", f"{what}: not as the manifest says. Export again.")
    return Export(folder, count, public_keys)


def _measure(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "octets": path.stat().st_size}


def _schema() -> bytes:
    """Collect the schema of events and facts, imports first."""
    made = FileDescriptorSet()
    seen: set[str] = set()

    def add(file: FileDescriptor) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        file.CopyToProto(made.file.add())

    add(event_pb2.DESCRIPTOR)
    add(fact_pb2.DESCRIPTOR)
    return made.SerializeToString()


def _write_delimited(file: BinaryIO, body: bytes) -> None:
    length = len(body)
    while length > 0x7F:
        file.write(bytes([length & 0x7F | 0x80]))
        length >>= 7
    file.write(bytes([length]) + body)


def _read_delimited(file: BinaryIO) -> bytes:
    length = shift = 0
    while True:
        octet = file.read(1)
        if not octet:
            raise ExportError("EXPORT_FORMAT", "events.binpb ends before its last event.")
        length |= (octet[0] & 0x7F) << shift
        shift += 7
        if octet[0] < 0x80:
            return file.read(length)
