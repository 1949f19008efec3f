"""A card manager's half of SCP02 and SCP03, written apart from the host's code and the chip's.

Tests drive the host against it. It knows no commands: a test's function answers them in clear.
Reference: GP 2.3.1 appendix E; Amendment D 1.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

Answer = Callable[[bytes], bytes]
"""From a command in clear, to response data and status word in clear."""

OK = b"\x90\x00"


def always_ok(_command: bytes) -> bytes:
    return OK


class MacError(Exception):
    """The card would answer 6982 and end the session."""


@dataclass
class Apdu:
    head: bytes
    data: bytes
    le: bytes
    extended: bool

    @classmethod
    def read(cls, raw: bytes) -> Apdu:
        head, body = raw[:4], raw[4:]
        if len(body) < 2:
            return cls(head, b"", body, extended=False)
        if body[0]:
            end = 1 + body[0]
            assert len(body) - end in {0, 1}
            return cls(head, body[1:end], body[end:], extended=False)
        if len(body) == 3:
            return cls(head, b"", body[1:], extended=True)
        end = 3 + int.from_bytes(body[1:3], "big")
        assert len(body) - end in {0, 2}
        return cls(head, body[3:end], body[end:], extended=True)

    def lc(self, length: int) -> bytes:
        return b"\0" + length.to_bytes(2, "big") if self.extended else bytes([length])

    def clear(self, data: bytes) -> bytes:
        """The command as it was before it was wrapped, in the shortest coding."""
        le = int.from_bytes(self.le, "big") or 1 << 8 * len(self.le) if self.le else None
        wide = len(data) > 255 or (le or 0) > 256
        raw = bytes([self.head[0] & ~0x04]) + self.head[1:]
        if wide:
            raw += b"\0"
        if data:
            raw += len(data).to_bytes(2 if wide else 1, "big") + data
        if le is not None:
            raw += (le & (0xFFFF if wide else 0xFF)).to_bytes(2 if wide else 1, "big")
        return raw


def _strip(padded: bytes) -> bytes:
    plain = padded.rstrip(b"\0")
    assert plain[-1] == 0x80
    return plain[:-1]


def _padded(data: bytes, block: int) -> bytes:
    data += b"\x80"
    while len(data) % block:
        data += b"\0"
    return data


def _protects(status: bytes) -> bool:
    return status == OK or status[0] in (0x62, 0x63)


@dataclass
class Scp03Card:
    keys: tuple[bytes, bytes, bytes]
    i: int = 0x70
    aid: bytes = bytes.fromhex("A000000151000000")
    version: int = 0x30
    counter: int = 0
    random: bytes = bytes(range(0xC0, 0xD0))
    answer: Answer = always_ok
    seen: list[bytes] = field(default_factory=list)

    @staticmethod
    def cmac(key: bytes, message: bytes) -> bytes:
        engine = CMAC(AES(key))
        engine.update(message)
        return engine.finalize()

    @classmethod
    def kdf(cls, key: bytes, constant: int, bits: int, context: bytes) -> bytes:
        made = b""
        for n in (1, 2):
            label = b"\0" * 11 + bytes([constant])
            made += cls.cmac(key, label + b"\0" + bits.to_bytes(2, "big") + bytes([n]) + context)
        return made[: bits // 8]

    def initialize_update(self, command: bytes) -> bytes:
        self.size = 16 if self.i & 1 else 8
        assert command[:2] == b"\x80\x50"
        assert command[4] == self.size
        host = command[5:-1]
        self.counter += 1
        sequence = self.counter.to_bytes(3, "big")
        challenge = self.random[: self.size]
        if self.i & 0x10:
            challenge = self.kdf(self.keys[0], 2, 8 * self.size, sequence + self.aid)
        context = host + challenge
        bits = 8 * len(self.keys[0])
        self.enc = self.kdf(self.keys[0], 4, bits, context)
        self.mac = self.kdf(self.keys[1], 6, bits, context)
        self.rmac = self.kdf(self.keys[1], 7, bits, context)
        self.host_cryptogram = self.kdf(self.mac, 1, 8 * self.size, context)
        self.chain, self.count, self.level = bytes(16), 0, 0
        head = bytes(10) + bytes([self.version, 3, self.i])
        tail = sequence if self.i & 0x10 else b""
        return head + challenge + self.kdf(self.mac, 0, 8 * self.size, context) + tail + OK

    def process(self, wrapped: bytes) -> bytes:
        apdu = Apdu.read(wrapped)
        body, received = apdu.data[: -self.size], apdu.data[-self.size :]
        full = self.cmac(self.mac, self.chain + apdu.head + apdu.lc(len(apdu.data)) + body)
        if full[: self.size] != received:
            raise MacError
        self.chain = full
        if apdu.head[1] == 0x82:
            assert body == self.host_cryptogram
            self.level = apdu.head[2]
            return OK
        self.count += 1
        if body and self.level & 2:
            body = _strip(self.cbc(self._icv(0), body, decrypt=True))
        clear = apdu.clear(body)
        self.seen.append(clear)
        return self._protect(self.answer(clear))

    def decrypt_sensitive(self, data: bytes) -> bytes:
        return Cipher(AES(self.keys[2]), CBC(bytes(16))).decryptor().update(data)

    def cbc(self, icv: bytes, data: bytes, *, decrypt: bool) -> bytes:
        cipher = Cipher(AES(self.enc), CBC(icv))
        return (cipher.decryptor() if decrypt else cipher.encryptor()).update(data)

    def _icv(self, top: int) -> bytes:
        block = bytes([top]) + self.count.to_bytes(15, "big")
        return Cipher(AES(self.enc), CBC(bytes(16))).encryptor().update(block)

    def _protect(self, response: bytes) -> bytes:
        data, status = response[:-2], response[-2:]
        if not self.level & 0x10 or not _protects(status):
            return response
        if data and self.level & 0x20:
            data = self.cbc(self._icv(0x80), _padded(data, 16), decrypt=False)
        return data + self.cmac(self.rmac, self.chain + data + status)[: self.size] + status


@dataclass
class Scp02Card:
    keys: tuple[bytes, bytes, bytes]
    i: int = 0x55
    aid: bytes = bytes.fromhex("A000000151000000")
    version: int = 0x20
    counter: int = 0
    random: bytes = bytes(range(0xC0, 0xD0))
    macs_errors: bool = False
    answer: Answer = always_ok
    seen: list[bytes] = field(default_factory=list)

    @staticmethod
    def cbc(key: bytes, data: bytes, icv: bytes = bytes(8)) -> bytes:
        return Cipher(TripleDES((key * 3)[:24]), CBC(icv)).encryptor().update(data)

    @classmethod
    def retail(cls, key: bytes, message: bytes, icv: bytes) -> bytes:
        """Block by block: single DES on the way, triple DES at the end."""
        blocks = _padded(message, 8)
        for at in range(0, len(blocks) - 8, 8):
            icv = cls.cbc(key[:8], blocks[at : at + 8], icv)
        return cls.cbc(key, blocks[-8:], icv)

    def initialize_update(self, command: bytes) -> bytes:
        assert command[4] == 8
        host = command[5:-1]
        sequence = self.counter.to_bytes(2, "big")
        enc, mac, dek = self.keys
        self.enc, self.mac, self.rmac, self.dek = (
            self.cbc(key, bytes.fromhex(constant) + sequence + bytes(12))
            for key, constant in ((enc, "0182"), (mac, "0101"), (mac, "0102"), (dek, "0181"))
        )
        challenge = self.random[:6]
        if self.i & 0x40:
            challenge = self.retail(self.mac, self.aid, bytes(8))[:6]
        card = sequence + challenge
        self.host_cryptogram = self.cbc(self.enc, _padded(card + host, 8))[-8:]
        self.icv, self.level = bytes(8), 0
        cryptogram = self.cbc(self.enc, _padded(host + card, 8))[-8:]
        return bytes(10) + bytes([self.version, 2]) + card + cryptogram + OK

    def process(self, wrapped: bytes) -> bytes:
        apdu = Apdu.read(wrapped)
        body, received = apdu.data[:-8], apdu.data[-8:]
        if body and self.level & 2:
            cipher = Cipher(TripleDES((self.enc * 3)[:24]), CBC(bytes(8)))
            body = _strip(cipher.decryptor().update(body))
        message = apdu.head + bytes([len(body) + 8]) + body
        if self.retail(self.mac, message, self.icv) != received:
            raise MacError
        self.icv = self.cbc(self.mac[:8], received)
        if apdu.head[1] == 0x82:
            assert body == self.host_cryptogram
            self.counter += 1
            self.level, self.ricv = apdu.head[2], received
            return OK
        clear = apdu.clear(body)
        self.seen.append(clear)
        stripped = clear[:4] + bytes([len(body)]) + body
        return self._protect(stripped, self.answer(clear))

    def decrypt_sensitive(self, data: bytes) -> bytes:
        blocks = [data[at : at + 8] for at in range(0, len(data), 8)]
        key = TripleDES((self.dek * 3)[:24])
        return b"".join(Cipher(key, CBC(bytes(8))).decryptor().update(block) for block in blocks)

    def _protect(self, stripped: bytes, response: bytes) -> bytes:
        data, status = response[:-2], response[-2:]
        if not self.level & 0x10:
            return response
        covered = stripped + bytes([len(data) % 256]) + data + status
        self.ricv = self.retail(self.rmac, covered, self.ricv)
        bare = not _protects(status) and not self.macs_errors
        return response if bare else data + self.ricv + status
