"""Which key pairs are kept ready, and how many."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cardwright.hsm.port import HsmError
from services.keymanagement.module.files import write_private

__all__ = ["MARKS_FILE", "Marks", "load_marks", "save_marks"]

MARKS_FILE: Final = "pools.json"
_BITS: Final = range(768, 1985, 8)
_EXPONENTS: Final = (3, 65537)


@dataclass(frozen=True, slots=True)
class Marks:
    """One size of key pairs.

    Attributes:
        bits: of the modulus, 768 to 1984.
        exponent: public, 3 or 65537.
        low: below so many, all makers work.
        high: at so many, they rest.

    Raises:
        HsmError: POOL_MARKS.
    """

    bits: int
    exponent: int
    low: int
    high: int

    @property
    def size(self) -> tuple[int, int]:
        """Bits and exponent."""
        return self.bits, self.exponent

    def __post_init__(self) -> None:
        if self.bits not in _BITS or self.exponent not in _EXPONENTS:
            raise HsmError("POOL_MARKS", "A card's key has 768 to 1984 bits, exponent 3 or 65537.")
        if not 0 < self.low <= self.high:
            raise HsmError(
                "POOL_MARKS", "A pool's low mark lies above 0, its high mark above that."
            )


def load_marks(folder: Path) -> list[Marks]:
    """Read the marks of a keys folder; none where no pool was set up.

    Raises:
        HsmError: POOL_MARKS, the file can't be read or says what can't be.
    """
    path = folder / MARKS_FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Marks(**row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        raise HsmError(
            "POOL_MARKS", f"{path.name} is no list of bits, exponent, low and high."
        ) from None


def save_marks(folder: Path, marks: Iterable[Marks]) -> None:
    """Write the marks."""
    rows = [asdict(each) for each in marks]
    write_private(folder / MARKS_FILE, json.dumps(rows, indent=2).encode())
