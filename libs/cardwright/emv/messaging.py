"""EMV Book 2 chapter 9: secure messaging, by which a card knows its issuer's commands.

In format 1, ISO/IEC 7816-4's and the Common Core Definitions', a command carries data objects, and
the MACs of a script form a chain. In format 2, as Visa's and Mastercard's cards expect it, the MAC
covers the transaction's counter and cryptogram too. ``cardwright.emv.script`` has the commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from cardwright.cipher import BlockCipher
from cardwright.emv.errors import EmvError
from cardwright.emv.session import (
    Padding,
    cipher_like,
    common_session_key,
    full_mac,
    mac,
    pad,
)
from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.secret import SecretBytes

__all__ = [
    "Encipherment",
    "ScriptKeys",
    "encipher",
    "first_link",
    "mchip_cryptogram",
    "script_keys",
    "secure_format_1",
    "secure_format_2",
]


class Encipherment(Enum):
    """How a script's data are filled up and enciphered (annex A1.1, and the schemes' choices)."""

    VISA = auto()  # length octet, data, padding method 2; each block for itself
    MCHIP = auto()  # padded only if it must be; chained
    CCD = auto()  # always padded; chained


@dataclass(frozen=True, slots=True)
class ScriptKeys:
    """The session keys of one transaction's scripts: integrity (SMI), confidentiality (SMC)."""

    integrity: BlockCipher
    confidentiality: BlockCipher


def script_keys(integrity: BlockCipher, confidentiality: BlockCipher, ac: bytes) -> ScriptKeys:
    """Return the session keys that follow from the card's master keys (annex A1.3.1).

    Args:
        integrity: the card's MK-SMI.
        confidentiality: the card's MK-SMC.
        ac: the application cryptogram of the first GENERATE AC, 8 octets; for M/Chip see
            ``mchip_cryptogram``.

    Raises:
        EmvError: DERIVATION_INPUT or KEY_LENGTH.
    """
    return ScriptKeys(
        cipher_like(integrity, common_session_key(integrity, ac)),
        cipher_like(confidentiality, common_session_key(confidentiality, ac)),
    )


def mchip_cryptogram(ac: bytes, position: int) -> bytes:
    """Return what M/Chip takes for the cryptogram in its nth script command: it counts up.

    Args:
        ac: the application cryptogram of the first GENERATE AC, 8 octets.
        position: 0 for the first command.
    """
    return ((int.from_bytes(ac, "big") + position) % (1 << 64)).to_bytes(8, "big")


def encipher(key: BlockCipher, data: SecretBytes, way: Encipherment) -> bytes:
    """Return a command's data enciphered under the session key for confidentiality."""
    clear = data.reveal()
    if way is Encipherment.VISA:
        return key.encrypt(pad(bytes((len(clear),)) + clear, key.block))
    if way is Encipherment.CCD or len(clear) % key.block:
        clear = pad(clear, key.block)
    return key.encrypt_cbc(clear, bytes(key.block))


def first_link(integrity: BlockCipher, ac: bytes) -> bytes:
    """Return what the chain of MACs begins with: the cryptogram, filled up to a block (9.2.3.1)."""
    return ac.ljust(integrity.block, b"\0")


def secure_format_1(
    command: CommandApdu,
    keys: ScriptKeys,
    link: bytes,
    *,
    enciphered: bool = False,
    mac_length: int = 4,
) -> tuple[CommandApdu, bytes]:
    """Secure a command in format 1, and return the next command's link too (9.2, annex D2).

    Cards without a chain of MACs take ``first_link`` for each command.

    Args:
        command: in the clear.
        keys: the transaction's.
        link: ``first_link``, or what securing the command before returned.
        enciphered: whether to encipher the data, if there are any.
        mac_length: 4, which is all that CCD cards promise to take, to 8.

    Raises:
        EmvError: SCRIPT_LENGTH, KEY_LENGTH or DERIVATION_INPUT.
    """
    block = keys.integrity.block
    if len(link) != block:
        raise EmvError("DERIVATION_INPUT", "The chain's link has the octets of one block")
    header = bytes((command.cla | 0x0C, command.ins, command.p1, command.p2))
    body = _data_object(command.data, keys.confidentiality, enciphered=enciphered)
    message = link + pad(header, block) + (pad(body, block) if body else b"")
    # The message is whole blocks already: neither MAC pads it again.
    tag = full_mac(keys.integrity, message, Padding.METHOD_1)
    secured = body + tlv.encode(0x8E, _shortened(tag, mac_length))
    return _secured(command, 0x0C, secured), tag


def secure_format_2(
    command: CommandApdu, integrity: BlockCipher, atc: int, ac: bytes, *, mac_length: int = 8
) -> CommandApdu:
    """Secure a command in format 2, as Visa's and M/Chip cards take it (9.2.1.2).

    Args:
        command: its data enciphered already, where they are to be.
        integrity: the session key for integrity.
        atc: the application transaction counter.
        ac: the application cryptogram, 8 octets; for M/Chip see ``mchip_cryptogram``.
        mac_length: 4 to 8.

    Raises:
        EmvError: SCRIPT_LENGTH, KEY_LENGTH or DERIVATION_INPUT.
    """
    if len(ac) != 8 or not 0 <= atc <= 0xFFFF:
        raise EmvError("DERIVATION_INPUT", "A script's MAC needs a cryptogram and a counter")
    length = len(command.data) + mac_length
    header = (command.cla | 0x04, command.ins, command.p1, command.p2)
    if length > 0xFF:
        raise _too_long()
    message = bytes((*header, length)) + atc.to_bytes(2, "big") + ac + command.data
    tag = _shortened(mac(integrity, message), mac_length)
    return _secured(command, 0x04, command.data + tag)


def _data_object(data: bytes, key: BlockCipher, *, enciphered: bool) -> bytes:
    if not data:
        return b""
    if not enciphered:
        return tlv.encode(0x81, data)
    # 01: the data were padded. The odd tag says that the object is part of what the MAC covers.
    return tlv.encode(0x87, b"\x01" + encipher(key, SecretBytes(data), Encipherment.CCD))


def _shortened(tag: bytes, length: int) -> bytes:
    if not 4 <= length <= 8:
        raise EmvError("SCRIPT_LENGTH", "A script command's MAC has 4 to 8 octets")
    return tag[:length]


def _secured(command: CommandApdu, messaging: int, data: bytes) -> CommandApdu:
    if len(data) > 0xFF:
        raise _too_long()
    return CommandApdu(command.cla | messaging, command.ins, command.p1, command.p2, data)


def _too_long() -> EmvError:
    return EmvError("SCRIPT_LENGTH", "A secured command carries at most 255 octets; send less")
