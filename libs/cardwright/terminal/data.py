"""The data objects of a terminal and a transaction (EMV Book 4, annex A; Book 3, annex A)."""

from __future__ import annotations

from cardwright.terminal.profile import Profile, TransactionRequest

__all__ = ["terminal_data"]

_CHIP = b"\x05"  # point-of-service entry mode: integrated circuit, CVV can be checked


def terminal_data(
    profile: Profile, request: TransactionRequest, unpredictable: bytes
) -> dict[int, bytes]:
    """Return what the terminal can tell a card before anything happened, by tag.

    Args:
        profile: the terminal.
        request: the transaction.
        unpredictable: the unpredictable number (9F37), 4 octets.
    """
    return {
        0x81: request.amount.to_bytes(4, "big"),
        0x9F02: _numeric(request.amount, 6),
        0x9F03: _numeric(request.other, 6),
        0x9F04: request.other.to_bytes(4, "big"),
        0x9A: bytes.fromhex(request.at.strftime("%y%m%d")),
        0x9F21: bytes.fromhex(request.at.strftime("%H%M%S")),
        0x9C: bytes((request.type,)),
        0x9F41: _numeric(request.sequence, 4),
        0x9F37: unpredictable,
        0x5F2A: _numeric(int(profile.currency), 2),
        0x5F36: bytes((profile.currency_exponent,)),
        0x9F1A: _numeric(int(profile.country), 2),
        0x9F33: profile.capabilities.encode(),
        0x9F35: bytes((profile.type,)),
        0x9F40: profile.additional_capabilities,
        0x9F1B: profile.floor_limit.to_bytes(4, "big"),
        0x9F01: _numeric(int(profile.acquirer), 6),
        0x9F15: bytes.fromhex(profile.category),
        0x9F16: profile.merchant_id.encode("ascii"),
        0x9F1C: profile.terminal_id.encode("ascii"),
        0x9F1E: profile.serial.encode("ascii"),
        0x9F39: _CHIP,
        0x9F66: profile.ttq,
    }


def _numeric(number: int, octets: int) -> bytes:
    return bytes.fromhex(str(number).rjust(2 * octets, "0"))
