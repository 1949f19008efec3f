"""The terminal of acceptance tests: a merchant's that must go on line, as strict as they come."""

from __future__ import annotations

from collections.abc import Collection

from cardwright.terminal.capk import CaPublicKey
from cardwright.terminal.flags import Capability
from cardwright.terminal.profile import Profile, TerminalAid

__all__ = ["acceptance_terminal"]

_ATTENDED = 0x22  # a merchant's, on line or off (EMV Book 4, annex A1)
_CAPABILITIES = (
    Capability.CONTACT_CHIP
    | Capability.SIGNATURE
    | Capability.NO_CVM
    | Capability.SDA
    | Capability.DDA
    | Capability.CDA
)
_PIN_PAD = Capability.PLAINTEXT_PIN | Capability.ENCIPHERED_PIN | Capability.ONLINE_PIN
# What EMV Book 3, table C.5 names, all of it, has the issuer decide.
_EVERYTHING = bytes.fromhex("FCF8FCF8F0")


def acceptance_terminal(
    aids: Collection[TerminalAid],
    ca_keys: Collection[CaPublicKey],
    *,
    country: str = "372",
    currency: str = "978",
    currency_exponent: int = 2,
    pin_pad: bool = False,
) -> Profile:
    """Return an attended terminal that sends every payment on line.

    Args:
        aids: what it accepts.
        ca_keys: the payment systems' keys.
        country: where it stands, three digits of ISO 3166.
        currency: what it takes, three digits of ISO 4217.
        currency_exponent: its minor digits.
        pin_pad: whether somebody who knows a PIN can key it in.
    """
    return Profile(
        type=_ATTENDED,
        capabilities=_CAPABILITIES | _PIN_PAD if pin_pad else _CAPABILITIES,
        country=country,
        currency=currency,
        currency_exponent=currency_exponent,
        aids=tuple(aids),
        tac_denial=bytes(5),
        tac_online=_EVERYTHING,
        tac_default=_EVERYTHING,
        floor_limit=0,
        ca_keys=tuple(ca_keys),
    )
