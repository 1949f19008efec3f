"""EMV Book 2 annex A1.4: the card's master keys from the issuer's, and key check values.

The issuer's key is a handle, so that it may stay in an HSM; the card's keys leave as secrets, to be
sealed for its chip.
"""

from __future__ import annotations

from hashlib import sha1

from cardwright.cipher import BlockCipher, Tdes, odd_parity
from cardwright.emv.errors import EmvError
from cardwright.payment.decimal import decimalized
from cardwright.secret import SecretBytes

__all__ = ["derive_option_a", "derive_option_b", "derive_option_c", "kcv", "kcv_aes_cmac"]

_INVERTED = bytes(octet ^ 0xFF for octet in range(256))


def derive_option_a(imk: Tdes, pan: str, psn: str) -> SecretBytes:
    """Return the card's 16-octet master key, its parity odd (annex A1.4.1, option A).

    Args:
        imk: the issuer's master key, 16 octets.
        pan: the account number's digits. The option is meant for up to 16 of them; of longer
            numbers, as with every option-A issuer, the rightmost 16 digits with the PSN count.
        psn: the two digits of the PAN sequence number, ``"00"`` where the card has none.

    Raises:
        EmvError: KEY_LENGTH or DERIVATION_INPUT.
    """
    return _triple_des(imk, _digits(pan, psn)[-16:].rjust(16, "0"))


def derive_option_b(imk: Tdes, pan: str, psn: str) -> SecretBytes:
    """Return the card's 16-octet master key, its parity odd (annex A1.4.2, option B).

    Up to 16 digits it is option A; of longer account numbers the decimals of a SHA-1 hash count.

    Args:
        imk: the issuer's master key, 16 octets.
        pan: the account number's digits.
        psn: the two digits of the PAN sequence number, ``"00"`` where the card has none.

    Raises:
        EmvError: KEY_LENGTH or DERIVATION_INPUT.
    """
    if len(pan) <= 16:
        return derive_option_a(imk, pan, psn)
    digits = _digits(pan, psn)
    packed = bytes.fromhex("0" * (len(digits) % 2) + digits)
    # The hash only spreads the digits; nothing depends on its strength.
    hashed = sha1(packed, usedforsecurity=False).digest()
    return _triple_des(imk, decimalized(hashed)[:16])


def derive_option_c(imk: BlockCipher, pan: str, psn: str) -> SecretBytes:
    """Return the card's AES master key, as long as the issuer's (annex A1.4.3, option C).

    Args:
        imk: the issuer's master key, an AES key.
        pan: the account number's digits.
        psn: the two digits of the PAN sequence number, ``"00"`` where the card has none.

    Raises:
        EmvError: KEY_ALGORITHM or DERIVATION_INPUT.
    """
    if imk.block != 16:
        raise EmvError("KEY_ALGORITHM", "Option C derives from an AES key")
    block = bytes.fromhex(_digits(pan, psn).rjust(32, "0"))
    return SecretBytes(imk.encrypt(block + block.translate(_INVERTED))[: imk.length])


def kcv(key: Tdes) -> bytes:
    """Return the 3-octet check value of a triple DES key: eight zero octets, enciphered."""
    return key.encrypt(bytes(8))[:3]


def kcv_aes_cmac(key: BlockCipher, length: int = 3) -> bytes:
    """Return the check value of an AES key: the CMAC of a zero block (X9.24-1:2017 annex A).

    Args:
        key: an AES key.
        length: how many leading octets to keep; 3 as for triple DES, 5 as X9.143 does.

    Raises:
        EmvError: KEY_ALGORITHM for a key that is no AES key.
    """
    if key.block != 16:
        raise EmvError("KEY_ALGORITHM", "This check value is an AES key's")
    return key.cmac(bytes(16))[:length]


def _digits(pan: str, psn: str) -> str:
    digits = pan + psn
    if not (len(psn) == 2 and 8 <= len(pan) <= 19 and digits.isascii() and digits.isdigit()):
        raise EmvError("DERIVATION_INPUT", "Derivation needs a PAN's digits and a two-digit PSN")
    return digits


def _triple_des(imk: Tdes, digits: str) -> SecretBytes:
    if imk.length != 16:
        raise EmvError("KEY_LENGTH", "An issuer's triple DES master key has 16 octets")
    block = bytes.fromhex(digits)
    return SecretBytes(odd_parity(imk.encrypt(block + block.translate(_INVERTED))))
