"""PIN blocks: ISO 9564-1 formats 0 to 4, and what may be translated into what.

A block begins with its format, the PIN's length and the PIN; what fills it, and how the account
number is bound to it, is the format's. Formats 0 to 3 are eight octets, enciphered as one block of
triple DES; format 4 is sixteen, enciphered by AES twice with the account number added between.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from secrets import token_bytes

from cardwright.cipher import BlockCipher
from cardwright.payment.errors import PinError
from cardwright.payment.pin import Random, checked, draw
from cardwright.secret import SecretBytes, SecretText

__all__ = [
    "Format",
    "Leg",
    "decipher",
    "decipher_format_4",
    "decode",
    "encipher",
    "encipher_format_4",
    "encode",
    "reference_block",
    "translate",
]


class Format(IntEnum):
    """The format's number, which is its control field too."""

    ISO_0 = 0  # filled with F, bound to the account number
    ISO_1 = 1  # filled at random, where no account number is known
    ISO_2 = 2  # filled with F, for chips alone
    ISO_3 = 3  # filled with random letters, bound to the account number
    ISO_4 = 4  # filled with A, then eight random octets; bound by the encipherment

    @property
    def bound(self) -> bool:
        """Whether the block depends on the account number."""
        return self not in {Format.ISO_1, Format.ISO_2}


_FILLERS = {
    Format.ISO_0: frozenset("f"),
    Format.ISO_1: frozenset("0123456789abcdef"),
    Format.ISO_2: frozenset("f"),
    Format.ISO_3: frozenset("abcdef"),
    Format.ISO_4: frozenset("a"),
}
_BOUND = frozenset(form for form in Format if form.bound)
_TARGETS = {
    Format.ISO_1: frozenset(Format),
    Format.ISO_2: frozenset({Format.ISO_2}),
} | dict.fromkeys(_BOUND, _BOUND | {Format.ISO_2})


@dataclass(frozen=True, slots=True)
class Leg:
    """How a PIN travels a leg of its way: in which format, under which key, for which account.

    Attributes:
        form: the format.
        cipher: the PIN encryption key: AES for format 4, triple DES for the others.
        pan: the account number, 8 to 19 digits; None for formats 1 and 2.

    Raises:
        PinError: PIN_KEY or PIN_PAN.
    """

    form: Format
    cipher: BlockCipher
    pan: SecretText | None = None

    def __post_init__(self) -> None:
        if self.cipher.block != (16 if self.form is Format.ISO_4 else 8):
            raise PinError("PIN_KEY", "Format 4 takes an AES key, the others triple DES keys")
        if self.form.bound:
            _account(self.pan)


def encode(
    form: Format, pin: SecretText, pan: SecretText | None = None, random: Random = token_bytes
) -> SecretBytes:
    """Return the clear block: 8 octets, or format 4's plain text PIN field of 16.

    Args:
        form: the format.
        pin: 4 to 12 digits.
        pan: the account number, 8 to 19 digits; formats 0 and 3 need it.
        random: where the fill of formats 1, 3 and 4 comes from.

    Raises:
        PinError: PIN_DIGITS, PIN_PAN or PIN_SOURCE.

    >>> encode(Format.ISO_0, SecretText("1234"), SecretText("43219876543210987")).reveal().hex()
    '0412ac89abcdef67'
    """
    digits = checked(pin)
    field = bytes.fromhex(f"{form:x}{len(digits):x}{digits}{_fill(form, 14 - len(digits), random)}")
    if form is Format.ISO_4:
        return SecretBytes(field + random(8))
    return SecretBytes(_xor(field, _pan_field(form, pan)))


def decode(form: Format, block: SecretBytes, pan: SecretText | None = None) -> SecretText:
    """Return the PIN of a clear block that ``encode`` makes.

    Raises:
        PinError: PIN_BLOCK_LENGTH, PIN_BLOCK_CONTROL (another format's, or another key's),
            PIN_BLOCK_PIN (a length or digits that no PIN has), PIN_BLOCK_FILLER or PIN_PAN.
    """
    octets = block.reveal()
    if len(octets) != (16 if form is Format.ISO_4 else 8):
        raise PinError("PIN_BLOCK_LENGTH", "A PIN block has 8 octets, 16 in format 4")
    field = _xor(octets[:8], _pan_field(form, pan)).hex()
    end = 2 + int(field[1], 16)
    if int(field[0], 16) != form:
        raise PinError("PIN_BLOCK_CONTROL", "The PIN block is of another format, or another key's")
    if not (6 <= end <= 14 and field[2:end].isdecimal()):
        raise PinError("PIN_BLOCK_PIN", "The PIN block holds no PIN of 4 to 12 digits")
    if not _FILLERS[form].issuperset(field[end:]):
        raise PinError("PIN_BLOCK_FILLER", "The PIN block is not filled as its format says")
    return SecretText(field[2:end])


