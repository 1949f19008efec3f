"""A host for the chip's tests, written from the standards and sharing no code with either side.

SCP02 after GlobalPlatform Card Specification 2.3.1, appendix E; SCP03 after Amendment D.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.chip import Chip, KeyType, Scheme, TransportKeys

KEY = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
OTHER_KEY = bytes.fromhex("505152535455565758595A5B5C5D5E5F")
SERIAL = bytes.fromhex("00010000427700001234")
ISD = bytes.fromhex("A000000151000000")
OK = b"\x90\x00"

TDES_SET = TransportKeys(KEY, Scheme.NONE, KeyType.TDES)
AES_SET = TransportKeys(KEY, Scheme.NONE, KeyType.AES)


def tdes(key: bytes) -> TripleDES:
    return TripleDES((key + key[:8])[:24])


def kcv(kind: KeyType, key: bytes) -> bytes:
    if kind is KeyType.AES:
        return Cipher(AES(key), ECB()).encryptor().update(b"\1" * 16)[:3]
    return Cipher(tdes(key), ECB()).encryptor().update(bytes(8))[:3]


def cmac(key: bytes, message: bytes) -> bytes:
    engine = CMAC(AES(key))
    engine.update(message)
    return engine.finalize()


def pad(data: bytes, block: int) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    plain, mark, rest = data.rpartition(b"\x80")
    assert mark
    assert not rest.strip(b"\0")
    return plain


def retail_mac(key: bytes, data: bytes, icv: bytes) -> bytes:
    single, padded = TripleDES(key[:8] * 3), pad(data, 8)
    for at in range(0, len(padded) - 8, 8):
        block = bytes(a ^ b for a, b in zip(icv, padded[at : at + 8], strict=True))
        icv = Cipher(single, ECB()).encryptor().update(block)
    return Cipher(tdes(key), CBC(icv)).encryptor().update(padded[-8:])


def command(cla: int, ins: int, p1: int, p2: int, data: bytes = b"", le: bytes = b"") -> bytes:
    """Short, or of extended length when the data ask for it."""
    if len(data) > 255:
        lc = b"\0" + len(data).to_bytes(2, "big")
    else:
        lc = bytes((len(data),)) if data else b""
    return bytes((cla, ins, p1, p2)) + lc + data + le


class Host(ABC):
    """One secure channel session with a chip."""

    block = 8
    mac = 8

    def __init__(self, chip: Chip, version: int = 0, keys: tuple[bytes, ...] = (KEY,) * 3) -> None:
        self.chip = chip
        self.static = keys
        self.host_challenge = bytes(range(1, self.mac + 1))
        self.answer = fetch(chip, command(0x80, 0x50, version, 0, self.host_challenge, b"\0"))
        self.level = 0
        if self.answer[-2:] == OK:
            self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Derive session keys and check the card's cryptogram."""

    @abstractmethod
    def host_cryptogram(self) -> bytes: ...

    @abstractmethod
    def sign(self, header: bytes, data: bytes) -> bytes:
        """The C-MAC of a command, and go on in the chain."""

    @abstractmethod
    def wrap(self, apdu: bytes) -> bytes: ...

    @abstractmethod
    def unwrap(self, response: bytes) -> bytes: ...

    @abstractmethod
    def encrypt(self, data: bytes) -> bytes:
        """Encrypt whole blocks of sensitive data."""

    def external_authenticate(self, level: int) -> bytes:
        self.level = level
        cryptogram = self.host_cryptogram()
        header = bytes((0x84, 0x82, level, 0, len(cryptogram) + self.mac))
        return header + cryptogram + self.sign(header, cryptogram)

    def open(self, level: int) -> Self:
        assert self.chip.process(self.external_authenticate(level)) == OK
        return self

    def send(self, cla: int, ins: int, p1: int, p2: int, data: bytes = b"") -> bytes:
        """Wrap and send a command, answer GET RESPONSE, unwrap."""
        return self.unwrap(fetch(self.chip, self.wrap(command(cla, ins, p1, p2, data))))

    def put_key(self, old: int, new: int, kind: KeyType, *keys: bytes, first: int = 1) -> bytes:
        fields = b"".join(self.key_field(kind, each) for each in keys)
        multiple = 0x80 if len(keys) > 1 else 0
        return self.send(0x80, 0xD8, old, first | multiple, bytes((new,)) + fields)

    def key_field(self, kind: KeyType, key: bytes) -> bytes:
        padded = key + bytes(-len(key) % self.block)
        block = self.encrypt(padded)
        if kind is KeyType.AES:
            block = bytes((len(key),)) + block
        return bytes((kind, len(block))) + block + b"\3" + kcv(kind, key)


