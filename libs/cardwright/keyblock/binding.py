"""How header and key are bound together: X9.143-2021, clause 7.

Derivation binding (B, D): the MAC is a CMAC over header and clear payload, and the IV of the
payload's encipherment, so that a reader must decipher before it can verify. Variant binding (A, C):
a CBC-MAC over header and enciphered payload, whose IV is the header's first block.
"""

from __future__ import annotations

import hmac
from typing import Final, Protocol, runtime_checkable

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Version
from cardwright.secret import SecretBytes

__all__ = ["ClearVariantKey", "VariantKey", "check_protection_key", "open_payload", "seal_payload"]

_ENCIPHERMENT, _AUTHENTICATION = 0, 1  # key usage indicators of the derivation
_ENCIPHERMENT_VARIANT, _AUTHENTICATION_VARIANT = 0x45, 0x4D  # "E" and "M"
_ALGORITHMS: Final = {(8, 16): 0, (8, 24): 1, (16, 16): 2, (16, 24): 3, (16, 32): 4}


@runtime_checkable
class VariantKey(Protocol):
    """A protection key that can give its variants, which versions A and C need."""

    def variant(self, mask: int) -> BlockCipher:
        """Return triple DES under this key with ``mask`` added to each octet."""


class ClearVariantKey(ClearTdes):
    """A triple DES protection key held here, for reading versions A and C.

    Raises:
        CipherError: KEY_LENGTH.
    """

    def variant(self, mask: int) -> BlockCipher:
        """Return triple DES under this key with ``mask`` added to each octet."""
        return ClearTdes(SecretBytes(bytes(octet ^ mask for octet in self._key.reveal())))


def check_protection_key(version: Version, kbpk: BlockCipher) -> None:
    """Refuse a protection key of another cipher than the version's.

    Raises:
        KeyBlockError: KEYBLOCK_KBPK.
    """
    if (kbpk.block, kbpk.length) not in _ALGORITHMS or kbpk.block != version.block:
        cipher = "AES" if version.block == 16 else "triple DES"
        raise KeyBlockError(
            "KEYBLOCK_KBPK", f"Version {version.value} is protected by a key of {cipher}"
        )


def seal_payload(kbpk: BlockCipher, header: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """Return the enciphered payload and its MAC, derivation binding.

    Args:
        kbpk: fit for the version, see ``check_protection_key``.
        header: the header's text.
        payload: whole cipher blocks.
    """
    encipherment, authentication = _derived(kbpk, _ENCIPHERMENT), _derived(kbpk, _AUTHENTICATION)
    mac = authentication.cmac(header + payload)
    return encipherment.encrypt_cbc(payload, mac), mac


def open_payload(
    version: Version, kbpk: BlockCipher, header: bytes, enciphered: bytes, mac: bytes
) -> bytes:
    """Return the clear payload of a block that nobody changed.

    Args:
        version: how it is bound.
        kbpk: fit for the version, see ``check_protection_key``.
        header: the header's text.
        enciphered: whole cipher blocks.
        mac: as long as the version has it.

    Raises:
        KeyBlockError: KEYBLOCK_MAC, whatever was changed, and for another protection key;
            KEYBLOCK_KBPK for a handle that can't give the variants of versions A and C.
    """
    if version.is_variant:
        encipherment, authentication = _variants(kbpk)
        payload = encipherment.decrypt_cbc(enciphered, header[:8])
        expected = authentication.encrypt_cbc(header + enciphered, bytes(8))[-8:][: len(mac)]
    else:
        payload = _derived(kbpk, _ENCIPHERMENT).decrypt_cbc(enciphered, mac)
        expected = _derived(kbpk, _AUTHENTICATION).cmac(header + payload)
    if not hmac.compare_digest(expected, mac):
        raise KeyBlockError(
            "KEYBLOCK_MAC", "The key block was changed, or wrapped under another protection key"
        )
    return payload


def _variants(kbpk: BlockCipher) -> tuple[BlockCipher, BlockCipher]:
    if not isinstance(kbpk, VariantKey):
        raise KeyBlockError(
            "KEYBLOCK_KBPK", "Versions A and C need variants of their key; this handle has none"
        )
    return kbpk.variant(_ENCIPHERMENT_VARIANT), kbpk.variant(_AUTHENTICATION_VARIANT)


def _derived(kbpk: BlockCipher, indicator: int) -> BlockCipher:
    """Derive a key as long as ``kbpk``: CMACs of counter, indicator, algorithm and length.

    7.3.2 and 7.4: the eight octets fill a block of triple DES; CMAC itself pads them for AES.
    """
    algorithm = _ALGORITHMS[kbpk.block, kbpk.length]
    tail = b"%b\x00%b%b" % (
        indicator.to_bytes(2, "big"),
        algorithm.to_bytes(2, "big"),
        (8 * kbpk.length).to_bytes(2, "big"),
    )
    counters = range(1, -(-kbpk.length // kbpk.block) + 1)
    octets = b"".join(kbpk.cmac(bytes((counter,)) + tail) for counter in counters)
    key = SecretBytes(octets[: kbpk.length])
    return ClearAes(key) if kbpk.block == 16 else ClearTdes(key)
