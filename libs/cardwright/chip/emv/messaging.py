"""Secure messaging of issuer scripts (EMV 4.4 Book 2, chapter 9 and annex D2).

Format 1, CLA 8C or 0C: data objects 81 or 87 and 8E, MACs chained from the application cryptogram
on. Format 2, CLA 84 or 04, as Visa's versions have it: data and a MAC of eight octets over header,
ATC, application cryptogram and data; what is enciphered has its length before it, and each block
is for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.crypto import pad, tdes_ecb_decrypt, unpad
from cardwright.chip.emv.suite import Suite
from cardwright.chip.tlv import encode, read_tlvs

__all__ = ["ClearCommand", "ScriptChannel"]

_PLAIN, _ENCIPHERED, _MAC = 0x81, 0x87, 0x8E
_FORMAT_1 = 0x0C
_PADDED = b"\x01"  # the padding indicator: padded as ISO/IEC 7816-4 says
_FORMAT_2_MAC = 8


@dataclass(frozen=True, slots=True, repr=False)
class ClearCommand:
    """A script command with its messaging taken off.

    Attributes:
        data: the data as they came in clear; empty when an object said that they were enciphered.
        secret: the data deciphered; None when they can't have come enciphered.
    """

    p1: int
    p2: int
    data: bytes
    secret: bytes | None


@dataclass(slots=True, repr=False)
class ScriptChannel:
    """Session keys of one transaction, and the value that chains its MACs.

    A wrong MAC ends it: each transaction gives a forger of short MACs one guess.
    """

    suite: Suite
    integrity: bytes
    confidentiality: bytes
    atc: int
    cryptogram: bytes
    chain: bytes
    takes_format_2: bool
    broken: bool = False

    @classmethod
    def open(
        cls,
        suite: Suite,
        integrity: bytes,
        confidentiality: bytes,
        atc: int,
        cryptogram: bytes,
        *,
        takes_format_2: bool,
    ) -> ScriptChannel:
        """Derive the session keys of master keys from the transaction's first cryptogram."""
        return cls(
            suite,
            suite.session_key(integrity, cryptogram),
            suite.session_key(confidentiality, cryptogram),
            atc,
            cryptogram,
            cryptogram.ljust(suite.block, b"\0"),
            takes_format_2,
        )

    def unwrap(self, command: Command) -> ClearCommand:
        """Check the MAC and decipher; 6987 for lacking objects, 6988 for wrong ones."""
        if self.broken:
            raise Refusal(Status.MESSAGING_OBJECTS_INCORRECT)
        if command.cla & _FORMAT_1 == _FORMAT_1:
            return self._format_1(command)
        if self.takes_format_2 and len(command.data) >= _FORMAT_2_MAC:
            return self._format_2(command)
        raise Refusal(Status.MESSAGING_OBJECTS_MISSING)

    def _format_1(self, command: Command) -> ClearCommand:
        *carried, (tag, mac) = _objects(command.data)
        if tag != _MAC or len(carried) > 1 or not 4 <= len(mac) <= 8:
            raise Refusal(Status.MESSAGING_OBJECTS_MISSING)
        message = self.chain + pad(_header(command), self.suite.block)
        for each, value in carried:
            message += pad(encode(each, value), self.suite.block)
        full = self.suite.mac_of_blocks(self.integrity, message)
        self._require(full, mac)
        self.chain = full
        tag, value = carried[0] if carried else (_PLAIN, b"")
        if tag == _PLAIN:
            return ClearCommand(command.p1, command.p2, value, None)
        indicator, enciphered = value[:1], value[1:]
        whole = enciphered and len(enciphered) % self.suite.block == 0
        if tag != _ENCIPHERED or indicator != _PADDED or not whole:
            raise Refusal(Status.MESSAGING_OBJECTS_INCORRECT)
        secret = unpad(self.suite.decipher(self.confidentiality, enciphered))
        if secret is None:
            raise Refusal(Status.MESSAGING_OBJECTS_INCORRECT)
        return ClearCommand(command.p1, command.p2, b"", secret)

    def _format_2(self, command: Command) -> ClearCommand:
        data, mac = command.data[:-_FORMAT_2_MAC], command.data[-_FORMAT_2_MAC:]
        header = _header(command) + bytes((len(command.data),))
        message = header + self.atc.to_bytes(2, "big") + self.cryptogram + data
        self._require(self.suite.mac(self.integrity, message), mac)
        return ClearCommand(command.p1, command.p2, data, self._secret(data))

    def _secret(self, data: bytes) -> bytes | None:
        """What data of format 2 hide, if they hide anything: only their command knows that."""
        if not data or len(data) % self.suite.block:
            return None
        plain = unpad(tdes_ecb_decrypt(self.confidentiality, data)) or b"\0"
        return plain[1:] if plain[0] == len(plain) - 1 else None

    def _require(self, computed: bytes, received: bytes) -> None:
        if not compare_digest(computed[: len(received)], received):
            self.broken = True
            raise Refusal(Status.MESSAGING_OBJECTS_INCORRECT)


def _header(command: Command) -> bytes:
    return bytes((command.cla, command.ins, command.p1, command.p2))


def _objects(data: bytes) -> list[tuple[int, bytes]]:
    try:
        return read_tlvs(data) or [(0, b"")]
    except Refusal:
        raise Refusal(Status.MESSAGING_OBJECTS_MISSING) from None
