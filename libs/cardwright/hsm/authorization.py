"""A card's request to its issuer, which the security module answers for test cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardwright.secret import SecretText

__all__ = ["Authorization", "AuthorizationItem"]


@dataclass(frozen=True, slots=True)
class AuthorizationItem:
    """One request.

    Attributes:
        card_id: the card.
        imk_ac: label of the issuer's master key for cryptograms.
        imk_smi: label of that for messages' integrity; empty without a script.
        derivation: EMV Book 2, annex A1.4: "A", "B" or "C".
        pan: its digits.
        sequence_number: two digits.
        objects: by tag what the terminal sent: 9F02, 9F03, 9F1A, 95, 5F2A, 9A, 9C, 9F37, 82, 9F36,
            9F10, 9F26.
        response_code: the answer, two characters (tag 8A).
        script: commands in clear that bear no secret, to be sent with a MAC.
    """

    card_id: str
    imk_ac: str
    derivation: str
    pan: SecretText
    sequence_number: str
    objects: Mapping[int, bytes] = field(repr=False)
    response_code: str
    imk_smi: str = ""
    script: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorization:
    """The issuer's answer: authentication data (tag 91), and script template 72 or nothing."""

    authentication_data: bytes
    scripts: bytes = b""
