"""Public keys as octets: SEC 1 (2009), section 2.3.3."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["point"]


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Encode a public key as SEC 1 uncompressed point, 65 octets on P-256."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
