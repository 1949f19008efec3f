"""What a chip's applications get of keys: groupings to be encrypted, and those that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from cardwright.hsm.port import HsmError
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretBytes

__all__ = ["NONE", "ApplicationKeys", "ChipKeys", "parse", "serialized"]


@dataclass(frozen=True, slots=True)
class ApplicationKeys:
    """One application's share.

    Attributes:
        instance_aid: whose.
        sensitive: groupings in clear, to be encrypted for the chip: keys and PIN.
        plain: groupings that follow from these and are no secret: check values, PIN counters,
            certificates.
    """

    instance_aid: bytes
    sensitive: tuple[SecretBytes, ...]
    plain: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChipKeys:
    """A chip's keys.

    Attributes:
        environment: "test" or "live"; empty where the recipe did not tell.
        applications: each one's share, by instance.
    """

    environment: str
    applications: Mapping[bytes, ApplicationKeys]


NONE: Final = ChipKeys("", {})
"""Of a chip without keys."""


def serialized(environment: str, applications: Iterable[ApplicationKeys]) -> bytes:
    """Encode as ChipKeysSection: clear keys, to be sealed at once."""
    return pb.ChipKeysSection(
        environment=environment,
        applications=[
            pb.ApplicationKeys(
                instance_aid=each.instance_aid,
                sensitive=[grouping.reveal() for grouping in each.sensitive],
                plain=each.plain,
            )
            for each in applications
        ],
    ).SerializeToString()


def parse(section: SecretBytes) -> ChipKeys:
    """Decode a ChipKeysSection. The module sealed it, so it is what we wrote.

    Raises:
        HsmError: SECTION_MALFORMED.
    """
    try:
        message = pb.ChipKeysSection.FromString(section.reveal())
    except DecodeError:
        raise HsmError("SECTION_MALFORMED", "The opened section is no ChipKeysSection.") from None
    shares = [
        ApplicationKeys(
            each.instance_aid, tuple(map(SecretBytes, each.sensitive)), tuple(each.plain)
        )
        for each in message.applications
    ]
    return ChipKeys(message.environment, {each.instance_aid: each for each in shares})
