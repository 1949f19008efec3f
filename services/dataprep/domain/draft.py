"""All checks that need nothing but the card's own data: they pass, or the card goes no further."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
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

_PIN_BLOCKS = frozenset({0, 8, 16})  # octets: none, ISO 9564-1 format 0, format 4


@dataclass(frozen=True, slots=True)
class Draft:
    """A card whose own data are in order.

    Attributes:
        pan: None where the bureau has to allocate one, or the product has no account.
        sequence_number: PAN sequence number, two digits.
        today: day of preparation, from which the chip is good.
        test_card: it is to be tried out, not to be used.
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
    test_card: bool = False

    @property
    def environment(self) -> str:
        """Which keys the card is made with: those for tests, or live ones."""
        return "test" if self.test_card else self.issuer.environment

    @property
    def draws_pin(self) -> bool:
        """The card gets a PIN that its holder has yet to learn."""
        return self.product.pin is not None and not len(self.request.pin_block)

    @property
    def mails_pin(self) -> bool:
        """The cardholder learns the PIN by post."""
        return self.draws_pin and self.product.pin is not None and self.product.pin.mailed

    def label(self, template: str) -> str:
        """Return a master key's label: the one registered under its name, else the product's.

        ``template`` is as ``{issuer}/IMK-AC#1``; its middle is the name in the registration.
        """
        name = template.rpartition("/")[2].partition("#")[0]
        return self._masters.get(name) or template.format(issuer=self.issuer.name)

    @property
    def _masters(self) -> Mapping[str, str]:
        live = self.environment == self.issuer.environment
        return self.issuer.masters if live else self.issuer.test_masters


def draft(
    card_id: str,
    request: CardRequest,
    product: Product,
    issuer: IssuerRegistration,
    *,
    waived: Collection[str],
    today: dt.date,
    test_card: bool = False,
) -> Draft:
    """Check a request against its product.

    Raises:
        RefusedError: EMPLOYEE_MISSING, PHOTO_MISSING, ADDRESS_MISSING, PIN_UNEXPECTED,
            PIN_BLOCK_LENGTH, PIN_WITHOUT_PAN, and what names and accounts refuse.
        AnomalyError: NAME_CHARACTER or EXPIRY_FAR, unless ``waived`` names it.
    """
    if "employee_number" in product.sources and not request.employee_number.reveal():
        raise RefusedError(
            "EMPLOYEE_MISSING", "The product shows an employee number; ask with `employee` filled"
        )
    if product.photo and not request.photo:
        raise RefusedError("PHOTO_MISSING", "The product shows a portrait; ask with `photo` filled")
    _check_pin(request, product)
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
        test_card=test_card,
    )


def _check_pin(request: CardRequest, product: Product) -> None:
    given = len(request.pin_block)
    if given and (product.pin is None or product.pin.pin_key is None):
        raise RefusedError("PIN_UNEXPECTED", "The product takes no PIN of yours; leave it out")
    if given not in _PIN_BLOCKS:
        raise RefusedError(
            "PIN_BLOCK_LENGTH", "A PIN block has 8 octets (format 0) or 16 (format 4)"
        )
    if given and request.pan is None:
        raise RefusedError("PIN_WITHOUT_PAN", "A PIN block is over an account number; send it too")
    mailed = product.pin is not None and product.pin.mailed
    if mailed and not given and request.address is None:
        raise RefusedError(
            "ADDRESS_MISSING", "The product's PIN goes by post; ask with `address` filled"
        )
