"""What encoding needs of the outside: a chip in a head, and a memory of attempts on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.iso.stripe import BitStream

__all__ = ["Attempt", "Attempts", "ChipLink", "ChipLostError", "StripeEncoder"]


class ChipLostError(Exception):
    """The chip was lost in the middle of commands: pulled, without power, or mute.

    What it did with the first command that has no answer is unknown.

    Attributes:
        code: what the way to it says, such as CARD_REMOVED.
        answers: those that came before.
    """

    def __init__(self, code: str, answers: Sequence[bytes]) -> None:
        super().__init__(f"{code}: the chip was lost after {len(answers)} answers")
        self.code = code
        self.answers = tuple(answers)


class ChipLink(Protocol):
    """The way to the chip of one card, whatever holds the card: a machine's head, a reader."""

    async def transmit(
        self, commands: Sequence[bytes], *, reset: bool = False, persist: bool = False
    ) -> list[bytes]:
        """Send commands one after the other, up to the first that is not answered with 9000.

        Answers come whole: what 61xx announces is fetched here, and a command that meets 6Cxx is
        sent again (``cardwright.reader.apdu`` does both).

        Args:
            commands: as they go to the chip.
            reset: reset it before the first one.
            persist: send all of them, whatever is answered.

        Returns:
            An answer a command, data and status word each; that of a refused one comes last.

        Raises:
            ChipLostError: the chip does not answer any more.
            SpoiledError: CHIP_MUTE, it answers no reset; NO_CHIP, there is none.
            DeviceUnavailableError: what holds the card can't be reached, so nothing is known.
        """


@dataclass(frozen=True, slots=True)
class Attempt:
    """An authentication that is about to be tried.

    Attributes:
        piece: the blank's serial number.
        key_version: key set that the chip has.
        next_version: key set that replaces it, if all goes well; 0 if it stays.
    """

    piece: str
    key_version: int
    next_version: int


class Attempts(Protocol):
    """Attempts on chips that did not end well, over restarts: chips count them too, and block."""

    async def begin(self, attempt: Attempt) -> int:
        """Record an attempt before it is made; the count of those on this piece, with this one."""

    async def forget(self, piece: str) -> None:
        """Its chip is made: it proved itself and us."""

    async def last(self, piece: str) -> Attempt | None:
        """Return what was tried last on a piece whose chip was not made."""

    async def belongs(self, chip: bytes, piece: str) -> bool:
        """Whether a chip is this piece's, as far as anybody knows; it is from now on.

        Args:
            chip: what its maker wrote into it, 18 octets.
            piece: the blank's serial number.
        """


class StripeEncoder(Protocol):
    """Whatever writes the stripe of the card in a head."""

    @property
    def silence(self) -> bool:
        """Whether its readings have the zeros before the first one and behind the last one."""

    async def encode(
        self, tracks: Mapping[int, BitStream], coercivity: str, *, written: bool
    ) -> Mapping[int, BitStream]:
        """Write tracks, unless this was done already, and read the stripe.

        Args:
            tracks: the bits, with zeros before and behind.
            coercivity: "hico" or "loco".
            written: they are written: only read.

        Returns:
            All tracks that hold anything.

        Raises:
            SpoiledError: STRIPE_WRITE, or the machine's own code.
            DeviceUnavailableError: the device can't be reached; what the stripe holds is unknown.
        """