def reference_block(pin: SecretText) -> SecretBytes:
    """Return what a chip keeps to compare offline PINs with: format 2 (EMV Book 3, 6.5.12.2).

    DGI 8010 holds these eight octets; the session's DEK enciphers them on the way.

    Raises:
        PinError: PIN_DIGITS.
    """
    return encode(Format.ISO_2, pin)


def encipher(leg: Leg, pin: SecretText, random: Random = token_bytes) -> bytes:
    """Return a PIN as it travels a leg: 8 octets, 16 in format 4.

    Raises:
        PinError: PIN_DIGITS or PIN_SOURCE.
    """
    field = encode(leg.form, pin, leg.pan, random).reveal()
    block = leg.cipher.encrypt(field)
    if leg.form is Format.ISO_4:
        return leg.cipher.encrypt(_xor(block, _pan_field_4(leg.pan)))
    return block


def decipher(leg: Leg, block: bytes) -> SecretText:
    """Return the PIN that travelled a leg.

    Raises:
        PinError: as ``decode``.
    """
    if len(block) != leg.cipher.block:
        raise PinError("PIN_BLOCK_LENGTH", "A PIN block has 8 octets, 16 in format 4")
    field = leg.cipher.decrypt(block)
    if leg.form is Format.ISO_4:
        field = leg.cipher.decrypt(_xor(field, _pan_field_4(leg.pan)))
    return decode(leg.form, SecretBytes(field), leg.pan)


def encipher_format_4(
    aes: BlockCipher, pin: SecretText, pan: SecretText, random: Random = token_bytes
) -> bytes:
    """Return a PIN in format 4, 16 octets (ISO 9564-1:2017, 9.4.2).

    Raises:
        PinError: PIN_KEY, PIN_PAN, PIN_DIGITS or PIN_SOURCE.
    """
    return encipher(Leg(Format.ISO_4, aes, pan), pin, random)


def decipher_format_4(aes: BlockCipher, block: bytes, pan: SecretText) -> SecretText:
    """Return the PIN that ``encipher_format_4`` enciphered.

    Raises:
        PinError: PIN_KEY, PIN_PAN or as ``decode``.
    """
    return decipher(Leg(Format.ISO_4, aes, pan), block)


def translate(block: bytes, source: Leg, target: Leg, random: Random = token_bytes) -> bytes:
    """Hand a PIN from one leg to the next (ISO 9564-1; PCI PIN Security 3.1, requirement 3-3).

    A PIN that is bound to an account stays bound to that account, or goes into a chip (format 2);
    one in format 1 may go into any format; one in format 2 stays where it is.

    Raises:
        PinError: PIN_TRANSLATION, PIN_PAN_CHANGE, or as ``decode``.
    """
    if target.form not in _TARGETS[source.form]:
        raise PinError("PIN_TRANSLATION", "A PIN in this format may not go into the other format")
    if source.form.bound and target.form.bound and source.pan != target.pan:
        raise PinError("PIN_PAN_CHANGE", "A translation may not bind a PIN to another account")
    return encipher(target, decipher(source, block), random)


def _fill(form: Format, count: int, random: Random) -> str:
    match form:
        case Format.ISO_1:
            return random(8).hex()[:count]
        case Format.ISO_3:
            return "".join("abcdef"[number] for number in draw(count, 6, random))
        case _:
            return count * next(iter(_FILLERS[form]))


def _account(pan: SecretText | None) -> str:
    digits = pan.reveal() if pan is not None else ""
    if not (8 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        raise PinError("PIN_PAN", "The PIN block's format needs an account number, 8 to 19 digits")
    return digits


def _pan_field(form: Format, pan: SecretText | None) -> bytes:
    """Return the rightmost twelve digits before the check digit, or zeros where unbound."""
    if form in {Format.ISO_0, Format.ISO_3}:
        return bytes.fromhex(_account(pan)[-13:-1].rjust(16, "0"))
    return bytes(8)


def _pan_field_4(pan: SecretText | None) -> bytes:
    """Return how many digits above twelve, then all of them: check digit and zeros last."""
    digits = _account(pan).rjust(12, "0")
    return bytes.fromhex(f"{len(digits) - 12}{digits}".ljust(32, "0"))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
