from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from cardwright.audit.copy import AuditRow
from cardwright.audit.export import ExportError, export, read_export
from cardwright.audit.verify import verify
from tests.unit.audit.signed_logs import shop_floor

MAKER = shop_floor(6)


async def rows() -> AsyncIterator[AuditRow]:
    for row in MAKER.rows:
        yield AuditRow(row.position, row.stream_id, row.sequence, row.kind, row.hash, row.body)


async def test_an_export_verifies_by_itself(tmp_path: Path) -> None:
    made = await export(tmp_path / "out", rows(), MAKER.public_keys)
    again = read_export(tmp_path / "out")
    assert again == made
    assert verify(again, None, again.public_keys).findings == ()
    assert [row.body for row in again] == [row.body for row in MAKER.rows]


async def test_a_program_of_ones_own_reads_it_by_its_schema(tmp_path: Path) -> None:
    """Nothing of this house: the schema from the folder, a hash, a link."""
    await export(tmp_path / "out", rows(), MAKER.public_keys)
    schema = descriptor_pb2.FileDescriptorSet.FromString(
        (tmp_path / "out" / "schema.binpb").read_bytes()
    )
    pool = descriptor_pool.DescriptorPool()
    for file in schema.file:
        pool.Add(file)
    make = message_factory.GetMessageClass(pool.FindMessageTypeByName("cardwright.log.v1.Event"))
    heads: dict[str, bytes] = {}
    for row in read_export(tmp_path / "out"):
        event = make.FromString(row.body)
        assert event.previous_hash == heads.get(event.stream_id, b"")  # type: ignore[attr-defined]  # dynamic
        heads[event.stream_id] = hashlib.sha256(b"\0" + row.body).digest()  # type: ignore[attr-defined]  # dynamic
    assert len(heads) == 6


async def test_a_changed_file_is_named(tmp_path: Path) -> None:
    await export(tmp_path / "out", rows(), MAKER.public_keys)
    keys = tmp_path / "out" / "keys.json"
    keys.write_text(keys.read_text().replace("printing", "pointing"))
    with pytest.raises(ExportError, match="keys") as changed:
        read_export(tmp_path / "out")
    assert changed.value.code == "EXPORT_CHANGED"


async def test_a_folder_that_is_there_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as there:
        await export(tmp_path, rows(), {})
    assert there.value.code == "EXPORT_EXISTS"
    with pytest.raises(ExportError) as none:
        read_export(tmp_path)
    assert none.value.code == "EXPORT_FORMAT"
