"""What all personalizable applications share: data groupings in, records out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import IntEnum
from secrets import token_bytes
from typing import ClassVar

from cardwright.chip.apdu import Command, Handlers, Refusal, Status, dispatch
from cardwright.chip.tlv import encode, first, read_tlvs

__all__ = ["Applet", "ApplicationState"]

_FCI_GROUPING = 0x9102
_RECORD_TEMPLATE = 0x70
_LAST_EMV_SFI = 10  # files 1 to 10 hold records in template 70 (EMV 4.3 Book 3, 5.3.2)
_INSTANCE_SIZE, _GROUPING_OVERHEAD = 64, 4  # octets beside the values themselves, an estimate


class ApplicationState(IntEnum):
    """Application life cycle (GlobalPlatform 2.3, 11.1.1); bit 8 more means locked."""

    SELECTABLE = 0x07
    PERSONALIZED = 0x0F


class Applet(ABC):
    """An instance of a module. Its persistent memory: data groupings, counters, state.

    Attributes:
        contactless: how the chip is powered now; the chip sets it, before ``reset``.
        random: the chip's random numbers, by their count of octets; the chip sets it.
    """

    MODULE: ClassVar[bytes]
    PACKAGE: ClassVar[bytes]
    ENCRYPTED: ClassVar[frozenset[int]]
    """Groupings that must come encrypted; no other may."""

    def __init__(self, aid: bytes) -> None:
        self.aid = aid
        self.state = ApplicationState.SELECTABLE
        self.locked = False
        self.groupings: dict[int, bytes] = {}
        self.counters: dict[str, int] = {}
        self.contactless = False
        self.random: Callable[[int], bytes] = token_bytes
        self._handlers: Handlers = {(0x00, 0xB2): self._read_record, **self.handlers()}
        self.reset()

    @abstractmethod
    def handlers(self) -> Handlers:
        """The commands of the personalized application, READ RECORD aside."""

    @abstractmethod
    def check(self, grouping: int, value: bytes) -> None:
        """Refuse a grouping that is unknown (6A88) or malformed (6A80); records come in checked."""

    @abstractmethod
    def complete(self) -> bool:
        """Whether what was stored suffices to be PERSONALIZED."""

    @abstractmethod
    def reset(self) -> None:
        """Forget what lasts only while the application is selected."""

    @property
    def blocks_card(self) -> bool:
        """Whether the issuer sent CARD BLOCK: the chip then refuses every SELECT with 6A81."""
        return False

    def unwraps(self, _command: Command) -> bool:
        """Whether the application itself takes this command's secure messaging off."""
        return False

    def fci_grouping(self) -> int:
        """The grouping that holds what SELECT answers."""
        return _FCI_GROUPING

    @property
    def life_cycle(self) -> int:
        """The state octet that GET STATUS shows."""
        return self.state | (0x80 if self.locked else 0)

    @property
    def size(self) -> int:
        """The octets of the chip's memory that the instance takes."""
        values = sum(len(value) + _GROUPING_OVERHEAD for value in self.groupings.values())
        return _INSTANCE_SIZE + values

    def store(self, grouping: int, value: bytes, *, encrypted: bool) -> None:
        """Take one data grouping in; ``value`` is already decrypted."""
        if encrypted != (grouping in self.ENCRYPTED):
            raise Refusal(Status.WRONG_DATA)
        if _is_record(grouping):
            _check_record(grouping >> 8, value)
        elif grouping == _FCI_GROUPING:
            _check_fci(value)
        else:
            self.check(grouping, value)
        self.groupings[grouping] = value

    def close_personalization(self) -> None:
        """The last STORE DATA: from now on the application works and takes no more data."""
        if not self.complete():
            raise Refusal(Status.NOT_NOW)
        self.state = ApplicationState.PERSONALIZED

    def select(self) -> bytes:
        """File control information (EMV 4.3 Book 1, 11.3.4), bare before personalization."""
        self.reset()
        if self.locked:
            raise Refusal(Status.SELECTED_LOCKED)
        personalized = self.state is ApplicationState.PERSONALIZED
        proprietary = self.groupings.get(self.fci_grouping(), b"") if personalized else b""
        return encode(0x6F, encode(0x84, self.aid) + proprietary)

    def process(self, command: Command) -> bytes:
        """Run a command of the selected application."""
        if self.locked or self.state is not ApplicationState.PERSONALIZED:
            raise Refusal(Status.NOT_NOW)
        return dispatch(self._handlers, command)

    def emv_records(self) -> list[bytes]:
        """What is inside template 70 in files 1 to 10, in the order of file and number."""
        return [
            first(self.groupings[each], _RECORD_TEMPLATE) or b""
            for each in sorted(self.groupings)
            if _is_record(each) and each >> 8 <= _LAST_EMV_SFI
        ]

    def _read_record(self, command: Command) -> bytes:
        """READ RECORD by number from a file named by its SFI (ISO/IEC 7816-4, 7.3.3)."""
        sfi, mode = command.p2 >> 3, command.p2 & 0x07
        if mode != 4 or not 1 <= sfi <= 30 or command.p1 == 0:
            raise Refusal(Status.WRONG_P1_P2)
        command.require_length(0)
        record = self.groupings.get(sfi << 8 | command.p1)
        if record is None:
            exists = any(grouping >> 8 == sfi for grouping in self.groupings)
            raise Refusal(Status.NO_RECORD if exists else Status.NOT_FOUND)
        return record


def _is_record(grouping: int) -> bool:
    return 1 <= grouping >> 8 <= 30 and 1 <= grouping & 0xFF <= 0xFE


def _check_record(sfi: int, value: bytes) -> None:
    if not 1 <= len(value) <= 254:
        raise Refusal(Status.WRONG_DATA)
    if sfi <= _LAST_EMV_SFI:
        template = read_tlvs(value)
        if [tag for tag, _ in template] != [_RECORD_TEMPLATE]:
            raise Refusal(Status.WRONG_DATA)
        read_tlvs(template[0][1])


def _check_fci(value: bytes) -> None:
    template = read_tlvs(value)
    if [tag for tag, _ in template] != [0xA5]:
        raise Refusal(Status.WRONG_DATA)
    read_tlvs(template[0][1])
