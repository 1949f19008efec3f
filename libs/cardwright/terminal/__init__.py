"""A payment terminal of our own, to accept the cards that Cardwright makes (EMV 4.3, Books 1 to 4).

It checks what data preparation and the security module made, so it shares no code with them.
"""

from cardwright.terminal.acceptance import acceptance_terminal
from cardwright.terminal.capk import CaPublicKey, load_ca_keys
from cardwright.terminal.card import Card, Exchange, guard
from cardwright.terminal.contactless import ContactlessReading, read_contactless
from cardwright.terminal.errors import CardLinkError, ProfileError
from cardwright.terminal.flags import Capability, Tsi, Tvr
from cardwright.terminal.flow import run
from cardwright.terminal.profile import (
    Profile,
    RandomSelection,
    RevokedCertificate,
    TerminalAid,
    TransactionRequest,
    TransactionType,
)
from cardwright.terminal.results import CvmResults, OdaMethod, OdaResult, Outcome, Transaction

__all__ = [
    "CaPublicKey",
    "Capability",
    "Card",
    "CardLinkError",
    "ContactlessReading",
    "CvmResults",
    "Exchange",
    "OdaMethod",
    "OdaResult",
    "Outcome",
    "Profile",
    "ProfileError",
    "RandomSelection",
    "RevokedCertificate",
    "TerminalAid",
    "Transaction",
    "TransactionRequest",
    "TransactionType",
    "Tsi",
    "Tvr",
    "acceptance_terminal",
    "guard",
    "load_ca_keys",
    "read_contactless",
    "run",
]
