"""X9.143-2021, clause 4: hexadecimal text has upper-case letters only."""

from __future__ import annotations

import re

from cardwright.keyblock.errors import KeyBlockError

__all__ = ["hex_octets"]

_OCTETS = re.compile(r"([0-9A-F]{2})*")


def hex_octets(text: str, code: str = "KEYBLOCK_OPTIONAL") -> bytes:
    """Return the octets of hexadecimal text.

    Raises:
        KeyBlockError: ``code`` for lower case, spaces, half an octet.
    """
    if not _OCTETS.fullmatch(text):
        raise KeyBlockError(code, "Octets are pairs of upper-case hexadecimal digits")
    return bytes.fromhex(text)
