"""EMV Book 2: session keys (annex A1.3.1) and the application cryptogram (8.1.2, annex A1.2).

QA recomputes a card's cryptogram here to prove that the chip holds the keys that were ordered.
"""

from __future__ import annotations

from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from cardwright.emv.errors import EmvError
from cardwright.emv.keys import odd_parity, tdes_ecb
from cardwright.secret import SecretBytes

__all__ = [
    "Padding",
    "ac_session_key",
    "arpc_method_1",
    "arqc",
    "common_session_key",
    "mac_algorithm_3",
]


class Padding(Enum):
    """ISO/IEC 9797-1 padding: what follows the message up to a whole block."""

    METHOD_1 = b""  # zeros, if any are needed
    METHOD_2 = b"\x80"  # one mark bit, then zeros; EMV's own choice


def common_session_key(master_key: SecretBytes, diversifier: bytes) -> SecretBytes:
    """Return the 16-octet session key of an 8-octet diversification value.

    The value is ATC and six zeros for application cryptograms, the cryptogram itself for secure
    messaging; its third octet is overwritten by the derivation.

    Raises:
        EmvError: DERIVATION_INPUT or KEY_LENGTH.
    """
    if len(diversifier) != 8:
        raise EmvError("DERIVATION_INPUT", "A session key's diversification value has 8 octets")
    head, tail = diversifier[:2], diversifier[3:]
    return SecretBytes(
        odd_parity(tdes_ecb(master_key, b"%b\xf0%b%b\x0f%b" % (head, tail, head, tail)))
    )


def ac_session_key(master_key: SecretBytes, atc: int) -> SecretBytes:
    """Return the application cryptogram session key of one transaction counter value.

    Raises:
        EmvError: DERIVATION_INPUT unless the counter is 0 to 65,535; KEY_LENGTH.
    """
    if not 0 <= atc <= 0xFFFF:
        raise EmvError("DERIVATION_INPUT", "An application transaction counter is 0 to 65535")
    return common_session_key(master_key, atc.to_bytes(2, "big") + bytes(6))


def arqc(session_key: SecretBytes, data: bytes, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return the 8-octet application cryptogram (ARQC, TC or AAC) over the CDOL's values.

    Args:
        session_key: 16 octets; the card's master key itself for cryptogram versions without one.
        data: terminal data, AIP, ATC and issuer data in the order that the application signs.
        padding: method 2 as EMV's common core definitions, method 1 for older cryptogram versions.

    Raises:
        EmvError: KEY_LENGTH unless the key has 16 octets.
    """
    return mac_algorithm_3(session_key, data, padding)


def arpc_method_1(session_key: SecretBytes, cryptogram: bytes, response_code: bytes) -> bytes:
    """Return the issuer's answer to a cryptogram (8.2.1): enciphered with its response code.

    Args:
        session_key: 16 octets, the one that made the cryptogram.
        cryptogram: 8 octets.
        response_code: 2 octets, the authorisation response code.

    Raises:
        EmvError: DERIVATION_INPUT or KEY_LENGTH.
    """
    if len(cryptogram) != 8 or len(response_code) != 2:
        raise EmvError("DERIVATION_INPUT", "An answer needs 8 octets cryptogram and 2 of response")
    return tdes_ecb(session_key, _xor(cryptogram, response_code + bytes(6)))


def mac_algorithm_3(key: SecretBytes, data: bytes, padding: Padding = Padding.METHOD_2) -> bytes:
    """Return the 8-octet retail MAC: single DES chaining, triple DES on the last block.

    Raises:
        EmvError: KEY_LENGTH unless the key has 16 octets.
    """
    if len(key) != 16:
        raise EmvError("KEY_LENGTH", "A retail MAC key has 16 octets")
    message = data + padding.value
    message += bytes(-len(message) % 8)
    chained = bytes(8)
    if len(message) > 8:
        single = Cipher(TripleDES(key.reveal()[:8] * 3), modes.CBC(bytes(8))).encryptor()
        chained = single.update(message[:-8])[-8:]
    return tdes_ecb(key, _xor(chained, message[-8:]))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
