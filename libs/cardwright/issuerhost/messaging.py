"""EMV Book 2, 9: secure messaging of script commands, by one transaction's first cryptogram."""

from __future__ import annotations

from enum import Enum

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost.ciphers import (
    Algorithm,
    encrypt,
    encrypt_cbc,
    mac,
    mac_of_blocks,
    pad,
)
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import IssuerKeys, session_key
from cardwright.secret import SecretBytes

__all__ = ["MessagingFormat", "ScriptMessaging"]

_PLAIN, _ENCIPHERED, _MAC = 0x81, 0x87, 0x8E
_PADDED = b"\x01"  # padding indicator: 80 and zeros


class MessagingFormat(Enum):
    """How a command carries its MAC (9.2.1); the value is what its class octet adds.

    Format 1 is the common core's, of triple DES and AES; format 2 is Visa's, of triple DES alone.
    """

    FORMAT_1 = 0x0C
    FORMAT_2 = 0x04


class ScriptMessaging:
    """Protects the commands of one transaction, in the order in which the card gets them.

    Format 1 carries data objects and 4 octets of a MAC, which is chained to the one before, the
    first to the cryptogram. Format 2 carries data and 8 octets of a MAC over header, ATC,
    cryptogram and data.

    Args:
        algorithm: of the keys.
        keys: the card's master keys; ``ac`` is not used.
        message_format: what the card expects.
        atc: application transaction counter.
        cryptogram: the transaction's first, 8 octets.

    Raises:
        IssuerHostError: DERIVATION_INPUT, KEY_LENGTH, or SCRIPT_DATA for AES in format 2.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        keys: IssuerKeys,
        message_format: MessagingFormat,
        atc: int,
        cryptogram: bytes,
    ) -> None:
        if algorithm is Algorithm.AES and message_format is MessagingFormat.FORMAT_2:
            raise IssuerHostError("SCRIPT_DATA", "Format 2 is for triple DES; take format 1")
        self._algorithm, self._format = algorithm, message_format
        self._integrity = session_key(algorithm, keys.smi, cryptogram)
        self._confidentiality = session_key(algorithm, keys.smc, cryptogram)
        self._transaction = atc.to_bytes(2, "big") + cryptogram
        self._chain = cryptogram.ljust(algorithm.value, b"\0")

    def protect(self, command: CommandApdu, secret: SecretBytes | None = None) -> CommandApdu:
        """Return a command with its MAC.

        Args:
            command: class 80 or 00; its data go along in clear.
            secret: data to go along enciphered instead.
        """
        cla = command.cla | self._format.value
        header = bytes((cla, command.ins, command.p1, command.p2))
        body = (
            self._format_1(header, command.data, secret)
            if self._format is MessagingFormat.FORMAT_1
            else self._format_2(header, command.data, secret)
        )
        return CommandApdu(cla, command.ins, command.p1, command.p2, body)

    def _format_1(self, header: bytes, data: bytes, secret: SecretBytes | None) -> bytes:
        carried = b""
        if secret is not None:
            carried = tlv.encode(_ENCIPHERED, _PADDED + self._encipher_chained(secret))
        elif data:
            carried = tlv.encode(_PLAIN, data)
        block = self._algorithm.value
        message = self._chain + pad(header, block) + (pad(carried, block) if carried else b"")
        self._chain = mac_of_blocks(self._algorithm, self._integrity, message)
        return carried + tlv.encode(_MAC, self._chain[:4])

    def _format_2(self, header: bytes, data: bytes, secret: SecretBytes | None) -> bytes:
        carried = data if secret is None else self._encipher_with_length(secret)
        message = header + bytes((len(carried) + 8,)) + self._transaction + carried
        return carried + mac(self._algorithm, self._integrity, message)[:8]

    def _encipher_chained(self, secret: SecretBytes) -> bytes:
        padded = pad(secret.reveal(), self._algorithm.value)
        return encrypt_cbc(self._algorithm, self._confidentiality, padded)

    def _encipher_with_length(self, secret: SecretBytes) -> bytes:
        """Encipher as Visa does: a length octet before the data, each block for itself."""
        whole = pad(bytes((len(secret),)) + secret.reveal(), 8)
        return encrypt(self._algorithm, self._confidentiality, whole)
