"""What a terminal is and may do, and what it is asked for: the inputs of a transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import IntEnum

from cardwright.secret import SecretText
from cardwright.terminal.capk import CaPublicKey
from cardwright.terminal.errors import ProfileError
from cardwright.terminal.flags import Capability

__all__ = [
    "Profile",
    "RandomSelection",
    "RevokedCertificate",
    "TerminalAid",
    "TransactionRequest",
    "TransactionType",
]


class TransactionType(IntEnum):
    """Transaction types (9C) that EMV's rules know; others pass without them."""

    GOODS_AND_SERVICES = 0x00
    CASH = 0x01
    CASHBACK = 0x09


@dataclass(frozen=True, slots=True)
class TerminalAid:
    """An application that the terminal accepts (EMV Book 1, 12.3.1).

    Attributes:
        aid: 5 to 16 octets.
        partial: whether applications whose longer name begins so are accepted too.
        version: application version number of the terminal (9F09), 2 octets.
    """

    aid: bytes
    partial: bool = True
    version: bytes = b"\x00\x01"

    def __post_init__(self) -> None:
        _require("aid", 5 <= len(self.aid) <= 16)
        _require("version", len(self.version) == 2)

    def accepts(self, name: bytes) -> bool:
        """Whether a card's application of that name is this one."""
        return name.startswith(self.aid) if self.partial else name == self.aid


@dataclass(frozen=True, slots=True)
class RandomSelection:
    """Random transaction selection (Book 3, 10.6.2); as it stands, none.

    Attributes:
        target: percentage below ``threshold``, 0 to 99.
        maximum: percentage that is reached at the floor limit, ``target`` to 99.
        threshold: amount in minor units from which the percentage rises.
    """

    target: int = 0
    maximum: int = 0
    threshold: int = 0

    def __post_init__(self) -> None:
        _require("random_selection", 0 <= self.target <= self.maximum <= 99)


