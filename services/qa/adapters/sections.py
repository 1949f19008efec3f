"""Protobuf at the vault's edge: the inspection section in, expected values out."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from cardwright.proto.vault.v1.sections_pb2 import InspectionSection
from cardwright.secret import SecretBytes, SecretText
from services.qa.domain import Expected, Record

__all__ = ["SectionMalformedError", "read_expected"]


class SectionMalformedError(Exception):
    """The section opened, but is no InspectionSection."""

    code = "SECTION_MALFORMED"


def read_expected(section: SecretBytes, *, chip: bool, render: bool) -> Expected:
    """Decode an InspectionSection.

    Args:
        section: its octets.
        chip: False leaves the chip out.
        render: False leaves the barcode out.

    Raises:
        SectionMalformedError: It is none.
    """
    try:
        message = InspectionSection.FromString(section.reveal())
    except DecodeError:
        raise SectionMalformedError("the inspection section can't be decoded") from None
    texts = {1: SecretText(message.track1), 2: SecretText(message.track2)}
    return Expected(
        barcode=message.barcode if render else "",
        tracks={track: text for track, text in texts.items() if len(text)},
        aid=message.instance_aid if chip else b"",
        records=tuple(
            Record(record.sfi, record.number, SecretBytes(record.content))
            for record in message.records
            if chip
        ),
    )
