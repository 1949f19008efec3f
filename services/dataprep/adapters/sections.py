"""Protobuf at the vault's edge: the request as it comes out, the sections as they go in."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from cardwright.proto.request.v1 import request_pb2
from cardwright.proto.vault.v1 import sections_pb2
from cardwright.secret import SecretBytes, SecretText
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.request import CardRequest
from services.dataprep.domain.sections import Sections

__all__ = ["SECTIONS", "encode_sections", "read_request"]

SECTIONS = ("print", "stripe", "chip", "keys", "inspection")
"""The sections that data preparation writes, in the order that facts name them."""


def read_request(section: SecretBytes) -> CardRequest:
    """Decode the request section, a serialized SensitiveData.

    Raises:
        RefusedError: REQUEST_MALFORMED.
    """
    try:
        data = request_pb2.SensitiveData.FromString(section.reveal())
    except DecodeError:
        raise RefusedError(
            "REQUEST_MALFORMED", "The request in the vault can't be decoded; ask again"
        ) from None
    return CardRequest(
        issuer=data.issuer,
        request_id=data.request_id,
        surname=SecretText(data.cardholder.surname),
        given_names=SecretText(data.cardholder.given_names),
        pan=SecretText(data.account.pan) if data.account.pan else None,
        sequence_number=data.account.sequence_number,
        expiry=data.account.expiry,
        employee_number=SecretText(data.employee.number),
        department=SecretText(data.employee.department),
        photo=data.photo,
    )


def encode_sections(sections: Sections) -> dict[str, bytes]:
    """Serialize what a card has, by section name."""
    encoded = {
        "print": sections_pb2.PrintSection(
            design=sections.print.design, text=sections.print.text, photo=sections.print.photo
        ),
        "stripe": None
        if sections.stripe is None
        else sections_pb2.StripeSection(
            track1=sections.stripe.track1, track2=sections.stripe.track2
        ),
        "chip": sections_pb2.ChipSection(
            module_aid=sections.chip.module_aid,
            instance_aid=sections.chip.instance_aid,
            dgis=sections.chip.dgis,
            kmc=sections.chip.kmc,
        ),
        "keys": sections_pb2.KeysSection(
            diversifier=sections.keys.diversifier,
            sequence_number=sections.keys.sequence_number,
            masters=sections.keys.masters,
        ),
        "inspection": sections_pb2.InspectionSection(
            barcode=sections.inspection.barcode,
            track1=sections.inspection.track1,
            track2=sections.inspection.track2,
            instance_aid=sections.inspection.instance_aid,
            records=[
                sections_pb2.ChipRecord(sfi=sfi, number=number, content=content)
                for sfi, number, content in sections.inspection.records
            ],
        ),
    }
    return {
        name: message.SerializeToString()
        for name in SECTIONS
        if (message := encoded[name]) is not None
    }
