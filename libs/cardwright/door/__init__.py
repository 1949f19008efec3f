"""A door's reader, for tests and demonstrations: it proves itself to a badge and reads its number.

It knows a badge by NXP's note, the formats' layouts and docs/chip.md alone, and shares no code with
what makes badges: each can find the other's mistakes.
"""

from cardwright.door.errors import DoorError
from cardwright.door.reader import DoorReader, Number, Site

__all__ = ["DoorError", "DoorReader", "Number", "Site"]
