"""An issuer host with test keys: what a card's issuer checks, answers and orders (EMV Book 2).

It checks what the security module made, so it shares no code with it. ``IssuerHost`` is the place
where another issuer, such as the security module itself, can be put.
"""

from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.host import Answer, ArpcMethod, Rules, SoftwareIssuerHost, approve
from cardwright.issuerhost.keys import Derivation, IssuerKeys
from cardwright.issuerhost.messages import (
    AuthorizationRequest,
    AuthorizationResponse,
    ChipData,
    HostUnavailableError,
    IssuerHost,
)
from cardwright.issuerhost.messaging import MessagingFormat
from cardwright.issuerhost.scripts import ChangePin, PutData, Script, UnblockPin

__all__ = [
    "Answer",
    "ArpcMethod",
    "AuthorizationRequest",
    "AuthorizationResponse",
    "ChangePin",
    "ChipData",
    "Derivation",
    "HostUnavailableError",
    "IssuerHost",
    "IssuerHostError",
    "IssuerKeys",
    "MessagingFormat",
    "PutData",
    "Rules",
    "Script",
    "SoftwareIssuerHost",
    "UnblockPin",
    "approve",
]
