"""Protobuf at the vault's edge: the inspection section in, expected values out."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import DecodeError

from cardwright.proto.vault.v1.sections_pb2 import (
    ChipRecord,
    InspectedApplication,
    InspectionSection,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.initiate import parse_afl
from services.qa.domain import Application, Expected, Record

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
    tracks = enumerate((message.track1, message.track2, message.track3), 1)
    return Expected(
        barcode=message.barcode if render else "",
        tracks={track: SecretText(text) for track, text in tracks if text},
        applications=tuple(map(_application, message.applications)) if chip else (),
        print={name: SecretText(text) for name, text in message.print.items()},
        imk_ac=message.imk_ac,
        imk_smi=message.imk_smi,
        derivation=message.derivation,
    )


def _application(message: InspectedApplication) -> Application:
    try:
        afl = parse_afl(message.afl)
    except TerminatedError:
        raise SectionMalformedError("the inspection section has no good locator (94)") from None
    return Application(
        aid=message.instance_aid,
        records=_records(message.records),
        authentication=message.authentication,
        afl=afl,
        aip=message.aip,
    )


def _records(records: Iterable[ChipRecord]) -> tuple[Record, ...]:
    return tuple(Record(each.sfi, each.number, SecretBytes(each.content)) for each in records)
