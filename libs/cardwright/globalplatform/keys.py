"""Static keys of a card: what they are, and how the issuer's master key (KMC) yields them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.globalplatform.errors import KeyLengthError
from cardwright.secret import SecretBytes

__all__ = ["Diversification", "KeyAlgorithm", "StaticKeys", "diversify", "key_check_value"]

_DIVERSIFICATION_DATA: Final = 10
_PURPOSES: Final = (1, 2, 3)  # Key-ENC, Key-MAC, Key-DEK


class KeyAlgorithm(IntEnum):
    """A key's type as PUT KEY and the key information template code it (GP 2.3.1, 11.1.8)."""

    TDES = 0x80
    AES = 0x88

    @property
    def block(self) -> int:
        """Octets of a cipher block."""
        return 8 if self is KeyAlgorithm.TDES else 16

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths, in octets, that a static key may have (E.2; Amendment D, 6.1)."""
        return (16,) if self is KeyAlgorithm.TDES else (16, 24, 32)

    def cipher(self, key: SecretBytes) -> BlockCipher:
        """Return the cipher under a clear key."""
        return ClearTdes(key) if self is KeyAlgorithm.TDES else ClearAes(key)


@dataclass(frozen=True, slots=True)
class StaticKeys:
    """A card's static key set: Key-ENC, Key-MAC and Key-DEK, for SCP02 (triple DES) or SCP03 (AES).

    Raises:
        KeyLengthError: they are not three keys of one length that the algorithm has.
    """

    enc: SecretBytes
    mac: SecretBytes
    dek: SecretBytes
    algorithm: KeyAlgorithm = field(default=KeyAlgorithm.AES, kw_only=True)

    def __post_init__(self) -> None:
        lengths = {len(self.enc), len(self.mac), len(self.dek)}
        if len(lengths) != 1 or not lengths <= set(self.algorithm.lengths):
            raise KeyLengthError(
                f"A key set needs three {self.algorithm.name} keys of one length, not "
                f"{sorted(lengths)} octets: check which keys were loaded."
            )


def key_check_value(algorithm: KeyAlgorithm, key: SecretBytes) -> bytes:
    """Return the three octets by which a card checks a key that it is given (GP 2.3.1, B.6).

    A block of zeros under triple DES, a block of octets 01 under AES.
    """
    filler = b"\0" if algorithm is KeyAlgorithm.TDES else b"\1"
    return algorithm.cipher(key).encrypt(filler * algorithm.block)[:3]


class Diversification(Enum):
    """How a card's static keys derive from the KMC, a cipher handle, and its diversification data.

    EMV_CPS is fixed by EMV CPS 1.1: triple DES over the data's last six octets. VISA2 is the same
    over octets 1, 2 and 5 to 8. KDF3 is SP 800-108 in counter mode with AES-CMAC, the counter first
    and no length field. No public document fixes the last two; names and definitions are those of
    open GlobalPlatform host tools: agree on them with the card's maker.
    """

    EMV_CPS = "emv-cps"
    VISA2 = "visa2"
    KDF3 = "kdf3"

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm of the KMC and of the card's keys."""
        return KeyAlgorithm.AES if self is Diversification.KDF3 else KeyAlgorithm.TDES

    def static_keys(self, kmc: BlockCipher, diversification_data: bytes) -> StaticKeys:
        """Derive a card's key set.

        Args:
            kmc: the master key: triple DES of 16 octets, or AES; the card's keys are as long.
            diversification_data: the 10 octets that INITIALIZE UPDATE tells.

        Raises:
            KeyLengthError: the master key is not of the scheme's algorithm, or too long for it.
            ValueError: the data have another length.
        """
        if kmc.block != self.algorithm.block or kmc.length not in self.algorithm.lengths:
            raise KeyLengthError(
                f"{self.value} needs a {self.algorithm.name} master key, not {kmc.length} octets "
                f"with blocks of {kmc.block}: check which key the card profile names."
            )
        if len(diversification_data) != _DIVERSIFICATION_DATA:
            raise ValueError(f"Diversification data are {_DIVERSIFICATION_DATA} octets.")
        enc, mac, dek = (self._derive(kmc, diversification_data, each) for each in _PURPOSES)
        return StaticKeys(enc, mac, dek, algorithm=self.algorithm)

    def _derive(self, kmc: BlockCipher, data: bytes, purpose: int) -> SecretBytes:
        match self:
            case Diversification.EMV_CPS:
                return _derive_tdes(kmc, data[4:], purpose)
            case Diversification.VISA2:
                return _derive_tdes(kmc, data[:2] + data[4:8], purpose)
            case Diversification.KDF3:
                return _derive_kdf3(kmc, data, purpose)


def diversify(
    kmc: SecretBytes,
    diversification_data: bytes,
    scheme: Diversification = Diversification.KDF3,
) -> StaticKeys:
    """Derive a card's key set from a clear master key.

    Raises:
        KeyLengthError: the master key is none of the scheme's algorithm.
        ValueError: the diversification data are not 10 octets.
    """
    if len(kmc) not in scheme.algorithm.lengths:
        raise KeyLengthError(
            f"The master key has {len(kmc)} octets; {scheme.value} needs "
            f"{scheme.algorithm.name} of {scheme.algorithm.lengths}."
        )
    return scheme.static_keys(scheme.algorithm.cipher(kmc), diversification_data)


def _derive_tdes(kmc: BlockCipher, six: bytes, purpose: int) -> SecretBytes:
    """Encipher ``six || F0 || purpose || six || 0F || purpose``, each half for itself."""
    return SecretBytes(kmc.encrypt(six + bytes((0xF0, purpose)) + six + bytes((0x0F, purpose))))


def _derive_kdf3(kmc: BlockCipher, data: bytes, purpose: int) -> SecretBytes:
    """MAC ``counter (1) || 000000 purpose (4) || 00 || data`` until the key is long enough."""
    fixed = purpose.to_bytes(4, "big") + b"\0" + data
    blocks = -(-kmc.length // kmc.block)
    key = b"".join(kmc.cmac(bytes((counter,)) + fixed) for counter in range(1, blocks + 1))
    return SecretBytes(key[: kmc.length])
