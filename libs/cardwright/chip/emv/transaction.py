"""What lasts from one selection of the application to the next: a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.emv.messaging import ScriptChannel
from cardwright.chip.emv.profile import Dol, Profile
from cardwright.chip.emv.registers import Registers
from cardwright.chip.emv.results import Kind

__all__ = ["Context", "Step", "Transaction", "Verdict"]


class Step(Enum):
    """Where a transaction is; it begins with SELECT."""

    SELECTED = auto()
    INITIATED = auto()
    ONLINE = auto()
    OVER = auto()


class Verdict(Enum):
    """What issuer authentication came to."""

    NOT_PERFORMED = auto()
    FAILED = auto()
    PASSED = auto()


@dataclass(slots=True, repr=False)
class Transaction:
    """The volatile state of the application.

    Attributes:
        interchange: the Application Interchange Profile, two octets; zero before there is one.
        sent: the values of PDOL, CDOL1 and CDOL2 as the terminal sent them.
        terminal: the same by tag, the latest of each.
        session_key: of the application cryptogram.
        first: the type of the first application cryptogram.
        cryptogram: its eight octets.
        channel: secure messaging for issuer scripts; there from the first cryptogram on.
        verdict: of issuer authentication.
        status_update: the Card Status Update that came with ARPC method 2.
        incomplete_before: the last online transaction was broken off.
        scripts, script_failed: of this transaction's script commands.
    """

    step: Step = Step.SELECTED
    interchange: bytes = bytes(2)
    sent: bytes = b""
    terminal: dict[int, bytes] = field(default_factory=dict)
    pin_tried: bool = False
    pin_verified: bool = False
    dda: bool = False
    cda: bool = False
    session_key: bytes = b""
    first: Kind = Kind.AAC
    cryptogram: bytes = b""
    channel: ScriptChannel | None = None
    verdict: Verdict = Verdict.NOT_PERFORMED
    status_update: bytes = b""
    incomplete_before: bool = False
    scripts: int = 0
    script_failed: bool = False

    def take(self, dol: Dol, data: bytes) -> None:
        """Keep the values that the terminal sends by a data object list; 6700 for other lengths."""
        if len(data) != sum(size for _, size in dol):
            raise Refusal(Status.WRONG_LENGTH)
        self.sent += data
        at = 0
        for tag, size in dol:
            self.terminal[tag] = data[at : at + size]
            at += size


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """All that a command works on.

    Attributes:
        profile: what personalization put in.
        registers: non-volatile counters.
        transaction: volatile state.
        random: the chip's random numbers.
        store: puts a grouping in the place of another, checked: (grouping, value, secret).
    """

    profile: Profile
    registers: Registers
    transaction: Transaction
    random: Callable[[int], bytes]
    store: Callable[[int, bytes, bool], None]
