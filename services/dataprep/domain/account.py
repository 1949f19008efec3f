"""Account numbers and expiry: given by the issuer and checked, or the bureau's to choose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from cardwright.iso.errors import PanError, TrackError
from cardwright.iso.luhn import check_digit
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.issuer.registration import AccountRange
from cardwright.secret import SecretText
from services.dataprep.domain.faults import AnomalyError, RefusedError

__all__ = ["Account", "CardPin", "allocated_pan", "expiry_of", "given_pan", "last_month"]


@dataclass(frozen=True, slots=True)
class Account:
    """A payment card's account and its verification values; ``issued``: the bureau chose it.

    ``cvk`` is the key that made the values, label and version.
    """

    pan: Pan
    sequence_number: str
    expiry: Expiry
    cvv: SecretText
    cvv2: SecretText
    icvv: SecretText
    issued: bool
    cvk: str = ""


@dataclass(frozen=True, slots=True)
class CardPin:
    """A card's PIN, sealed, and what verifies it on line.

    Attributes:
        sealed_for_chip: by the security module, for itself.
        sealed_for_mailer: for the PIN mailer; empty where the cardholder knows the PIN.
        method: "pvv", "ibm3624", or None for no verification on line.
        index: PIN verification key indicator, one digit.
        verification: PIN verification value or offset; empty without a method.
        pvk: the key that made it, label and version.
    """

    sealed_for_chip: bytes = field(repr=False)
    sealed_for_mailer: bytes = field(repr=False)
    method: str | None
    index: str
    verification: SecretText
    pvk: str = ""

    @property
    def places(self) -> Mapping[str, str]:
        """What the names in discretionary data stand for."""
        value = self.verification.reveal()
        if self.method == "pvv":
            return {"pvki": self.index, "pvv": value}
        return {"offset": value} if self.method == "ibm3624" else {}


def given_pan(digits: SecretText, account_range: AccountRange | None) -> Pan:
    """Check an account number that came with the request.

    Raises:
        RefusedError: PAN_FORMAT, PAN_LUHN, or PAN_RANGE: it is not one of the issuer's.
    """
    try:
        pan = Pan(digits.reveal())
    except PanError as error:
        raise RefusedError(error.code, str(error)) from None
    if (
        account_range is None
        or len(pan) != account_range.length
        or not pan.digits().startswith(account_range.bin)
    ):
        raise RefusedError(
            "PAN_RANGE", "The account number is outside the issuer's registered range; correct it"
        )
    return pan


def allocated_pan(account_range: AccountRange | None, index: int) -> Pan:
    """Return the account number with that index in the issuer's range, counted from 0.

    Raises:
        AnomalyError: PAN_RANGE_EXHAUSTED: there is no such number (yet).
    """
    if account_range is not None:
        places = account_range.length - len(account_range.bin) - 1
        individual = str(account_range.allocate_from + index).zfill(places)
        if len(individual) == places:
            digits = account_range.bin + individual
            return Pan(digits + check_digit(digits))
    raise AnomalyError(
        "PAN_RANGE_EXHAUSTED",
        "The issuer's range has no account number left; register a longer one, then waive",
    )


def expiry_of(yymm: str, latest: Expiry, today: dt.date, *, far: bool = False) -> Expiry:
    """Return the expiry of a card.

    Args:
        yymm: As the request has it; empty for ``latest``.
        latest: The last month of the product's validity.
        today: The day of preparation.
        far: Let a later month than ``latest`` pass.

    Raises:
        RefusedError: EXPIRY_FORMAT or EXPIRY_PAST.
        AnomalyError: EXPIRY_FAR, unless it may be.
    """
    if not yymm:
        return latest
    try:
        expiry = Expiry.from_yymm(yymm)
    except TrackError as error:
        raise RefusedError(error.code, str(error)) from None
    if expiry.last_day() < today:
        raise RefusedError("EXPIRY_PAST", "The expiry lies in the past; ask for a later one")
    if expiry > latest and not far:
        raise AnomalyError(
            "EXPIRY_FAR", "The expiry exceeds the product's validity; waive to make it so"
        )
    return expiry


def last_month(today: dt.date, months: int) -> Expiry:
    """Return the month that many months from today's."""
    years, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return Expiry(years, month + 1)
