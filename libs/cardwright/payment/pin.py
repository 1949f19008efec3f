"""PINs (ISO 9564-1): four to twelve digits, drawn without bias, none that anybody would guess."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from secrets import token_bytes
from typing import Final

from cardwright.payment.errors import PinError
from cardwright.secret import SecretText

__all__ = ["Random", "checked", "draw", "generate", "is_weak", "refuse_weak"]

Random = Callable[[int], bytes]
"""A source of so many random octets: the system's, an HSM's, or a test's."""

_TRIES: Final = 16


def generate(length: int = 4, random: Random = token_bytes) -> SecretText:
    """Draw a PIN, each that is not weak as likely as any other.

    Raises:
        PinError: PIN_DIGITS for a length that no PIN has; PIN_SOURCE for a source that repeats
            itself.
    """
    if not 4 <= length <= 12:
        raise PinError("PIN_DIGITS", "A PIN has 4 to 12 digits; ask for such a length")
    for _ in range(_TRIES):
        pin = SecretText("".join(map(str, draw(length, 10, random))))
        if not is_weak(pin):
            return pin
    raise _repeating()  # one PIN in eighty is weak, at most: never sixteen in a row


def is_weak(pin: SecretText) -> bool:
    """Tell whether a PIN is a group of digits repeated (1111, 1212) or a run (3456, 8901, 4321).

    Raises:
        PinError: PIN_DIGITS.

    >>> [is_weak(SecretText(pin)) for pin in ("1111", "1212", "8901", "3210", "1357")]
    [True, True, True, True, False]
    """
    digits = checked(pin)
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    # A text that is found inside its own doubling, ends cut off, is a group repeated.
    return digits in (2 * digits)[1:-1] or steps in ({1}, {9})


def refuse_weak(pin: SecretText) -> None:
    """Refuse a PIN that somebody chose and others would guess.

    Raises:
        PinError: PIN_WEAK or PIN_DIGITS.
    """
    if is_weak(pin):
        raise PinError("PIN_WEAK", "The PIN repeats digits or counts up or down; choose another")


def checked(pin: SecretText) -> str:
    """Return a PIN's digits in the clear.

    Raises:
        PinError: PIN_DIGITS unless it is 4 to 12 decimal digits.
    """
    digits = pin.reveal()
    if not (4 <= len(digits) <= 12 and digits.isascii() and digits.isdigit()):
        raise PinError("PIN_DIGITS", "A PIN is 4 to 12 decimal digits; enter such a one")
    return digits


def draw(count: int, below: int, random: Random) -> list[int]:
    """Draw numbers from 0 to ``below`` - 1, each as likely as any other.

    Octets past the last whole multiple of ``below`` are dropped: their remainders would favour
    the small numbers.

    Args:
        count: how many.
        below: 1 to 16.
        random: the source.

    Raises:
        PinError: PIN_SOURCE when so many octets are dropped that the source must be broken.
    """
    limit = 256 - 256 % below
    numbers = [octet % below for octet in random(2 * count + 16) if octet < limit]
    if len(numbers) < count:
        raise _repeating()
    return numbers[:count]


def _repeating() -> PinError:
    return PinError("PIN_SOURCE", "The random source repeats itself; take it out of use")
