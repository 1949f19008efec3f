"""A software chip in hand, and what can befall it at any command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cardwright.chip import Chip
from cardwright.chip.life_cycle import CardState
from cardwright.reader import InProcessCard, transmit
from cardwright.secret import SecretBytes
from services.encoding.adapters.scripts import Scripts
from services.encoding.adapters.sections import read_chip
from services.encoding.domain import ChipPlan, SpoiledError
from services.encoding.ports import ChipLostError
from services.encoding.procedure import Personalizer
from tests.unit.encoding.encoding_kit import SEALED, FakeModule, MemoryAttempts

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
PIECE = "RTX-0001-00000001"
OK = b"\x90\x00"

Answering = Callable[[bytes, Callable[[bytes], bytes]], bytes]
"""What becomes of a command: it gets the command, and the chip."""


class GoneError(Exception):
    """The chip is not there any more."""


@dataclass
class Rig:
    """A ``ChipLink`` to a chip; its memory lasts, its power does not.

    Attributes:
        chip: the chip.
        befall: what happens instead, by the command's number from 0 over all visits.
        contactless: over the antenna.
        comes_back: a chip that was lost is there again at the next reset.
    """

    chip: Chip
    befall: dict[int, Answering] = field(default_factory=dict)
    contactless: bool = False
    comes_back: bool = True
    sent: list[bytes] = field(default_factory=list)
    gone: bool = False
    _card: InProcessCard | None = None

    async def transmit(
        self, commands: Sequence[bytes], *, reset: bool = False, persist: bool = False
    ) -> list[bytes]:
        if reset:
            self._power()
        answers: list[bytes] = []
        for command in commands:
            try:
                answers.append(self._one(command))
            except GoneError:
                self.gone, self._card = True, None
                raise ChipLostError("CARD_REMOVED", answers) from None
            if not persist and answers[-1][-2:] != OK:
                break
        return answers

    def _power(self) -> None:
        if self.gone and not self.comes_back:
            raise SpoiledError("CHIP_MUTE", "no answer to reset")
        # What it keeps goes through its own serialization: nothing else survives.
        self.chip = Chip.restore(self.chip.serialize())
        self.gone, self._card = False, InProcessCard(self.chip, contactless=self.contactless)

    def _one(self, command: bytes) -> bytes:
        number = len(self.sent)
        self.sent.append(command)
        return self.befall.get(number, _as_it_is)(command, self._ask)

    def _ask(self, command: bytes) -> bytes:
        assert self._card is not None, "it was powered"
        return transmit(self._card, command)

    @property
    def versions(self) -> set[int]:
        """Versions of the key sets that the chip really has."""
        return {each.version for each in self.chip._manager.keys.sets}

    @property
    def secured(self) -> bool:
        """Whether it left the house's hands as it must."""
        return self.chip._manager.state is CardState.SECURED


def _as_it_is(command: bytes, chip: Callable[[bytes], bytes]) -> bytes:
    return chip(command)


def pulled_before(_command: bytes, _chip: Callable[[bytes], bytes]) -> bytes:
    """The chip never hears the command."""
    raise GoneError


def pulled_after(command: bytes, chip: Callable[[bytes], bytes]) -> bytes:
    """The chip does what it was told, and nobody hears of it."""
    chip(command)
    raise GoneError


def refused(_command: bytes, _chip: Callable[[bytes], bytes]) -> bytes:
    """The chip refuses and does nothing."""
    return b"\x69\x85"


def broken(command: bytes, chip: Callable[[bytes], bytes]) -> bytes:
    """The chip does it and says that it broke."""
    chip(command)
    return b"\x65\x81"


def changed(command: bytes, chip: Callable[[bytes], bytes]) -> bytes:
    """A bit of the answer falls over on its way; an answer without data gets a wrong octet."""
    answer = chip(command)
    if len(answer) == len(OK):
        return b"\x00" + answer
    return bytes((answer[0] ^ 0x80,)) + answer[1:]


@dataclass
class Bench:
    """A personalizer with a security module of its own."""

    module: FakeModule = field(default_factory=FakeModule)
    attempts: MemoryAttempts = field(default_factory=MemoryAttempts)

    def personalizer(self, most: int = 3) -> Personalizer:
        """The procedure, as a station has it after each start."""
        scripts = Scripts(self.module)  # type: ignore[arg-type]  # the two verbs that it asks
        return Personalizer(scripts, self.attempts, most=most)


def plan_of(kind: str, sections: dict[str, bytes]) -> ChipPlan:
    """The plan for a card's chip, as the station reads it from the vault."""
    certificates = SecretBytes(sections.get("certificates", b""))
    return read_chip(SecretBytes(sections["chip"]), SEALED[kind], certificates)
