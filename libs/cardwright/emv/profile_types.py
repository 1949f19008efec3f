"""How profile files write octets, tags, bits and data object lists; their part of the schema."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cardwright.emv.dictionary import element
from cardwright.emv.errors import EmvError
from cardwright.emv.profile_bits import AIP, TVR, USAGE_CONTROL, BitField
from cardwright.emv.profile_dol import Dol

__all__ = [
    "AipBits",
    "Bits",
    "DataObjects",
    "Digits3",
    "Exponent",
    "Octets",
    "Strict",
    "Tag",
    "TvrBits",
    "UsageBits",
]


class Strict(BaseModel):
    """An unknown key is an error: a misspelt setting must not be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _octets(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("hexadecimal digits in quotes are expected")  # noqa: TRY004  # pydantic's
    return bytes.fromhex(value)


def _bits(field: BitField, value: object) -> bytes:
    octets = field.encode(map(str, value)) if isinstance(value, list) else _octets(value)
    if len(octets) != field.length:
        raise EmvError("BIT_NAME", f"{field.title} has {field.length} octets")
    return octets


def _bits_schema(field: BitField) -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "array", "items": {"enum": list(field.masks)}, "uniqueItems": True},
            {"type": "string", "pattern": f"^[0-9A-Fa-f]{{{2 * field.length}}}$"},
        ]
    }


def _tag(value: object) -> int:
    # Unquoted, YAML reads 57 as a number, and would another tag as a worse one.
    if not isinstance(value, str):
        raise ValueError("a tag in quotes is expected")  # noqa: TRY004  # pydantic's
    return element(int(value, 16)).tag


def _dol(value: object) -> object:
    if not isinstance(value, list):
        return value
    if not all(isinstance(entry, str) for entry in value):
        raise ValueError("tags in quotes are expected")
    return Dol.of(value)


_HEX = WithJsonSchema({"type": "string", "pattern": "^([0-9A-Fa-f]{2})+$"})
_TAG_SCHEMA = {"type": "string", "pattern": "^([0-9A-F]{2}){1,2}$"}
Octets = Annotated[bytes, BeforeValidator(_octets), _HEX]
Tag = Annotated[int, BeforeValidator(_tag), WithJsonSchema(_TAG_SCHEMA)]
AipBits = Annotated[bytes, BeforeValidator(partial(_bits, AIP)), WithJsonSchema(_bits_schema(AIP))]
UsageBits = Annotated[
    bytes,
    BeforeValidator(partial(_bits, USAGE_CONTROL)),
    WithJsonSchema(_bits_schema(USAGE_CONTROL)),
]
TvrBits = Annotated[bytes, BeforeValidator(partial(_bits, TVR)), WithJsonSchema(_bits_schema(TVR))]
DataObjects = Annotated[
    Dol,
    BeforeValidator(_dol),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string", "pattern": "^([0-9A-F]{2}){1,2}(:[0-9]+)?$"}}
    ),
]
Digits3 = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
Bits = Annotated[int, Field(ge=768, le=1984, multiple_of=8)]
Exponent = Literal[3, 65537]
