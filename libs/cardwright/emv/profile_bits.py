"""EMV 4.4 Book 3 annex C: the bits of profiles by name.

C1 application interchange profile (table 41; the bits that it reserves for contactless use are
named as in Contactless Book C-2, A.1.16), C2 application usage control (table 42), C5 terminal
verification results (table 46), which issuer action codes mirror.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cardwright.emv.errors import EmvError

__all__ = ["AIP", "TVR", "USAGE_CONTROL", "BitField"]


@dataclass(frozen=True, slots=True)
class BitField:
    """A data element of named bits.

    Attributes:
        title: what to call it.
        length: octets.
        masks: each name's bit, in the whole element read as one number.
    """

    title: str
    length: int
    masks: Mapping[str, int]

    def encode(self, names: Iterable[str]) -> bytes:
        """Return the octets with the named bits set.

        Raises:
            EmvError: BIT_NAME.
        """
        bits = 0
        for name in names:
            if name not in self.masks:
                known = ", ".join(self.masks)
                raise EmvError("BIT_NAME", f"{self.title} has no bit {name!r}; it has {known}")
            bits |= self.masks[name]
        return bits.to_bytes(self.length, "big")

    def names(self, octets: bytes) -> tuple[str, ...]:
        """Return the names of the bits that are set, from the leftmost."""
        bits = int.from_bytes(octets, "big")
        return tuple(name for name, mask in self.masks.items() if bits & mask)

    def has(self, octets: bytes, *names: str) -> bool:
        """Whether any of the named bits is set."""
        return bool(int.from_bytes(octets, "big") & int.from_bytes(self.encode(names), "big"))

    def unnamed(self, octets: bytes) -> bytes:
        """Return the octets with only those bits left that have no name: reserved ones."""
        named = int.from_bytes(self.encode(self.masks), "big")
        return (int.from_bytes(octets, "big") & ~named).to_bytes(self.length, "big")


def _field(title: str, *octets: Collection[str]) -> BitField:
    """Name bits by octet, each from b8 to b1; an empty name is a bit reserved for future use."""
    length = len(octets)
    masks = {
        name: 0x80 >> place << 8 * (length - 1 - at)
        for at, names in enumerate(octets)
        for place, name in enumerate(names)
        if name
    }
    return BitField(title, length, masks)


AIP: Final = _field(
    "the application interchange profile",
    (
        "xda",
        "sda",
        "dda",
        "cardholder_verification",
        "terminal_risk_management",
        "issuer_authentication",
        "on_device_cardholder_verification",
        "cda",
    ),
    ("emv_mode", "mobile_phone", "contactless_transaction", "", "", "", "", "relay_resistance"),
)

USAGE_CONTROL: Final = _field(
    "application usage control",
    (
        "domestic_cash",
        "international_cash",
        "domestic_goods",
        "international_goods",
        "domestic_services",
        "international_services",
        "atm",
        "other_terminals",
    ),
    ("domestic_cashback", "international_cashback"),
)

TVR: Final = _field(
    "terminal verification results",
    (
        "offline_data_authentication_not_performed",
        "sda_failed",
        "icc_data_missing",
        "on_exception_file",
        "dda_failed",
        "cda_failed",
        "sda_selected",
        "xda_selected",
    ),
    (
        "versions_differ",
        "expired",
        "not_yet_effective",
        "service_not_allowed",
        "new_card",
        "",
        "biometric_successful",
        "biometric_format_not_supported",
    ),
    (
        "cardholder_verification_failed",
        "cvm_unrecognised",
        "pin_try_limit_exceeded",
        "pin_pad_missing",
        "pin_not_entered",
        "online_cvm_captured",
        "biometric_device_missing",
        "biometric_bypassed",
    ),
    (
        "floor_limit_exceeded",
        "lower_offline_limit_exceeded",
        "upper_offline_limit_exceeded",
        "selected_randomly",
        "forced_online",
        "biometric_try_limit_exceeded",
        "biometric_type_not_supported",
        "xda_failed",
    ),
    (
        "default_tdol_used",
        "issuer_authentication_failed",
        "script_failed_before",
        "script_failed_after",
        "",
        "ca_ecc_key_missing",
        "ecc_key_recovery_failed",
    ),
)
