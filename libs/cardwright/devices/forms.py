"""The numbered forms in a PIN mailer printer: each is loaded once and used once, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cardwright.devices.errors import DeviceError
from cardwright.devices.ledger import Ledger, Statement

__all__ = ["FormStack"]

_TABLES: list[Statement] = [
    (
        """CREATE TABLE IF NOT EXISTS form (
            n INTEGER PRIMARY KEY, serial TEXT UNIQUE NOT NULL,
            taken INTEGER NOT NULL DEFAULT 0)""",
        (),
    ),
    ("CREATE INDEX IF NOT EXISTS form_waiting ON form (n) WHERE NOT taken", ()),
]


class FormStack:
    """Continuous forms, kept beside the ledger: one is taken in the transaction of its act."""

    def __init__(self, ledger: Ledger) -> None:
        ledger.commit(_TABLES)
        self._ledger = ledger
        rows = ledger.rows("SELECT serial FROM form WHERE NOT taken ORDER BY n")
        self._waiting = deque(serial for (serial,) in rows)
        ((self._loaded,),) = ledger.rows("SELECT count(*) FROM form")

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next(self) -> str | None:
        """The serial number of the form on top; None without one."""
        return self._waiting[0] if self._waiting else None

    def serials(self, prefix: str, count: int) -> list[str]:
        """Serial numbers for forms that came without one."""
        first = self._loaded + 1
        return [f"{prefix}-{number:08d}" for number in range(first, first + count)]

    def load(self, serials: Sequence[str]) -> list[Statement]:
        """Put forms below the others; FORM_KNOWN if one has been in this machine before."""
        known = len(set(serials)) < len(serials) or any(
            self._ledger.rows("SELECT 1 FROM form WHERE serial = ?", serial) for serial in serials
        )
        if known:
            raise DeviceError("FORM_KNOWN", "a form with such a serial was loaded before")
        self._waiting.extend(serials)
        self._loaded += len(serials)
        return [("INSERT INTO form (serial) VALUES (?)", (serial,)) for serial in serials]

    def take(self) -> tuple[str, Statement]:
        """The form on top (there must be one) and the statement that takes it."""
        serial = self._waiting.popleft()
        return serial, ("UPDATE form SET taken = 1 WHERE serial = ?", (serial,))
