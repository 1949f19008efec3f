"""The physical world: one folder per card, as the card travels from machine to machine.

``<floor>/<card>/`` holds ``card.json`` (the blank it is made of), ``front.jpg`` and ``back.jpg``
as printed, ``stripe.json`` as encoded, ``chip.bin`` (the chip's memory) and, while a machine has
the card inside it, ``held-by``. The trays ``output``, ``reject`` and ``destroyed`` lie beside.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from cardwright.devices.errors import DeviceError

__all__ = ["BACK", "CHIP", "FRONT", "PASSPORT", "STRIPE", "TRAYS", "Floor", "Passport"]

FRONT, BACK, STRIPE, CHIP = "front.jpg", "back.jpg", "stripe.json", "chip.bin"
TRAYS = ("output", "reject", "destroyed")
PASSPORT, _HOLDER = "card.json", "held-by"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class Passport:
    """What one piece of plastic is.

    Attributes:
        blank: the serial number of the blank, unique in the house.
        material: the stock item's name, as loaded.
        chip: whether a chip module is embedded.
        stripe: the stripe's coercivity, "hico" or "loco", or None without a stripe.
        printed: the print pass came to its end (a blank pass too).
        test: it was printed as a test card, no customer's.
        spoiled: the fault that ruined the card, or None.
    """

    blank: str
    material: str
    chip: bool
    stripe: str | None
    printed: bool = False
    test: bool = False
    spoiled: str | None = None


class Floor:
    """The floor folder. Every change is one rename, so a death leaves it before or after."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for tray in TRAYS:
            (root / tray).mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, card: str, tray: str = "") -> Path:
        """The folder of a card on the floor or in a tray; BAD_NAME for what can't be one."""
        if not _NAME.fullmatch(card) or card in TRAYS:
            raise DeviceError(
                "BAD_NAME", "a job or card id is 1-128 letters, digits, '_' or '-', and no tray"
            )
        return self._root / tray / card

    def whereabouts(self, card: str) -> str | None:
        """Where a card lies: "floor", a tray's name, or None if no such card was ever made."""
        if self.path(card).is_dir():
            return "floor"
        return next((tray for tray in TRAYS if self.path(card, tray).is_dir()), None)

    def place(self, card: str, passport: Passport) -> None:
        """Put a fresh blank on the floor under a card's id."""
        self.path(card).mkdir(mode=0o700, exist_ok=True)
        self.stamp(card, passport)

    def passport(self, card: str, tray: str = "") -> Passport:
        """Read what a card is; NO_SUCH_CARD when it doesn't lie there."""
        text = self.read(card, PASSPORT, tray)
        if text is None:
            raise DeviceError("NO_SUCH_CARD", "no such card lies here: ask where it went")
        return Passport(**json.loads(text))

    def stamp(self, card: str, passport: Passport) -> None:
        """Write what a card has become."""
        self.write(card, PASSPORT, json.dumps(asdict(passport)).encode())

    def read(self, card: str, name: str, tray: str = "") -> bytes | None:
        """The octets of one aspect of a card, or None where it has none."""
        try:
            return (self.path(card, tray) / name).read_bytes()
        except FileNotFoundError:
            return None

    def version(self, card: str, name: str) -> str | None:
        """What tells one writing of an aspect from the next, wherever the card lies now."""
        for tray in ("", *TRAYS):
            path = self.path(card, tray) / name
            if path.exists():
                file = path.stat()
                return f"{file.st_ino}/{file.st_mtime_ns}"
        return None

    def write(self, card: str, name: str, data: bytes) -> None:
        """Change one aspect of a card: wholly, or not at all."""
        target = self.path(card) / name
        draft = target.with_name(f"{name}.part")
        draft.write_bytes(data)
        draft.replace(target)

    def erase(self, card: str, *names: str, tray: str = "") -> None:
        """Remove aspects of a card, present or not, and the drafts that a death left of them."""
        for name in names:
            (self.path(card, tray) / name).unlink(missing_ok=True)
            (self.path(card, tray) / f"{name}.part").unlink(missing_ok=True)

    def claim(self, card: str, machine: str) -> None:
        """Take a card into a machine; CARD_HELD while it is inside another."""
        holder = self.path(card) / _HOLDER
        draft = holder.with_name(f"{_HOLDER}.{machine}.part")
        try:
            draft.write_text(machine)
            # Unlike creating and then writing, a link is there with its content or not at all: a
            # claim without a name would be nobody's to give up after a death.
            os.link(draft, holder)
        except FileExistsError as held:
            raise DeviceError("CARD_HELD", "the card is inside a machine: eject it first") from held
        except FileNotFoundError as missing:
            raise DeviceError("NO_SUCH_CARD", "no such card lies on the floor") from missing
        finally:
            draft.unlink(missing_ok=True)

    def release(self, card: str) -> None:
        """Let a card out of the machine that holds it."""
        self.erase(card, _HOLDER)

    def held_by(self, machine: str) -> list[str]:
        """The cards that a machine still holds: after a death, those it died with."""
        holders = self._root.glob(f"*/{_HOLDER}")
        return sorted(path.parent.name for path in holders if path.read_text() == machine)

    def move(self, card: str, tray: str, *, origin: str = "") -> None:
        """Drop a card into a tray, out of any machine."""
        self.erase(card, _HOLDER, tray=origin)
        self.path(card, origin).rename(self.path(card, tray))

    def spoil(self, card: str, passport: Passport, code: str) -> None:
        """Mark a card as ruined and drop it into the reject tray."""
        self.place(card, Passport(**{**asdict(passport), "spoiled": code}))
        self.move(card, "reject")
