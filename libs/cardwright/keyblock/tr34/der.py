"""DER, as the cryptographic messages of RFC 5652 need it: build objects, read objects one level.

Whole objects are octets; so are the object identifiers below, tag and length included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv
from cardwright.keyblock.tr34.errors import Tr34Error

__all__ = [
    "context",
    "integer",
    "objects",
    "octet_string",
    "sequence",
    "set_of",
    "values",
    "values_of",
]

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0
CONTEXT_1: Final = 0xA1
PRIMITIVE_0: Final = 0x80

NULL: Final = bytes.fromhex("0500")
DATA: Final = bytes.fromhex("06092A864886F70D010701")  # 1.2.840.113549.1.7.1
SIGNED_DATA: Final = bytes.fromhex("06092A864886F70D010702")
ENVELOPED_DATA: Final = bytes.fromhex("06092A864886F70D010703")
RSA_ENCRYPTION: Final = bytes.fromhex("06092A864886F70D010101")  # 1.2.840.113549.1.1.1
RSAES_OAEP: Final = bytes.fromhex("06092A864886F70D010107")
MGF1: Final = bytes.fromhex("06092A864886F70D010108")
P_SPECIFIED: Final = bytes.fromhex("06092A864886F70D010109")
SHA256_WITH_RSA: Final = bytes.fromhex("06092A864886F70D01010B")
SHA256: Final = bytes.fromhex("0609608648016503040201")  # 2.16.840.1.101.3.4.2.1
CONTENT_TYPE: Final = bytes.fromhex("06092A864886F70D010903")  # 1.2.840.113549.1.9.3
MESSAGE_DIGEST: Final = bytes.fromhex("06092A864886F70D010904")
RANDOM_NONCE: Final = bytes.fromhex("060A2A864886F70D01091903")  # 1.2.840.113549.1.9.25.3
DES_EDE3_CBC: Final = bytes.fromhex("06082A864886F70D0307")  # 1.2.840.113549.3.7
AES128_CBC: Final = bytes.fromhex("0609608648016503040102")  # 2.16.840.1.101.3.4.1.2


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of whole objects."""
    return tlv.encode(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF whole objects, in DER's order."""
    return tlv.encode(SET, b"".join(sorted(parts)))


def integer(number: int) -> bytes:
    """Return an INTEGER, not negative."""
    return tlv.encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octet_string(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv.encode(OCTET_STRING, value)


def context(tag: int, *parts: bytes) -> bytes:
    """Return an object of a context tag, such as CONTEXT_0."""
    return tlv.encode(tag, b"".join(parts))


def objects(octets: bytes) -> list[Tlv]:
    """Read the objects of one level.

    Raises:
        Tr34Error: TR34_FORMAT.
    """
    try:
        return tlv.parse(octets)
    except TlvError:
        raise _malformed() from None


def values(octets: bytes, *tags: int) -> tuple[bytes, ...]:
    """Return the values of the objects of one level, which must have these tags in this order.

    Raises:
        Tr34Error: TR34_FORMAT.
    """
    return values_of(objects(octets), *tags)


def values_of(found: Sequence[Tlv], *tags: int) -> tuple[bytes, ...]:
    """Return the values of objects, which must have these tags in this order.

    Raises:
        Tr34Error: TR34_FORMAT.
    """
    if [o.tag for o in found] != list(tags):
        raise _malformed()
    return tuple(o.value for o in found)


def _malformed() -> Tr34Error:
    return Tr34Error("TR34_FORMAT", "The octets are not of the structure that TR-34 has here")
