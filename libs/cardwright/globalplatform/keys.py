"""Static and session keys of SCP03: NIST SP 800-108 in counter mode with AES-CMAC."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.globalplatform.errors import KeyLengthError
from cardwright.secret import SecretBytes

__all__ = ["StaticKeys", "cmac", "derive", "diversify"]

_AES_KEY_LENGTHS = (16, 24, 32)
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class StaticKeys:
    """A card's static key set: Key-ENC, Key-MAC and Key-DEK (Amendment D, 6.1).

    All three are AES keys of one length: 16, 24 or 32 octets; else ``KeyLengthError``.
    """

    enc: SecretBytes
    mac: SecretBytes
    dek: SecretBytes

    def __post_init__(self) -> None:
        lengths = {len(self.enc), len(self.mac), len(self.dek)}
        if len(lengths) != 1 or not lengths <= set(_AES_KEY_LENGTHS):
            raise KeyLengthError(
                f"A key set needs three AES keys of one length, not {sorted(lengths)} octets: "
                "check which keys were loaded."
            )


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (NIST SP 800-38B), 16 octets."""
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def derive(key: bytes, constant: int, context: bytes, length: int) -> bytes:
    """The data derivation of Amendment D, 4.1.5.

    SP 800-108 counter mode over label (11 zero octets, then ``constant``), a zero octet, the
    length in bits (2 octets), the counter (1 octet) and ``context``. ``length`` is in octets.
    """
    head = bytes(11) + bytes((constant, 0)) + (8 * length).to_bytes(2, "big")
    blocks = (cmac(key, head + bytes((i,)) + context) for i in range(1, -(-length // _BLOCK) + 1))
    return b"".join(blocks)[:length]


def diversify(kmc: SecretBytes, diversification_data: bytes) -> StaticKeys:
    """Derive a card's static keys from the issuer's master key, as manufacturers do ("KDF3").

    SP 800-108 counter mode with AES-CMAC; the counter comes first and there is no length field:
    ``CMAC(KMC, counter (1) || 000000 purpose (4) || 00 || diversification data (10))``, where
    purpose is 1 for Key-ENC, 2 for Key-MAC and 3 for Key-DEK, and the counter runs 1, 2 until
    the derived key is as long as the KMC. It is the scheme that open GlobalPlatform host tools
    call KDF3; no GlobalPlatform document fixes it, so agree it with the card's maker.
    """
    master = kmc.reveal()
    if len(master) not in _AES_KEY_LENGTHS:
        raise KeyLengthError(
            f"The master key has {len(master)} octets; an AES key of 16, 24 or 32 is needed."
        )

    def card_key(purpose: int) -> SecretBytes:
        fixed = purpose.to_bytes(4, "big") + b"\0" + diversification_data
        key = b""
        for counter in count(1):
            key += cmac(master, bytes((counter,)) + fixed)
            if len(key) >= len(master):
                break
        return SecretBytes(key[: len(master)])

    return StaticKeys(enc=card_key(1), mac=card_key(2), dek=card_key(3))
