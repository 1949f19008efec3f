"""EMV Book 2 annex A1.2 and A1.3: session keys, and the MACs that are made with them.

A master key of triple DES gives triple DES session keys, one of AES gives AES keys as long as
itself.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeGuard

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes, Tdes, odd_parity
from cardwright.emv.errors import EmvError
from cardwright.secret import SecretBytes

__all__ = [
    "Padding",
    "ac_session_key",
    "cipher_like",
    "common_session_key",
    "full_mac",
    "mac",
    "mac_algorithm_3",
    "pad",
    "visa_script_key",
]


class Padding(Enum):
    """ISO/IEC 9797-1 padding: what follows the message up to a whole block."""

    METHOD_1 = b""  # zeros, if any are needed
    METHOD_2 = b"\x80"  # one mark bit, then zeros; EMV's own choice


def common_session_key(master_key: BlockCipher, diversifier: bytes) -> SecretBytes:
    """Return the session key of a diversification value (annex A1.3.1).

    Args:
        master_key: the card's, triple DES of 16 octets or AES.
        diversifier: 8 octets: counter and six zeros for application cryptograms, the first
            cryptogram itself for secure messaging. Where the key takes two blocks, the derivation
            overwrites the third octet.

    Raises:
        EmvError: DERIVATION_INPUT or KEY_LENGTH.
    """
    if len(diversifier) != 8:
        raise EmvError("DERIVATION_INPUT", "A session key's diversification value has 8 octets")
    _check_length(master_key)
    block = diversifier.ljust(master_key.block, b"\0")
    if master_key.length == master_key.block:
        return SecretBytes(master_key.encrypt(block))
    head, tail = block[:2], block[3:]
    key = master_key.encrypt(b"%b\xf0%b%b\x0f%b" % (head, tail, head, tail))[: master_key.length]
    return SecretBytes(odd_parity(key) if master_key.block == 8 else key)


def ac_session_key(master_key: BlockCipher, atc: int) -> SecretBytes:
    """Return the application cryptogram session key of one transaction counter value.

    Raises:
        EmvError: DERIVATION_INPUT unless the counter is 0 to 65,535; KEY_LENGTH.
    """
    return common_session_key(master_key, _counter(atc) + bytes(6))


def visa_script_key(master_key: SecretBytes, atc: int) -> SecretBytes:
    """Return Visa's older secure messaging session key: counter and master key, added.

    The left half takes the counter at its end, the right half the counter inverted. Cards of
    cryptogram versions 10 and 18 have it (IBM CCA calls it TDES-XOR).

    Args:
        master_key: the card's, 16 octets.
        atc: the application transaction counter.

    Raises:
        EmvError: DERIVATION_INPUT unless the counter is 0 to 65,535; KEY_LENGTH.
    """
    if len(master_key) != 16:
        raise EmvError("KEY_LENGTH", "A card's triple DES key has 16 octets")
    mask = bytes(6) + _counter(atc) + bytes(6) + _counter(atc ^ 0xFFFF)
    return SecretBytes(odd_parity(_xor(master_key.reveal(), mask)))


def cipher_like(master_key: BlockCipher, key: SecretBytes) -> BlockCipher:
    """Return the cipher of a key that was derived from this one: it has the same algorithm.

    Raises:
        CipherError: KEY_LENGTH.
    """
    return ClearTdes(key) if master_key.block == 8 else ClearAes(key)


def mac(key: BlockCipher, message: bytes, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return EMV's 8-octet MAC: algorithm 3 of triple DES, or the first half of AES's CMAC.

    Args:
        key: the session key.
        message: any number of octets.
        padding: triple DES's; CMAC pads by itself.

    Raises:
        EmvError: KEY_LENGTH.
    """
    return full_mac(key, message, padding)[:8]


def full_mac(key: BlockCipher, message: bytes, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return the MAC before any shortening: 8 octets of triple DES, 16 of AES.

    Raises:
        EmvError: KEY_LENGTH.
    """
    return mac_algorithm_3(key, message, padding) if _is_tdes(key) else key.cmac(message)


def mac_algorithm_3(key: Tdes, data: bytes, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return the 8-octet retail MAC: single DES chaining, triple DES on the last block.

    Raises:
        EmvError: KEY_LENGTH unless the key has 16 octets.
    """
    _check_length(key)
    message = pad(data, 8, padding)
    chained = bytes(8)
    if len(message) > 8:
        chained = key.left.encrypt_cbc(message[:-8], bytes(8))[-8:]
    return key.encrypt(_xor(chained, message[-8:]))


def pad(data: bytes, block: int, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return data filled up to whole blocks; an empty message is a block of zeros in method 1."""
    marked = data + padding.value
    return marked.ljust(max(1, -(-len(marked) // block)) * block, b"\0")


def _is_tdes(key: BlockCipher) -> TypeGuard[Tdes]:
    return key.block == 8


def _check_length(key: BlockCipher) -> None:
    if key.block == 8 and key.length != 16:
        raise EmvError("KEY_LENGTH", "EMV's triple DES keys have 16 octets")


def _counter(atc: int) -> bytes:
    if not 0 <= atc <= 0xFFFF:
        raise EmvError("DERIVATION_INPUT", "An application transaction counter is 0 to 65535")
    return atc.to_bytes(2, "big")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
