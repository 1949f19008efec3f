"""Requests for people whose every datum is unlike anything else in the house."""

from __future__ import annotations

from hashlib import sha256
from itertools import count

from cardwright.iso.luhn import check_digit
from cardwright.issuer.rows import AccountRow, CardholderRow, EmployeeRow, RequestRow
from tests.support.line import badge_row, debit_row

__all__ = ["badge", "debit"]

_numbers = count(1)


def debit(*, express: bool = False, given_pan: bool = False) -> RequestRow:
    """Ask for a debit card; with ``given_pan`` the bank names the account itself."""
    number = next(_numbers)
    row = debit_row(number, express=express, prefix="e2e-debit")
    account = AccountRow.model_validate({"pan": _pan(number)}) if given_pan else None
    return row.model_copy(update={"cardholder": _cardholder(number), "account": account})


def badge(*, express: bool = False) -> RequestRow:
    """Ask for an employee's badge."""
    number = next(_numbers)
    row = badge_row(number, express=express, prefix="e2e-badge")
    employee = EmployeeRow(number=_letters(number, 9).upper(), department=_letters(-number, 12))
    return row.model_copy(update={"cardholder": _cardholder(number), "employee": employee})


def _cardholder(number: int) -> CardholderRow:
    return CardholderRow.model_validate(
        {
            "surname": _letters(number, 12).capitalize(),
            "given_names": _letters(-number, 10).capitalize(),
        }
    )


def _pan(number: int) -> str:
    """An account below those that the bureau allocates (catalogue/issuers/aurora-bank.yaml)."""
    individual = int(sha256(b"account %d" % number).hexdigest(), 16) % 400_000_000
    digits = f"999999{individual:09d}"
    return digits + check_digit(digits)


def _letters(number: int, length: int) -> str:
    """Letters that no word has, and that are the same in every run."""
    digest = sha256(b"%d" % number).digest()
    return "".join(chr(ord("a") + octet % 26) for octet in digest[:length])
