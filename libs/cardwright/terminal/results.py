"""What a transaction ends with, for people and for quality control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cardwright.issuerhost.messages import ChipData
from cardwright.secret import SecretBytes
from cardwright.terminal.card import Exchange
from cardwright.terminal.flags import Tsi, Tvr

__all__ = ["CvmResults", "OdaMethod", "OdaResult", "Outcome", "Transaction"]


class Outcome(Enum):
    """How a transaction ends."""

    APPROVED = "approved"
    DECLINED = "declined"
    TERMINATED = "terminated"


class OdaMethod(Enum):
    """A way of offline data authentication (EMV Book 2, 5 and 6)."""

    NONE = "none"
    SDA = "SDA"
    DDA = "DDA"
    CDA = "CDA"


@dataclass(frozen=True, slots=True)
class OdaResult:
    """Result of offline data authentication.

    Attributes:
        method: the one that terminal and card both can do; NONE where there is none.
        code: ``NOT_PERFORMED``; ``OK``; for CDA until a cryptogram is signed ``NOT_SIGNED``; else
            what failed: ``SDA_TAG_LIST``, ``STATIC_DATA``, ``ICC_DATA_MISSING``,
            ``CA_KEY_MISSING``, ``CA_KEY_EXPIRED``, ``DDOL``, ``SDAD_MISSING``, ``SDAD_CID`` or
            ``SDAD_TRANSACTION_DATA``, or a part (``ISSUER_CERTIFICATE``, ``ICC_CERTIFICATE``,
            ``SSAD``, ``SDAD``) with ``_LENGTH``, ``_FORMAT``, ``_HASH`` or ``_ALGORITHM``, and of
            certificates ``_KEY_LENGTH``, ``_EXPIRED``, ``_REVOKED`` or ``_PAN``.
    """

    method: OdaMethod = OdaMethod.NONE
    code: str = "NOT_PERFORMED"

    @property
    def ok(self) -> bool:
        """Whether the card proved to be genuine."""
        return self.code == "OK"


@dataclass(frozen=True, slots=True)
class CvmResults:
    """Cardholder verification results (9F34; Book 4, annex A4).

    Attributes:
        method: the method last performed, with its bit 7; 3F for none.
        condition: the condition of its rule.
        result: 0 unknown (for others to find out), 1 failed, 2 successful.
    """

    method: int = 0x3F
    condition: int = 0
    result: int = 0

    def encode(self) -> bytes:
        """Return the 3 octets."""
        return bytes((self.method, self.condition, self.result))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction that ended. Nothing that prints tells who the cardholder is.

    Attributes:
        outcome: how it ended.
        code: why. Approved: ``OFFLINE``, ``ISSUER``, ``UNABLE_ONLINE``. Declined: ``TERMINAL`` (the
            action codes), ``CARD``, ``ISSUER``, ``CARD_AFTER_ISSUER``, ``UNABLE_ONLINE``,
            ``CDA_FAILED``. Terminated: the code of the ``TerminatedError`` or ``CardLinkError``.
        findings: codes of what went wrong on the way, in order.
        aid: name of the selected application; empty when it did not come so far.
        selected_by: ``PSE`` or ``AID_LIST``; empty likewise.
        tvr: terminal verification results.
        tsi: transaction status information.
        cvm: cardholder verification results.
        oda: result of offline data authentication.
        atc: application transaction counter; None before the first cryptogram.
        first: the first cryptogram and what it was made over.
        final: the last one; the first again where there was one only.
        response_code: authorisation response code (8A); empty when it did not come so far.
        script_results: issuer script results (9F5B), 5 octets a script.
        objects: data objects that came from the card, by tag.
        log: commands and status words.
    """

    outcome: Outcome
    code: str
    findings: tuple[str, ...]
    aid: bytes
    selected_by: str
    tvr: Tvr
    tsi: Tsi
    cvm: CvmResults
    oda: OdaResult
    atc: int | None
    first: ChipData | None
    final: ChipData | None
    response_code: str
    script_results: tuple[bytes, ...]
    objects: Mapping[int, SecretBytes] = field(repr=False)
    log: tuple[Exchange, ...]
