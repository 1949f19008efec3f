"""All checks that need nothing but the card's own data: they pass, or the card goes no further."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.issuer.registration import IssuerRegistration
from services.dataprep.domain.account import expiry_of, given_pan, last_month
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.names import Names, names_of
from services.dataprep.domain.request import CardRequest
from services.dataprep.products import Product

__all__ = ["Draft", "draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A card whose own data are in order.

    Attributes:
        pan: None where the bureau has to allocate one, or the product has no account.
        sequence_number: PAN sequence number, two digits.
        today: day of preparation, from which the chip is good.
    """

    card_id: str
    product: Product
    issuer: IssuerRegistration
    request: CardRequest
    names: Names
    pan: Pan | None
    sequence_number: str
    expiry: Expiry
    today: dt.date


def draft(
    card_id: str,
    request: CardRequest,
    product: Product,
    issuer: IssuerRegistration,
    *,
    waived: Collection[str],
    today: dt.date,
) -> Draft:
    """Check a request against its product.

    Raises:
        RefusedError: EMPLOYEE_MISSING, PHOTO_MISSING, and what names and accounts refuse.
        AnomalyError: NAME_CHARACTER or EXPIRY_FAR, unless ``waived`` names it.
    """
    if "employee_number" in product.sources and not request.employee_number.reveal():
        raise RefusedError(
            "EMPLOYEE_MISSING", "The product shows an employee number; ask with `employee` filled"
        )
    if product.photo and not request.photo:
        raise RefusedError("PHOTO_MISSING", "The product shows a portrait; ask with `photo` filled")
    latest = last_month(today, product.validity_months)
    pan = request.pan if product.payment is not None else None
    return Draft(
        card_id=card_id,
        product=product,
        issuer=issuer,
        request=request,
        names=names_of(request.surname, request.given_names, substitute="NAME_CHARACTER" in waived),
        pan=None if pan is None else given_pan(pan, issuer.account_range),
        sequence_number=f"{request.sequence_number:02d}",
        expiry=expiry_of(request.expiry, latest, today, far="EXPIRY_FAR" in waived),
        today=today,
    )
