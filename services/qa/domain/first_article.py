"""A whole transaction with a test card: the terminal that it meets, and what must come out.

The card pays at home (its own country and currency) at an attended terminal that must go on line.
Nobody here knows its PIN, so the terminal has no pad: the issuer would be asked for more than that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from cardwright.iso.apdu import CommandApdu
from cardwright.terminal import (
    CaPublicKey,
    ContactlessReading,
    Outcome,
    Profile,
    TerminalAid,
    Transaction,
    TransactionRequest,
    Tvr,
    acceptance_terminal,
)
from cardwright.terminal.cvm import CvmCode, parse_cvm_list
from services.qa.domain.model import PSE, Application, Expected
from services.qa.domain.reading import Readings

__all__ = [
    "contactless_defects",
    "issuer_script",
    "outcome_code",
    "purchase",
    "terminal_profile",
    "transaction_defects",
]

_CVM_LIST, _LOWER_LIMIT = 0x8E, 0x9F14
_COUNTRY, _CURRENCY, _EXPONENT, _VERSION = 0x5F28, 0x9F42, 0x9F44, 0x9F08
_ANY_COUNTRY, _ANY_CURRENCY = b"\x03\x72", b"\x09\x78"
_AMOUNT = 1250
_OFFLINE_PINS = frozenset({
    CvmCode.PLAINTEXT_PIN,
    CvmCode.PLAINTEXT_PIN_AND_SIGNATURE,
    CvmCode.ENCIPHERED_PIN,
    CvmCode.ENCIPHERED_PIN_AND_SIGNATURE,
})  # fmt: skip
# What a good card's transaction may show here: it is new, nobody keys in its PIN, it goes on line.
_HARMLESS = (
    Tvr.NEW_CARD
    | Tvr.PIN_PAD_MISSING
    | Tvr.FORCED_ONLINE
    | Tvr.FLOOR_LIMIT_EXCEEDED
    | Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED
    | Tvr.UPPER_OFFLINE_LIMIT_EXCEEDED
)
_WORDS = {"ISSUER": "ONLINE"}


def terminal_profile(
    expected: Expected, readings: Readings, ca_keys: Collection[CaPublicKey]
) -> Profile:
    """Return a terminal at the card's home that accepts its payment applications.

    Args:
        expected: the card, with a payment application at least.
        readings: what it let be read.
        ca_keys: the payment systems' keys.
    """
    objects = readings.payment.objects if readings.payment else {}
    exponent = objects.get(_EXPONENT, b"\x02")
    version = objects.get(_VERSION, b"\x00\x01")
    return acceptance_terminal(
        [TerminalAid(each.aid, version=version) for each in expected.payments],
        ca_keys,
        country=_code(objects.get(_COUNTRY, _ANY_COUNTRY)),
        currency=_code(objects.get(_CURRENCY, _ANY_CURRENCY)),
        currency_exponent=exponent[0] if exponent else 2,
    )


def purchase(at: dt.datetime) -> TransactionRequest:
    """Return a purchase that must go on line."""
    return TransactionRequest(amount=_AMOUNT, at=at, forced_online=True)


def issuer_script(readings: Readings) -> tuple[bytes, ...]:
    """Return what the issuer's script does: something that leaves the card as it is.

    It gives the PIN the tries that it has (PIN UNBLOCK, EMV Book 3, 6.5.10), where the card
    verifies one; else it writes the lower offline limit that is there (PUT DATA), if one is.
    """
    objects = readings.payment.objects if readings.payment else {}
    methods = {rule.method for rule in parse_cvm_list(objects.get(_CVM_LIST, b"")).rules}
    if methods & _OFFLINE_PINS:
        return (CommandApdu(0x80, 0x24, 0x00, 0x00).encode(),)
    if limit := objects.get(_LOWER_LIMIT):
        return (CommandApdu(0x00, 0xDA, 0x9F, 0x14, limit).encode(),)
    return ()


def outcome_code(transaction: Transaction) -> str:
    """Return how a transaction ended, such as TRANSACTION_APPROVED_ONLINE."""
    why = _WORDS.get(transaction.code, transaction.code)
    return f"TRANSACTION_{transaction.outcome.name}_{why}"


def transaction_defects(
    expected: Expected, transaction: Transaction, atc_before: int
) -> tuple[str, ...]:
    """Return why a transaction shows the card to be bad, the gravest first; none: it is good.

    Args:
        expected: the card.
        transaction: what became of it.
        atc_before: the transaction counter before it.
    """
    return tuple(dict.fromkeys(_defects(expected, transaction, atc_before)))


def contactless_defects(reading: ContactlessReading) -> tuple[str, ...]:
    """Return why a card that should be can't be read by the contactless entry point."""
    if reading.code != "READ":
        return (f"DEFECT_CONTACTLESS_{reading.code}",)
    return tuple(f"DEFECT_CONTACTLESS_{finding}" for finding in dict.fromkeys(reading.findings))


def _defects(expected: Expected, transaction: Transaction, atc_before: int) -> Iterator[str]:
    if (transaction.outcome, transaction.code) != (Outcome.APPROVED, "ISSUER"):
        yield f"DEFECT_TRANSACTION_{transaction.outcome.name}"
    for finding in transaction.findings:
        if finding != "PSE_MISSING" or any(each.aid == PSE for each in expected.applications):
            yield f"DEFECT_TRANSACTION_{finding}"
    paid = next((each for each in expected.payments if each.aid == transaction.aid), None)
    if _unauthenticated(paid, transaction):
        yield "DEFECT_TRANSACTION_ODA"
    if transaction.tvr & ~_allowed(paid):
        yield "DEFECT_TRANSACTION_TVR"
    if transaction.atc is not None and transaction.atc != atc_before + 1:
        yield "DEFECT_CHIP_ATC"


def _unauthenticated(paid: Application | None, transaction: Transaction) -> bool:
    """Whether the card did not prove to be genuine in the way that it must."""
    if paid is None or not paid.authentication:
        return False
    oda = transaction.oda
    return not oda.ok or oda.method.value != paid.authentication


def _allowed(paid: Application | None) -> Tvr:
    unproven = paid is not None and not paid.authentication
    return _HARMLESS | Tvr.ODA_NOT_PERFORMED if unproven else _HARMLESS


def _code(value: bytes) -> str:
    """Return the three digits of a country or currency code."""
    return value.hex()[-3:]