class Scp02Host(Host):
    icv: bytes
    first: bool
    ricv: bytes
    stripped: bytes

    def begin(self) -> None:
        assert self.answer[11] == 0x02
        self.sequence, challenge = self.answer[12:14], self.answer[14:20]
        self.card_challenge = challenge
        enc, mac, dek = self.static
        self.enc, self.cmac_key = self.session_key(enc, "0182"), self.session_key(mac, "0101")
        self.rmac_key, self.dek = self.session_key(mac, "0102"), self.session_key(dek, "0181")
        expected = self.cryptogram(self.host_challenge + self.sequence + challenge)
        assert self.answer[20:28] == expected
        self.icv = bytes(8)
        self.first = True

    def session_key(self, key: bytes, constant: str) -> bytes:
        data = bytes.fromhex(constant) + self.sequence + bytes(12)
        return Cipher(tdes(key), CBC(bytes(8))).encryptor().update(data)

    def cryptogram(self, message: bytes) -> bytes:
        return Cipher(tdes(self.enc), CBC(bytes(8))).encryptor().update(pad(message, 8))[-8:]

    def host_cryptogram(self) -> bytes:
        return self.cryptogram(self.sequence + self.card_challenge + self.host_challenge)

    def sign(self, header: bytes, data: bytes) -> bytes:
        icv = self.icv
        if not self.first:
            icv = Cipher(TripleDES(self.cmac_key[:8] * 3), ECB()).encryptor().update(icv)
        else:
            self.first = False
        self.icv = retail_mac(self.cmac_key, header + data, icv)
        if header[1] == 0x82:
            self.ricv = self.icv
        return self.icv

    def wrap(self, apdu: bytes) -> bytes:
        header, data, le, lc = split(apdu)
        self.stripped = header + lc(len(data)) + data
        head = bytes((header[0] | 4,)) + header[1:]
        mac = self.sign(head + lc(len(data) + 8), data)
        if data and self.level & 2:
            data = Cipher(tdes(self.enc), CBC(bytes(8))).encryptor().update(pad(data, 8))
        return head + lc(len(data) + 8) + data + mac + le

    def unwrap(self, response: bytes) -> bytes:
        if not self.level & 0x10:
            return response
        data, received, status = response[:-10], response[-10:-2], response[-2:]
        message = self.stripped + bytes((len(data) % 256,)) + data + status
        self.ricv = retail_mac(self.rmac_key, message, self.ricv)
        assert received == self.ricv, response.hex()
        return data + status

    def encrypt(self, data: bytes) -> bytes:
        return Cipher(tdes(self.dek), ECB()).encryptor().update(data)


class Scp03Host(Host):
    block = 16
    chain: bytes
    counter: int

    def begin(self) -> None:
        assert self.answer[11] == 0x03
        self.i = self.answer[12]
        size = self.mac
        self.card_challenge = self.answer[13 : 13 + size]
        self.context = self.host_challenge + self.card_challenge
        enc, mac, self.dek = self.static
        self.enc, self.cmac_key = self.derive(enc, 4), self.derive(mac, 6)
        self.rmac_key = self.derive(mac, 7)
        assert self.answer[13 + size : 13 + 2 * size] == self.derive(self.cmac_key, 0, size)
        self.chain = bytes(16)
        self.counter = 0

    def derive(self, key: bytes, constant: int, octets: int = 0) -> bytes:
        octets = octets or len(key)
        label = bytes(11) + bytes((constant, 0)) + (octets * 8).to_bytes(2, "big")
        return (cmac(key, label + b"\1" + self.context) + cmac(key, label + b"\2" + self.context))[
            :octets
        ]

    def host_cryptogram(self) -> bytes:
        return self.derive(self.cmac_key, 1, self.mac)

    def sign(self, header: bytes, data: bytes) -> bytes:
        self.chain = cmac(self.cmac_key, self.chain + header + data)
        return self.chain[: self.mac]

    def icv(self, first: int) -> bytes:
        block = bytes((first,)) + self.counter.to_bytes(15, "big")
        return Cipher(AES(self.enc), ECB()).encryptor().update(block)

    def wrap(self, apdu: bytes) -> bytes:
        header, data, le, lc = split(apdu)
        self.counter += 1
        if data and self.level & 2:
            data = Cipher(AES(self.enc), CBC(self.icv(0))).encryptor().update(pad(data, 16))
        head = bytes((header[0] | 4,)) + header[1:] + lc(len(data) + self.mac)
        return head + data + self.sign(head, data) + le

    def unwrap(self, response: bytes) -> bytes:
        status = response[-2:]
        if not self.level & 0x10 or (status != OK and status[0] not in (0x62, 0x63)):
            return response
        data, received = response[: -2 - self.mac], response[-2 - self.mac : -2]
        assert received == cmac(self.rmac_key, self.chain + data + status)[: self.mac]
        if data and self.level & 0x20:
            data = unpad(Cipher(AES(self.enc), CBC(self.icv(0x80))).decryptor().update(data))
        return data + status

    def encrypt(self, data: bytes) -> bytes:
        return Cipher(AES(self.dek), CBC(bytes(16))).encryptor().update(data)


class Scp03S16Host(Scp03Host):
    mac = 16


def split(apdu: bytes) -> tuple[bytes, bytes, bytes, Callable[[int], bytes]]:
    """Header, data, Le, and how Lc is written: in three octets if it was, or must be."""
    header, body = apdu[:4], apdu[4:]
    extended = len(body) > 2 and body[0] == 0

    def lc(size: int) -> bytes:
        return b"\0" + size.to_bytes(2, "big") if extended or size > 255 else bytes((size,))

    if len(body) < 2:
        return header, b"", body, lc
    start = 3 if extended else 1
    size = int.from_bytes(body[:start], "big")
    return header, body[start : start + size], body[start + size :], lc


def fetch(chip: Chip, apdu: bytes) -> bytes:
    """Send a command; over T=0, ask for its answer until it is whole."""
    answer = chip.process(apdu)
    if answer[-2:-1] == b"\x6c":
        answer = chip.process(apdu[:4] + answer[-1:])
    whole = answer[:-2]
    while answer[-2:-1] == b"\x61":
        answer = chip.process(b"\0\xc0\0\0" + answer[-1:])
        whole += answer[:-2]
    return whole + answer[-2:]
