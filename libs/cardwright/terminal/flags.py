"""EMV Book 3 annex C and Book 4 annex A: octet strings of which each bit has a meaning.

A string is one number, its first octet the most significant; bit 8 of an octet is its highest.
"""

from __future__ import annotations

from enum import IntFlag

__all__ = ["Aip", "Auc", "Capability", "Tsi", "Tvr"]


class Tvr(IntFlag):
    """Terminal verification results (95), 5 octets (Book 3, annex C5)."""

    ODA_NOT_PERFORMED = 1 << 39
    SDA_FAILED = 1 << 38
    ICC_DATA_MISSING = 1 << 37
    ON_EXCEPTION_FILE = 1 << 36
    DDA_FAILED = 1 << 35
    CDA_FAILED = 1 << 34
    SDA_SELECTED = 1 << 33

    DIFFERENT_VERSIONS = 1 << 31
    EXPIRED = 1 << 30
    NOT_YET_EFFECTIVE = 1 << 29
    SERVICE_NOT_ALLOWED = 1 << 28
    NEW_CARD = 1 << 27

    CARDHOLDER_NOT_VERIFIED = 1 << 23
    UNRECOGNISED_CVM = 1 << 22
    PIN_TRY_LIMIT_EXCEEDED = 1 << 21
    PIN_PAD_MISSING = 1 << 20
    PIN_NOT_ENTERED = 1 << 19
    ONLINE_PIN_ENTERED = 1 << 18

    FLOOR_LIMIT_EXCEEDED = 1 << 15
    LOWER_OFFLINE_LIMIT_EXCEEDED = 1 << 14
    UPPER_OFFLINE_LIMIT_EXCEEDED = 1 << 13
    RANDOMLY_SELECTED = 1 << 12
    FORCED_ONLINE = 1 << 11

    DEFAULT_TDOL_USED = 1 << 7
    ISSUER_AUTHENTICATION_FAILED = 1 << 6
    SCRIPT_FAILED_BEFORE_FINAL = 1 << 5
    SCRIPT_FAILED_AFTER_FINAL = 1 << 4

    def encode(self) -> bytes:
        """Return the 5 octets."""
        return self.value.to_bytes(5, "big")


class Tsi(IntFlag):
    """Transaction status information (9B), 2 octets (Book 3, annex C6): what was performed."""

    OFFLINE_DATA_AUTHENTICATION = 1 << 15
    CARDHOLDER_VERIFICATION = 1 << 14
    CARD_RISK_MANAGEMENT = 1 << 13
    ISSUER_AUTHENTICATION = 1 << 12
    TERMINAL_RISK_MANAGEMENT = 1 << 11
    SCRIPT_PROCESSING = 1 << 10

    def encode(self) -> bytes:
        """Return the 2 octets."""
        return self.value.to_bytes(2, "big")


class Aip(IntFlag):
    """Application interchange profile (82), 2 octets (Book 3, annex C1)."""

    SDA = 0x4000
    DDA = 0x2000
    CARDHOLDER_VERIFICATION = 0x1000
    TERMINAL_RISK_MANAGEMENT = 0x0800
    ISSUER_AUTHENTICATION = 0x0400
    CDA = 0x0100


class Auc(IntFlag):
    """Application usage control (9F07), 2 octets (Book 3, annex C2)."""

    DOMESTIC_CASH = 0x8000
    INTERNATIONAL_CASH = 0x4000
    DOMESTIC_GOODS = 0x2000
    INTERNATIONAL_GOODS = 0x1000
    DOMESTIC_SERVICES = 0x0800
    INTERNATIONAL_SERVICES = 0x0400
    AT_ATM = 0x0200
    NOT_AT_ATM = 0x0100
    DOMESTIC_CASHBACK = 0x0080
    INTERNATIONAL_CASHBACK = 0x0040


class Capability(IntFlag):
    """Terminal capabilities (9F33), 3 octets (Book 4, annex A2)."""

    MANUAL_ENTRY = 0x800000
    MAGNETIC_STRIPE = 0x400000
    CONTACT_CHIP = 0x200000

    PLAINTEXT_PIN = 0x008000
    ONLINE_PIN = 0x004000
    SIGNATURE = 0x002000
    ENCIPHERED_PIN = 0x001000
    NO_CVM = 0x000800

    SDA = 0x000080
    DDA = 0x000040
    CARD_CAPTURE = 0x000020
    CDA = 0x000008

    def encode(self) -> bytes:
        """Return the 3 octets."""
        return self.value.to_bytes(3, "big")
