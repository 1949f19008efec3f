"""What can be stated about a card, as domain types. Field names are those of fact.proto."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "Body",
    "Command",
    "Destroyed",
    "DispatchPermitted",
    "Dispatched",
    "Disposition",
    "Encoded",
    "Erased",
    "ExceptionOpened",
    "Fact",
    "Inspected",
    "KeyChanged",
    "KeyCheck",
    "KeysDerived",
    "LotIssued",
    "LotReceived",
    "Operation",
    "OperationCancelled",
    "OperationFailed",
    "Packed",
    "Parked",
    "PinMailed",
    "PreparationRefused",
    "Prepared",
    "Printed",
    "RequestAccepted",
    "RequestRefused",
    "Verb",
    "kind_name",
    "kind_of",
]


class Operation(IntEnum):
    """One stop of a card's route; the values are those of common.proto."""

    PREPARE = 1
    DERIVE_KEYS = 2
    PRINT = 3
    ENCODE = 4
    INSPECT = 5
    PACK = 6
    DISPATCH = 7
    DESTROY = 8
    MAIL_PIN = 9


class Disposition(IntEnum):
    """What became of a card whose operation failed."""

    UNSPECIFIED = 0
    SPOILED = 1
    UNCERTAIN = 2
    REFUSED = 3


class Verb(IntEnum):
    """What an operator or an issuer can command."""

    HOLD = 1
    RELEASE = 2
    REVOKE = 3
    WAIVE = 4
    REFUSE = 5
    REMAKE = 6
    ERASE = 7


@dataclass(frozen=True, slots=True)
class RequestAccepted:
    """A request passed every rule: a card's stream begins."""

    issuer: str
    request_id: str
    product: str
    lane: int
    rules: tuple[str, ...] = ()
    test_card: bool = False


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """A request was refused: its stream begins and ends."""

    issuer: str
    request_id: str
    product: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """A derived key by usage, master key and check value (3 octets)."""

    usage: str
    master: str
    kcv: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """All sections are in the vault; ``route`` holds the operations to come."""

    product_version: int
    route: tuple[Operation, ...]
    max_attempts: int
    truncated_pan: str = ""
    sections: tuple[str, ...] = ()
    material: str = ""
    keys: tuple[KeyCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparationRefused:
    """Data preparation refused the card before anything was made."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionOpened:
    """An anomaly that a person must waive or refuse."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeysDerived:
    """The card's keys exist, sealed."""

    keys: tuple[KeyCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """Both faces are printed on this blank."""

    blank_serial: str
    device: str = ""
    design_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Stripe and chip are written and were read back."""

    blank_serial: str
    device: str = ""
    tracks: tuple[int, ...] = ()
    chip_serial: str = ""
    cplc: bytes = b""
    atc: int = 0
    key_version: int = 0


@dataclass(frozen=True, slots=True)
class Inspected:
    """The verdict of inspection, with defect codes."""

    blank_serial: str
    passed: bool
    defects: tuple[str, ...] = ()
    device: str = ""
    atc: int = 0
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """The card lies in a box."""

    sscc: str
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The card has left the house, under this permit."""

    sscc: str
    permit: bytes = b""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The card or blank is destroyed."""

    blank_serial: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class OperationFailed:
    """An operation did not succeed; ``disposition`` says what became of the card."""

    code: str
    detail: str = ""
    disposition: Disposition = Disposition.UNSPECIFIED
    blank_serial: str = ""
    device: str = ""
    form_serial: str = ""


@dataclass(frozen=True, slots=True)
class OperationCancelled:
    """The order was withdrawn before its act began."""


@dataclass(frozen=True, slots=True)
class PinMailed:
    """The PIN is on its way, on this form, apart from its card."""

    form_serial: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Erased:
    """What the vault held of the card is destroyed; ``cause`` is "retention" or "request"."""

    sections: tuple[str, ...] = ()
    cause: str = ""
    report_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """An entry of the security module's journal, in its own words; the stream is the key's."""

    key_id: str
    change: str
    state: str
    usage: str
    algorithm: str
    kcv: bytes
    environment: str
    owner: str
    custodians: tuple[str, ...] = ()
    minutes: bytes = b""
    entry: int = 0
    entry_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class LotReceived:
    """Blanks were counted in."""

    lot: str
    material: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LotIssued:
    """Blanks were loaded into a device."""

    lot: str
    device: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Command:
    """What an operator or an issuer wants."""

    verb: Verb
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DispatchPermitted:
    """Custody lets the card leave."""

    sscc: str


@dataclass(frozen=True, slots=True)
class Parked:
    """Custody set the card aside: a true fact did not fit its state."""

    fact_id: str
    code: str


Body = (
    RequestAccepted
    | RequestRefused
    | Prepared
    | PreparationRefused
    | ExceptionOpened
    | KeysDerived
    | Printed
    | Encoded
    | Inspected
    | Packed
    | Dispatched
    | Destroyed
    | OperationFailed
    | OperationCancelled
    | PinMailed
    | Erased
    | KeyChanged
    | LotReceived
    | LotIssued
    | Command
    | DispatchPermitted
    | Parked
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about one stream: who says what, in answer to which order.

    ``order_id`` is empty for requests, commands and custody's own decisions.
    """

    fact_id: str
    stream_id: str
    order_id: str
    actor: str
    site: str
    body: Body


_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kind_name(body: type[object]) -> str:
    """Return an event's name as people, filters and fact.proto know it: ``"keys_derived"``."""
    return _WORDS.sub("_", body.__name__).lower()


def kind_of(body: Body) -> str:
    """Return the name of what ``body`` states."""
    return kind_name(type(body))
