"""The issuer's half for the tests, on the ciphers alone: nothing of the chip, nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES


def tdes(key: bytes, data: bytes) -> bytes:
    return Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update(data)


def aes(key: bytes, data: bytes) -> bytes:
    return Cipher(AES(key), modes.ECB()).encryptor().update(data)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def padded(data: bytes, block: int) -> bytes:
    data += b"\x80"
    return data + bytes(-len(data) % block)


def _double(block: bytes) -> bytes:
    """K1 of L, K2 of K1 (EMV 4.4 Book 2, A1.2.2)."""
    value = int.from_bytes(block, "big") << 1
    carry = value >> 128
    return (value % 2**128 ^ (0x87 if carry else 0)).to_bytes(16, "big")


def cmac(key: bytes, message: bytes) -> bytes:
    """A1.2.2, step by step."""
    k1 = _double(aes(key, bytes(16)))
    whole = bool(message) and len(message) % 16 == 0
    blocks = message if whole else padded(message, 16)
    last = xor(blocks[-16:], k1 if whole else _double(k1))
    chained = bytes(16)
    for at in range(0, len(blocks) - 16, 16):
        chained = aes(key, xor(chained, blocks[at : at + 16]))
    return aes(key, xor(chained, last))


def retail_mac_of_blocks(key: bytes, blocks: bytes) -> bytes:
    """A1.2.1 with ISO/IEC 9797-1 algorithm 3, step by step."""
    single, other = key[:8] * 2, key[8:] * 2
    chained = bytes(8)
    for at in range(0, len(blocks), 8):
        chained = tdes(single, xor(chained, blocks[at : at + 8]))
    undone = Cipher(TripleDES(other + other[:8]), modes.ECB()).decryptor().update(chained)
    return tdes(single, undone)


@dataclass(frozen=True)
class Issuer:
    """Master keys of one card: for cryptograms, for script integrity, for confidentiality."""

    ac: bytes
    smi: bytes
    smc: bytes
    is_aes: bool = False

    @property
    def block(self) -> int:
        return 16 if self.is_aes else 8

    @property
    def grouping(self) -> bytes:
        return self.ac + self.smi + self.smc

    @property
    def check_values(self) -> bytes:
        keys = (self.ac, self.smi, self.smc)
        if self.is_aes:
            return b"".join(aes(key, b"\1" * 16)[:3] for key in keys)
        return b"".join(tdes(key, bytes(8))[:3] for key in keys)

    def session_key(self, master: bytes, value: bytes) -> bytes:
        """A1.3.1."""
        value = value + bytes(self.block - len(value))
        encrypt = aes if self.is_aes else tdes
        if self.is_aes and len(master) == 16:
            return encrypt(master, value)
        first = encrypt(master, value[:2] + b"\xf0" + value[3:])
        return (first + encrypt(master, value[:2] + b"\x0f" + value[3:]))[: len(master)]

    def mac(self, key: bytes, message: bytes) -> bytes:
        if self.is_aes:
            return cmac(key, message)
        return retail_mac_of_blocks(key, padded(message, 8))

    def cryptogram(self, atc: bytes, message: bytes) -> bytes:
        return self.mac(self.session_key(self.ac, atc), message)[:8]

    def arpc_1(self, atc: bytes, arqc: bytes, response_code: bytes) -> bytes:
        """Issuer Authentication Data of method 1 (8.2.1)."""
        key, block = self.session_key(self.ac, atc), xor(arqc, response_code + bytes(6))
        arpc = aes(key, block + bytes(8))[:8] if self.is_aes else tdes(key, block)
        return arpc + response_code

    def arpc_2(self, atc: bytes, arqc: bytes, update: bytes, more: bytes = b"") -> bytes:
        """Issuer Authentication Data of method 2 (8.2.2)."""
        protected = more if update[0] & 0x80 else b""
        message = arqc + update + protected
        return self.mac(self.session_key(self.ac, atc), message)[:4] + update + more

    def encipher(self, arqc: bytes, data: bytes) -> bytes:
        key = self.session_key(self.smc, arqc)
        algorithm = AES(key) if self.is_aes else TripleDES(key + key[:8])
        mode = modes.CBC(bytes(self.block))
        return Cipher(algorithm, mode).encryptor().update(padded(data, self.block))

    def script(self, arqc: bytes) -> Script:
        return Script(self, arqc, arqc + bytes(self.block - 8))


def tlv(tag: int, value: bytes) -> bytes:
    name = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    assert len(value) < 256
    return name + (b"\x81" if len(value) > 127 else b"") + bytes((len(value),)) + value


@dataclass
class Script:
    """Script commands of one transaction in secure messaging format 1, MACs chained (9.2.3.1)."""

    issuer: Issuer
    arqc: bytes
    chain: bytes

    def command(
        self, header: str, data: bytes | None = None, *, secret: bool = False, mac_size: int = 8
    ) -> bytes:
        head = bytes.fromhex(header)
        carried = b""
        if data is not None and secret:
            carried = tlv(0x87, b"\1" + self.issuer.encipher(self.arqc, data))
        elif data is not None:
            carried = tlv(0x81, data)
        message = self.chain + padded(head, self.issuer.block)
        if carried:
            message += padded(carried, self.issuer.block)
        key = self.issuer.session_key(self.issuer.smi, self.arqc)
        full = cmac(key, message) if self.issuer.is_aes else retail_mac_of_blocks(key, message)
        self.chain = full
        body = carried + tlv(0x8E, full[:mac_size])
        return head + bytes((len(body),)) + body
