"""What SCP03 derives from static keys (Amendment D 1.2, 4.1.5, 6.2.1 and 6.2.2)."""

from __future__ import annotations

from enum import IntEnum

from cardwright.cipher import BlockCipher
from cardwright.secret import SecretBytes

__all__ = ["Constant", "card_challenge", "derive", "session_key"]


class Constant(IntEnum):
    """Derivation constants (4.1.5, table 4-1)."""

    CARD_CRYPTOGRAM = 0x00
    HOST_CRYPTOGRAM = 0x01
    CARD_CHALLENGE = 0x02
    S_ENC = 0x04
    S_MAC = 0x06
    S_RMAC = 0x07


def derive(key: BlockCipher, constant: Constant, context: bytes, length: int) -> bytes:
    """The data derivation of Amendment D, 4.1.5.

    SP 800-108 counter mode over label (11 zero octets, then ``constant``), a zero octet, the
    length in bits (2 octets), the counter (1 octet) and ``context``. ``length`` is in octets.
    """
    head = bytes(11) + bytes((constant, 0)) + (8 * length).to_bytes(2, "big")
    blocks = range(1, -(-length // key.block) + 1)
    return b"".join(key.cmac(head + bytes((i,)) + context) for i in blocks)[:length]


def card_challenge(key_enc: BlockCipher, counter: bytes, aid: bytes, length: int = 8) -> bytes:
    """The challenge of a card whose ``i`` says pseudo-random (Amendment D, 6.2.2.1).

    Args:
        key_enc: the static Key-ENC.
        counter: the key set's sequence counter, 3 octets, after the increment.
        aid: what is selected when the session begins, as a rule the card manager.
        length: 8 octets, or 16 in S16 mode.
    """
    return derive(key_enc, Constant.CARD_CHALLENGE, counter + aid, length)


def session_key(key: BlockCipher, constant: Constant, context: bytes) -> SecretBytes:
    """Derive a session key, as long as the static key (6.2.1).

    Args:
        key: Key-ENC for S_ENC, Key-MAC for S_MAC and S_RMAC.
        constant: which.
        context: host challenge, then card challenge.
    """
    return SecretBytes(derive(key, constant, context, key.length))
