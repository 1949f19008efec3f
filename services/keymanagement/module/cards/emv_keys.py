"""A card's EMV keys by the option of its product (EMV Book 2, annex A1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cardwright.cipher import BlockCipher
from cardwright.emv.keys import derive_option_a, derive_option_b, derive_option_c
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes

__all__ = ["card_key"]

# Any: A and B take triple DES, C a cipher; each is given a handle of its own algorithm alone.
_OPTIONS: Final[dict[str, tuple[int, Callable[[Any, str, str], SecretBytes]]]] = {
    "A": (8, derive_option_a),
    "B": (8, derive_option_b),
    "C": (16, derive_option_c),
}


def card_key(
    derivation: str, master: BlockCipher, number: str, sequence_number: str
) -> SecretBytes:
    """Derive one key.

    Args:
        derivation: "A" or "B", of triple DES, or "C", of AES.
        master: the issuer's key by handle.
        number: the account number's digits.
        sequence_number: two digits.

    Raises:
        HsmError: DERIVATION_OPTION or KEY_USAGE.
        EmvError: KEY_LENGTH or DERIVATION_INPUT.
    """
    if derivation not in _OPTIONS:
        raise HsmError("DERIVATION_OPTION", "Cards' keys derive by option A, B or C.")
    block, derive = _OPTIONS[derivation]
    if master.block != block:
        raise HsmError(
            "KEY_USAGE", f"Option {derivation} does not derive from a key of this algorithm."
        )
    return derive(master, number, sequence_number)
