"""From a draft and its account to the sections: what is printed, encoded, derived and expected."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from cardwright.access.an10922 import diversification_input
from cardwright.access.wiegand import Credential, pack
from cardwright.emv.application import build
from cardwright.emv.card_values import CardValues
from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.records import build_records
from cardwright.iso import tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode, Track1, Track2
from cardwright.issuer.registration import IssuerRegistration
from cardwright.secret import SecretText
from services.dataprep.chips import (
    PROTECTED_FILE,
    ApplicationsChip,
    BadgeChip,
    Source,
)
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.sections import (
    ChipSection,
    InspectionSection,
    KeysSection,
    PrintSection,
    Sections,
    StripeSection,
)
from services.dataprep.products import Payment, StripeData

__all__ = ["Account", "card_values", "compose", "label_of"]

_DGI_FCI = 0x9102
_FCI_PROPRIETARY, _APPLICATION_LABEL = 0xA5, 0x50
_DIVERSIFIER_MODULUS = 10**19


@dataclass(frozen=True, slots=True)
class Account:
    """A payment card's account and its verification values; ``issued``: the bureau chose it."""

    pan: Pan
    sequence_number: str
    expiry: Expiry
    cvv: SecretText
    cvv2: SecretText
    icvv: SecretText
    issued: bool


def compose(
    draft: Draft, account: Account | None, credential: Credential | None = None
) -> Sections:
    """Return the sections of a card.

    Args:
        draft: The card's data.
        account: None for a product without the payment section.
        credential: None for a product without an access number.

    Raises:
        RefusedError: RECORD_LENGTH: the texts are longer than a chip record.
    """
    product, fields = draft.product, _fields(draft, account, credential)
    # Of several applications ``applications.compose_chip`` makes the chip; no such product is
    # active before the vault's sections can hold them.
    assert not isinstance(product.chip, ApplicationsChip), "a draft product is never composed"
    stripe = _stripe(draft, account) if account is not None else None
    dgis, records = _application(draft, account, fields, credential)
    return Sections(
        print=PrintSection(
            product.design,
            {name: fields[source] for name, source in product.print.items()},
            draft.request.photo if product.photo else b"",
        ),
        stripe=stripe,
        chip=ChipSection(
            product.chip.module_aid,
            product.chip.instance_aid,
            tuple(dgi.encode() for dgi in dgis),
            product.chip.kmc,
        ),
        keys=_keys(draft, account),
        inspection=InspectionSection(
            fields[product.barcode],
            stripe.track1 if stripe else "",
            stripe.track2 if stripe else "",
            product.chip.instance_aid,
            # A grouping that is a record is named by its file and number (CPS 1.1).
            tuple((dgi.id >> 8, dgi.id & 0xFF, dgi.value) for dgi in records),
        ),
    )


def label_of(issuer: IssuerRegistration, template: str) -> str:
    """Return a master key's label: the one registered under its name, else the product's.

    ``template`` is as ``{issuer}/IMK-AC#1``; its middle is the name in the registration.
    """
    name = template.rpartition("/")[2].partition("#")[0]
    return issuer.masters.get(name) or template.format(issuer=issuer.name)


def _fields(
    draft: Draft, account: Account | None, credential: Credential | None
) -> dict[Source, str]:
    """All fields of ``products.Source`` that this card has."""
    expiry = account.expiry if account else draft.expiry
    fields: dict[Source, str] = {
        "card_id": draft.card_id,
        "department": draft.request.department.reveal(),
        "employee_number": draft.request.employee_number.reveal(),
        "expiry_date": f"{expiry.last_day():%Y-%m-%d}",
        "expiry_mmyy": f"{expiry.mmyy[:2]}/{expiry.mmyy[2:]}",
        "full_name": draft.names.full.reveal(),
        "issuer_name": draft.issuer.title,
        "name": draft.names.face.reveal(),
        "stripe_name": draft.names.stripe.reveal(),
    }
    if account is not None:
        digits = account.pan.digits()
        fields["pan_groups"] = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
        fields["cvv2"] = account.cvv2.reveal()
    if credential is not None:
        fields["credential_number"] = credential.printed()
    return fields


