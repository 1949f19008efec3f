"""PINs as the security module handles them: drawn, taken over, sealed, verified, moved."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardwright.secret import SecretText

__all__ = ["PinItem", "PinTranslation", "PreparedPin"]


@dataclass(frozen=True, slots=True)
class PinItem:
    """A card's PIN, to be drawn or taken over.

    Attributes:
        card_id: the card.
        pan: its digits.
        length: digits of a PIN to be drawn, 4 to 12.
        pin_block: the issuer's PIN as an ISO 9564-1 block (8 octets: format 0; 16: format 4); empty
            to draw one.
        pin_key: label of the key that the block is under.
        method: what verifies the PIN on line: "pvv", "ibm3624", or empty for nothing.
        pvk: label of the PIN verification key.
        pvk_index: PIN verification key indicator, one digit.
        mailed: seal a copy for the PIN mailer.
        environment: what the card is for, "test" or "live": a key of the other kind is refused.
    """

    card_id: str
    pan: SecretText
    length: int = 4
    pin_block: bytes = field(default=b"", repr=False)
    pin_key: str = ""
    method: str = ""
    pvk: str = ""
    pvk_index: int = 0
    mailed: bool = True
    environment: str = ""


@dataclass(frozen=True, slots=True)
class PreparedPin:
    """A card's PIN, sealed.

    Attributes:
        sealed_for_chip: for KeysSection.sealed_pin; the module alone opens it.
        sealed_for_mailer: for section "pin"; empty unless asked for.
        verification: PVV (four digits) or offset; empty without a method.
        pvk: the key that made it, label and version.
    """

    sealed_for_chip: bytes = field(repr=False)
    sealed_for_mailer: bytes = field(repr=False)
    verification: SecretText
    pvk: str = ""


@dataclass(frozen=True, slots=True)
class PinTranslation:
    """A PIN block to be moved to another key and format (0 to 4)."""

    pin_block: bytes = field(repr=False)
    pan: SecretText
    from_key: str
    from_format: int
    to_key: str
    to_format: int
