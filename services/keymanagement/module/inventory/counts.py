"""How often keys were used, against their limits: never counted too low, whatever crashes.

Counts live in memory; the file holds numbers that no count has reached. Before a count would pass
its number, the number is raised by a block and written. After a crash a count goes on from the
number: up to a block of uses is lost, none is used twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cardwright.hsm.port import HsmError
from services.keymanagement.module.files import read_private, write_private

__all__ = ["COUNTS_FILE", "UseCounts", "read_counts"]

COUNTS_FILE: Final = "uses.json"
_BLOCK: Final = 100_000
_BLOCKS_A_LIMIT: Final = 100


class UseCounts:
    """Counts of one module's process, which alone writes the file.

    Args:
        path: the file; none is the same as no uses.

    Raises:
        HsmError: FILE_EXPOSED or COUNTS_MALFORMED.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserved = dict(read_counts(path))
        self._used = dict(self._reserved)

    def add(self, key_id: str, uses: int, limit: int) -> None:
        """Count uses before they happen.

        Args:
            key_id: the key.
            uses: how many.
            limit: that the key is good for; 0 for any number.

        Raises:
            HsmError: KEY_USED_UP; nothing was counted then.
        """
        after = self._used.get(key_id, 0) + uses
        if limit and after > limit:
            raise HsmError("KEY_USED_UP", f"{key_id} was used {limit} times, its limit: rotate it.")
        if after > self._reserved.get(key_id, 0):
            self._reserve(key_id, after, limit)
        self._used[key_id] = after

    def close(self) -> None:
        """Write the counts as they are: an orderly end loses no use."""
        self._reserved = dict(self._used)
        self._write()

    def _reserve(self, key_id: str, after: int, limit: int) -> None:
        block = max(1, limit // _BLOCKS_A_LIMIT) if limit else _BLOCK
        number = after + block
        self._reserved[key_id] = min(number, limit) if limit else number
        self._write()

    def _write(self) -> None:
        write_private(self._path, json.dumps(self._reserved, indent=1).encode())


def read_counts(path: Path) -> Mapping[str, int]:
    """Read the file: uses that no count has passed, by key id.

    Raises:
        HsmError: FILE_EXPOSED or COUNTS_MALFORMED.
    """
    if not path.exists():
        return {}
    try:
        return {str(name): int(count) for name, count in json.loads(read_private(path)).items()}
    except (ValueError, AttributeError, TypeError):
        raise HsmError("COUNTS_MALFORMED", f"{path.name} holds no counts: restore it.") from None
