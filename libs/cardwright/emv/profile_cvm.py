"""EMV 4.4 Book 3 clause 10.5 and annex C3: the cardholder verification method list (8E)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from pydantic import ConfigDict

from cardwright.emv.errors import EmvError

__all__ = ["Condition", "CvmList", "CvmMethod", "CvmRule"]

_AMOUNT_MAX: Final = 0xFFFFFFFF
_RULES_MAX: Final = 122  # 252 octets in all
_APPLY_NEXT, _METHOD, _RESERVED = 0x40, 0x3F, 0x80


class CvmMethod(Enum):
    """How the cardholder is verified, as profiles name it."""

    FAIL = "fail"
    PLAINTEXT_PIN = "plaintext_pin"
    ONLINE_PIN = "online_pin"
    PLAINTEXT_PIN_AND_SIGNATURE = "plaintext_pin_and_signature"
    ENCIPHERED_PIN = "enciphered_pin"
    ENCIPHERED_PIN_AND_SIGNATURE = "enciphered_pin_and_signature"
    SIGNATURE = "signature"
    NO_CVM = "no_cvm"

    @property
    def plaintext(self) -> bool:
        """Whether the card compares a PIN that comes to it in clear."""
        return self in {CvmMethod.PLAINTEXT_PIN, CvmMethod.PLAINTEXT_PIN_AND_SIGNATURE}

    @property
    def enciphered(self) -> bool:
        """Whether the card compares a PIN that comes to it enciphered by RSA."""
        return self in {CvmMethod.ENCIPHERED_PIN, CvmMethod.ENCIPHERED_PIN_AND_SIGNATURE}

    @property
    def offline_pin(self) -> bool:
        """Whether the card compares a PIN."""
        return self.plaintext or self.enciphered

    @property
    def pin(self) -> bool:
        """Whether a PIN is entered."""
        return self.offline_pin or self is CvmMethod.ONLINE_PIN


class Condition(Enum):
    """When a rule applies, as profiles name it; X and Y are the list's amounts."""

    ALWAYS = "always"
    UNATTENDED_CASH = "unattended_cash"
    NOT_CASH = "not_cash"
    SUPPORTED = "supported"
    MANUAL_CASH = "manual_cash"
    CASHBACK = "cashback"
    UNDER_X = "under_x"
    OVER_X = "over_x"
    UNDER_Y = "under_y"
    OVER_Y = "over_y"


_METHODS: Final = {  # table 43, b6 to b1
    CvmMethod.FAIL: 0x00,
    CvmMethod.PLAINTEXT_PIN: 0x01,
    CvmMethod.ONLINE_PIN: 0x02,
    CvmMethod.PLAINTEXT_PIN_AND_SIGNATURE: 0x03,
    CvmMethod.ENCIPHERED_PIN: 0x04,
    CvmMethod.ENCIPHERED_PIN_AND_SIGNATURE: 0x05,
    CvmMethod.SIGNATURE: 0x1E,
    CvmMethod.NO_CVM: 0x1F,
}
_CONDITIONS: Final = {condition: code for code, condition in enumerate(Condition)}  # table 44


@dataclass(frozen=True, slots=True)
class CvmRule:
    """One rule; ``then_next``: where the method does not succeed, the next rule is tried."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    method: CvmMethod
    condition: Condition
    then_next: bool = False

    @classmethod
    def parse(cls, octets: bytes) -> CvmRule:
        """Read a rule's two octets.

        Raises:
            EmvError: CVM_LIST for a code that has no name here.
        """
        methods = {code: method for method, code in _METHODS.items()}
        conditions = {code: condition for condition, code in _CONDITIONS.items()}
        method, condition = methods.get(octets[0] & _METHOD), conditions.get(octets[1])
        if method is None or condition is None or octets[0] & _RESERVED:
            raise EmvError("CVM_LIST", f"No CV rule {octets.hex().upper()} is known here")
        return cls(method, condition, then_next=bool(octets[0] & _APPLY_NEXT))

    def encode(self) -> bytes:
        """Return the rule's two octets."""
        first = _METHODS[self.method] | (_APPLY_NEXT if self.then_next else 0)
        return bytes((first, _CONDITIONS[self.condition]))

    def __str__(self) -> str:
        return f"{self.method.value} {self.condition.value}{', then next' * self.then_next}"


@dataclass(frozen=True, slots=True)
class CvmList:
    """Rules in order, and two amounts in minor units of the application's currency.

    Raises:
        EmvError: CVM_LIST for amounts beyond four octets, no rule, or more than 122.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    rules: tuple[CvmRule, ...]
    x: int = 0
    y: int = 0

    def __post_init__(self) -> None:
        if not all(0 <= amount <= _AMOUNT_MAX for amount in (self.x, self.y)):
            raise EmvError("CVM_LIST", "An amount of a CVM list takes four octets")
        if not 1 <= len(self.rules) <= _RULES_MAX:
            raise EmvError("CVM_LIST", f"A CVM list has 1 to {_RULES_MAX} rules")

    @classmethod
    def parse(cls, octets: bytes) -> CvmList:
        """Read a list as a card holds it.

        Raises:
            EmvError: CVM_LIST.
        """
        if len(octets) < 10 or len(octets) % 2:
            raise EmvError("CVM_LIST", "A CVM list is two amounts and whole rules")
        rules = (CvmRule.parse(octets[at : at + 2]) for at in range(8, len(octets), 2))
        x, y = (int.from_bytes(octets[at : at + 4], "big") for at in (0, 4))
        return cls(tuple(rules), x, y)

    def encode(self) -> bytes:
        """Return the value of tag 8E."""
        amounts = self.x.to_bytes(4, "big") + self.y.to_bytes(4, "big")
        return amounts + b"".join(rule.encode() for rule in self.rules)

    def methods(self) -> frozenset[CvmMethod]:
        """Return all methods that occur."""
        return frozenset(rule.method for rule in self.rules)

    def __str__(self) -> str:
        return f"X {self.x}, Y {self.y}: " + "; ".join(map(str, self.rules))