@dataclass(frozen=True, slots=True)
class RevokedCertificate:
    """An issuer's certificate that its authority revoked (Book 2, 5.1).

    Attributes:
        rid: 5 octets.
        index: the authority's key that signed it.
        serial: the certificate's serial number, 3 octets.
    """

    rid: bytes
    index: int
    serial: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A terminal's configuration (Book 4, annexes A and C).

    Attributes:
        type: terminal type (9F35), 0x11 to 0x36.
        capabilities: 9F33.
        additional_capabilities: 9F40, 5 octets.
        country: 9F1A, three digits of ISO 3166.
        currency: 5F2A, three digits of ISO 4217.
        currency_exponent: its minor digits (5F36).
        aids: what it accepts, the first of equals first.
        tac_denial: terminal action code, denial, 5 octets; likewise ``tac_online`` and
            ``tac_default``.
        floor_limit: 9F1B, in minor units; amounts from it on go on line.
        random_selection: which amounts below it go on line as well.
        ca_keys: keys of certification authorities.
        revoked: certificates that they revoked.
        exception_file: account numbers that must not be accepted.
        default_ddol: for a card without 9F49.
        default_tdol: for a card that wants a TC hash value and has no 97.
        confirms_application: whether the cardholder can be asked to confirm an application.
        terminal_id: 9F1C, 8 characters.
        merchant_id: 9F16, 15 characters.
        serial: 9F1E, 8 characters.
        category: merchant category code (9F15), four digits.
        acquirer: 9F01, up to 11 digits.
        ttq: terminal transaction qualifiers (9F66), 4 octets, for contactless cards.

    Raises:
        ProfileError: PROFILE_VALUE, naming the attribute.
    """

    type: int
    capabilities: Capability
    country: str
    currency: str
    aids: tuple[TerminalAid, ...]
    tac_denial: bytes
    tac_online: bytes
    tac_default: bytes
    floor_limit: int
    additional_capabilities: bytes = b"\xf0\x00\xf0\xa0\x01"
    currency_exponent: int = 2
    random_selection: RandomSelection = field(default_factory=RandomSelection)
    ca_keys: tuple[CaPublicKey, ...] = ()
    revoked: frozenset[RevokedCertificate] = frozenset()
    exception_file: tuple[SecretText, ...] = ()
    default_ddol: bytes = b"\x9f\x37\x04"
    default_tdol: bytes = b"\x9f\x02\x06"
    confirms_application: bool = True
    terminal_id: str = "CWTERM01"
    merchant_id: str = "CARDWRIGHT TEST"
    serial: str = "00000001"
    category: str = "5999"
    acquirer: str = "0"
    ttq: bytes = b"\x26\x00\x00\x00"

    def __post_init__(self) -> None:
        for name, good in (
            ("type", self.type >> 4 in {1, 2, 3} and 1 <= self.type & 0x0F <= 6),
            ("country", _digits(self.country, 3)),
            ("currency", _digits(self.currency, 3)),
            ("currency_exponent", 0 <= self.currency_exponent <= 9),
            ("aids", bool(self.aids)),
            ("tac_denial", len(self.tac_denial) == 5),
            ("tac_online", len(self.tac_online) == 5),
            ("tac_default", len(self.tac_default) == 5),
            ("floor_limit", 0 <= self.floor_limit <= 0xFFFFFFFF),
            ("additional_capabilities", len(self.additional_capabilities) == 5),
            ("terminal_id", _characters(self.terminal_id, 8)),
            ("merchant_id", _characters(self.merchant_id, 15)),
            ("serial", _characters(self.serial, 8)),
            ("category", _digits(self.category, 4)),
            ("acquirer", len(self.acquirer) <= 11 and _digits(self.acquirer)),
            ("ttq", len(self.ttq) == 4),
        ):
            _require(name, good)

    @property
    def attended(self) -> bool:
        """Whether somebody attends to the terminal (Book 4, annex A1)."""
        return self.type & 0x0F <= 3

    @property
    def online_only(self) -> bool:
        """Whether it must not approve by itself."""
        return self.type & 0x0F in {1, 4}

    @property
    def offline_only(self) -> bool:
        """Whether it has no way to an issuer."""
        return self.type & 0x0F in {3, 6}

    @property
    def atm(self) -> bool:
        """Whether it is a cash dispenser (Book 4, annex A1)."""
        return self.type in {0x14, 0x15, 0x16} and bool(self.additional_capabilities[0] & 0x80)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRequest:
    """What is asked of the terminal.

    Attributes:
        amount: authorised amount in minor units, ``other`` included (9F02).
        at: local date and time.
        type: 9C.
        other: cashback in minor units (9F03).
        pins: what the cardholder keys in, in order; when they are used up, entry is bypassed.
        forced_online: whether the merchant wants the issuer to be asked.
        earlier: what the terminal's log has of the same card, in minor units.
        sequence: transaction sequence counter (9F41).

    Raises:
        ProfileError: REQUEST_VALUE.
    """

    amount: int
    at: dt.datetime
    type: int = TransactionType.GOODS_AND_SERVICES
    other: int = 0
    pins: tuple[SecretText, ...] = field(default=(), repr=False)
    forced_online: bool = False
    earlier: int = 0
    sequence: int = 1

    def __post_init__(self) -> None:
        if not (
            0 <= self.other <= self.amount <= 0xFFFFFFFF
            and _digits(f"{self.type:02X}", 2)
            and self.earlier >= 0
            and all(4 <= len(pin) <= 12 and _digits(pin.reveal()) for pin in self.pins)
        ):
            raise ProfileError("REQUEST_VALUE", "Amount, type or PIN is none that EMV knows")


def _require(name: str, good: bool) -> None:
    if not good:
        raise ProfileError("PROFILE_VALUE", f"The profile's {name} is not as EMV Book 4 has it")


def _digits(text: str, length: int | None = None) -> bool:
    return text.isascii() and text.isdigit() and length in {None, len(text)}


def _characters(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isprintable()
