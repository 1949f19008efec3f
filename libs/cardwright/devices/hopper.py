"""What a printer consumes: blanks by material, ribbon panels and retransfer film."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cardwright.devices.errors import DeviceError
from cardwright.devices.floor import Passport
from cardwright.devices.ledger import Ledger, Statement

__all__ = ["Hopper", "Supplies"]

_TABLES: list[Statement] = [
    (
        """CREATE TABLE IF NOT EXISTS blank (
            n INTEGER PRIMARY KEY, serial TEXT UNIQUE NOT NULL, material TEXT NOT NULL,
            chip INTEGER NOT NULL, stripe TEXT, taken INTEGER NOT NULL DEFAULT 0)""",
        (),
    ),
    ("CREATE INDEX IF NOT EXISTS blank_waiting ON blank (n) WHERE NOT taken", ()),
    ("CREATE TABLE IF NOT EXISTS supply (name TEXT PRIMARY KEY, left INTEGER NOT NULL)", ()),
]


class Hopper:
    """The blanks in a printer, kept beside its ledger: taken in the transaction of the act."""

    def __init__(self, ledger: Ledger) -> None:
        ledger.commit(_TABLES)
        self._ledger = ledger
        self._blanks: dict[str, deque[Passport]] = {}
        for serial, material, chip, stripe in ledger.rows(
            "SELECT serial, material, chip, stripe FROM blank WHERE NOT taken ORDER BY n"
        ):
            self._stack(Passport(serial, material, bool(chip), stripe))
        ((self._loaded,),) = ledger.rows("SELECT count(*) FROM blank")

    def counts(self) -> dict[str, int]:
        """How many blanks wait, by material."""
        return {material: len(blanks) for material, blanks in self._blanks.items() if blanks}

    def serials(self, prefix: str, count: int) -> list[str]:
        """Serial numbers for blanks that came without one."""
        first = self._loaded + 1
        return [f"{prefix}-{number:08d}" for number in range(first, first + count)]

    def load(self, blanks: Sequence[Passport]) -> list[Statement]:
        """Stack blanks; BLANK_KNOWN if one has been in this printer before."""
        serials = {blank.blank for blank in blanks}
        known = len(serials) < len(blanks) or any(
            self._ledger.rows("SELECT 1 FROM blank WHERE serial = ?", serial) for serial in serials
        )
        if known:
            raise DeviceError("BLANK_KNOWN", "a blank with such a serial was loaded before")
        for blank in blanks:
            self._stack(blank)
        self._loaded += len(blanks)
        insert = "INSERT INTO blank (serial, material, chip, stripe) VALUES (?, ?, ?, ?)"
        return [
            (insert, (blank.blank, blank.material, blank.chip, blank.stripe)) for blank in blanks
        ]

    def take(self, material: str) -> tuple[Passport, Statement]:
        """The next blank of a material (there must be one) and the statement that takes it."""
        blank = self._blanks[material].popleft()
        return blank, ("UPDATE blank SET taken = 1 WHERE serial = ?", (blank.blank,))

    def has(self, material: str) -> bool:
        """Whether a blank of this material waits."""
        return bool(self._blanks.get(material))

    def was(self, serial: str) -> Passport:
        """What a blank was when it was loaded."""
        ((material, chip, stripe),) = self._ledger.rows(
            "SELECT material, chip, stripe FROM blank WHERE serial = ?", serial
        )
        return Passport(serial, material, bool(chip), stripe)

    def _stack(self, blank: Passport) -> None:
        self._blanks.setdefault(blank.material, deque()).append(blank)


class Supplies:
    """Ribbon and film, in cards that they still serve."""

    def __init__(self, ledger: Ledger, capacity: int) -> None:
        self._capacity = capacity
        self.left = {"ribbon": capacity, "film": capacity}
        self.left.update(dict(ledger.rows("SELECT name, left FROM supply")))

    def missing(self) -> str | None:
        """RIBBON_OUT or FILM_OUT, or None when a card can be printed."""
        return next((f"{name.upper()}_OUT" for name, left in self.left.items() if left <= 0), None)

    def use(self) -> list[Statement]:
        """One card's worth of each."""
        self.left = {name: left - 1 for name, left in self.left.items()}
        return self._statements()

    def run_out(self, name: str) -> None:
        """The cassette's end came early (a fault)."""
        self.left[name] = 0

    def replace(self) -> list[Statement]:
        """The operator puts a new cassette where one is empty."""
        for name, left in self.left.items():
            if left <= 0:
                self.left[name] = self._capacity
        return self._statements()

    def _statements(self) -> list[Statement]:
        return [("INSERT OR REPLACE INTO supply VALUES (?, ?)", row) for row in self.left.items()]
