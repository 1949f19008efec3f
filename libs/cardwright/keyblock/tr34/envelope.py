"""EnvelopedData to one device: RFC 5652, 6, as the samples B.2.2.3 of TR-34-2019 have it.

The ephemeral key goes by RSAES-OAEP with SHA-256. TR-34 writes OAEP's parameters one after the
other, RFC 8017 (A.2.1) under the tags 0 to 2: the first is written, both are read.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.emv.rsa import RsaPrivate
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.pkcs1 import oaep_decrypt, oaep_encrypt
from cardwright.secret import SecretBytes

__all__ = ["Encipherment", "open_envelope", "seal_envelope"]

_SEED: Final = 32
_SHA256_NULL: Final = der.sequence(der.SHA256, der.NULL)
_NO_LABEL: Final = der.sequence(der.P_SPECIFIED, der.octet_string(b""))
_OAEP: Final = der.sequence(
    _SHA256_NULL, der.sequence(der.MGF1, der.sequence(der.SHA256)), _NO_LABEL
)
_HASHES: Final = (_SHA256_NULL, der.sequence(der.SHA256))
_OAEP_READ: Final = {_OAEP} | {
    # The label is empty unless given; encoders differ in SHA-256's NULL.
    der.sequence(
        der.context(der.CONTEXT_0, digest),
        der.context(der.CONTEXT_1, der.sequence(der.MGF1, mask)),
        label,
    )
    for digest in _HASHES
    for mask in _HASHES
    for label in (b"", der.context(0xA2, _NO_LABEL))
}


class Encipherment(Enum):
    """What enciphers the content, in CBC mode: identifier, octets of its key and of its block."""

    AES_128 = (der.AES128_CBC, 16, 16)
    TDES_168 = (der.DES_EDE3_CBC, 24, 8)

    def cipher(self, key: bytes) -> BlockCipher:
        """Return the cipher under a key of its length."""
        secret = SecretBytes(key)
        return ClearAes(secret) if self is Encipherment.AES_128 else ClearTdes(secret)


def seal_envelope(
    receiver: Party,
    content: bytes,
    encipherment: Encipherment,
    random: Callable[[int], bytes],
) -> bytes:
    """Return EnvelopedData.

    Args:
        receiver: who can open it.
        content: any octets.
        encipherment: the ephemeral key's cipher.
        random: gives so many octets, asked for the ephemeral key, the IV and OAEP's seed.
    """
    identifier, key_length, block = encipherment.value
    key, iv = random(key_length), random(block)
    fill = block - len(content) % block  # RFC 5652, 6.3
    enciphered = encipherment.cipher(key).encrypt_cbc(content + bytes((fill,)) * fill, iv)
    recipient = der.sequence(
        der.integer(0),
        receiver.identifier,
        der.sequence(der.RSAES_OAEP, _OAEP),
        der.octet_string(oaep_encrypt(receiver.key, key, random(_SEED))),
    )
    return der.sequence(
        der.integer(0),
        der.set_of(recipient),
        der.sequence(
            der.DATA,
            der.sequence(identifier, der.octet_string(iv)),
            der.context(der.PRIMITIVE_0, enciphered),
        ),
    )


def open_envelope(receiver: Party, key: RsaPrivate, envelope: bytes) -> bytes:
    """Return the content. Open only what is proven to be the sender's.

    Args:
        receiver: who this device is.
        key: its private key.
        envelope: EnvelopedData.

    Raises:
        Tr34Error: TR34_FORMAT or TR34_ENVELOPE.
    """
    (whole,) = der.values(envelope, der.SEQUENCE)
    _, recipients, content = der.values(whole, der.INTEGER, der.SET, der.SEQUENCE)
    (recipient,) = der.values(recipients, der.SEQUENCE)
    _, identifier, algorithm, wrapped = der.values(
        recipient, der.INTEGER, der.SEQUENCE, der.SEQUENCE, der.OCTET_STRING
    )
    if der.sequence(identifier) != receiver.identifier:
        raise Tr34Error("TR34_ENVELOPE", "The token is for another device")
    if algorithm not in {der.RSAES_OAEP + parameters for parameters in _OAEP_READ}:
        raise Tr34Error("TR34_ENVELOPE", "The ephemeral key goes by RSAES-OAEP with SHA-256")
    _, parameters, enciphered = der.values(content, der.OID, der.SEQUENCE, der.PRIMITIVE_0)
    cipher, iv = _cipher(parameters, oaep_decrypt(key, wrapped))
    if not enciphered or len(enciphered) % cipher.block or len(iv) != cipher.block:
        raise Tr34Error("TR34_ENVELOPE", "The enciphered content is no whole blocks")
    return _unfilled(cipher.decrypt_cbc(enciphered, iv), cipher.block)


def _cipher(parameters: bytes, key: bytes) -> tuple[BlockCipher, bytes]:
    identifier, iv = der.values(parameters, der.OID, der.OCTET_STRING)
    for encipherment in Encipherment:
        oid, length, _ = encipherment.value
        if der.objects(oid)[0].value == identifier and len(key) == length:
            return encipherment.cipher(key), iv
    raise Tr34Error("TR34_ENVELOPE", "The content is under AES-128 or triple DES in CBC mode")


def _unfilled(octets: bytes, block: int) -> bytes:
    fill = octets[-1]
    if not 1 <= fill <= block or octets[-fill:] != bytes((fill,)) * fill:
        raise Tr34Error("TR34_ENVELOPE", "The content's padding is not that of RFC 5652")
    return octets[:-fill]
