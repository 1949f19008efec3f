"""From a PIN and an address to a letter, or the reason why there is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.secret import SecretText

__all__ = ["Addressee", "Letter", "LetterFault", "compose"]

_FEWEST, _MOST = 4, 12
_FEWEST_LINES, _LINES = 3, 8  # name, address, country
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a PIN goes to; as vault/v1's MailerSection has it."""

    name: SecretText
    lines: tuple[SecretText, ...]
    country: str
    issuer: str
    last_four: SecretText


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes onto a form: the address block, from the name to the country, and the PIN."""

    lines: tuple[SecretText, ...]
    issuer: str
    last_four: SecretText
    pin: SecretText


@dataclass(frozen=True, slots=True)
class LetterFault:
    """Why no letter can be written: a code of README.md, and a sentence that names no value."""

    code: str
    detail: str


def compose(addressee: Addressee, pin: SecretText) -> Letter | LetterFault:
    """Write a letter.

    Args:
        addressee: whom it is for.
        pin: 4 to 12 digits (ISO 9564-1, 8.1).
    """
    digits = pin.reveal()
    if not (digits.isascii() and digits.isdecimal() and _FEWEST <= len(digits) <= _MOST):
        return LetterFault("PIN_SECTION_MALFORMED", "what the vault holds as a PIN is none")
    lines = (addressee.name, *addressee.lines, SecretText(addressee.country))
    block = tuple(line for line in lines if line.reveal().strip())
    if not addressee.name.reveal().strip() or not addressee.country or len(block) < _FEWEST_LINES:
        return LetterFault("MAILER_ADDRESS_MISSING", "a letter needs name, address and country")
    if len(block) > _LINES or not all(_fits(line.reveal()) for line in block):
        return LetterFault("MAILER_ADDRESS_UNPRINTABLE", "the address does not fit on a form")
    return Letter(block, addressee.issuer, addressee.last_four, pin)


def _fits(line: str) -> bool:
    return len(line) <= _LONGEST and line.isprintable()
