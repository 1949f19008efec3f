"""From a draft and its account to the sections: what is printed, encoded, derived and expected."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from cardwright.access.wiegand import Credential
from cardwright.emv.errors import EmvError
from cardwright.emv.profile import Profile
from cardwright.iso.errors import TrackError
from cardwright.iso.track3 import Track3
from cardwright.iso.tracks import ServiceCode, Track1, Track2
from cardwright.secret import SecretText
from services.dataprep.chips import BadgeChip, EmvChip, Source
from services.dataprep.domain.account import Account, CardPin
from services.dataprep.domain.applications import (
    ComposedChip,
    applications_chip,
    badge_chip,
    single_chip,
)
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.sections import (
    ChipChannel,
    ChipSection,
    InspectionSection,
    KeysSection,
    MailerSection,
    PrintSection,
    Sections,
    StripeSection,
)
from services.dataprep.products import Payment, StripeData, Track3Data

__all__ = ["compose"]

_DIVERSIFIER_MODULUS = 10**19


def compose(  # what a card was allotted
    draft: Draft,
    account: Account | None,
    credential: Credential | None = None,
    pin: CardPin | None = None,
    profiles: Mapping[str, Profile] | None = None,
) -> Sections:
    """Return the sections of a card.

    Args:
        draft: The card's data.
        account: None for a product without the payment section.
        credential: None for a product without an access number.
        pin: None for a product without a PIN.
        profiles: By name and version; all that the product names are there.

    Raises:
        RefusedError: RECORD_LENGTH or TRACK_LENGTH: the texts are longer than a chip record or a
            track; or another code of the card's own values.
    """
    product, fields = draft.product, _fields(draft, account, credential)
    verification = pin.places if pin else {}
    stripe = _stripe(draft, account, verification) if account is not None else None
    chip = _chip(draft, account, fields, credential, profiles or {}, verification)
    text = {name: fields[source] for name, source in product.print.items()}
    return Sections(
        print=PrintSection(product.design, text, draft.request.photo if product.photo else b""),
        stripe=stripe,
        chip=ChipSection(product.chip.kmc, chip.applications, _channel(draft)),
        keys=_keys(draft, account, chip, pin),
        inspection=InspectionSection(
            barcode=fields[product.barcode],
            track1=stripe.track1 if stripe else "",
            track2=stripe.track2 if stripe else "",
            track3=stripe.track3 if stripe else "",
            applications=chip.inspected,
            print={name: text[name] for name, s in product.print.items() if s != "cvv2"},
            imk_ac=chip.imk_ac,
            derivation=chip.derivation,
            imk_smi=chip.imk_smi,
        ),
        mailer=_mailer(draft, account) if account is not None and draft.mails_pin else None,
        pin=pin.sealed_for_mailer if pin else b"",
    )


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


def _stripe(
    draft: Draft, account: Account, verification: Mapping[str, str]
) -> StripeSection | None:
    payment, data = draft.product.payment, draft.product.stripe
    if payment is None or data is None:
        return None
    try:
        track1, track2 = _tracks(draft, account, payment, data, verification)
        track3 = _track3(draft, account, data.track3).encode().reveal() if data.track3 else ""
    except TrackError as error:
        raise RefusedError(error.code, str(error)) from None
    return StripeSection(track1, track2, track3, data.coercivity)


def _tracks(
    draft: Draft,
    account: Account,
    payment: Payment,
    data: StripeData,
    verification: Mapping[str, str],
) -> tuple[str, str]:
    service_code, cvv = ServiceCode(payment.service_code), account.cvv.reveal()
    data1, data2 = (
        SecretText(text.format(cvv=cvv, **verification)) for text in (data.track1, data.track2)
    )
    track1 = Track1(account.pan, draft.names.stripe, account.expiry, service_code, data1)
    track2 = Track2(account.pan, account.expiry, service_code, data2)
    return track1.encode().reveal(), track2.encode().reveal()


def _track3(draft: Draft, account: Account, data: Track3Data) -> Track3:
    """The cycle begins when the card is prepared: last digit of the year, day of the year."""
    return Track3(
        account.pan,
        account.expiry,
        country=data.country,
        currency=data.currency,
        exponent=data.exponent,
        amount_authorized=data.amount,
        amount_remaining=data.amount,
        cycle_begin=f"{draft.today.year % 10}{draft.today:%j}",
        cycle_length=data.cycle_length,
        retry_count=data.retry_count,
        interchange_control=data.interchange_control,
        service=data.service,
        sequence_number=account.sequence_number[-1],
    )


def _chip(
    draft: Draft,
    account: Account | None,
    fields: Mapping[Source, str],
    credential: Credential | None,
    profiles: Mapping[str, Profile],
    verification: Mapping[str, str],
) -> ComposedChip:
    chip = draft.product.chip
    try:
        if isinstance(chip, BadgeChip):
            return badge_chip(draft, chip, fields, credential)
        assert account is not None, "products.py: an EMV product has an account"
        if isinstance(chip, EmvChip):
            return single_chip(draft, account, chip, verification)
        return applications_chip(draft, account, chip, profiles, verification)
    except EmvError as error:
        raise RefusedError(error.code, str(error)) from None


def _channel(draft: Draft) -> ChipChannel:
    channel = draft.product.chip.channel
    own = draft.label(channel.issuer_kmc) if channel.issuer_kmc else ""
    return ChipChannel(
        diversification=channel.diversification,
        security_level=int(channel.security_level, 16),
        issuer_kmc=own,
        issuer_key_version=channel.issuer_key_version if own else 0,
        issuer_diversification=channel.issuer_diversification if own else "",
        store_data=channel.store_data,
        longest_command=channel.longest_command,
    )


def _keys(
    draft: Draft, account: Account | None, chip: ComposedChip, pin: CardPin | None
) -> KeysSection:
    if account is not None:
        diversifier = account.pan.digits()
    else:
        # The last digits of a UUIDv7 are its random ones.
        number = uuid.UUID(draft.card_id).int % _DIVERSIFIER_MODULUS
        diversifier = f"{number:019d}"
    return KeysSection(
        diversifier,
        account.sequence_number if account else "00",
        chip.recipes,
        draft.environment,
        (account.expiry if account else draft.expiry).yymm,
        pin.sealed_for_chip if pin else b"",
    )


def _mailer(draft: Draft, account: Account) -> MailerSection:
    address = draft.request.address
    assert address is not None, "draft.py: a PIN that is mailed has an address"
    return MailerSection(
        draft.names.full.reveal(),
        address.lines,
        address.country,
        draft.issuer.title,
        account.pan.last4,
    )
