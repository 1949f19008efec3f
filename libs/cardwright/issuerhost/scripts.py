"""EMV Book 3, 6.5 and 10.10: what an issuer can have done to its card, as script templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.messaging import ScriptMessaging
from cardwright.secret import SecretBytes, SecretText

__all__ = ["ChangePin", "PutData", "Script", "ScriptCommand", "UnblockPin", "encode_scripts"]

_BEFORE_FINAL, _AFTER_FINAL = 0x71, 0x72
_IDENTIFIER, _COMMAND = 0x9F18, 0x86
_LONGEST = 128  # what a terminal must be able to take of all scripts (Book 3, 10.10)


@dataclass(frozen=True, slots=True)
class UnblockPin:
    """PIN CHANGE/UNBLOCK (6.5.10): give the PIN its tries back."""


@dataclass(frozen=True, slots=True)
class ChangePin:
    """PIN CHANGE/UNBLOCK with a new PIN, enciphered as a block of format 2.

    Attributes:
        pin: 4 to 12 digits.
    """

    pin: SecretText


@dataclass(frozen=True, slots=True)
class PutData:
    """PUT DATA (ISO/IEC 7816-4): replace a data object of the application.

    Attributes:
        tag: two octets.
        value: its new value.
    """

    tag: int
    value: bytes = field(repr=False)


ScriptCommand = UnblockPin | ChangePin | PutData


@dataclass(frozen=True, slots=True)
class Script:
    """Commands to a card.

    Attributes:
        commands: in order.
        before_final: whether they come before the final cryptogram (71) or after (72).
        identifier: 9F18, 4 octets, that the result will repeat.
    """

    commands: tuple[ScriptCommand, ...]
    before_final: bool = False
    identifier: bytes = b"\0\0\0\1"


def encode_scripts(scripts: Iterable[Script], messaging: ScriptMessaging) -> bytes:
    """Return the templates, those before the final cryptogram first, as the card gets them.

    Raises:
        IssuerHostError: SCRIPT_DATA for what is none, or for more than 128 octets in all.
    """
    ordered = sorted(scripts, key=lambda each: not each.before_final)
    templates = b"".join(_encode(script, messaging) for script in ordered)
    if len(templates) > _LONGEST:
        raise IssuerHostError("SCRIPT_DATA", "Scripts take at most 128 octets; send fewer commands")
    return templates


def _encode(script: Script, messaging: ScriptMessaging) -> bytes:
    if len(script.identifier) != 4:
        raise IssuerHostError("SCRIPT_DATA", "A script's identifier has 4 octets")
    commands = [_protect(command, messaging).encode() for command in script.commands]
    content = tlv.encode(_IDENTIFIER, script.identifier)
    content += tlv.encode_all((_COMMAND, command) for command in commands)
    return tlv.encode(_BEFORE_FINAL if script.before_final else _AFTER_FINAL, content)


def _protect(command: ScriptCommand, messaging: ScriptMessaging) -> CommandApdu:
    match command:
        case UnblockPin():
            return messaging.protect(CommandApdu(0x80, 0x24, 0x00, 0x00))
        case ChangePin(pin):
            return messaging.protect(CommandApdu(0x80, 0x24, 0x00, 0x02), _pin_block(pin))
        case PutData(tag, value):
            return messaging.protect(CommandApdu(0x00, 0xDA, tag >> 8, tag & 0xFF, value))


def _pin_block(pin: SecretText) -> SecretBytes:
    digits = pin.reveal()
    if not (4 <= len(digits) <= 12 and digits.isascii() and digits.isdigit()):
        raise IssuerHostError("SCRIPT_DATA", "A PIN has 4 to 12 digits")
    return SecretBytes(bytes.fromhex(f"2{len(digits):X}{digits}".ljust(16, "F")))
