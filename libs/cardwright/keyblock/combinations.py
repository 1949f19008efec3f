"""Which algorithms and modes of use a usage takes, and which keys an algorithm takes.

The modes are those of X9.143-2021 table 2 (TR-31:2018 table A.6 before it). The algorithms follow
from what the usages are defined as: M0 is triple DES, K4 is AES, S0 is a key pair.
"""

from __future__ import annotations

from typing import Final

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Mode, Usage
from cardwright.secret import SecretBytes

__all__ = ["check_combination", "check_key", "strength"]

_ENCIPHER, _MAC, _SIGN = "BDE", "CGV", "SV"
_CIPHERS, _WITH_DES, _PAIRS = "AT", "ADT", "ER"

# Usage: the letters of its algorithms, the letters of its modes of use.
_TABLE: Final = {
    "B0": (_CIPHERS, "X"),
    "B1": (_CIPHERS, "X"),
    "B2": (_CIPHERS, "XY"),  # transcriptions of the table differ
    "B3": (_CIPHERS, "X"),
    "C0": (_CIPHERS, _MAC),
    "D0": (_WITH_DES, _ENCIPHER),
    "D1": (_PAIRS, _ENCIPHER),
    "D2": (_CIPHERS, _ENCIPHER),
    "D3": (_CIPHERS, _ENCIPHER),
    "E0": (_CIPHERS, "X"),
    "E1": (_CIPHERS, "X"),
    "E2": (_CIPHERS, "X"),
    "E3": (_CIPHERS, "X"),
    "E4": (_CIPHERS, "X"),
    "E5": (_CIPHERS, "X"),
    "E6": (_CIPHERS, "X"),
    "E7": (_PAIRS, _ENCIPHER),
    "I0": (_WITH_DES, "N"),
    "K0": (_WITH_DES + _PAIRS, _ENCIPHER),
    "K1": (_CIPHERS, _ENCIPHER),
    "K2": ("R", _ENCIPHER),
    "K3": (_PAIRS, _ENCIPHER + "X"),
    "K4": ("A", _ENCIPHER),
    "M0": ("T", _MAC),
    "M1": (_WITH_DES, _MAC),
    "M2": (_WITH_DES, _MAC),
    "M3": ("T", _MAC),
    "M4": (_CIPHERS, _MAC),
    "M5": (_WITH_DES, _MAC),
    "M6": (_CIPHERS, _MAC),
    "M7": ("H", _MAC),
    "M8": (_CIPHERS, _MAC),
    "P0": (_WITH_DES, _ENCIPHER),
    "P1": (_CIPHERS, _MAC),
    "S0": (_PAIRS + "S", _SIGN),
    "S1": (_PAIRS + "S", _SIGN),
    "S2": (_PAIRS + "S", _SIGN + "T" + _ENCIPHER),
    "V0": (_WITH_DES, _MAC),
    "V1": (_WITH_DES, _MAC),
    "V2": (_WITH_DES, _MAC),
    "V3": (_CIPHERS, _MAC),
    "V4": (_CIPHERS, _MAC),
    "V5": (_CIPHERS, _MAC),
}

_LENGTHS: Final = {Algorithm.AES: {16, 24, 32}, Algorithm.DES: {8}, Algorithm.TDES: {16, 24}}
_HMAC_LEAST: Final = 14  # 112 bits, NIST SP 800-131A
_DER_SEQUENCE: Final = 0x30  # X9.143 8.5, 8.6: RSAPrivateKey, ECPrivateKey


def check_combination(
    usage: Usage, algorithm: Algorithm, mode: Mode, *, reading: bool = False
) -> None:
    """Refuse what the table doesn't have.

    Args:
        usage: what the key is for.
        algorithm: what it is a key of.
        mode: which operations it may do.
        reading: whether another wrote it. Older editions and many HSMs give any key the mode N,
            which restricts it to its usage; that is read and never written.

    Raises:
        KeyBlockError: KEYBLOCK_COMBINATION.
    """
    algorithms, modes = _TABLE[usage.value]
    if algorithm.value not in algorithms:
        raise KeyBlockError(
            "KEYBLOCK_COMBINATION",
            f"Usage {usage.value} has no keys of algorithm {algorithm.value}",
        )
    if mode.value not in modes and not (reading and mode is Mode.UNRESTRICTED):
        raise KeyBlockError(
            "KEYBLOCK_COMBINATION", f"Usage {usage.value} does not go with mode {mode.value}"
        )


def check_key(usage: Usage, algorithm: Algorithm, key: SecretBytes) -> None:
    """Refuse octets that are no key of their algorithm; those of a pair are one DER sequence.

    Raises:
        KeyBlockError: KEYBLOCK_KEY.
    """
    if usage is Usage.INITIALIZATION_VECTOR:
        good = len(key) == (16 if algorithm is Algorithm.AES else 8)
    elif algorithm is Algorithm.HMAC:
        good = len(key) >= _HMAC_LEAST
    elif algorithm in _LENGTHS:
        good = len(key) in _LENGTHS[algorithm]
    else:
        good = _is_der_sequence(key.reveal())
    if not good:
        raise KeyBlockError("KEYBLOCK_KEY", "The key's length is none of its algorithm")


def strength(algorithm: Algorithm, length: int) -> int:
    """Return bits of security (NIST SP 800-57 part 1, 5.6.1); 0 for pairs, which don't tell here.

    Args:
        algorithm: what the key is a key of.
        length: its octets.
    """
    match algorithm:
        case Algorithm.DES:
            return 56
        case Algorithm.TDES:
            return 112 if length == 24 else 80
        case Algorithm.AES | Algorithm.HMAC:
            return min(8 * length, 256)
        case _:
            return 0


def _is_der_sequence(octets: bytes) -> bool:
    try:
        objects = tlv.parse(octets)
    except TlvError:
        return False
    # Encoding it again shows that the length takes the fewest octets, as in DER.
    return [o.tag for o in objects] == [_DER_SEQUENCE] and objects[0].encode() == octets
