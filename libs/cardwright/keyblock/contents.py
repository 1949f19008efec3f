"""What the optional blocks mean: X9.143-2021, 6.3.6.1 to 6.3.6.15.

Each kind reads and writes an optional block's data: ``OptionalBlock("WP", pedigree.encode())``.
``KC``, ``KP`` and ``PK`` hold a ``CheckValue``, ``CT`` certificates, ``TC`` and ``TS`` a moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cardwright.keyblock.certificates import parse_certificates
from cardwright.keyblock.combinations import check_combination
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, read_field
from cardwright.keyblock.kcv import CheckValue
from cardwright.keyblock.moments import parse_moment
from cardwright.keyblock.optional import OptionalBlock
from cardwright.keyblock.text import hex_octets

__all__ = [
    "BaseDerivationKeyId",
    "Derivation",
    "HmacHash",
    "KeyLife",
    "Pedigree",
    "encode_derivations",
    "parse_content",
    "parse_derivations",
]

_KEY_BLOCK_VALUES = re.compile(r"[0-9A-Za-z]{4}")
_INITIAL_KEY_ID = 8
_KEY_SERIAL_NUMBERS = {8, 10}  # 6.3.6.8 has 10; older writers leave the counter out
_KEY_SET_ID, _BASE_KEY_ID = 5, 4  # of TDES DUKPT, of AES DUKPT


class KeyLife(Enum):
    """``AL``: how long an asymmetric key lives (table 8)."""

    EPHEMERAL = "0100"
    STATIC = "0101"

    def encode(self) -> str:
        """Return the optional block's data."""
        return self.value


class HmacHash(Enum):
    """``HM``: the hash function of an HMAC key (table 13)."""

    SHA_1 = "10"
    SHA_224 = "20"
    SHA_256 = "21"
    SHA_384 = "22"
    SHA_512 = "23"
    SHA_512_224 = "24"
    SHA_512_256 = "25"
    SHA3_224 = "30"
    SHA3_256 = "31"
    SHA3_384 = "32"
    SHA3_512 = "33"
    SHAKE_128 = "40"
    SHAKE_256 = "41"

    def encode(self) -> str:
        """Return the optional block's data."""
        return self.value


class Pedigree(Enum):
    """``WP``: whether the key was ever wrapped by something weaker than itself (table 23)."""

    EQUAL_OR_STRONGER = "000"
    WEAKER = "001"
    ASYMMETRIC = "002"
    ASYMMETRIC_AND_WEAKER = "003"

    def encode(self) -> str:
        """Return the optional block's data."""
        return self.value

    @property
    def is_weaker(self) -> bool:
        """Whether a symmetric key of less strength is on the record."""
        return self in {Pedigree.WEAKER, Pedigree.ASYMMETRIC_AND_WEAKER}


@dataclass(frozen=True, slots=True)
class BaseDerivationKeyId:
    """``BI``: which base derivation key DUKPT uses (table 9).

    Attributes:
        algorithm: TDES or AES, that of the DUKPT.
        octets: the key set identifier, 5 octets, or the BDK identifier of AES DUKPT, 4 octets.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL.
    """

    algorithm: Algorithm
    octets: bytes

    def __post_init__(self) -> None:
        if (self.algorithm, len(self.octets)) not in {
            (Algorithm.TDES, _KEY_SET_ID),
            (Algorithm.AES, _BASE_KEY_ID),
        }:
            raise KeyBlockError(
                "KEYBLOCK_OPTIONAL", "A BDK's identifier has 5 octets for TDES, 4 for AES"
            )

    @classmethod
    def parse(cls, data: str) -> BaseDerivationKeyId:
        """Read an optional block's data.

        Raises:
            KeyBlockError: KEYBLOCK_OPTIONAL.
        """
        algorithm = {"00": Algorithm.TDES, "01": Algorithm.AES}.get(data[:2])
        if algorithm is None:
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "A BDK's identifier is of type 00 or 01")
        return cls(algorithm, hex_octets(data[2:]))

    def encode(self) -> str:
        """Return the optional block's data."""
        kind = "01" if self.algorithm is Algorithm.AES else "00"
        return kind + self.octets.hex().upper()


@dataclass(frozen=True, slots=True)
class Derivation:
    """One kind of key that a derivation key may derive."""

    usage: Usage
    algorithm: Algorithm
    mode: Mode
    exportability: Exportability


def encode_derivations(derivations: tuple[Derivation, ...]) -> str:
    """Return the data of ``DA``, version 01 (table 12)."""
    return "01" + "".join(
        d.usage.value + d.algorithm.value + d.mode.value + d.exportability.value
        for d in derivations
    )


def parse_derivations(data: str) -> tuple[Derivation, ...]:
    """Read the data of ``DA``: version 01, and five characters a kind of key.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL, KEYBLOCK_HEADER or KEYBLOCK_COMBINATION.
    """
    version, rest = data[:2], data[2:]
    if version != "01" or not rest or len(rest) % 5:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "Derivations are version 01 and fives after it")
    return tuple(_derivation(rest[at : at + 5]) for at in range(0, len(rest), 5))


def parse_content(block: OptionalBlock) -> object:
    """Return what an optional block means, or its data as they are if X9.143 doesn't define it.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL for data that are not as defined.
    """
    return _PARSERS.get(block.id, str)(block.data)


def _derivation(five: str) -> Derivation:
    derivation = Derivation(
        read_field(Usage, five[:2]),
        read_field(Algorithm, five[2]),
        read_field(Mode, five[3]),
        read_field(Exportability, five[4]),
    )
    check_combination(derivation.usage, derivation.algorithm, derivation.mode, reading=True)
    return derivation


def _one_of(kind: Callable[[str], Enum]) -> Callable[[str], Enum]:
    def parse(data: str) -> Enum:
        try:
            return kind(data)
        except ValueError:
            raise KeyBlockError(
                "KEYBLOCK_OPTIONAL", "An optional block's value is none of its table"
            ) from None

    return parse


def _octets_of(lengths: set[int]) -> Callable[[str], bytes]:
    def parse(data: str) -> bytes:
        octets = hex_octets(data)
        if len(octets) not in lengths:
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "An identifier has another length")
        return octets

    return parse


def _key_block_values(data: str) -> str:
    if not _KEY_BLOCK_VALUES.fullmatch(data):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "Key block values are four letters or digits")
    return data


_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "AL": _one_of(KeyLife),
    "BI": BaseDerivationKeyId.parse,
    "CT": parse_certificates,
    "DA": parse_derivations,
    "HM": _one_of(HmacHash),
    "IK": _octets_of({_INITIAL_KEY_ID}),
    "KC": CheckValue.parse,
    "KP": CheckValue.parse,
    "KS": _octets_of(_KEY_SERIAL_NUMBERS),
    "KV": _key_block_values,
    "LB": str,
    "PK": CheckValue.parse,
    "TC": parse_moment,
    "TS": parse_moment,
    "WP": _one_of(Pedigree),
}
