"""Serial shipping container codes (GS1 General Specifications, section 2.2.1), and boxes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

__all__ = [
    "Box",
    "Capacity",
    "Contents",
    "Numbering",
    "NumberingError",
    "Place",
    "check_digit",
    "element_string",
    "fill",
    "is_sscc",
    "lot_of",
]

SSCC_LENGTH: Final = 18
_SHORTEST_PREFIX, _LONGEST_PREFIX = 7, 10


class NumberingError(ValueError):
    """No code can be built.

    Attributes:
        code: SSCC_PREFIX or SSCC_EXHAUSTED.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def check_digit(digits: str) -> str:
    """Return the GS1 check digit (GS1 General Specifications, section 7.9.1).

    From the right, digits weigh 3 and 1 in turn; the check digit fills their sum up to a multiple
    of ten.
    """
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)


def is_sscc(text: str) -> bool:
    """Tell whether a text is an SSCC: 18 digits with the right check digit."""
    digits = len(text) == SSCC_LENGTH and text.isascii() and text.isdigit()
    return digits and check_digit(text[:-1]) == text[-1]


def element_string(sscc: str) -> str:
    """Return the element string for GS1-128, application identifier (00) in brackets."""
    return f"(00){sscc}"


@dataclass(frozen=True, slots=True)
class Numbering:
    """One company's codes: extension digit, company prefix, serial reference, check digit.

    Attributes:
        prefix: GS1 company prefix, 7 to 10 digits.
        extension: the extension digit, at the company's disposal.

    Raises:
        NumberingError: SSCC_PREFIX.
    """

    prefix: str
    extension: int = 0

    def __post_init__(self) -> None:
        """Check what was given."""
        digits = self.prefix.isascii() and self.prefix.isdigit()
        if not (digits and _SHORTEST_PREFIX <= len(self.prefix) <= _LONGEST_PREFIX):
            raise NumberingError("SSCC_PREFIX", "a GS1 company prefix has 7 to 10 digits")
        if not 0 <= self.extension <= 9:
            raise NumberingError("SSCC_PREFIX", "the extension is one digit")

    def sscc(self, serial: int) -> str:
        """Return the code of a serial reference.

        Raises:
            NumberingError: SSCC_EXHAUSTED, the serial has more digits than the prefix leaves.
        """
        room = SSCC_LENGTH - 2 - len(self.prefix)
        if not 0 <= serial < 10**room:
            raise NumberingError(
                "SSCC_EXHAUSTED", f"{self.prefix} has no serial {serial}: take another extension"
            )
        body = f"{self.extension}{self.prefix}{serial:0{room}d}"
        return body + check_digit(body)


class Contents(NamedTuple):
    """What may share a box."""

    issuer: str
    product: str
    express: bool
    test_cards: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """Cards a box takes; an express card by default travels alone."""

    batch: int = 50
    express: int = 1

    def of(self, contents: Contents) -> int:
        """Return how many cards a box for these contents takes."""
        return self.express if contents.express else self.batch


@dataclass(frozen=True, slots=True)
class Box:
    """A box. ``filled`` counts the slots that were given out, of ``capacity``."""

    sscc: str
    contents: Contents
    capacity: int
    filled: int = 0

    @property
    def full(self) -> bool:
        """No slot is left."""
        return self.filled >= self.capacity


class Place(NamedTuple):
    """A card's place: the box and the slot in it, from 1."""

    sscc: str
    slot: int


Item = TypeVar("Item")


def fill(
    cards: Mapping[Contents, Sequence[Item]],
    open_boxes: Mapping[Contents, Box],
    new_box: Callable[[Contents], Box],
) -> tuple[list[tuple[Item, Place]], list[Box]]:
    """Put cards into the open boxes, and into new ones as these fill up.

    Args:
        cards: the cards, by what they may share a box with.
        open_boxes: the open box of such contents, if there is one.
        new_box: opens an empty box.

    Returns:
        Each card's place, and every box that was touched, as it now is.
    """
    places: list[tuple[Item, Place]] = []
    touched: dict[str, Box] = {}
    for contents, items in cards.items():
        box = open_boxes.get(contents)
        for item in items:
            if box is None or box.full:
                box = new_box(contents)
            box = replace(box, filled=box.filled + 1)
            touched[box.sscc] = box
            places.append((item, Place(box.sscc, box.filled)))
    return places, list(touched.values())


def lot_of(blank_serial: str) -> str:
    """Return a blank's stock lot: its serial up to the last hyphen (``RTX-0001-00000042``)."""
    lot, _, number = blank_serial.rpartition("-")
    return lot or number
