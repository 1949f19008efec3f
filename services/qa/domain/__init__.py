"""From what a card shows to its defects: each a code of README.md, none with a value in it.

Nothing here talks to a machine, and nothing stops at the first defect: all are listed.
"""

from services.qa.domain.defects import defects
from services.qa.domain.model import Application, Expected, Found, Piece, Record
from services.qa.domain.reading import Reading, Readings, read, scripts, tap

__all__ = [
    "Application",
    "Expected",
    "Found",
    "Piece",
    "Reading",
    "Readings",
    "Record",
    "defects",
    "read",
    "scripts",
    "tap",
]
