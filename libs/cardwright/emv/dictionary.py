"""EMV 4.4 Book 3 annex A, table 37: the data elements that cards and their data object lists name.

Names, formats, lengths, sources and templates are the table's; elements of biometric verification
and of tokens are left out. Two are of the contactless books: 9F2A (Book B, table 3-3) and 9F66
(Book A, table 5-4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cardwright.emv.errors import EmvError

__all__ = ["DICTIONARY", "DataElement", "Source", "element", "find"]


class Source(Enum):
    """Whose value it is."""

    CARD = "card"
    TERMINAL = "terminal"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class DataElement:
    """One row of the table.

    Attributes:
        tag: its octets as a number.
        name: as the table has it.
        format: a, an, ans, b, cn, n or var, with the number of characters where it is fixed.
        minimum: octets at least.
        maximum: octets at most.
        source: whose value it is.
        templates: where it lies; none for what travels in data object lists alone.
    """

    tag: int
    name: str
    format: str
    minimum: int
    maximum: int
    source: Source
    templates: tuple[int, ...]

    @property
    def in_record(self) -> bool:
        """Whether READ RECORD may bring it (template 70)."""
        return 0x70 in self.templates

    def allows(self, value: bytes) -> bool:
        """Whether a value's length is one of the element's."""
        return self.minimum <= len(value) <= self.maximum


_C, _T, _I = Source.CARD, Source.TERMINAL, Source.ISSUER
_RECORD = (0x70, 0x77)
_ANSWER = (0x77, 0x80)  # of GET PROCESSING OPTIONS, GENERATE AC, INTERNAL AUTHENTICATE
_DISCRETIONARY = (0xBF0C, 0x73)
_SELECTION = (0x61, 0xA5)
_LIST_MAX = 252

_ROWS: Final[tuple[tuple[int, str, str, int, int, Source, tuple[int, ...]], ...]] = (
    (0x42, "Issuer Identification Number (IIN)", "n 6", 3, 3, _C, _DISCRETIONARY),
    (0x4F, "Application Dedicated File (ADF) Name", "b", 5, 16, _C, (0x61,)),
    (0x50, "Application Label", "ans", 1, 16, _C, _SELECTION),
    (0x57, "Track 2 Equivalent Data", "b", 1, 19, _C, _RECORD),
    (0x5A, "Application Primary Account Number (PAN)", "cn", 1, 10, _C, _RECORD),
    (0x61, "Application Template", "b", 0, _LIST_MAX, _C, (0x70,)),
    (0x73, "Directory Discretionary Template", "var", 0, _LIST_MAX, _C, (0x61,)),
    (0x81, "Amount, Authorised (Binary)", "b", 4, 4, _T, ()),
    (0x82, "Application Interchange Profile", "b", 2, 2, _C, _ANSWER),
    (0x84, "Dedicated File (DF) Name", "b", 5, 16, _C, (0x6F,)),
    (0x87, "Application Priority Indicator", "b", 1, 1, _C, _SELECTION),
    (0x88, "Short File Identifier (SFI)", "b", 1, 1, _C, (0xA5,)),
    (0x89, "Authorisation Code", "var", 6, 6, _I, ()),
    (0x8A, "Authorisation Response Code", "an 2", 2, 2, _T, ()),
    (0x8C, "Card Risk Management Data Object List 1 (CDOL1)", "b", 0, _LIST_MAX, _C, _RECORD),
    (0x8D, "Card Risk Management Data Object List 2 (CDOL2)", "b", 0, _LIST_MAX, _C, _RECORD),
    (0x8E, "Cardholder Verification Method (CVM) List", "b", 10, _LIST_MAX, _C, _RECORD),
    (0x8F, "Certification Authority Public Key Index", "b", 1, 1, _C, _RECORD),
    (0x90, "Issuer Public Key Certificate", "b", 1, 248, _C, _RECORD),
    (0x91, "Issuer Authentication Data", "b", 8, 16, _I, ()),
    (0x92, "Issuer Public Key Remainder", "b", 1, 248, _C, _RECORD),
    (0x93, "Signed Static Application Data", "b", 1, 248, _C, _RECORD),
    (0x94, "Application File Locator (AFL)", "var", 0, _LIST_MAX, _C, _ANSWER),
    (0x95, "Terminal Verification Results", "b", 5, 5, _T, ()),
    (0x97, "Transaction Certificate Data Object List (TDOL)", "b", 0, _LIST_MAX, _C, _RECORD),
    (0x98, "Transaction Certificate (TC) Hash Value", "b", 20, 20, _T, ()),
    (0x9A, "Transaction Date", "n 6", 3, 3, _T, ()),
    (0x9B, "Transaction Status Information", "b", 2, 2, _T, ()),
    (0x9C, "Transaction Type", "n 2", 1, 1, _T, ()),
    (0x5F20, "Cardholder Name", "ans", 2, 26, _C, _RECORD),
    (0x5F24, "Application Expiration Date", "n 6", 3, 3, _C, _RECORD),
    (0x5F25, "Application Effective Date", "n 6", 3, 3, _C, _RECORD),
    (0x5F28, "Issuer Country Code", "n 3", 2, 2, _C, _RECORD),
    (0x5F2A, "Transaction Currency Code", "n 3", 2, 2, _T, ()),
    (0x5F2D, "Language Preference", "an 2", 2, 8, _C, (0xA5,)),
    (0x5F30, "Service Code", "n 3", 2, 2, _C, _RECORD),
    (0x5F34, "Application PAN Sequence Number", "n 2", 1, 1, _C, _RECORD),
    (0x5F36, "Transaction Currency Exponent", "n 1", 1, 1, _T, ()),
    (0x5F50, "Issuer URL", "ans", 1, _LIST_MAX, _C, _DISCRETIONARY),
    (0x5F53, "International Bank Account Number (IBAN)", "var", 1, 34, _C, _DISCRETIONARY),
    (0x5F54, "Bank Identifier Code (BIC)", "var", 8, 11, _C, _DISCRETIONARY),
    (0x5F55, "Issuer Country Code (alpha2 format)", "a 2", 2, 2, _C, _DISCRETIONARY),
    (0x5F56, "Issuer Country Code (alpha3 format)", "a 3", 3, 3, _C, _DISCRETIONARY),
    (0x5F57, "Account Type", "n 2", 1, 1, _T, ()),
    (0x9F01, "Acquirer Identifier", "n 6-11", 6, 6, _T, ()),
    (0x9F02, "Amount, Authorised (Numeric)", "n 12", 6, 6, _T, ()),
    (0x9F03, "Amount, Other (Numeric)", "n 12", 6, 6, _T, ()),
    (0x9F04, "Amount, Other (Binary)", "b", 4, 4, _T, ()),
    (0x9F05, "Application Discretionary Data", "b", 1, 32, _C, _RECORD),
    (0x9F06, "Application Identifier (AID) - terminal", "b", 5, 16, _T, ()),
    (0x9F07, "Application Usage Control", "b", 2, 2, _C, _RECORD),
    (0x9F08, "Application Version Number", "b", 2, 2, _C, _RECORD),
    (0x9F09, "Application Version Number - terminal", "b", 2, 2, _T, ()),
    (0x9F0B, "Cardholder Name Extended", "ans", 27, 45, _C, _RECORD),
    (0x9F0C, "Issuer Identification Number Extended (IINE)", "n", 3, 4, _C, _DISCRETIONARY),
    (0x9F0D, "Issuer Action Code - Default", "b", 5, 5, _C, _RECORD),
    (0x9F0E, "Issuer Action Code - Denial", "b", 5, 5, _C, _RECORD),
    (0x9F0F, "Issuer Action Code - Online", "b", 5, 5, _C, _RECORD),
    (0x9F10, "Issuer Application Data", "b", 0, 32, _C, _ANSWER),
    (0x9F11, "Issuer Code Table Index", "n 2", 1, 1, _C, (0xA5,)),
    (0x9F12, "Application Preferred Name", "ans", 1, 16, _C, _SELECTION),
    (0x9F13, "Last Online ATC Register", "b", 2, 2, _C, ()),
    (0x9F14, "Lower Consecutive Offline Limit", "b", 1, 1, _C, _RECORD),
    (0x9F15, "Merchant Category Code", "n 4", 2, 2, _T, ()),
    (0x9F16, "Merchant Identifier", "ans 15", 15, 15, _T, ()),
    (0x9F17, "PIN Try Counter", "b", 1, 1, _C, ()),
    (0x9F1A, "Terminal Country Code", "n 3", 2, 2, _T, ()),
    (0x9F1B, "Terminal Floor Limit", "b", 4, 4, _T, ()),
    (0x9F1C, "Terminal Identification", "an 8", 8, 8, _T, ()),
    (0x9F1D, "Terminal Risk Management Data", "b", 1, 8, _T, ()),
    (0x9F1E, "Interface Device (IFD) Serial Number", "an 8", 8, 8, _T, ()),
    (0x9F1F, "Track 1 Discretionary Data", "ans", 0, _LIST_MAX, _C, _RECORD),
    (0x9F20, "Track 2 Discretionary Data", "cn", 0, _LIST_MAX, _C, _RECORD),
    (0x9F21, "Transaction Time", "n 6", 3, 3, _T, ()),
    (0x9F22, "Certification Authority Public Key Index - terminal", "b", 1, 1, _T, ()),
    (0x9F23, "Upper Consecutive Offline Limit", "b", 1, 1, _C, _RECORD),
    (0x9F26, "Application Cryptogram", "b", 8, 8, _C, _ANSWER),
    (0x9F27, "Cryptogram Information Data", "b", 1, 1, _C, _ANSWER),
    (0x9F2A, "Kernel Identifier", "b", 1, 8, _C, (0x61,)),
    (0x9F2D, "ICC PIN Encipherment Public Key Certificate", "b", 1, 248, _C, _RECORD),
    (0x9F2E, "ICC PIN Encipherment Public Key Exponent", "b", 1, 3, _C, _RECORD),
    (0x9F2F, "ICC PIN Encipherment Public Key Remainder", "b", 1, 248, _C, _RECORD),
    (0x9F32, "Issuer Public Key Exponent", "b", 1, 3, _C, _RECORD),
    (0x9F33, "Terminal Capabilities", "b", 3, 3, _T, ()),
    (0x9F34, "Cardholder Verification Method (CVM) Results", "b", 3, 3, _T, ()),
    (0x9F35, "Terminal Type", "n 2", 1, 1, _T, ()),
    (0x9F36, "Application Transaction Counter (ATC)", "b", 2, 2, _C, _ANSWER),
    (0x9F37, "Unpredictable Number", "b", 4, 4, _T, ()),
    (0x9F38, "Processing Options Data Object List (PDOL)", "b", 0, _LIST_MAX, _C, (0xA5,)),
    (0x9F39, "Point-of-Service (POS) Entry Mode", "n 2", 1, 1, _T, ()),
    (0x9F3A, "Amount, Reference Currency", "b", 4, 4, _T, ()),
    (0x9F3B, "Application Reference Currency", "n 3", 2, 8, _C, _RECORD),
    (0x9F3C, "Transaction Reference Currency Code", "n 3", 2, 2, _T, ()),
    (0x9F3D, "Transaction Reference Currency Exponent", "n 1", 1, 1, _T, ()),
    (0x9F40, "Additional Terminal Capabilities", "b", 5, 5, _T, ()),
    (0x9F41, "Transaction Sequence Counter", "n 4-8", 2, 4, _T, ()),
    (0x9F42, "Application Currency Code", "n 3", 2, 2, _C, _RECORD),
    (0x9F43, "Application Reference Currency Exponent", "n 1", 1, 4, _C, _RECORD),
    (0x9F44, "Application Currency Exponent", "n 1", 1, 1, _C, _RECORD),
    (0x9F45, "Data Authentication Code", "b", 2, 2, _C, ()),
    (0x9F46, "ICC Public Key Certificate", "b", 1, 248, _C, _RECORD),
    (0x9F47, "ICC Public Key Exponent", "b", 1, 3, _C, _RECORD),
    (0x9F48, "ICC Public Key Remainder", "b", 1, 248, _C, _RECORD),
    (0x9F49, "Dynamic Data Authentication Data Object List (DDOL)", "b", 0, _LIST_MAX, _C, _RECORD),
    (0x9F4A, "Static Data Authentication Tag List", "var", 0, _LIST_MAX, _C, _RECORD),
    (0x9F4B, "Signed Dynamic Application Data", "b", 1, 248, _C, _ANSWER),
    (0x9F4C, "ICC Dynamic Number", "b", 2, 8, _C, ()),
    (0x9F4D, "Log Entry", "b", 2, 2, _C, _DISCRETIONARY),
    (0x9F4E, "Merchant Name and Location", "ans", 0, _LIST_MAX, _T, ()),
    (0x9F4F, "Log Format", "b", 0, _LIST_MAX, _C, ()),
    (0x9F66, "Terminal Transaction Qualifiers (TTQ)", "b", 4, 4, _T, ()),
    (0xA5, "FCI Proprietary Template", "var", 0, _LIST_MAX, _C, (0x6F,)),
    (0xBF0C, "FCI Issuer Discretionary Data", "var", 0, 222, _C, (0xA5,)),
)

DICTIONARY: Final[Mapping[int, DataElement]] = {row[0]: DataElement(*row) for row in _ROWS}


def find(tag: int) -> DataElement | None:
    """Return what the dictionary says of a tag, if anything."""
    return DICTIONARY.get(tag)


def element(tag: int) -> DataElement:
    """Return what the dictionary says of a tag.

    Raises:
        EmvError: TAG_UNKNOWN.
    """
    found = DICTIONARY.get(tag)
    if found is None:
        raise EmvError("TAG_UNKNOWN", f"{tag:X} is no tag of EMV Book 3 annex A; correct it")
    return found
