"""What SCP02 derives from static keys, and its MAC (GP 2.3.1, B.1.2.2, E.3.4, E.4.1, E.4.2.3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cardwright.cipher import BlockCipher, ClearTdes, Tdes
from cardwright.globalplatform.messaging import pad
from cardwright.secret import SecretBytes

__all__ = ["Constant", "RetailMac", "card_challenge", "session_key"]

_BLOCK: Final = 8
_ZERO_BLOCK: Final = bytes(_BLOCK)


class Constant(IntEnum):
    """Constants of the session keys (E.4.1)."""

    C_MAC = 0x0101
    R_MAC = 0x0102
    DEK = 0x0181
    S_ENC = 0x0182


def session_key(key: BlockCipher, constant: Constant, counter: bytes) -> SecretBytes:
    """Derive a session key (E.4.1): CBC over the constant, the counter and twelve zero octets.

    Args:
        key: the static key, triple DES.
        constant: which: C_MAC and R_MAC from Key-MAC, DEK from Key-DEK, S_ENC from Key-ENC.
        counter: the sequence counter, 2 octets.
    """
    return SecretBytes(
        key.encrypt_cbc(constant.to_bytes(2, "big") + counter + bytes(12), _ZERO_BLOCK)
    )


def card_challenge(key_mac: BlockCipher, counter: bytes, aid: bytes) -> bytes:
    """The challenge, 6 octets, of a card whose ``i`` says "well-known pseudo-random" (E.4.2.3).

    Args:
        key_mac: the static Key-MAC.
        counter: the sequence counter, 2 octets.
        aid: what is selected when the session begins, as a rule the card manager.
    """
    s_mac = ClearTdes(session_key(key_mac, Constant.C_MAC, counter))
    return RetailMac(s_mac).over(aid, _ZERO_BLOCK)[:6]


class RetailMac:
    """Single DES plus final triple DES (B.1.2.2; ISO/IEC 9797-1 algorithm 3, padding method 2)."""

    __slots__ = ("_left", "_whole")

    def __init__(self, key: Tdes) -> None:
        self._whole, self._left = key, key.left

    def over(self, message: bytes, icv: bytes) -> bytes:
        """MAC a message, chained to what came before."""
        padded = pad(message, _BLOCK)
        head, last = padded[:-_BLOCK], padded[-_BLOCK:]
        chained = self._left.encrypt_cbc(head, icv)[-_BLOCK:] if head else icv
        return self._whole.encrypt_cbc(last, chained)

    def encrypted_icv(self, mac: bytes) -> bytes:
        """Single DES under the key's first half (E.3.4)."""
        return self._left.encrypt(mac)
