"""ISO/IEC 7813: the cardholder's name for the stripe and the chip, and for the card's face.

A stripe holds A-Z, 0-9, space and a little punctuation. Accents fold away (NFKD) because every
reader of the name knows the bare letter; a letter without that relation (``Ł``, ``Ø``, any other
script) is refused, for its transliteration is the issuer's or the cardholder's to choose.
"""

from __future__ import annotations

import unicodedata
from string import ascii_uppercase, digits

from cardwright.iso.errors import CardholderNameError
from cardwright.secret import SecretText

__all__ = ["NAME_MAX", "embossed_name", "stripe_name"]

NAME_MAX = 26

# In a track-1 name the solidus ends the surname and the full stop begins a title, and the
# apostrophe is a hardware control character: the two marks are left out, as ICAO 9303 does.
_PLAIN = frozenset(ascii_uppercase + digits + " -")
_DROPPED_ON_STRIPE = str.maketrans("", "", "'.")
_ON_FACE = _PLAIN | frozenset("'.")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")
_FIRST_DIACRITIC, _LAST_DIACRITIC = "\u0300", "\u036f"


def stripe_name(surname: str, given_names: str) -> SecretText:
    """Return ``SURNAME/GIVEN NAMES``: 2 to 26 characters for track 1 and EMV tag 5F20.

    ``given_names`` may be empty: a mononym is encoded as ``SURNAME/``.

    Raises:
        CardholderNameError: NAME_EMPTY, NAME_TOO_LONG or NAME_CHARACTER.
    """
    family, given = (
        _spaced(_checked(_folded(part).translate(_DROPPED_ON_STRIPE), _PLAIN))
        for part in (surname, given_names)
    )
    return _sized(family, f"{family}/{given}")


def embossed_name(surname: str, given_names: str) -> SecretText:
    """Return ``GIVEN NAMES SURNAME`` in capitals for the card's face, at most 26 characters.

    Apostrophes and full stops stay: a person reads this line.

    Raises:
        CardholderNameError: NAME_EMPTY, NAME_TOO_LONG or NAME_CHARACTER.
    """
    family, given = (_spaced(_checked(_folded(part), _ON_FACE)) for part in (surname, given_names))
    return _sized(family, f"{given} {family}".lstrip())


def _folded(text: str) -> str:
    # Upper-casing before and after: sharp s becomes SS, and compatibility forms fold to lower case.
    folded = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).upper()).upper()
    if folded.isascii():
        return folded
    return "".join(c for c in folded if not _FIRST_DIACRITIC <= c <= _LAST_DIACRITIC)


def _checked(text: str, allowed: frozenset[str]) -> str:
    if not allowed.issuperset(text):
        raise CardholderNameError(
            "NAME_CHARACTER",
            "The name has a character that the card can't show faithfully; "
            "ask for the name in Latin letters",
        )
    return text


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _sized(surname: str, name: str) -> SecretText:
    if not any(c.isalnum() for c in surname):
        raise CardholderNameError("NAME_EMPTY", "The surname has no letter; a card needs a name")
    if len(name) > NAME_MAX:
        raise CardholderNameError(
            "NAME_TOO_LONG",
            f"The name takes {len(name)} characters and a card holds {NAME_MAX}; "
            "ask for a shorter form",
        )
    return SecretText(name)
