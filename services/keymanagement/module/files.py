"""Files that hold secrets: readable by their owner alone, replaced in one step or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cardwright.hsm.port import HsmError

__all__ = ["read_private", "write_private"]

_OTHERS = 0o077


def read_private(path: Path) -> bytes:
    """Read a file that nobody but its owner may read.

    Raises:
        HsmError: FILE_MISSING or FILE_EXPOSED.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise HsmError("FILE_EXPOSED", f"Others may read {path.name}: chmod it to 600.")
            return file.read()
    except OSError as error:
        raise HsmError("FILE_MISSING", f"{path.name} can't be read: {error.strerror}.") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone (0600), durably; a crash leaves the old one in place."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
