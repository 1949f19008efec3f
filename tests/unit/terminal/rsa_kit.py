"""An authority, an issuer and a card's RSA keys for tests, and all that EMV signs with them.

Written from EMV Book 2, tables 2, 3, 13 and 15 to 18: the signer's side of what the terminal reads.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

from cryptography.hazmat.primitives.asymmetric import rsa

from cardwright.terminal import CaPublicKey

RID = bytes.fromhex("F043415244")
CA_INDEX = 0x05
SERIAL = bytes.fromhex("00CA01")
PAN = "9999991234567890"
EXPIRY = bytes.fromhex("1228")  # December 2028


@dataclass(frozen=True)
class Key:
    """A private key whose private operation is plain."""

    private: rsa.RSAPrivateKey

    @classmethod
    def make(cls, bits: int, exponent: int = 3) -> Key:
        return cls(rsa.generate_private_key(exponent, bits))

    @cached_property
    def numbers(self) -> rsa.RSAPrivateNumbers:
        return self.private.private_numbers()

    @property
    def modulus(self) -> bytes:
        n = self.numbers.public_numbers.n
        return n.to_bytes(n.bit_length() // 8, "big")

    @property
    def exponent(self) -> bytes:
        e = self.numbers.public_numbers.e
        return e.to_bytes(1 if e == 3 else 3, "big")

    def apply(self, block: bytes) -> bytes:
        size = len(self.modulus)
        assert len(block) == size
        n = self.numbers.public_numbers.n
        return pow(int.from_bytes(block, "big"), self.numbers.d, n).to_bytes(size, "big")

    def sign(self, body: bytes, appended: bytes, pad: int = 0xBB) -> bytes:
        """Sign what fits, filled up with padding: 6A, body, padding, hash, BC."""
        room = len(self.modulus) - 22
        assert len(body) <= room
        filled = body + bytes((pad,)) * (room - len(body))
        return self.apply(b"\x6a" + filled + sha1(filled + appended).digest() + b"\xbc")


@dataclass(frozen=True)
class Chain:
    """Keys from the authority down."""

    ca: Key
    issuer: Key
    icc: Key
    pin: Key

    @classmethod
    def make(cls) -> Chain:
        return cls(Key.make(1408), Key.make(1280, 65537), Key.make(1024), Key.make(1152))

    @property
    def ca_public(self) -> CaPublicKey:
        e = int.from_bytes(self.ca.exponent, "big")
        return CaPublicKey(RID, CA_INDEX, self.ca.modulus, e, dt.date(2030, 12, 31))

    def issuer_objects(self, identifier: str = PAN[:6], expiry: bytes = EXPIRY) -> dict[int, bytes]:
        """8F, 90, 92 and 9F32."""
        head = bytes.fromhex("02" + identifier.ljust(8, "F")) + expiry + SERIAL + b"\1\1"
        certificate, remainder = _certify(self.ca, head, self.issuer, b"")
        return {
            0x8F: bytes((CA_INDEX,)),
            0x90: certificate,
            0x92: remainder,
            0x9F32: self.issuer.exponent,
        }

    def icc_objects(
        self, static_data: bytes, pan: str = PAN, expiry: bytes = EXPIRY
    ) -> dict[int, bytes]:
        """9F46, 9F48 and 9F47."""
        return self._card_objects(self.icc, (0x9F46, 0x9F48, 0x9F47), static_data, pan, expiry)

    def pin_objects(self, pan: str = PAN, expiry: bytes = EXPIRY) -> dict[int, bytes]:
        """9F2D, 9F2F and 9F2E."""
        return self._card_objects(self.pin, (0x9F2D, 0x9F2F, 0x9F2E), b"", pan, expiry)

    def static_signature(self, static_data: bytes, code: bytes = b"\xda\xc0") -> bytes:
        """93."""
        return self.issuer.sign(b"\3\1" + code, static_data)

    def dynamic_signature(
        self, terminal_data: bytes, rest: bytes = b"", number: bytes = b"\x11\x22\x33\x44"
    ) -> bytes:
        """9F4B."""
        dynamic = bytes((len(number),)) + number + rest
        return self.icc.sign(b"\5\1" + bytes((len(dynamic),)) + dynamic, terminal_data)

    def _card_objects(
        self, key: Key, tags: tuple[int, int, int], static_data: bytes, pan: str, expiry: bytes
    ) -> dict[int, bytes]:
        head = bytes.fromhex("04" + pan.ljust(20, "F")) + expiry + SERIAL + b"\1\1"
        certificate, remainder = _certify(self.issuer, head, key, static_data)
        return dict(zip(tags, (certificate, remainder, key.exponent), strict=True))


def _certify(signer: Key, head: bytes, key: Key, static_data: bytes) -> tuple[bytes, bytes]:
    head += bytes((len(key.modulus), len(key.exponent)))
    room = len(signer.modulus) - 22 - len(head)
    inside, remainder = key.modulus[:room], key.modulus[room:]
    return signer.sign(head + inside, remainder + key.exponent + static_data), remainder
