"""EMV Book 2, annexes A1.3 and A1.4: a card's keys from the issuer's, and session keys from those.

Derived from the text of the standard, not from the package that the security module uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha1

from cardwright.issuerhost.ciphers import Algorithm, encrypt, with_parity
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.secret import SecretBytes

__all__ = ["Derivation", "IssuerKeys", "card_key", "session_key"]


class Derivation(Enum):
    """How a card's master key comes from the issuer's (annex A1.4)."""

    OPTION_A = "A"
    OPTION_B = "B"
    OPTION_C = "C"

    @property
    def algorithm(self) -> Algorithm:
        """What the keys are for: AES in option C, else triple DES."""
        return Algorithm.AES if self is Derivation.OPTION_C else Algorithm.TDES


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """An issuer's master keys. Test keys alone: real ones stay in a security module.

    Attributes:
        ac: IMK-AC, application cryptograms.
        smi: IMK-SMI, integrity of scripts.
        smc: IMK-SMC, confidentiality of scripts.
    """

    ac: SecretBytes
    smi: SecretBytes
    smc: SecretBytes


def card_key(derivation: Derivation, master: SecretBytes, pan: str, psn: str) -> SecretBytes:
    """Return a card's master key, as long as the issuer's.

    Args:
        derivation: option A takes the rightmost 16 digits of whatever account number there is;
            option B is A up to 16 digits.
        master: the issuer's master key.
        pan: the account number's digits.
        psn: two digits.

    Raises:
        IssuerHostError: DERIVATION_INPUT or KEY_LENGTH.
    """
    digits = pan + psn
    if not (8 <= len(pan) <= 19 and len(psn) == 2 and digits.isascii() and digits.isdigit()):
        raise IssuerHostError("DERIVATION_INPUT", "A PAN's digits and a two-digit PSN are needed")
    algorithm = derivation.algorithm
    if derivation is Derivation.OPTION_B and len(pan) > 16:
        digits = _decimals(digits)
    width = 2 * algorithm.value
    y = bytes.fromhex(digits[-width:].rjust(width, "0"))
    key = encrypt(algorithm, master, y + bytes(octet ^ 0xFF for octet in y))[: len(master)]
    return SecretBytes(with_parity(key) if algorithm is Algorithm.TDES else key)


def session_key(algorithm: Algorithm, key: SecretBytes, diversifier: bytes) -> SecretBytes:
    """Return a session key by the common option (annex A1.3.1).

    Args:
        algorithm: of the card's key.
        key: the card's master key.
        diversifier: 8 octets: ATC and zeros for cryptograms, the first cryptogram for scripts.

    Raises:
        IssuerHostError: DERIVATION_INPUT or KEY_LENGTH.
    """
    if len(diversifier) != 8:
        raise IssuerHostError("DERIVATION_INPUT", "A session key's diversifier has 8 octets")
    r = diversifier + bytes(algorithm.value - 8)
    if len(key) == algorithm.value:
        return SecretBytes(encrypt(algorithm, key, r))
    halves = b"".join(r[:2] + mark + r[3:] for mark in (b"\xf0", b"\x0f"))
    derived = encrypt(algorithm, key, halves)[: len(key)]
    return SecretBytes(with_parity(derived) if algorithm is Algorithm.TDES else derived)


def _decimals(digits: str) -> str:
    """Return 16 decimal digits of a hash of digits (annex A1.4.2)."""
    whole = digits if len(digits) % 2 == 0 else "0" + digits
    hashed = sha1(bytes.fromhex(whole), usedforsecurity=False).hexdigest()
    decimal = [each for each in hashed if each.isdigit()]
    converted = [str(ord(each) - ord("a")) for each in hashed if not each.isdigit()]
    return "".join((decimal + converted)[:16])
