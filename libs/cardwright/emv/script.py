"""Issuer scripts: what an issuer may tell a card after a transaction went online.

The commands are Book 3's (6.5) and PUT DATA, ISO/IEC 7816-4's, here in the clear;
``cardwright.emv.messaging`` secures them.
"""

from __future__ import annotations

from collections.abc import Sequence

from cardwright.emv.errors import EmvError
from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.payment.pin import checked
from cardwright.secret import SecretBytes, SecretText

__all__ = [
    "application_block",
    "application_unblock",
    "card_block",
    "pin_change",
    "pin_unblock",
    "put_data",
    "script_template",
    "visa_pin_block",
]


def application_block() -> CommandApdu:
    """Return APPLICATION BLOCK: from now on the application only declines."""
    return CommandApdu(0x80, 0x1E, 0, 0)


def application_unblock() -> CommandApdu:
    """Return APPLICATION UNBLOCK."""
    return CommandApdu(0x80, 0x18, 0, 0)


def card_block() -> CommandApdu:
    """Return CARD BLOCK, which no command undoes."""
    return CommandApdu(0x80, 0x16, 0, 0)


def pin_unblock() -> CommandApdu:
    """Return PIN CHANGE/UNBLOCK that gives all PIN tries back."""
    return CommandApdu(0x80, 0x24, 0, 0)


def pin_change(pin_data: bytes, *, with_current: bool = False) -> CommandApdu:
    """Return PIN CHANGE/UNBLOCK with a new PIN; P2 is the payment systems' 02, or Visa's 01.

    Args:
        pin_data: the PIN block: clear for ``secure_format_1`` that enciphers, enciphered for
            ``secure_format_2``.
        with_current: whether the card's current PIN is in the block, as ``visa_pin_block`` does.
    """
    return CommandApdu(0x80, 0x24, 0, 1 if with_current else 2, pin_data)


def put_data(tag: int, value: bytes) -> CommandApdu:
    """Return PUT DATA: the value of one data object, whose tag has one octet or two.

    Raises:
        ApduError: APDU_FORMAT for a longer tag.
    """
    return CommandApdu(0x00, 0xDA, tag >> 8, tag & 0xFF, value)


def visa_pin_block(
    application_key: SecretBytes, pin: SecretText, current: SecretText | None = None
) -> SecretBytes:
    """Return Visa's PIN block for a change: length, PIN and F, mixed with the card's key.

    Args:
        application_key: the card's master key for application cryptograms, 16 octets.
        pin: the new PIN.
        current: the card's current PIN, where the card is to check it.

    Raises:
        EmvError: KEY_LENGTH.
        PinError: PIN_DIGITS.
    """
    if len(application_key) != 16:
        raise EmvError("KEY_LENGTH", "A card's triple DES key has 16 octets")
    digits = checked(pin)
    block = int(f"0{len(digits):x}{digits}".ljust(16, "f"), 16)
    block ^= int.from_bytes(application_key.reveal()[4:8], "big")
    if current is not None:
        block ^= int(checked(current).ljust(16, "0"), 16)
    return SecretBytes(block.to_bytes(8, "big"))


def script_template(
    commands: Sequence[CommandApdu], *, identifier: bytes = b"", final: bool = True
) -> bytes:
    """Return an issuer script as field 55 carries it (Book 3, 10.10): up to 128 octets.

    Args:
        commands: secured ones, in order.
        identifier: 4 octets (tag 9F18), or none.
        final: whether the card gets it after the last cryptogram (tag 72), or before (71).

    Raises:
        EmvError: SCRIPT_LENGTH.
    """
    if len(identifier) not in {0, 4}:
        raise EmvError("SCRIPT_LENGTH", "A script's identifier has four octets")
    objects = [(0x9F18, identifier)] if identifier else []
    objects += [(0x86, command.encode()) for command in commands]
    template = tlv.encode(0x72 if final else 0x71, tlv.encode_all(objects))
    if len(template) > 128:
        raise EmvError("SCRIPT_LENGTH", "Terminals take scripts of 128 octets; send fewer commands")
    return template
