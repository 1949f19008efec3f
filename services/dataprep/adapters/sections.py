"""Protobuf at the vault's edge: the request as it comes out, the sections as they go in."""

from __future__ import annotations

from google.protobuf.message import DecodeError, Message

from cardwright.emv.application import OfflineAuthentication
from cardwright.proto.request.v1 import request_pb2
from cardwright.proto.vault.v1 import sections_pb2
from cardwright.secret import SecretBytes, SecretText
from services.dataprep.domain import sections as domain
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.request import Address, CardRequest
from services.dataprep.domain.sections import Sections

__all__ = ["SEALED", "SECTIONS", "encode_sections", "read_request"]

SECTIONS = ("print", "stripe", "chip", "keys", "inspection", "mailer", "pin")
"""The sections that data preparation writes, in the order that facts name them."""

SEALED = frozenset({"pin"})
"""Those of them that the security module has sealed already."""


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
        pin_block=SecretBytes(data.account.pin_block),
        address=Address(tuple(data.address.lines), data.address.country)
        if data.HasField("address")
        else None,
    )


def encode_sections(sections: Sections) -> dict[str, bytes]:
    """Serialize what a card has, by section name; "pin" comes sealed."""
    encoded: dict[str, Message | None] = {
        "print": sections_pb2.PrintSection(
            design=sections.print.design, text=sections.print.text, photo=sections.print.photo
        ),
        "stripe": _stripe(sections.stripe) if sections.stripe is not None else None,
        "chip": _chip(sections.chip),
        "keys": _keys(sections.keys),
        "inspection": _inspection(sections.inspection),
        "mailer": _mailer(sections.mailer) if sections.mailer is not None else None,
    }
    octets = {name: message.SerializeToString() for name, message in encoded.items() if message}
    return octets | ({"pin": sections.pin} if sections.pin else {})


def _stripe(stripe: domain.StripeSection) -> Message:
    return sections_pb2.StripeSection(
        track1=stripe.track1,
        track2=stripe.track2,
        track3=stripe.track3,
        coercivity=stripe.coercivity,
    )


def _chip(chip: domain.ChipSection) -> Message:
    channel = chip.channel
    return sections_pb2.ChipSection(
        kmc=chip.kmc,
        applications=[
            sections_pb2.ChipApplication(
                module_aid=item.module_aid, instance_aid=item.instance_aid, dgis=item.dgis
            )
            for item in chip.applications
        ],
        channel=sections_pb2.ChipChannel(
            diversification=channel.diversification,
            security_level=channel.security_level,
            issuer_kmc=channel.issuer_kmc,
            issuer_key_version=channel.issuer_key_version,
            issuer_diversification=channel.issuer_diversification,
            store_data=channel.store_data,
            longest_command=channel.longest_command,
        ),
    )


def _keys(keys: domain.KeysSection) -> Message:
    return sections_pb2.KeysSection(
        diversifier=keys.diversifier,
        sequence_number=keys.sequence_number,
        applications=map(_recipe, keys.applications),
        environment=keys.environment,
        expiry=keys.expiry,
        sealed_pin=keys.sealed_pin,
    )


def _recipe(recipe: domain.ApplicationRecipe) -> sections_pb2.ApplicationRecipe:
    contact, antenna = (
        _authentication(made, recipe.issuer_key) if made is not None else None
        for made in (recipe.authentication, recipe.contactless_authentication)
    )
    return sections_pb2.ApplicationRecipe(
        instance_aid=recipe.instance_aid,
        masters=recipe.masters,
        derivation=recipe.derivation,
        offline_pin=recipe.offline_pin,
        pin_tries=recipe.pin_tries,
        badge_diversifier=recipe.badge_diversifier,
        authentication=contact,
        contactless_authentication=antenna,
    )


def _authentication(
    made: OfflineAuthentication, issuer_key: str
) -> sections_pb2.OfflineAuthentication:
    return sections_pb2.OfflineAuthentication(
        method=made.method.value,
        issuer_key=issuer_key,
        icc_bits=made.icc_bits,
        static_data=made.static_data.reveal(),
        records=[
            sections_pb2.RecordTemplate(
                sfi=record.sfi,
                number=record.number,
                objects=[
                    sections_pb2.TemplateObject(tag=tag, value=value)
                    for tag, value in record.objects
                ],
            )
            for record in made.records
        ],
        pin_bits=made.pin_bits,
        icc_exponent=made.icc_exponent,
    )


def _inspection(inspection: domain.InspectionSection) -> Message:
    return sections_pb2.InspectionSection(
        barcode=inspection.barcode,
        track1=inspection.track1,
        track2=inspection.track2,
        track3=inspection.track3,
        applications=[
            sections_pb2.InspectedApplication(
                instance_aid=item.instance_aid,
                records=[
                    sections_pb2.ChipRecord(sfi=sfi, number=number, content=content)
                    for sfi, number, content in item.records
                ],
                authentication=item.authentication,
                afl=item.afl,
                aip=item.aip,
            )
            for item in inspection.applications
        ],
        print=inspection.print,
        imk_ac=inspection.imk_ac,
        derivation=inspection.derivation,
        imk_smi=inspection.imk_smi,
    )


def _mailer(mailer: domain.MailerSection) -> Message:
    return sections_pb2.MailerSection(
        name=mailer.name,
        lines=mailer.lines,
        country=mailer.country,
        issuer=mailer.issuer,
        last_four=mailer.last_four,
    )
