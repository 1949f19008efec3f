"""What a card should show, what it is, and what the machine saw of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretBytes, SecretText

__all__ = ["PPSE", "PSE", "Afl", "Application", "Expected", "Found", "Piece", "Position", "Record"]

PSE, PPSE = b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01"

Position = tuple[int, int]
"""A record's place: short file identifier and number."""

Afl = tuple[tuple[int, int, int, int], ...]
"""An application file locator: file, first and last record, how many of them are signed."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an application as it should read."""

    sfi: int
    number: int
    content: SecretBytes

    @property
    def position(self) -> Position:
        """Where it is."""
        return self.sfi, self.number


@dataclass(frozen=True, slots=True)
class Application:
    """An application of the chip.

    Attributes:
        aid: its name.
        records: as they should read, certificates apart.
        authentication: how a terminal must be able to authenticate its data: SDA, DDA, CDA; empty
            for not at all.
        afl: where a terminal finds its records; empty unless it is a payment application.
        aip: what it can do (tag 82), likewise.
    """

    aid: bytes
    records: tuple[Record, ...]
    authentication: str = ""
    afl: Afl = ()
    aip: bytes = b""

    @property
    def pays(self) -> bool:
        """Whether it is a payment application."""
        return bool(self.afl)

    @property
    def located(self) -> tuple[tuple[Position, bool], ...]:
        """The positions that the locator names, in order, and whether each is signed."""
        return tuple(
            ((sfi, number), number < first + signed)
            for sfi, first, last, signed in self.afl
            for number in range(first, last + 1)
        )

    @property
    def positions(self) -> tuple[Position, ...]:
        """All positions to read: of the records, and of the certificates beside them."""
        known = (record.position for record in self.records)
        return tuple(dict.fromkeys((*known, *(position for position, _ in self.located))))


@dataclass(frozen=True, slots=True)
class Expected:
    """What the card should show; empty parts are not on this product, or not to be looked at.

    Attributes:
        barcode: what the code on the back says.
        tracks: the stripe's texts by track, with sentinels.
        applications: the chip's.
        print: what was ordered for the faces, by field.
        imk_ac: label of the issuer's master key for cryptograms, for test cards.
        imk_smi: label of that for messages' integrity, likewise.
        derivation: how the card's keys derive from them (EMV Book 2, annex A1.4).
    """

    barcode: str
    tracks: Mapping[int, SecretText]
    applications: tuple[Application, ...] = ()
    print: Mapping[str, SecretText] = field(default_factory=dict)
    imk_ac: str = ""
    imk_smi: str = ""
    derivation: str = ""

    @property
    def payments(self) -> Iterator[Application]:
        """The payment applications."""
        return (each for each in self.applications if each.pays)

    @property
    def contactless(self) -> bool:
        """Whether terminals without contacts must find its directory."""
        return any(each.aid == PPSE for each in self.applications)

    @property
    def authenticated(self) -> bool:
        """Whether a terminal must be able to authenticate any of them."""
        return any(each.authentication for each in self.applications)


@dataclass(frozen=True, slots=True)
class Piece:
    """Which piece of plastic it should be, as custody knows it.

    Attributes:
        blank_serial: the blank that was printed; empty when it is not known.
        cplc: the chip's production data as encoding stated them; empty when it did not.
        atc: its transaction counter, likewise.
        test_card: it is no customer's, so its counter may have moved.
    """

    blank_serial: str = ""
    cplc: bytes = b""
    atc: int = 0
    test_card: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine and the barcode reader saw.

    Attributes:
        blank: serial number of the blank.
        barcodes: the texts of all codes on the back.
        tracks: the stripe's bits by track.
        chip: the responses to each of ``scripts``; None when the chip answers no reset.
        test: the plastic is marked as a test card's.
        antenna: the responses to ``tap`` in the field; None when nothing answers there.
    """

    blank: str
    barcodes: tuple[str, ...]
    tracks: Mapping[int, BitStream] = field(repr=False)
    chip: tuple[tuple[bytes, ...], ...] | None = field(repr=False)
    test: bool = False
    antenna: tuple[bytes, ...] | None = field(default=(), repr=False)
