"""ISO/IEC 7812-1: the primary account number."""

from __future__ import annotations

from cardwright.iso import luhn
from cardwright.iso.errors import PanError
from cardwright.secret import SecretText

__all__ = ["Pan"]


class Pan(SecretText):
    """A primary account number: 12 to 19 digits, the last of which checks the others.

    It prints as a count of characters; ``masked()`` is what people may see.

    Raises:
        PanError: PAN_FORMAT or PAN_LUHN; the message holds no digit of the number.
    """

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        if not (12 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
            raise PanError("PAN_FORMAT", "An account number is 12 to 19 decimal digits; check it")
        if not luhn.is_valid(digits):
            raise PanError(
                "PAN_LUHN", "The account number's check digit is wrong; ask its source for it again"
            )
        super().__init__(digits)

    @property
    def first6(self) -> str:
        """The first six digits of the issuer identification number."""
        return self._value[:6]

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self._value[-4:]

    def masked(self) -> str:
        """First six, stars, last four: the most that a screen, a log or an event may hold."""
        return f"{self.first6}{'*' * (len(self._value) - 10)}{self.last4}"

    def digits(self) -> str:
        """Return the clear number: ``reveal()`` under the name that callers of ``Pan`` expect."""
        return self.reveal()
