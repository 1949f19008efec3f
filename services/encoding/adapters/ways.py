"""Ways to the chip in a head that is wired to a card reader instead of to its machine."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Protocol

from cardwright.reader import CardConnection, ReaderError, VpcdReader, connect, readers

__all__ = [
    "ChipWay",
    "PcscWay",
    "ReaderSettingError",
    "VpcdWay",
    "parse_readers",
    "parse_stripes",
]

_READER: Final = re.compile(
    r"(?P<machine>[a-z][a-z0-9-]{0,62})/(?P<head>[0-9]{1,2})="
    r"(?:pcsc:(?P<pattern>.+)|vpcd:(?P<port>[0-9]{1,5}))"
)

_STRIPE: Final = re.compile(
    r"(?P<machine>[a-z][a-z0-9-]{0,62})/(?P<head>[0-9]{1,2})=msr:(?P<port>/.+)"
)


class ReaderSettingError(ValueError):
    """The list of readers can't be read."""

    code = "READER_SETTING"


class ChipWay(Protocol):
    """A reader, and whatever card is in it. Calls block."""

    def open(self, within: float) -> CardConnection:
        """Wait for a card and power it.

        Args:
            within: seconds until one must have been put in.

        Raises:
            ReaderError: see ``cardwright.reader.connect``.
        """

    def present(self) -> bool:
        """Whether the reader itself is there."""

    def close(self) -> None:
        """Leave the reader to others."""


@dataclass(frozen=True, slots=True)
class PcscWay:
    """A reader of the PC/SC service.

    Attributes:
        pattern: its name, where * and ? stand for anything; the first one that fits is taken.
    """

    pattern: str

    def open(self, within: float) -> CardConnection:
        """Wait for a card and power it; nobody else may use it meanwhile."""
        fitting = [name for name in sorted(readers()) if self.fits(name)]
        if not fitting:
            raise ReaderError("READER_LOST", f"no reader fits {self.pattern!r}: plug it in")
        return connect(fitting[0], within=within)

    def present(self) -> bool:
        """Whether such a reader is plugged in and the service runs."""
        try:
            return any(map(self.fits, readers()))
        except ReaderError:
            return False

    def fits(self, reader: str) -> bool:
        """Whether this is the reader's name."""
        return fnmatchcase(reader, self.pattern)

    def close(self) -> None:
        """Nothing is held between two cards."""


@dataclass(slots=True)
class VpcdWay:
    """A port of this machine's own where cards dial in, by vsmartcard's protocol."""

    port: int
    _reader: VpcdReader | None = field(default=None, init=False, repr=False)

    def open(self, within: float) -> CardConnection:
        """Wait for a card and power it; one that left while it waited is passed over."""
        if self._reader is None:
            self._reader = VpcdReader(self.port)
        until = time.monotonic() + within
        while True:
            try:
                return self._reader.connect(insert_within=max(0.0, until - time.monotonic()))
            except ReaderError as error:
                if error.code != "CARD_REMOVED" or time.monotonic() >= until:
                    raise

    def present(self) -> bool:
        """It is this program's own."""
        return True

    def close(self) -> None:
        """Close the port."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def parse_readers(text: str) -> dict[str, dict[int, ChipWay]]:
    """Read CARDWRIGHT_READERS: ``encoder-1/0=pcsc:ACS*, encoder-1/1=vpcd:35963``.

    Returns:
        The ways by machine and head.

    Raises:
        ReaderSettingError: an item is malformed, or a head comes twice.
    """
    ways: dict[str, dict[int, ChipWay]] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        found = _READER.fullmatch(item)
        if found is None:
            raise ReaderSettingError(
                f"{item!r} is no reader: write machine/head=pcsc:name or machine/head=vpcd:port"
            )
        heads = ways.setdefault(found["machine"], {})
        if int(found["head"]) in heads:
            raise ReaderSettingError(f"{found['machine']}/{found['head']} has two readers")
        heads[int(found["head"])] = _way(found)
    return ways


def parse_stripes(text: str) -> dict[str, dict[int, str]]:
    """Read CARDWRIGHT_STRIPES: ``encoder-1/0=msr:/dev/ttyUSB0``.

    Returns:
        The serial ports by machine and head.

    Raises:
        ReaderSettingError: an item is malformed, or a head comes twice.
    """
    ports: dict[str, dict[int, str]] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        found = _STRIPE.fullmatch(item)
        if found is None:
            raise ReaderSettingError(f"{item!r} is no stripe encoder: write machine/head=msr:/port")
        heads = ports.setdefault(found["machine"], {})
        if int(found["head"]) in heads:
            raise ReaderSettingError(f"{found['machine']}/{found['head']} has two encoders")
        heads[int(found["head"])] = found["port"]
    return ports


def _way(found: re.Match[str]) -> ChipWay:
    port = found["port"]
    if port is None:
        return PcscWay(str(found["pattern"]))
    if not 0 < int(port) < 1 << 16:
        raise ReaderSettingError(f"{port} is no port: give one of 1 to 65535")
    return VpcdWay(int(port))
