"""How a factory derives a card's static keys from a transport master key."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cardwright.chip.crypto import aes_cmac, tdes_ecb_encrypt
from cardwright.chip.keys import DEK, ENC, MAC, Key, KeyType

__all__ = ["Scheme", "TransportKeys"]

_DEFAULT_VERSIONS = {KeyType.TDES: 0x20, KeyType.AES: 0x30}  # the first meant for SCP02, SCP03


class Scheme(Enum):
    """A way of diversification.

    EMV_CPS: the EMV Card Personalization Specification's: triple DES over the last six octets of
    the diversification data. VISA2: the same over its octets 1, 2 and 5 to 8. KDF3: SP 800-108 in
    counter mode with AES-CMAC, the counter first, no length field. NONE: the master key itself in
    all three roles. No GlobalPlatform document fixes the names; host tools share them.
    """

    EMV_CPS = "emv-cps"
    VISA2 = "visa2"
    KDF3 = "kdf3"
    NONE = "none"

    def derive(self, master: bytes, data: bytes, identifier: int) -> bytes:
        """One key; ``identifier`` is 1 for ENC, 2 for MAC, 3 for DEK.

        Raises ``ValueError`` for a master key that the scheme's cipher does not take.
        """
        if self is Scheme.NONE:
            return master
        if self is Scheme.KDF3:
            rounds = 1 if len(master) == 16 else 2
            tail = bytes((0, 0, 0, identifier, 0)) + data
            blocks = (aes_cmac(master, bytes((n + 1,)) + tail) for n in range(rounds))
            return b"".join(blocks)[: len(master)]
        if len(master) != 16:
            raise ValueError(f"{self.value} derives from a double-length triple DES key.")
        unique = data[4:10] if self is Scheme.EMV_CPS else data[0:2] + data[4:8]
        halves = (unique + bytes((half, identifier)) for half in (0xF0, 0x0F))
        return tdes_ecb_encrypt(master, b"".join(halves))


@dataclass(frozen=True, slots=True)
class TransportKeys:
    """A key set as the factory loads it.

    Attributes:
        kmc: the transport master key: 16 octets, or 24 or 32 for longer AES keys.
        scheme: how the card's keys come from it.
        kind: TDES for SCP02, AES for SCP03.
        version: the key version, 01 to 7F; 0 means 20 for SCP02 and 30 for SCP03.
    """

    kmc: bytes = field(repr=False)
    scheme: Scheme = Scheme.KDF3
    kind: KeyType = KeyType.AES
    version: int = 0

    def card_keys(self, diversification_data: bytes) -> tuple[int, dict[int, Key]]:
        """The version and the keys of one card. Raises ``ValueError`` for keys of no such kind."""
        version = self.version or _DEFAULT_VERSIONS[self.kind]
        if not 1 <= version <= 0x7F:
            raise ValueError(f"No key has version {version:02X}.")
        return version, {
            each: Key(self.kind, self.scheme.derive(self.kmc, diversification_data, each))
            for each in (ENC, MAC, DEK)
        }
