"""EMV Book 2 annex A1.4: the card's master keys from the issuer's, and key check values.

Where a payment HSM derives, these keys never leave it; this module is the software keystore's and
the tests' way to the same values.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.emv.errors import EmvError
from cardwright.secret import SecretBytes

__all__ = ["derive_option_a", "kcv", "kcv_aes_cmac", "odd_parity", "tdes_ecb"]

_ODD = bytes(octet ^ (octet.bit_count() + 1) % 2 for octet in range(256))
_INVERTED = bytes(octet ^ 0xFF for octet in range(256))


def derive_option_a(imk: SecretBytes, pan: str, psn: str) -> SecretBytes:
    """Return the card's 16-octet master key, its parity odd (annex A1.4.1, option A).

    Args:
        imk: the issuer's master key, 16 octets.
        pan: the account number's digits. The option is meant for up to 16 of them; of longer
            numbers, as with every option-A issuer, the rightmost 16 digits with the PSN count.
        psn: the two digits of the PAN sequence number, ``"00"`` where the card has none.

    Raises:
        EmvError: KEY_LENGTH or DERIVATION_INPUT.
    """
    digits = pan + psn
    if not (len(psn) == 2 and 8 <= len(pan) <= 19 and digits.isascii() and digits.isdigit()):
        raise EmvError("DERIVATION_INPUT", "Derivation needs a PAN's digits and a two-digit PSN")
    left = bytes.fromhex(digits[-16:].rjust(16, "0"))
    return SecretBytes(odd_parity(tdes_ecb(imk, left + left.translate(_INVERTED))))


def kcv(key: SecretBytes) -> bytes:
    """Return the 3-octet check value of a triple DES key: eight zero octets, enciphered.

    Raises:
        EmvError: KEY_LENGTH unless the key has 16 or 24 octets.
    """
    return tdes_ecb(key, bytes(8))[:3]


def kcv_aes_cmac(key: SecretBytes, length: int = 3) -> bytes:
    """Return the check value of an AES key: the CMAC of a zero block (X9.24-1:2017 annex A).

    Args:
        key: 16, 24 or 32 octets.
        length: how many leading octets to keep; 3 as for triple DES, 5 as X9.143 does.

    Raises:
        EmvError: KEY_LENGTH for a key that is no AES key.
    """
    if len(key) not in {16, 24, 32}:
        raise EmvError("KEY_LENGTH", "An AES key has 16, 24 or 32 octets")
    mac = CMAC(AES(key.reveal()))
    mac.update(bytes(16))
    return mac.finalize()[:length]


def odd_parity(key: bytes) -> bytes:
    """Return ``key`` with the low bit of each octet set so that its count of ones is odd."""
    return key.translate(_ODD)


def tdes_ecb(key: SecretBytes, blocks: bytes) -> bytes:
    """Encipher whole 8-octet blocks with triple DES, each for itself.

    Raises:
        EmvError: KEY_LENGTH unless the key has 16 or 24 octets.
    """
    clear = key.reveal()
    if len(clear) == 16:
        clear += clear[:8]
    elif len(clear) != 24:
        raise EmvError("KEY_LENGTH", "A triple DES key has 16 or 24 octets")
    # ECB is what the standard asks for: the blocks are diversified data, never messages.
    encryptor = Cipher(TripleDES(clear), modes.ECB()).encryptor()  # noqa: S305  # EMV annex A1.4
    return encryptor.update(blocks)
