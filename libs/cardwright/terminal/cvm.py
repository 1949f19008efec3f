"""EMV Book 3, 10.5 and annex C3: a card's list of cardholder verification methods."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from cardwright.terminal.flags import Capability
from cardwright.terminal.profile import Profile, TransactionRequest, TransactionType

__all__ = ["CvmCode", "CvmList", "CvmRule", "holds", "parse_cvm_list", "supported"]


class CvmCode(IntEnum):
    """Methods (bits 6 to 1 of a rule's first octet)."""

    FAIL = 0x00
    PLAINTEXT_PIN = 0x01
    ONLINE_PIN = 0x02
    PLAINTEXT_PIN_AND_SIGNATURE = 0x03
    ENCIPHERED_PIN = 0x04
    ENCIPHERED_PIN_AND_SIGNATURE = 0x05
    SIGNATURE = 0x1E
    NO_CVM = 0x1F


_NEEDS = {
    CvmCode.FAIL: Capability(0),
    CvmCode.PLAINTEXT_PIN: Capability.PLAINTEXT_PIN,
    CvmCode.ONLINE_PIN: Capability.ONLINE_PIN,
    CvmCode.PLAINTEXT_PIN_AND_SIGNATURE: Capability.PLAINTEXT_PIN | Capability.SIGNATURE,
    CvmCode.ENCIPHERED_PIN: Capability.ENCIPHERED_PIN,
    CvmCode.ENCIPHERED_PIN_AND_SIGNATURE: Capability.ENCIPHERED_PIN | Capability.SIGNATURE,
    CvmCode.SIGNATURE: Capability.SIGNATURE,
    CvmCode.NO_CVM: Capability.NO_CVM,
}


@dataclass(frozen=True, slots=True)
class CvmRule:
    """One rule.

    Attributes:
        octet: the method with bit 7, as CVM results repeat it.
        condition: when it applies, 00 to 09.
    """

    octet: int
    condition: int

    @property
    def method(self) -> CvmCode | None:
        """The method; None for one that this terminal does not know."""
        code = self.octet & 0x3F
        return CvmCode(code) if code in list(CvmCode) else None

    @property
    def goes_on(self) -> bool:
        """Whether the next rule counts when this one fails (bit 7)."""
        return bool(self.octet & 0x40)


@dataclass(frozen=True, slots=True)
class CvmList:
    """A CVM list (8E).

    Attributes:
        x: the first amount, in minor units of the application's currency.
        y: the second.
        rules: in order of preference.
    """

    x: int
    y: int
    rules: tuple[CvmRule, ...]


def parse_cvm_list(value: bytes) -> CvmList:
    """Read a CVM list; one of fewer than 10 octets has no rules."""
    x, y = (int.from_bytes(value[at : at + 4], "big") for at in (0, 4))
    rules = zip(value[8::2], value[9::2], strict=False)
    return CvmList(x, y, tuple(CvmRule(octet, condition) for octet, condition in rules))


def supported(method: CvmCode | None, capabilities: Capability) -> bool:
    """Whether a terminal can perform a method."""
    return method is not None and capabilities & _NEEDS[method] == _NEEDS[method]


def holds(
    rule: CvmRule,
    amounts: CvmList,
    profile: Profile,
    request: TransactionRequest,
    card_currency: bytes | None,
) -> bool:
    """Whether a rule's condition is met (annex C3, table 44); an unknown one is not.

    Args:
        rule: whose condition it is.
        amounts: has X and Y.
        profile: the terminal.
        request: the transaction.
        card_currency: application currency code (9F42), where the card has one.
    """
    cash, cashback = (
        request.type == each for each in (TransactionType.CASH, TransactionType.CASHBACK)
    )
    unattended_cash, manual_cash = cash and not profile.attended, cash and profile.attended
    ours = card_currency is not None and card_currency.hex() == profile.currency.rjust(4, "0")
    amount = request.amount
    conditions = {
        0x00: True,
        0x01: unattended_cash,
        0x02: not (cash or cashback),
        0x03: supported(rule.method, profile.capabilities),
        0x04: manual_cash,
        0x05: cashback,
        0x06: ours and amount < amounts.x,
        0x07: ours and amount > amounts.x,
        0x08: ours and amount < amounts.y,
        0x09: ours and amount > amounts.y,
    }
    return conditions.get(rule.condition, False)
