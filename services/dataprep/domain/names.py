"""The cardholder's name in the three forms that a card shows."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cardwright.iso.errors import CardholderNameError
from cardwright.iso.names import embossed_name, stripe_name
from cardwright.secret import SecretText
from services.dataprep.domain.faults import AnomalyError, RefusedError

__all__ = ["Names", "names_of"]

# Letters without a decomposition, and what most machine-readable documents put for them.
_CLOSEST = {
    "Ł": "L",
    "Ø": "O",
    "Đ": "D",
    "Ð": "D",
    "Ħ": "H",
    "Ŧ": "T",
    "Ŋ": "N",
    "Ə": "E",
    "Æ": "AE",
    "Œ": "OE",
    "Þ": "TH",
    "\u02bb": "'",
}
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")
_LATIN_EXTENDED_A_END = "\u017f"


@dataclass(frozen=True, slots=True)
class Names:
    """One person's name.

    Attributes:
        face: capitals, given names first, for the face of a payment card.
        stripe: ``SURNAME/GIVEN NAMES``, for track 1 and tag 5F20.
        full: as the issuer wrote it, accents and case kept, for a badge.
    """

    face: SecretText
    stripe: SecretText
    full: SecretText


def names_of(surname: SecretText, given_names: SecretText, *, substitute: bool = False) -> Names:
    """Return the forms of a name.

    Args:
        surname: The family name.
        given_names: May be blank.
        substitute: Put the closest letters, else a space, for what a card can't show.

    Raises:
        RefusedError: NAME_EMPTY or NAME_TOO_LONG.
        AnomalyError: NAME_CHARACTER; it does not happen with ``substitute``.
    """
    family, given = surname.reveal(), given_names.reveal()
    if substitute:
        family, given = _substituted(family), _substituted(given)
    try:
        face, stripe = embossed_name(family, given), stripe_name(family, given)
    except CardholderNameError as error:
        kind = AnomalyError if error.code == "NAME_CHARACTER" else RefusedError
        raise kind(error.code, str(error)) from None
    return Names(face, stripe, _full(family, given))


def _substituted(text: str) -> str:
    return "".join(c if _shows(c) else _closest(c) for c in unicodedata.normalize("NFC", text))


def _closest(character: str) -> str:
    letters = _CLOSEST.get(character.upper(), " ")
    return letters if character.isupper() else letters.lower()


def _shows(character: str) -> bool:
    try:
        embossed_name("A", character)
    except CardholderNameError:
        return False
    return True


def _full(surname: str, given_names: str) -> SecretText:
    """Keep what typefaces for Latin have (through U+017F), fold the rest as the face does."""
    text = unicodedata.normalize("NFKC", f"{given_names} {surname}".translate(_APOSTROPHES))
    shown = "".join(c if c <= _LATIN_EXTENDED_A_END else _bare(c) for c in text)
    return SecretText(" ".join(shown.split()))


def _bare(character: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
