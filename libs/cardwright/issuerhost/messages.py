"""What a terminal says to a card's issuer, and what it hears: chip data as in ISO 8583 field 55."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cardwright.secret import SecretText

__all__ = [
    "AuthorizationRequest",
    "AuthorizationResponse",
    "ChipData",
    "HostUnavailableError",
    "IssuerHost",
]


class HostUnavailableError(Exception):
    """The issuer can't be asked now; the terminal decides by itself.

    Attributes:
        code: HOST_UNAVAILABLE, or what the way to the issuer calls it.
    """

    def __init__(self, code: str = "HOST_UNAVAILABLE") -> None:
        super().__init__("The issuer can't be reached; try again later")
        self.code = code


@dataclass(frozen=True, slots=True)
class ChipData:
    """An application cryptogram with all that it was made over.

    Attributes:
        pan: the account number's digits.
        psn: two digits, ``00`` where the card has none.
        objects: values by tag: 9F26, 9F27, 9F36, 9F10, 82 of the card, and what the terminal gave
            it: 9F02, 9F03, 9F1A, 95, 5F2A, 9A, 9C, 9F37 and others.
    """

    pan: SecretText
    psn: str
    objects: Mapping[int, bytes] = field(repr=False)

    def value(self, tag: int) -> bytes:
        """Return a data object, empty where there is none."""
        return self.objects.get(tag, b"")

    @property
    def atc(self) -> int:
        """The application transaction counter (9F36)."""
        return int.from_bytes(self.value(0x9F36), "big")

    @property
    def kind(self) -> str:
        """``AAC``, ``TC`` or ``ARQC``, from 9F27; empty for something else."""
        information = self.value(0x9F27)
        kinds = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
        return kinds.get(information[0] & 0xC0, "") if information else ""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A question to the issuer.

    Attributes:
        chip: the ARQC and its data.
        online_pin: whether the cardholder keyed in a PIN for the issuer to check. The PIN itself
            does not go along: acceptance tests need none.
    """

    chip: ChipData
    online_pin: bool = False


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """The issuer's answer.

    Attributes:
        response_code: authorisation response code (8A), two characters; ``00``, ``10`` and ``11``
            approve.
        issuer_authentication_data: 91, empty for none.
        scripts: issuer script templates 71 and 72, one after the other; empty for none.
        finding: what the issuer found, for quality control: ``OK``, or a code.
    """

    response_code: str
    issuer_authentication_data: bytes = b""
    scripts: bytes = field(default=b"", repr=False)
    finding: str = "OK"

    def __post_init__(self) -> None:
        code = self.response_code
        if not (len(code) == 2 and code.isascii() and code.isalnum()):
            raise ValueError("An authorisation response code is two letters or digits")

    @property
    def approves(self) -> bool:
        """Whether the issuer says yes."""
        return self.response_code in {"00", "10", "11"}


class IssuerHost(Protocol):
    """A way to the issuer of a card."""

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Answer a terminal.

        Raises:
            HostUnavailableError: there is no answer.
        """