def _stripe(draft: Draft, account: Account) -> StripeSection | None:
    payment, data = draft.product.payment, draft.product.stripe
    if payment is None or data is None:
        return None
    return StripeSection(*_tracks(draft, account, payment, data))


def _tracks(draft: Draft, account: Account, payment: Payment, data: StripeData) -> tuple[str, str]:
    service_code, cvv = ServiceCode(payment.service_code), account.cvv.reveal()
    data1, data2 = (SecretText(text.format(cvv=cvv)) for text in (data.track1, data.track2))
    track1 = Track1(account.pan, draft.names.stripe, account.expiry, service_code, data1)
    track2 = Track2(account.pan, account.expiry, service_code, data2)
    return track1.encode().reveal(), track2.encode().reveal()


def card_values(draft: Draft, account: Account, track2: str) -> CardValues:
    """Return what a payment card has for itself; ``track2`` has ``{icvv}`` within."""
    assert draft.product.payment is not None, "only payment cards have accounts"
    return CardValues(
        pan=account.pan,
        psn=account.sequence_number,
        expiry=account.expiry,
        effective=draft.today,
        service_code=ServiceCode(draft.product.payment.service_code),
        track2_discretionary=SecretText(track2.format(icvv=account.icvv.reveal())),
        stripe_name=draft.names.stripe,
    )


def _application(
    draft: Draft,
    account: Account | None,
    fields: dict[Source, str],
    credential: Credential | None,
) -> tuple[Sequence[Dgi], Sequence[Dgi]]:
    """Return all groupings, and the records that anybody can read."""
    chip = draft.product.chip
    assert not isinstance(chip, ApplicationsChip), "a draft product is never composed"
    try:
        if isinstance(chip, BadgeChip):
            return _badge(chip, fields, credential)
        assert account is not None, "products.py: an EMV product has an account"
        application = build(chip.profile, card_values(draft, account, chip.track2))
    except EmvError as error:
        raise RefusedError(error.code, str(error)) from None
    return application.dgis, application.records


def _badge(
    chip: BadgeChip, fields: dict[Source, str], credential: Credential | None
) -> tuple[Sequence[Dgi], Sequence[Dgi]]:
    values: dict[Source, bytes] = {source: text.encode() for source, text in fields.items()}
    if credential is not None:
        values["credential_bits"] = pack(credential.bits())
    records = build_records(
        (
            record.sfi,
            record.number,
            [(int(tag, 16), values[source]) for tag, source in record.objects.items()],
        )
        for record in chip.records
    )
    label = tlv.encode(_APPLICATION_LABEL, chip.label.encode())
    fci = Dgi(_DGI_FCI, tlv.encode(_FCI_PROPRIETARY, label))
    return [*records, fci], [dgi for dgi in records if dgi.id >> 8 < PROTECTED_FILE]


def _keys(draft: Draft, account: Account | None) -> KeysSection:
    if account is not None:
        diversifier = account.pan.digits()
    else:
        # The last digits of a UUIDv7 are its random ones.
        number = uuid.UUID(draft.card_id).int % _DIVERSIFIER_MODULUS
        diversifier = f"{number:019d}"
    return KeysSection(
        diversifier,
        account.sequence_number if account else "00",
        {usage: label_of(draft.issuer, template) for usage, template in draft.product.keys.items()},
        _badge_diversifier(draft),
    )


def _badge_diversifier(draft: Draft) -> bytes:
    """Return what a reader joins as well: card id, application and system (AN10922, 2.2).

    The note's UID is the card's id, of which a free record tells: the chip's own serial number is
    not known before a blank is taken.
    """
    chip = draft.product.chip
    if not isinstance(chip, BadgeChip):
        return b""
    return diversification_input(
        uuid.UUID(draft.card_id).bytes, chip.instance_aid, chip.system_identifier.encode()
    )
